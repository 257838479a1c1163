"""The kinds of feature that a sample can have: dtype, shape, values; check.py checks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from synthdata.dtypes import Bound, DType, IntegerDType, bounds
from synthdata.models import declaration


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names as they are, each of which must be there once, and not be empty.

    Raises:
        ValueError: says which is not.
    """
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"every name once, but doubled are {', '.join(map(repr, doubled))}")
    if "" in names:
        raise ValueError("a name is empty")
    return names


Size: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
if TYPE_CHECKING:
    # A list is as good: validation makes a tuple of it.
    Names: TypeAlias = Sequence[str]
else:
    Names = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(distinct)]


@declaration
class UpTo:
    """A dimension that varies from sample to sample, from 0 to an upper bound.

    Attributes:
        up_to: the largest size.

    >>> Tensor("float32", (UpTo(20), 4)).bound
    (20, 4)
    """

    up_to: Size


def _dim(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError:
        raise ValueError(f"a size from 1 to 2**31 - 1, or UpTo(n), not {value!r}") from None


Dim: TypeAlias = Annotated[Size | UpTo, WrapValidator(_dim)]
"""A size of 1 or more, or ``UpTo(n)``."""


class Feature:
    """What all kinds have in common.

    Attributes:
        kind: the kind's name, which tells the types apart in JSON.
        dtype: name of the dtype, or ``string``.
        shape: the dimensions, each a size or ``UpTo``.
    """

    padding: ClassVar[int] = 0
    """Fills what a sample leaves free of a varying dimension, under ``variable="pad"``."""

    jagged: ClassVar[bool] = False
    """Whether the second dimension varies within a sample, so that a sample is a list of arrays."""

    if TYPE_CHECKING:

        @property
        def kind(self) -> str:
            """The kind's name."""

        @property
        def dtype(self) -> str:
            """Name of the dtype."""

        @property
        def shape(self) -> tuple[int | UpTo, ...]:
            """Each dimension, a size or ``UpTo``."""

    @property
    def static_shape(self) -> tuple[int | None, ...]:
        """The shape with None for each varying dimension."""
        return tuple(None if isinstance(dim, UpTo) else dim for dim in self.shape)

    @property
    def bound(self) -> tuple[int, ...]:
        """The shape with its upper bound for each varying dimension."""
        return tuple(dim.up_to if isinstance(dim, UpTo) else dim for dim in self.shape)

    @property
    def varying(self) -> bool:
        """Whether any dimension varies."""
        return any(isinstance(dim, UpTo) for dim in self.shape)

    @property
    def limits(self) -> tuple[float | int, float | int] | None:
        """The smallest and the largest value allowed, or None where the dtype is the limit."""
        return None

    @property
    def finite(self) -> bool:
        """Whether NaN and infinities are refused; always true of integers."""
        return True

    def __str__(self) -> str:
        """The shape and dtype as messages show them, for example ``(64, 64, 3) uint8``."""
        sizes = [f"≤{dim.up_to}" if isinstance(dim, UpTo) else str(dim) for dim in self.shape]
        return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''}) {self.dtype}"


class Ranged(Feature):
    """A feature with settable bounds and, for floats, the choice to allow NaN and infinities."""

    if TYPE_CHECKING:

        @property
        def ge(self) -> float | int | None:
            """The smallest value allowed."""

        @property
        def le(self) -> float | int | None:
            """The largest value allowed."""

    @property
    def limits(self) -> tuple[float | int, float | int] | None:
        """The smallest and the largest value allowed, or None where the dtype is the limit."""
        return bounds(self.dtype, self.ge, self.le)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        bounds(self.dtype, self.ge, self.le)
        if not self.finite and not self.dtype.startswith("float"):
            raise ValueError(f"finite=False is for floats, but {self.dtype} is declared")
        return self


@declaration
class Tensor(Ranged):
    """An array of any dtype and shape.

    Attributes:
        dtype: the exact dtype, native byte order.
        shape: sizes, or ``UpTo(n)`` where a dimension varies.
        ge, le: smallest and largest value allowed, as the dtype rounds them.
        finite: False allows NaN and infinities in floats.
    """

    dtype: DType
    shape: tuple[Dim, ...]
    ge: Bound | None = None
    le: Bound | None = None
    finite: bool = True
    description: str = Field(default="", kw_only=True)
    kind: Literal["tensor"] = Field(default="tensor", kw_only=True, repr=False)


@declaration
class Scalar(Ranged):
    """One number or truth value; a Python int or float counts where the dtype can hold it.

    Attributes:
        dtype: the exact dtype of a NumPy scalar.
        ge, le: smallest and largest value allowed, as the dtype rounds them.
        finite: False allows NaN and infinities in floats.
    """

    dtype: DType
    ge: Bound | None = None
    le: Bound | None = None
    finite: bool = True
    description: str = Field(default="", kw_only=True)
    kind: Literal["scalar"] = Field(default="scalar", kw_only=True, repr=False)

    @property
    def shape(self) -> tuple[Dim, ...]:
        """The empty shape."""
        return ()


@declaration
class Image(Ranged):
    """An image, height × width × channels, RGB where it has three channels.

    Attributes:
        height, width: in pixels, or ``UpTo(n)`` where they vary.
        channels: 1 (grey), 2 (grey, alpha), 3 (RGB), 4 (RGBA) or as many as there are bands.
        dtype: ``uint8`` unless said otherwise.
        ge, le: smallest and largest value allowed, for example 0 and 1 for float images.
        finite: False allows NaN and infinities in floats.
    """

    height: Dim
    width: Dim
    channels: Size = 3
    dtype: DType = "uint8"
    ge: Bound | None = None
    le: Bound | None = None
    finite: bool = True
    description: str = Field(default="", kw_only=True)
    kind: Literal["image"] = Field(default="image", kw_only=True, repr=False)

    @property
    def shape(self) -> tuple[Dim, ...]:
        """Height, width, channels."""
        return (self.height, self.width, self.channels)


@declaration
class ClassLabel(Feature):
    """The index of a class, or up to ``max`` of them; a sample may give names for indices.

    Attributes:
        names: the classes; the index is the place in this list.
        max: None for one class, otherwise the largest number of them. Padded with -1.
    """

    padding: ClassVar[int] = -1

    names: Names
    max: Size | None = None
    description: str = Field(default="", kw_only=True)
    kind: Literal["class_label"] = Field(default="class_label", kw_only=True, repr=False)

    @property
    def dtype(self) -> str:
        """Always int64."""
        return "int64"

    @property
    def shape(self) -> tuple[Dim, ...]:
        """Empty, or one varying dimension."""
        return () if self.max is None else (UpTo(self.max),)

    @property
    def limits(self) -> tuple[float | int, float | int] | None:
        """The first and the last index."""
        return (0, len(self.names) - 1)


@declaration
class Text(Feature):
    """A string, in UTF-8.

    Attributes:
        max_bytes: the longest text, in bytes of UTF-8.
    """

    max_bytes: Size = 1024
    description: str = Field(default="", kw_only=True)
    kind: Literal["text"] = Field(default="text", kw_only=True, repr=False)

    @property
    def dtype(self) -> str:
        """Always string."""
        return "string"

    @property
    def shape(self) -> tuple[Dim, ...]:
        """The empty shape."""
        return ()


@declaration
class Boxes(Feature):
    """Up to ``max`` boxes x0, y0, x1, y1 in pixels, half-open, inside an image, with an area.

    Attributes:
        max: the largest number of boxes. Padded with rows of -1.
        image: key of the image that they lie in, where the Output has several.
    """

    padding: ClassVar[int] = -1

    max: Size
    image: str | None = None
    description: str = Field(default="", kw_only=True)
    kind: Literal["boxes"] = Field(default="boxes", kw_only=True, repr=False)

    @property
    def dtype(self) -> str:
        """Always float32."""
        return "float32"

    @property
    def shape(self) -> tuple[Dim, ...]:
        """(boxes, 4)."""
        return (UpTo(self.max), 4)


@declaration
class Mask(Feature):
    """An integer a pixel: a class, or the number of an instance with 0 for the background.

    With ``instances`` the value is 1 + the place of the object in the lists beside the mask, as
    boxes and classes; formats that hold objects, as COCO, write it as their outlines. The check of
    a sample looks at each value alone: that none is larger than there are objects is for such a
    format to refuse when it writes.

    Attributes:
        height, width: in pixels, or ``UpTo(n)`` where they vary.
        dtype: an integer dtype.
        le: the largest value allowed, or None for all that the dtype has from 0.
        names: names of the values 0, 1, …; then ``le`` is their last index.
        instances: whether the values are numbers of objects, which have no names of their own.
    """

    height: Dim
    width: Dim
    dtype: IntegerDType = "uint8"
    le: Annotated[int, Field(strict=True, ge=0)] | None = None
    names: Names | None = None
    instances: bool = False
    description: str = Field(default="", kw_only=True)
    kind: Literal["mask"] = Field(default="mask", kw_only=True, repr=False)

    @property
    def shape(self) -> tuple[Dim, ...]:
        """(height, width)."""
        return (self.height, self.width)

    @property
    def limits(self) -> tuple[float | int, float | int] | None:
        """0 and the largest value."""
        return bounds(self.dtype, 0, len(self.names) - 1 if self.names else self.le)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if self.names and self.le is not None:
            raise ValueError("give le or names, not both")
        if self.names and self.instances:
            raise ValueError(
                "names are of classes, but with instances=True the values number objects; leave "
                "names out, and declare ClassLabel(names, max=…) beside the mask"
            )
        bounds(self.dtype, 0, len(self.names) - 1 if self.names else self.le)
        return self


@declaration
class Keypoints(Feature):
    """Named or numbered points x, y, visibility, in pixels inside an image.

    Visibility is COCO's: 0 not there (then x = y = 0), 1 there but hidden, 2 visible.

    Attributes:
        points: how many points an object has.
        max: None for the points of one object, otherwise the largest number of objects.
            Padded with 0, which is visibility 0.
        image: key of the image that they lie in, where the Output has several.
    """

    points: Size
    max: Size | None = None
    image: str | None = None
    description: str = Field(default="", kw_only=True)
    kind: Literal["keypoints"] = Field(default="keypoints", kw_only=True, repr=False)

    @property
    def dtype(self) -> str:
        """Always float32."""
        return "float32"

    @property
    def shape(self) -> tuple[Dim, ...]:
        """(points, 3), or (objects, points, 3)."""
        return (self.points, 3) if self.max is None else (UpTo(self.max), self.points, 3)


@declaration
class Polygons(Feature):
    """Up to ``max`` polygons, each an array of x, y corners in pixels inside an image.

    A sample gives a list of arrays of shape (corners, 2), three corners or more.

    Attributes:
        max: the largest number of polygons.
        max_points: the largest number of corners. Padded with -1.
        image: key of the image that they lie in, where the Output has several.
    """

    padding: ClassVar[int] = -1
    jagged: ClassVar[bool] = True

    max: Size
    max_points: Annotated[Size, Field(ge=3)] = 64
    image: str | None = None
    description: str = Field(default="", kw_only=True)
    kind: Literal["polygons"] = Field(default="polygons", kw_only=True, repr=False)

    @property
    def dtype(self) -> str:
        """Always float32."""
        return "float32"

    @property
    def shape(self) -> tuple[Dim, ...]:
        """(polygons, corners, 2)."""
        return (UpTo(self.max), UpTo(self.max_points), 2)


AnyFeature: TypeAlias = Annotated[
    Tensor | Scalar | Image | ClassLabel | Text | Boxes | Mask | Keypoints | Polygons,
    Field(discriminator="kind"),
]
"""Any feature, told apart by ``kind`` in JSON."""
