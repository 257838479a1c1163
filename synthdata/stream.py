"""All samples of one generator under one seed: drawn, checked, and their errors named."""

from __future__ import annotations

import threading
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np

from synthdata.check import Check, compile_check
from synthdata.complaints import Violation
from synthdata.errors import (
    ContractError,
    DisagreementError,
    GeneratorFailedError,
    RecipeError,
    SynthDataError,
)
from synthdata.generator import Generator
from synthdata.sample import Sample
from synthdata.seeding import Rng

Validate: TypeAlias = Literal["all", "sampled", "off"]
"""Which samples have each element looked at: all, every 16th by index, or none.

Dtype, shape, structure, classes and text are checked of every sample whatever this says.
"""

SAMPLED_EVERY: Final = 16

_EVERY: Final[dict[Validate, int]] = {"all": 1, "sampled": SAMPLED_EVERY, "off": 0}


class Stream:
    """A function from an index to the checked values of its sample.

    The stream opens its generator before the first sample and owns it from then on: ``close``, or
    the end of the last reference to the stream, closes it once. Threads may share a stream, each
    with an Rng of its own.

    Args:
        generator: makes the samples.
        seed: 0 to 2**64 - 1.
        validate: which samples have each element looked at.
        like: a stream of a generator with an equal Output, whose compiled checks are taken.

    Raises:
        RecipeError: if ``validate`` is none of them.
    """

    def __init__(
        self,
        generator: Generator,
        seed: int,
        validate: Validate = "all",
        like: Stream | None = None,
    ) -> None:
        self.generator = generator
        self.seed = seed
        if validate not in get_args(Validate):
            expected = " or ".join(map(repr, get_args(Validate)))
            raise RecipeError(f"validate={validate!r}: expected {expected}")
        self.validate: Validate = validate
        self._every = _EVERY[validate]
        self._structure: Check = (
            like._structure if like else compile_check(generator.output, values=False)
        )
        self._whole: Check = like._whole if like else compile_check(generator.output)
        self._into = getattr(generator, "sample_into", None)
        self._batch = getattr(generator, "sample_batch", None)
        self._into_agreed = self._batch_agreed = False
        self._opening = threading.Lock()
        self._closer: weakref.finalize[..., Any] | None = None

    def open(self) -> None:
        """Open the generator, if that has not been done.

        Raises:
            SynthDataError: what the generator raised; an exception of another kind is its cause.
        """
        with self._opening:
            if self._closer is not None:
                return
            try:
                self.generator.open()
            except SynthDataError:
                raise
            except Exception as error:
                raise SynthDataError(
                    f"{self.generator.identity.id}: open {raised(error)}"
                ) from error
            self._closer = weakref.finalize(self, self.generator.close)

    def close(self) -> None:
        """Close the generator, if it is open."""
        if self._closer is not None:
            self._closer()

    @property
    def draws_into(self) -> bool:
        """Whether the generator can draw into a buffer."""
        return self._into is not None

    @property
    def draws_batches(self) -> bool:
        """Whether the generator can make a whole batch at once."""
        return self._batch is not None

    def draw(self, index: int, rng: Rng, attempt: int = 0, out: Sample | None = None) -> list[Any]:
        """Make and check one sample.

        Args:
            index: the sample's index.
            rng: this thread's Rng; it is re-keyed.
            attempt: 0, or the number of a retry.
            out: the arrays that ``sample_into`` draws into; None has ``sample`` make its own.

        Returns:
            The values in the order of ``output.leaves``, as the check stores them.

        Raises:
            ContractError: if the sample breaks the declared Output.
            DisagreementError: if ``sample_into`` makes other bytes than ``sample``.
            GeneratorFailedError: if the generator raised.
        """
        if self._closer is None:
            self.open()
        rng.rekey(self.seed, index, attempt)
        try:
            sample = (
                self.generator.sample(rng)
                if out is None or self._into is None
                else self._into(rng, out)
            )
        # sys.exit() in a generator must not end the user's program.
        except (Exception, SystemExit) as error:
            raise self._failed(error, index, attempt) from error
        values = self._checked(sample, index, attempt)
        if out is not None and not self._into_agreed:
            self._compare("sample_into", index, values, rng)
            self._into_agreed = True
        return values

    def draw_batch(self, indices: Sequence[int], rngs: Sequence[Rng]) -> list[list[Any]]:
        """Make and check several samples by one call of the generator's ``sample_batch``.

        Args:
            indices: the samples' indices.
            rngs: as many Rngs; they are re-keyed.

        Returns:
            The values of each sample, as ``draw`` returns them.

        Raises:
            ContractError: if a sample breaks the declared Output.
            DisagreementError: if ``sample_batch`` makes other bytes than ``sample``.
            GeneratorFailedError: if the generator raised.
        """
        if self._closer is None:
            self.open()
        for index, rng in zip(indices, rngs, strict=True):
            rng.rekey(self.seed, index)
        assert self._batch is not None
        try:
            made = self._batch(rngs)
            samples = _rows(made, len(indices))
        except (Exception, SystemExit) as error:
            raise self._failed(error, indices[0], 0, "sample_batch") from error
        found = [
            self._checked(sample, index, 0) for sample, index in zip(samples, indices, strict=True)
        ]
        if not self._batch_agreed:
            for index, values, rng in zip(indices, found, rngs, strict=True):
                self._compare("sample_batch", index, values, rng)
            self._batch_agreed = True
        return found

    def _checked(self, sample: Any, index: int, attempt: int) -> list[Any]:
        whole = self._every and not index % self._every
        try:
            return self._whole(sample) if whole else self._structure(sample)
        except Violation as violation:
            raise ContractError(
                str(violation),
                rule=violation.rule,
                feature=violation.feature,
                identity=self.generator.identity,
                seed=self.seed,
                index=index,
                attempt=attempt,
            ) from None

    def _compare(self, road: str, index: int, values: list[Any], rng: Rng) -> None:
        """Hold what a faster road made against what ``sample`` makes."""
        expected = self.draw(index, rng)
        for leaf, value, wanted in zip(self.generator.output.leaves, values, expected, strict=True):
            if not _same(value, wanted):
                raise DisagreementError(
                    f"{leaf.name} differs between {road} and sample; they must give the same "
                    "bytes for the same rng (does one draw its random numbers in another order?)",
                    rule="agreement",
                    feature=leaf.name,
                    identity=self.generator.identity,
                    seed=self.seed,
                    index=index,
                )

    def _failed(
        self, error: BaseException, index: int, attempt: int, road: str = "sample"
    ) -> GeneratorFailedError:
        problem = str(error) if isinstance(error, SynthDataError) else f"{road} {raised(error)}"
        identity, seed = self.generator.identity, self.seed
        return GeneratorFailedError(
            problem, identity=identity, seed=seed, index=index, attempt=attempt
        )


def _rows(made: Any, count: int) -> list[Any]:
    """Cut a Sample of whole batches into one Sample a row."""
    if type(made) is not Sample:
        raise TypeError(
            f"sample_batch returned {type(made).__name__}, but an sd.Sample is expected"
        )
    cuts = [_cut(tree, count) for tree in made]
    return [Sample(*(cut(row) for cut in cuts)) for row in range(count)]


def _cut(tree: Any, count: int) -> Callable[[int], Any]:
    if tree is None:
        return lambda row: None
    if isinstance(tree, Mapping):
        branches = {key: _cut(branch, count) for key, branch in tree.items()}
        return lambda row: {key: cut(row) for key, cut in branches.items()}
    if len(tree) != count:
        raise ValueError(f"sample_batch returned {len(tree)} rows for {count} samples")
    return lambda row: tree[row]


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, list):
        return len(value) == len(other) and all(map(_same, value, other))
    if isinstance(value, str):
        return bool(value == other)
    one, two = np.asarray(value), np.asarray(other)
    return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()


def raised(error: BaseException) -> str:
    """Return what an exception is, says, and where it was raised, as in a message of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    message = f"raised {type(error).__name__}: {_said(error)}".rstrip(": ")
    return f"{message} (at {Path(frames[-1].filename).name}:{frames[-1].lineno})"


def _said(error: BaseException) -> str:
    """What an exception says, in words that can be written: file names may not be UTF-8."""
    try:
        return str(error).encode(errors="backslashreplace").decode()
    except Exception:  # noqa: BLE001  # a __str__ with a bug must not hide which sample failed
        return "<its __str__ raises>"
