"""Scenes as a COCO data set: image files and annotations whose masks are exact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import synthdata as sd


def write_coco(recipe: sd.Recipe, folder: str | Path) -> Path:
    """Write all scenes of a recipe of ``scenes-v1`` as a COCO data set.

    Segmentations are run lengths, uncompressed, so that mask, box and area agree to the pixel.

    Args:
        recipe: with ``samples``, and masks in its labels.
        folder: where to; made, and must be empty.

    Returns:
        The file of the annotations, ``instances.json``.

    Raises:
        ValueError: if the recipe has no end, no masks, or the folder is not empty.
    """
    if recipe.samples is None:
        raise ValueError("a data set has an end, but the recipe has no samples; give samples=1000")
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise ValueError(f"{target}: an empty or new folder is expected, but it holds files")
    source = sd.Source(recipe)
    first = source[0]
    if not isinstance(first.label, dict) or "mask" not in first.label:
        raise ValueError("no masks in the labels; give a recipe of scenes-v1 with masks=True")
    (target / "images").mkdir(parents=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(recipe.samples):
        sample = source[number]
        height, width = sample.image.shape[:2]
        name = f"images/{number:06d}.png"
        Image.fromarray(sample.image).save(target / name)
        images.append({"id": number, "file_name": name, "height": height, "width": width})
        for each in _annotations(sample.label):
            annotations.append({"id": len(annotations) + 1, "image_id": number, **each})
    file = target / "instances.json"
    whole = {"images": images, "annotations": annotations, "categories": _categories(source)}
    file.write_text(json.dumps(whole), encoding="utf-8")
    return file


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Return the lengths of runs down the columns, the first of what is not in the mask."""
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths: list[int] = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return [0, *lengths] if flat[0] else lengths


def _annotations(label: Any) -> list[dict[str, Any]]:
    found = []
    for place, (box, index) in enumerate(zip(label["boxes"], label["classes"], strict=True), 1):
        own = label["mask"] == place
        x0, y0, x1, y1 = box.tolist()
        found.append(
            {
                "category_id": int(index) + 1,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": int(np.count_nonzero(own)),
                "iscrowd": 0,
                "segmentation": {"size": list(own.shape), "counts": run_lengths(own)},
            }
        )
    return found


def _categories(source: sd.Source) -> list[dict[str, Any]]:
    label: Any = source.output.label
    return [{"id": n, "name": name} for n, name in enumerate(label["classes"].names, 1)]
