"""A sample, or a grid of them, as a picture: what is drawn where; how it is drawn is panel.py's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from PIL import Image as Pillow
from PIL import ImageDraw

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
)
from synthdata.models import shortened
from synthdata.output import Leaf, Output
from synthdata.preview.panel import BACKGROUND, INK, LEAST_SIDE, LINE, Panel, font
from synthdata.preview.pixels import picture
from synthdata.sample import Sample
from synthdata.source import Source

GAP = 4
MAX_LINES = 4
MAX_WORD = 40


def draw_sample(sample: Sample, output: Output, *, side: int | None = None) -> Pillow.Image:
    """Draw one sample: its images side by side, annotations on them, values below.

    Boxes, masks, keypoints and polygons are drawn wherever the Output has them, the same ones in
    label and metadata once. Values outside 0..255 are shown from ``ge`` to ``le``, or from the
    sample's smallest to its largest. What cannot be shown is left out.

    Args:
        sample: as ``source[i]`` returns it.
        output: its declaration.
        side: the longer side of each image in the result, in pixels, or a little less; small ones
            are enlarged by a whole number. None keeps the size, but enlarges below 96 pixels.

    Returns:
        An RGB picture.
    """
    found = [(leaf, leaf.value_in(sample)) for leaf in output.leaves]
    panels: dict[int, Panel] = {}
    for place, (leaf, value) in enumerate(found):
        if _is_picture(leaf):
            panels[place] = Panel(picture(value, leaf.feature), side)
    _overlay(panels, found)
    for panel in panels.values():
        panel.enlarge()
    for leaf, value in _once(found):
        if leaf.frame is not None and leaf.frame in panels:
            panels[leaf.frame].annotate(leaf.feature, value, _names_of(leaf, value, found))
    return _compose([panel.picture for panel in panels.values()], _caption(found))


def contact_sheet(
    source: Source, count: int, *, columns: int | None = None, cell: int = 256
) -> Pillow.Image:
    """Draw the first samples of a source in a grid, each under its index.

    Args:
        source: the samples; a shorter source fills a smaller sheet.
        count: how many samples.
        columns: how many side by side; None makes the sheet about square.
        cell: the longer side of each image, in pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: if there is nothing to draw.
        SampleError: if a sample cannot be made.
    """
    indices = source.indices[: max(count, 0)]
    if not indices or cell < 1 or (columns is not None and columns < 1):
        raise ValueError(f"no sample to draw: {count=}, {columns=}, {cell=}, {source.indices}")
    tiles = [
        _titled(draw_sample(source[place], source.output, side=cell), f"#{index}")
        for place, index in enumerate(indices)
    ]
    width, height = max(tile.width for tile in tiles), max(tile.height for tile in tiles)
    columns = columns or max(1, round(math.sqrt(len(tiles) * height / width)))
    columns = min(columns, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    sheet = _blank(columns * (width + GAP) + GAP, rows * (height + GAP) + GAP)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        sheet.paste(tile, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    return sheet


def _is_picture(leaf: Leaf) -> bool:
    if isinstance(leaf.feature, Image):
        return True
    dims = len(leaf.feature.shape)
    return isinstance(leaf.feature, Tensor) and leaf.path[0] == "image" and dims in (2, 3)


def _overlay(panels: dict[int, Panel], found: list[tuple[Leaf, Any]]) -> None:
    """Blend each mask into the first image of its size."""
    for leaf, value in _once(found):
        if isinstance(leaf.feature, Mask):
            fitting = [item for item in panels.values() if item.pixels.shape[:2] == value.shape]
            for panel in fitting[:1]:
                panel.blend(value)


def _once(found: list[tuple[Leaf, Any]]) -> Iterator[tuple[Leaf, Any]]:
    """The annotations, without those whose like came before."""
    seen = set()
    for leaf, value in found:
        if isinstance(leaf.feature, Boxes | Keypoints | Mask | Polygons):
            parts = value if isinstance(value, list) else [value]
            key = (leaf.feature.kind, leaf.frame, *((part.shape, part.tobytes()) for part in parts))
            if key not in seen:
                seen.add(key)
                yield leaf, value


def _names_of(leaf: Leaf, value: Any, found: list[tuple[Leaf, Any]]) -> list[str]:
    """The names of boxes: of a list of as many classes in the same dict."""
    for other, classes in found:
        feature = other.feature
        if not isinstance(feature, ClassLabel) or feature.max is None:
            continue
        if other.path[:-1] == leaf.path[:-1] and len(classes) == len(value):
            return [_class_name(feature, item) for item in classes]
    return []


def _class_name(feature: ClassLabel, value: Any) -> str:
    return value if isinstance(value, str) else feature.names[int(value)]


def _caption(found: list[tuple[Leaf, Any]]) -> list[str]:
    boxed = {leaf.path[:-1] for leaf, _ in found if isinstance(leaf.feature, Boxes)}
    words = []
    for leaf, value in found:
        classes = isinstance(leaf.feature, ClassLabel) and leaf.feature.max is not None
        text = "" if classes and leaf.path[:-1] in boxed else _words(leaf.feature, value)
        if text:
            words.append(f"{leaf.path[-1]}: {shortened(text, MAX_WORD)}")
    return words


def _words(feature: Feature, value: Any) -> str:
    if isinstance(feature, ClassLabel):
        values = [value] if feature.max is None else value
        return ", ".join(_class_name(feature, item) for item in values)
    if isinstance(feature, Text):
        return " ".join(str(value).split())
    if isinstance(feature, Scalar) or (isinstance(feature, Tensor) and not feature.shape):
        return f"{float(value):.4g}" if feature.dtype.startswith("float") else str(value)
    return ""


def _blank(width: int, height: int) -> Pillow.Image:
    return Pillow.new("RGB", (width, height), BACKGROUND)


def _compose(pictures: list[Pillow.Image], words: list[str]) -> Pillow.Image:
    """The pictures side by side, the words in lines below."""
    pictures = pictures or [_blank(LEAST_SIDE, 1)]
    width = sum(item.width + GAP for item in pictures) - GAP
    height = max(item.height for item in pictures)
    lines = _lines(words, width)
    whole = _blank(width, height + LINE * len(lines))
    left = 0
    for item in pictures:
        whole.paste(item, (left, 0))
        left += item.width + GAP
    draw = ImageDraw.Draw(whole)
    for place, line in enumerate(lines):
        draw.text((1, height + LINE * place), line, INK, font())
    return whole


def _lines(words: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]}  {word}" if lines else word
        if lines and font().getlength(longer) < width - 1:
            lines[-1] = longer
        else:
            lines.append(word)
    return (
        lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], f"{lines[MAX_LINES - 1]} …"]
    )


def _titled(picture: Pillow.Image, title: str) -> Pillow.Image:
    tile = _blank(picture.width, picture.height + LINE)
    ImageDraw.Draw(tile).text((1, 0), title, INK, font())
    tile.paste(picture, (0, LINE))
    return tile
