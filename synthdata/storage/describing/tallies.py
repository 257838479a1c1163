"""What is counted and summed of each kind of feature; how numbers are summed is sums.py's."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.features import (
    Boxes,
    ClassLabel,
    Feature,
    Image,
    Keypoints,
    Mask,
    Polygons,
    Scalar,
    Tensor,
    Text,
    UpTo,
)
from synthdata.output import Leaf, Output
from synthdata.storage.describing.sums import Counts, Floats, Histogram, Integers, Sums, sums_of

HELD: Final = 256
"""Small values are summed so many at a time: NumPy's calls cost more than the numbers."""

_LARGE: Final = 4096
"""An array of so many elements is summed at once, and not kept until there are others."""

_EXACT_ROWS: Final = 256
"""Rows of squares of bytes whose sum is below 2**24, up to which float32 holds all integers."""

_CHANNELS: Final = {
    1: ("grey",),
    2: ("grey", "alpha"),
    3: ("red", "green", "blue"),
    4: ("red", "green", "blue", "alpha"),
}

_DIMS: Final = {Image: ("height", "width"), Mask: ("height", "width")}


class Tally:
    """What is counted and summed of one feature over many samples.

    Args:
        feature: whose values are added.

    Attributes:
        parts: the sums by what they are of.
    """

    def __init__(self, feature: Feature) -> None:
        self.feature = feature
        self.parts: dict[str, Sums] = {}
        self._sizes: list[tuple[int, Integers]] = []
        self._held: list[Any] = []
        self.declare()
        if not isinstance(feature, Boxes | Keypoints | Polygons | ClassLabel):
            self._declare_sizes()

    def declare(self) -> None:
        """Set up the parts."""

    def look(self, values: list[Any]) -> None:
        """Add the values of some samples to the parts."""

    def add(self, value: Any, frame: tuple[int, ...] | None) -> None:
        """Add the value of one sample.

        Args:
            value: as the check of a sample stores it. It may change after the call.
            frame: shape of the image that boxes, keypoints and polygons lie in.
        """
        if isinstance(value, np.ndarray):
            if value.size >= _LARGE:
                self._look([self.keep(value, frame)])
                return
            value = value.copy()
        self._held.append(self.keep(value, frame))
        if len(self._held) >= HELD:
            self.flush()

    def keep(self, value: Any, frame: tuple[int, ...] | None) -> Any:
        """Return what ``look`` needs of a value."""
        return value

    def flush(self) -> None:
        """Sum what was kept until now."""
        held, self._held = self._held, []
        if held:
            self._look(held)

    def _look(self, values: list[Any]) -> None:
        for axis, sizes in self._sizes:
            sizes.add(np.array([value.shape[axis] for value in values]))
        self.look(values)

    def _declare_sizes(self) -> None:
        """Each dimension that varies is summed."""
        names = _DIMS.get(type(self.feature), ())
        for axis, dim in enumerate(self.feature.shape):
            if isinstance(dim, UpTo):
                sizes = Integers()
                name = names[axis] if axis < len(names) else f"dimension {axis}"
                self.parts[name] = sizes
                self._sizes.append((axis, sizes))

    def to_json(self) -> Any:
        """Return the parts as JSON has them, in their order."""
        self.flush()
        return [part.to_json() for part in self.parts.values()]

    def merge(self, data: Any) -> None:
        """Add what another tally of the same feature was given."""
        for part, item in zip(self.parts.values(), data, strict=True):
            part.merge(item)

    def summary(self) -> list[dict[str, Any]]:
        """Return the summary of each part, under its name as ``of``."""
        self.flush()
        return [{"of": name, **part.summary()} for name, part in self.parts.items()]


class _Numbers(Tally):
    """Scalars and tensors."""

    def declare(self) -> None:
        self.values = self.parts["value"] = sums_of(self.feature.dtype)

    def look(self, values: list[Any]) -> None:
        self.values.add(np.concatenate([np.ravel(value) for value in values]))


class _Classes(Tally):
    """Class labels, one a sample or several."""

    feature: ClassLabel

    def declare(self) -> None:
        self.classes = self.parts["class"] = Counts(self.feature.names)
        if self.feature.max is not None:
            self.per_sample = self.parts["per sample"] = Histogram(self.feature.max)

    def look(self, values: list[Any]) -> None:
        self.classes.add(np.concatenate([np.ravel(value) for value in values]))
        if self.feature.max is not None:
            self.per_sample.add(np.array([len(value) for value in values]))


class _Texts(Tally):
    """Texts: their lengths."""

    def declare(self) -> None:
        self.lengths = self.parts["characters"] = Integers()

    def keep(self, value: Any, frame: tuple[int, ...] | None) -> Any:
        return len(value)

    def look(self, values: list[Any]) -> None:
        self.lengths.add(np.array(values))


class _Boxes(Tally):
    """Boxes: how many, and their sizes in pixels and as parts of their image."""

    feature: Boxes

    def declare(self) -> None:
        self.per_sample = self.parts["per sample"] = Histogram(self.feature.max)
        names = ("width", "height", "area", "width / image", "height / image", "area / image")
        self.sizes = [Floats() for _ in names]
        self.parts |= zip(names, self.sizes, strict=True)

    def keep(self, value: Any, frame: tuple[int, ...] | None) -> Any:
        assert frame is not None  # Output gives each box the image that it lies in
        return value, frame[1::-1]

    def look(self, values: list[Any]) -> None:
        counts = np.array([len(boxes) for boxes, _ in values])
        self.per_sample.add(counts)
        corners = np.concatenate([boxes for boxes, _ in values]).astype(np.float64)
        images = np.repeat([image for _, image in values], counts, axis=0)
        sides = corners[:, 2:] - corners[:, :2]
        parts = sides / images
        columns = [*sides.T, sides.prod(axis=1), *parts.T, parts.prod(axis=1)]
        for sums, column in zip(self.sizes, columns, strict=True):
            sums.add(column)


class _Keypoints(Tally):
    """Keypoints: how many objects, and how many points are visible."""

    feature: Keypoints

    def declare(self) -> None:
        self.seen = self.parts["visibility"] = Counts(("not there", "hidden", "visible"))
        if self.feature.max is not None:
            self.per_sample = self.parts["per sample"] = Histogram(self.feature.max)

    def look(self, values: list[Any]) -> None:
        seen = np.concatenate([value[..., 2].ravel() for value in values])
        self.seen.add(seen.astype(np.int64))
        if self.feature.max is not None:
            self.per_sample.add(np.array([len(value) for value in values]))


class _Polygons(Tally):
    """Polygons: how many, and how many corners they have."""

    feature: Polygons

    def declare(self) -> None:
        self.per_sample = self.parts["per sample"] = Histogram(self.feature.max)
        self.corners = self.parts["corners"] = Integers()

    def keep(self, value: Any, frame: tuple[int, ...] | None) -> Any:
        return [len(polygon) for polygon in value]

    def look(self, values: list[Any]) -> None:
        self.per_sample.add(np.array([len(value) for value in values]))
        self.corners.add(np.array([corners for value in values for corners in value], np.int64))


class _Masks(Tally):
    """Masks: pixels of each class; without names, those of the background, and the values."""

    feature: Mask

    def declare(self) -> None:
        names = self.feature.names or ("0", "others")
        self.pixels = self.parts["pixels"] = Counts(names)
        if not self.feature.names:
            self.largest = self.parts["largest value"] = Integers()

    def look(self, values: list[Any]) -> None:
        for value in _joined(values, self.feature):
            if self.feature.names:
                self.pixels.add(value)
            else:
                others = int(np.count_nonzero(value))
                self.pixels.include([value.size - others, others])
        if not self.feature.names:
            largest = [value.max() for value in values if value.size]
            self.largest.add(np.array(largest, self.feature.dtype))


class _Images(Tally):
    """Images: the values of each channel."""

    feature: Image

    def declare(self) -> None:
        count = self.feature.channels
        names = _CHANNELS.get(count) or [f"channel {number}" for number in range(count)]
        self.channels: list[Any] = [sums_of(self.feature.dtype) for _ in names]
        self.parts |= zip(names, self.channels, strict=True)
        self._ends = [[255] * count, [0] * count]

    def look(self, values: list[Any]) -> None:
        for value in _joined(values, self.feature):
            if self.feature.dtype == "uint8":
                self._look_at_bytes(value)
            else:
                for channel, sums in enumerate(self.channels):
                    sums.add(value[..., channel])

    def _look_at_bytes(self, image: NDArray[np.uint8]) -> None:
        """Sum in float32, where each sum is exact: three times as fast as in integers."""
        height, width, count = image.shape
        if not image.size:
            return
        rows = np.ascontiguousarray(image).reshape(height, width * count)
        total = np.zeros((2, width * count))
        for first in range(0, height, _EXACT_ROWS):
            part = rows[first : first + _EXACT_ROWS].astype(np.float32)
            total[0] += part.sum(axis=0)
            np.multiply(part, part, out=part)
            total[1] += part.sum(axis=0)
        sums = total.reshape(2, width, count).sum(axis=1).astype(np.int64).tolist()
        low, high = self._ends
        if any(low) or min(high) < 255:  # until all channels have had 0 and 255
            low = rows.min(axis=0).reshape(width, count).min(axis=0).tolist()
            high = rows.max(axis=0).reshape(width, count).max(axis=0).tolist()
            self._ends = [
                [min(pair) for pair in zip(low, self._ends[0], strict=True)],
                [max(pair) for pair in zip(high, self._ends[1], strict=True)],
            ]
        for channel, *four in zip(self.channels, *sums, low, high, strict=True):
            channel.include(height * width, *four)


def _joined(values: list[Any], feature: Feature) -> list[Any]:
    """Images of one size as a single one, the next below the last."""
    return values if feature.varying or len(values) == 1 else [np.concatenate(values)]


_KINDS: Final[dict[type[Feature], type[Tally]]] = {
    Boxes: _Boxes,
    ClassLabel: _Classes,
    Image: _Images,
    Keypoints: _Keypoints,
    Mask: _Masks,
    Polygons: _Polygons,
    Scalar: _Numbers,
    Tensor: _Numbers,
    Text: _Texts,
}


def tallies_of(output: Output) -> list[tuple[Leaf, Tally]]:
    """Return each leaf of an Output with an empty tally."""
    return [(leaf, _KINDS[type(leaf.feature)](leaf.feature)) for leaf in output.leaves]
