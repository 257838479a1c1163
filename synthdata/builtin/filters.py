"""A chain of image filters as params: declared, drawn and applied; which images is photos.py's.

In a recipe file a filter is its name, or its name over its arguments, each a distribution::

    filters:
      - edges
      - blur: {radius: {uniform: [0, 2]}}
      - jpeg: {quality: {choice: [10, 30, 90]}}
"""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    Tag,
    ValidationError,
    model_serializer,
)

from synthdata.distributions import Distribution, within
from synthdata.elementary import Constant
from synthdata.errors import DeclarationError
from synthdata.models import Model, explain, one_named


class Filter(Model):
    """What all filters have in common: arguments by name, drawn anew for each sample.

    Attributes:
        kind: the filter's name in recipes.

    Raises:
        DeclarationError: if an argument is unknown, or could be drawn out of its range.

    >>> Blur(radius={"uniform": [0, 2]}).model_dump()
    {'blur': {'radius': {'uniform': [0.0, 2.0]}}}
    """

    kind: ClassVar[str]

    @abstractmethod
    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Filter an image.

        Args:
            image: of mode L or RGB.
            rng: draws the arguments.

        Returns:
            An image of the same mode and size.
        """

    @classmethod
    def _refuse(cls, error: ValidationError) -> Exception:
        return DeclarationError(f"{cls.kind}: {explain(error, known=cls.model_fields)}")

    @model_serializer(mode="wrap")
    def _short_form(self, handler: SerializerFunctionWrapHandler) -> Any:
        arguments = handler(self)
        return {self.kind: arguments} if arguments else self.kind


class Blur(Filter):
    """Gaussian blur."""

    kind = "blur"
    radius: Annotated[Distribution, within(0, 256)] = Field(
        Constant(2), description="Standard deviation in pixels, 0 to 256."
    )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Blur the image."""
        return image.filter(ImageFilter.GaussianBlur(float(self.radius.sample(rng))))


class Sharpen(Filter):
    """Unsharp mask: adds what a blur of the image takes away."""

    kind = "sharpen"
    radius: Annotated[Distribution, within(0, 256)] = Field(
        Constant(2), description="Radius of the blur in pixels, 0 to 256."
    )
    percent: Annotated[Distribution, within(0, 1000)] = Field(
        Constant(150), description="Strength in percent, 0 to 1000; rounded."
    )
    threshold: Annotated[Distribution, within(0, 255)] = Field(
        Constant(3), description="Smallest difference that is sharpened, 0 to 255; rounded."
    )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Sharpen the image."""
        radius = float(self.radius.sample(rng))
        percent, threshold = _whole(self.percent, rng), _whole(self.threshold, rng)
        return image.filter(ImageFilter.UnsharpMask(radius, percent, threshold))


class Edges(Filter):
    """Edges, light on black."""

    kind = "edges"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Find the edges of the image."""
        return image.filter(ImageFilter.FIND_EDGES)


class Emboss(Filter):
    """A relief in grey, lit from one side."""

    kind = "emboss"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Emboss the image."""
        return image.filter(ImageFilter.EMBOSS)


class Contour(Filter):
    """Edges, dark on white."""

    kind = "contour"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Draw the contours of the image."""
        return image.filter(ImageFilter.CONTOUR)


class Posterize(Filter):
    """Fewer levels a channel."""

    kind = "posterize"
    bits: Annotated[Distribution, within(1, 8)] = Field(
        Constant(4), description="Bits kept in each channel, 1 to 8; rounded."
    )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Drop the lower bits of each channel."""
        return ImageOps.posterize(image, _whole(self.bits, rng))


class Solarize(Filter):
    """Light values inverted."""

    kind = "solarize"
    threshold: Annotated[Distribution, within(0, 256)] = Field(
        Constant(128), description="Smallest value that is inverted, 0 to 256; rounded."
    )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Invert all values from the threshold up."""
        return ImageOps.solarize(image, _whole(self.threshold, rng))


class Autocontrast(Filter):
    """Each channel stretched to the full range."""

    kind = "autocontrast"
    cutoff: Annotated[Distribution, within(0, 49)] = Field(
        Constant(0), description="Percent of darkest and of lightest pixels cut off, 0 to 49."
    )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Stretch each channel."""
        return ImageOps.autocontrast(image, cutoff=float(self.cutoff.sample(rng)))


class Noise(Filter):
    """Normally distributed noise on each value."""

    kind = "noise"
    std: Annotated[Distribution, within(0, 255)] = Field(
        Constant(10), description="Standard deviation, 0 to 255, where white is 255."
    )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Add noise to the image."""
        values = np.asarray(image)
        std = np.float32(self.std.sample(rng))
        noisy = values + std * rng.standard_normal(values.shape, np.float32)
        return Image.fromarray(np.rint(noisy).clip(0, 255).astype(np.uint8))


class Jpeg(Filter):
    """The traces of JPEG compression."""

    kind = "jpeg"
    quality: Annotated[Distribution, within(1, 100)] = Field(
        Constant(50), description="Quality, 1 to 100; rounded."
    )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Compress and decompress the image."""
        file = io.BytesIO()
        image.save(file, "JPEG", quality=_whole(self.quality, rng))
        with Image.open(file, formats=["JPEG"]) as again:
            return again.copy()


_KINDS: dict[str, type[Filter]] = {
    kind.kind: kind
    for kind in (
        Blur,
        Sharpen,
        Edges,
        Emboss,
        Contour,
        Posterize,
        Solarize,
        Autocontrast,
        Noise,
        Jpeg,
    )
}


def _whole(distribution: Any, rng: np.random.Generator) -> int:
    return round(float(distribution.sample(rng)))


def parse_filter(value: Any) -> Any:
    """Make a filter from what a recipe file says; a filter is returned as it is.

    Args:
        value: a name, or a mapping of one name to its arguments.

    Raises:
        DeclarationError: if it is neither, or the arguments are wrong.

    >>> parse_filter({"posterize": {"bits": 3}})
    Posterize(bits=Constant(value=3))
    """
    if isinstance(value, Filter):
        return value
    if isinstance(value, str):
        value = {value: {}}
    form = (
        f"a filter is one of {', '.join(_KINDS)}, or one of them over its arguments, "
        "as {blur: {radius: 2}}"
    )
    kind, arguments = one_named(value, _KINDS, noun="filter", form=form)
    if not isinstance(arguments, Mapping):
        raise DeclarationError(
            f"{kind.kind}: arguments are given by name, as {{blur: {{radius: 2}}}}; "
            f"not {arguments!r}"
        )
    return kind.parse(arguments)


class _Schema:
    """The JSON schema of the short form, which is the only one that recipes know."""

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> dict[str, Any]:
        forms = [
            {
                "type": "object",
                "properties": {name: kind.model_json_schema()},
                "required": [name],
                "additionalProperties": False,
            }
            for name, kind in _KINDS.items()
        ]
        return {
            "title": "Filter",
            "description": "The name of a filter, or its name over its arguments.",
            "anyOf": [{"enum": list(_KINDS)}, *forms],
        }


AnyFilter: TypeAlias = Annotated[
    Annotated[Blur, Tag("blur")]
    | Annotated[Sharpen, Tag("sharpen")]
    | Annotated[Edges, Tag("edges")]
    | Annotated[Emboss, Tag("emboss")]
    | Annotated[Contour, Tag("contour")]
    | Annotated[Posterize, Tag("posterize")]
    | Annotated[Solarize, Tag("solarize")]
    | Annotated[Autocontrast, Tag("autocontrast")]
    | Annotated[Noise, Tag("noise")]
    | Annotated[Jpeg, Tag("jpeg")],
    Discriminator(lambda value: value.kind),
    BeforeValidator(parse_filter),
    _Schema(),
]
"""Type of a param that is a filter."""


def apply_filters(
    image: Image.Image, filters: Iterable[Filter], rng: np.random.Generator
) -> Image.Image:
    """Apply filters one after the other; an alpha channel stays as it is.

    Args:
        image: of mode L, RGB or RGBA.
        filters: in the order in which they apply.
        rng: draws their arguments, in that order.

    Returns:
        An image of the same mode and size.
    """
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    if alpha is not None:
        image = image.convert("RGB")
    for each in filters:
        image = each.apply(image, rng)
    if alpha is not None:
        image.putalpha(alpha)
    return image
