"""The generator of QR codes and Micro QR codes, which segno encodes."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self, TypeAlias

import numpy as np
import segno
from pydantic import AfterValidator, Field, model_validator

import synthdata as sd
from synthdata_barcodes.patterns import example
from synthdata_barcodes.payloads import KINDS, MICRO_CAPACITY, PayloadKind, draw_payload
from synthdata_barcodes.picture import Code, CodeGenerator, PictureParams, distinct, output_of

Level: TypeAlias = Literal["L", "M", "Q", "H"]

LEVELS: Final[tuple[Level, ...]] = ("L", "M", "Q", "H")
"""How much of a code may be spoiled: about 7, 15, 25 and 30 percent, by ISO/IEC 18004."""

MAX_BYTES: Final = 1024
"""Longest payload; a QR code of level H holds 1273 bytes."""

MASKS: Final = 8
MICRO_MASKS: Final = 4


class QRCodes(CodeGenerator):
    """QR codes on paper, photographed: error level, payload and exact corners.

    A pinhole camera sees the code from two diagonals of its paper away; the code and its free zone
    lie wholly inside the image. The class is the error level. Corners are those of the code
    itself, in absolute pixels: top left, top right, bottom right, bottom left, where the first
    is that of the finder pattern which has the other two beside it.

    Codes are encoded at just the level that is drawn. The mask is drawn too: a standard encoder
    picks the one that looks best to it, which makes it five times as slow, and readers take any.
    ``mask="best"`` has it picked.
    """

    class Params(PictureParams):
        """Which QR codes there are, and how they are seen."""

        levels: Annotated[tuple[Level, ...], AfterValidator(distinct)] = Field(
            LEVELS,
            min_length=1,
            description="error levels, each as likely; a Micro QR code takes Q for H",
        )
        version: Annotated[sd.Distribution, sd.within(1, 40)] = Field(
            sd.Choice([1, 2, 3, 4]),
            description="smallest version, rounded; a longer payload takes a larger one, "
            "and a Micro QR code the smallest that it fits in",
        )
        kinds: Annotated[tuple[PayloadKind, ...], AfterValidator(distinct)] = Field(
            KINDS, min_length=1, description="of random payloads, each as likely"
        )
        length: Annotated[sd.Distribution, sd.within(1, 200)] = Field(
            sd.Uniform(4, 20),
            description="characters of a random payload, of a url those of its path; rounded",
        )
        micro: float = Field(0, ge=0, le=1, description="part of the codes that are Micro QR codes")
        mask: Literal["random", "best"] = Field(
            "random", description="any mask, or the one with the least penalty, as the norm has it"
        )

        @model_validator(mode="after")
        def _encodable(self) -> Self:
            given = [*self.texts, *map(example, self.patterns)]
            for text in given:
                _check(text, self.levels if self.micro else ())
            if self.micro and not given and not _small_kinds(self.kinds):
                raise ValueError(
                    f"a Micro QR code is too small for {' and '.join(self.kinds)}; "
                    "set micro to 0, or add text or digits to kinds"
                )
            return self

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare an image, the error level or the corners, and all that was drawn."""
        return output_of(
            params,
            LEVELS,
            sd.Text(MAX_BYTES),
            {
                "kind": sd.ClassLabel((*KINDS, "given"), description="of payload"),
                "micro": sd.Scalar("bool", description="a Micro QR code"),
                "version": sd.Scalar("int32", ge=1, le=40, description="of a Micro QR code 1 to 4"),
                "mask": sd.Scalar("int32", ge=0, le=MASKS - 1),
            },
        )

    def draw_code(self, rng: np.random.Generator) -> Code:
        """Draw level, payload, version and mask."""
        params = self.params
        level = params.levels[int(rng.integers(len(params.levels)))]
        micro = bool(rng.random() < params.micro)
        if micro and level == "H":
            level = "Q"
        kind, payload = self._payload(level, micro, rng)
        version = round(float(params.version.sample(rng)))
        mask = int(rng.integers(MICRO_MASKS if micro else MASKS))
        code = _encode(
            payload,
            level,
            None if micro else version,
            mask if params.mask == "random" else None,
            micro=micro,
        )
        details = {
            "kind": kind,
            "micro": micro,
            "version": int(str(code.version).lstrip("M")),
            "mask": code.mask,
        }
        modules = np.array([list(row) for row in code.matrix], bool)
        return Code(modules, (params.quiet, params.quiet), payload, level, details)

    def _payload(self, level: str, micro: bool, rng: np.random.Generator) -> tuple[str, str]:
        params = self.params
        given = self.draw_given(rng)
        if given is not None:
            return "given", given
        kinds = _small_kinds(params.kinds) if micro else params.kinds
        kind = kinds[int(rng.integers(len(kinds)))]
        length = round(float(params.length.sample(rng)))
        if micro:
            length = min(length, MICRO_CAPACITY[level][kind])
        return kind, draw_payload(kind, length, rng)


def _small_kinds(kinds: tuple[PayloadKind, ...]) -> tuple[PayloadKind, ...]:
    """Those that a Micro QR code has room for."""
    return tuple(kind for kind in kinds if kind in MICRO_CAPACITY["Q"])


def _encode(
    payload: str, level: str, version: int | None, mask: int | None, *, micro: bool
) -> segno.QRCode:
    """Encode in this version of a QR code, or in the smallest that is large enough."""
    how: dict[str, Any] = {"error": level, "mask": mask, "micro": micro, "boost_error": False}
    if not payload.isascii():
        # Without an ECI header, readers guess the encoding.
        how |= {"encoding": "utf-8", "eci": True}
    try:
        return segno.make(payload, version=version, **how)
    except segno.DataOverflowError:
        if version is None:
            raise
        return segno.make(payload, **how)


def _check(text: str, micro_levels: tuple[Level, ...]) -> None:
    """Refuse a text that is too long, also for Micro QR codes of these levels."""
    size = len(text.encode())
    if not 1 <= size <= MAX_BYTES:
        raise ValueError(f"a text has 1 to {MAX_BYTES} bytes, but one has {size}: {text[:20]!r}")
    for level in micro_levels:
        level = "Q" if level == "H" else level
        if not text.isascii():
            raise ValueError(f"a Micro QR code holds ASCII, but a text is {text!r}")
        try:
            _encode(text, level, None, 0, micro=True)
        except segno.DataOverflowError:
            raise ValueError(
                f"{text!r} is too long for a Micro QR code of level {level}; set micro to 0"
            ) from None
