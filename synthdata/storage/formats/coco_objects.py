"""The objects of a sample as annotations of COCO, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.features import ClassLabel, Keypoints, Mask
from synthdata.output import Leaf
from synthdata.polygons import area
from synthdata.storage.formats.coco_masks import Pixels, hidden, mask_of, pixels_of
from synthdata.storage.formats.entries import got
from synthdata.storage.formats.objects import Objects, most_of


class Annotations:
    """Makes annotations of the objects of samples, and reads the values back.

    ``bbox`` is x, y, width, height; ``area`` that of the outline, or of the box where there is no
    outline. Without boxes, ``bbox`` is around the outline or the points that are there. Numbers
    are doubles with all their digits, of which the float32 values come back exactly.

    Of a mask of instances, an object's pixels are its ``segmentation``, ``area`` is how many they
    are, ``bbox`` without boxes is tight around them, and ``instance`` is their value in the mask.
    Without lists beside the mask, each value that occurs is an object.

    Args:
        leaves: of the Output.
        objects: which of them are the objects'.
    """

    def __init__(self, leaves: Sequence[Leaf], objects: Objects) -> None:
        self._leaves = leaves
        self._objects = objects
        self._most = most_of(leaves, objects)
        self._class = objects.classes if objects.classes is not None else self._of_all()

    def _of_all(self) -> int | None:
        """The place of the only ClassLabel of one class beside the objects."""
        branches = {self._leaves[place].path[0] for place in self._objects.geometry}
        single = [
            place
            for place, leaf in enumerate(self._leaves)
            if isinstance(leaf.feature, ClassLabel) and leaf.feature.max is None
            if leaf.path[0] in branches
        ]
        return single[0] if len(single) == 1 else None

    def categories(self) -> list[dict[str, Any]]:
        """Return the categories, in the order of the classes."""
        feature = None if self._class is None else self._leaves[self._class].feature
        names = feature.names if isinstance(feature, ClassLabel) else ["object"]
        points: dict[str, Any] = {}
        if self._objects.keypoints is not None:
            keypoints = self._leaves[self._objects.keypoints].feature
            assert isinstance(keypoints, Keypoints)
            points = {"keypoints": [f"{n}" for n in range(keypoints.points)], "skeleton": []}
        return [
            {"id": number, "name": name, "supercategory": "", **points}
            for number, name in enumerate(names, 1)
        ]

    def of(self, image: Mapping[str, Any], values: list[Any]) -> list[dict[str, Any]]:
        """Return the annotations of a sample.

        Args:
            image: the id, width and height of the image.
            values: of all leaves.

        Raises:
            ValueError: if there are more of one feature than of another, or a mask has another
                size than the image, or values without an object.
        """
        count = self._objects.count(self._leaves, values)
        if self._objects.mask is None:
            return [self._annotation(image, values, number) for number in range(count)]
        return [
            self._annotation(image, values, number, pixels) | {"instance": instance}
            for number, (instance, pixels) in enumerate(self._pixels(image, values, count))
        ]

    def _pixels(
        self, image: Mapping[str, Any], values: list[Any], count: int
    ) -> Iterable[tuple[int, Pixels]]:
        """The objects' values in the mask, and their pixels."""
        place = self._objects.mask
        assert place is not None
        mask, name = values[place], self._leaves[place].name
        size = (image["height"], image["width"])
        if mask.shape != size:
            raise ValueError(
                f"{name} has shape {mask.shape}, but the image is {size[0]} × {size[1]}; make the "
                "mask of instances as large as the image"
            )
        found = pixels_of(mask)
        lists = [self._leaves[place].name for place in self._objects.lists]
        if not lists:
            return found.items()
        if strangers := [each for each in found if not 0 < each <= count]:
            raise ValueError(
                f"{name} has the value {strangers[-1]}, but there are {count} objects in "
                f"{', '.join(lists)}; a value is 1 + the place of the object in the lists, or 0"
            )
        nothing = hidden(*size)
        return [(each, found.get(each, nothing)) for each in range(1, count + 1)]

    def _annotation(
        self,
        image: Mapping[str, Any],
        values: list[Any],
        number: int,
        pixels: Pixels | None = None,
    ) -> dict[str, Any]:
        objects = self._objects
        annotation: dict[str, Any] = {
            "id": image["id"] * self._most + number + 1,
            "image_id": image["id"],
            "category_id": self._category(values, number),
            "segmentation": [],
            "iscrowd": 0,
        }
        covered: float | None = None
        if objects.polygons is not None:
            outline = values[objects.polygons][number].astype(np.float64)
            annotation["segmentation"] = [outline.ravel().tolist()]
            covered = area(outline)
        if pixels is not None:
            annotation["segmentation"] = pixels.segmentation
            covered = pixels.area
        if objects.keypoints is not None:
            points = self._points(values)[number]
            annotation["keypoints"] = _flat(points)
            annotation["num_keypoints"] = int(np.count_nonzero(points[:, 2]))
        corners = self._corners(image, values, number, pixels)
        size = corners[2:] - corners[:2]
        annotation["bbox"] = [*corners[:2].tolist(), *size.tolist()]
        annotation["area"] = float(size.prod()) if covered is None else covered
        return annotation

    def _corners(
        self, image: Mapping[str, Any], values: list[Any], number: int, pixels: Pixels | None
    ) -> NDArray[Any]:
        """The box of an object, x0, y0, x1, y1."""
        objects = self._objects
        if objects.boxes is not None:
            corners: NDArray[np.float64] = values[objects.boxes][number].astype(np.float64)
            return corners
        if pixels is not None:
            return pixels.box
        if objects.polygons is not None:
            return _around(values[objects.polygons][number].astype(np.float64), image)
        points = self._points(values)[number]
        return _around(points[points[:, 2] > 0, :2].astype(np.float64), image)

    def _category(self, values: list[Any], number: int) -> int:
        if self._class is None:
            return 1
        value = values[self._class]
        return int(value if self._class != self._objects.classes else value[number]) + 1

    def _points(self, values: list[Any]) -> NDArray[np.float32]:
        """Keypoints (objects, points, 3)."""
        place = self._objects.keypoints
        assert place is not None
        points: NDArray[np.float32] = values[place]
        return points.reshape(-1, *points.shape[-2:])

    def read(
        self, image: Mapping[str, Any], annotations: list[Mapping[str, Any]], values: list[Any]
    ) -> None:
        """Set the values of the objects, each at its place.

        Args:
            image: the width and height of the image.
            annotations: of one sample, in their order.
            values: of all leaves.

        Raises:
            ValueError: if something is missing; it and others if an annotation is not as ``of``
                made it, for which there is ``damaged``.
        """
        objects = self._objects
        if objects.boxes is not None:
            values[objects.boxes] = _boxes([got(each, ("bbox",)) for each in annotations])
        if objects.polygons is not None:
            values[objects.polygons] = [
                np.array(got(each, ("segmentation",))[0], np.float32).reshape(-1, 2)
                for each in annotations
            ]
        if objects.keypoints is not None:
            values[objects.keypoints] = self._keypoints(annotations)
        if objects.classes is not None:
            indices = [got(each, ("category_id",)) - 1 for each in annotations]
            values[objects.classes] = np.array(indices, np.int64)
        if objects.mask is not None:
            values[objects.mask] = self._mask(image, annotations)

    def _mask(self, image: Mapping[str, Any], annotations: list[Mapping[str, Any]]) -> NDArray[Any]:
        assert self._objects.mask is not None
        feature = self._leaves[self._objects.mask].feature
        assert isinstance(feature, Mask)
        found = ((got(each, ("instance",)), got(each, ("segmentation",))) for each in annotations)
        size = (got(image, ("height",)), got(image, ("width",)))
        return mask_of(found, *size, feature.dtype)

    def _keypoints(self, annotations: list[Mapping[str, Any]]) -> NDArray[np.float32]:
        assert self._objects.keypoints is not None
        feature = self._leaves[self._objects.keypoints].feature
        assert isinstance(feature, Keypoints)
        flat = [got(each, ("keypoints",)) for each in annotations]
        points = np.array(flat, np.float32).reshape(len(flat), feature.points, 3)
        return points if feature.max is not None else points.reshape(feature.points, 3)


def _boxes(bboxes: list[Any]) -> NDArray[np.float32]:
    """Corners; x + (x1 - x) in doubles is so near to x1 that float32 rounds it to x1."""
    boxes = np.array(bboxes, np.float64).reshape(len(bboxes), 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes.astype(np.float32)


def _flat(points: NDArray[np.float32]) -> list[float | int]:
    """Points as x, y, visibility, x, …; the visibility is an integer (−0.0 has no such)."""
    return [
        number
        for x, y, seen in points.tolist()
        for number in (x, y, seen if math.copysign(1, seen) < 0 else int(seen))
    ]


def _around(points: NDArray[np.float64], image: Mapping[str, Any]) -> NDArray[np.float64]:
    """The smallest box around points; if it has no area, around the pixels that they lie in.

    An object without any point that is there may be anywhere in the image.
    """
    size = np.array([image["width"], image["height"]], np.float64)
    if not len(points):
        return np.array([0, 0, *size])
    low, high = points.min(0), points.max(0)
    if (high > low).all():
        return np.array([*low, *high])
    low, high = np.minimum(np.floor(low), size - 1), np.floor(high) + 1
    return np.array([*low, *np.minimum(high, size)])
