"""Cuts the page that scikit-image ships into words; what they say is in real_words.txt."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]

LABELS: Final = Path(__file__).with_name("real_words.txt")
NEIGHBOURHOOD: Final = 35
"""Pixels a side of the neighbourhood whose mean a pixel is compared with: three lines or so."""
DARKER: Final = 12
"""Grey levels by which ink is darker than that."""
LEAST_INK: Final = 8
"""Pixels of ink of a word at least; less is a speck."""
RULE: Final = 4
"""Pixels of height below which what is wide is a rule of the page and no word."""
MARGIN: Final = 2


class Crop(NamedTuple):
    """A word of the page.

    Attributes:
        image: (height, width) uint8, as it is in the page.
        text: what it says, as a person typed it; "" where that could not be read.
    """

    image: Grey
    text: str


def boxes_of(page: Grey) -> list[tuple[int, int, int, int]]:
    """Find words as x0, y0, x1, y1, from the top left to the bottom right.

    Ink is what is darker than its neighbourhood; letters of one word are what is joined when ink
    is widened by half the gap of letters, which is less than half the gap of words.
    """
    from scipy import ndimage

    mean = ndimage.uniform_filter(page.astype(np.float32), NEIGHBOURHOOD, mode="reflect")
    ink = page < mean - DARKER
    joined = ndimage.binary_dilation(ink, np.ones((1, 5), bool))
    groups, _ = ndimage.label(joined, np.ones((3, 3), bool))
    boxes = []
    for index, place in enumerate(ndimage.find_objects(groups), 1):
        rows, columns = np.nonzero(ink[place] & (groups[place] == index))
        if rows.size < LEAST_INK or np.ptp(rows) < RULE:
            continue
        top, left = place[0].start, place[1].start
        boxes.append(
            (
                max(left + int(columns.min()) - MARGIN, 0),
                max(top + int(rows.min()) - MARGIN, 0),
                min(left + int(columns.max()) + 1 + MARGIN, page.shape[1]),
                min(top + int(rows.max()) + 1 + MARGIN, page.shape[0]),
            )
        )
    return boxes


def load_crops() -> list[Crop]:
    """Cut the page, and pair each word with what was typed.

    Raises:
        SystemExit: if scikit-image is not installed, or the words are not those that were typed.
    """
    try:
        from skimage import data
    except ImportError:
        raise SystemExit(
            "the page that scikit-image ships is expected, but it is not installed: run `make real`"
        ) from None
    page = data.page()  # type: ignore[no-untyped-call]  # ships no types
    typed = read_labels()
    found = boxes_of(page)
    if found != [box for box, _ in typed]:
        raise SystemExit(
            f"the {len(typed)} boxes of {LABELS.name} are expected, but the page was cut into "
            f"{len(found)} others; type what they say anew"
        )
    return [Crop(page[y0:y1, x0:x1], text) for (x0, y0, x1, y1), text in typed if text]


def read_labels() -> list[tuple[tuple[int, int, int, int], str]]:
    """Read the boxes and what they say, "" where a box is no word."""
    labels = []
    for line in LABELS.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        x0, y0, x1, y1, text = line.split(" ", 4)
        labels.append(((int(x0), int(y0), int(x1), int(y1)), "" if text == "-" else text))
    return labels


def fitted(image: Grey, size: tuple[int, int], high: int) -> Grey:
    """Scale a crop to a height, or less where it is too wide, and put it in the middle.

    Args:
        image: (height, width).
        size: width and height of what is returned; the border is continued outwards.
        high: height of the crop in it.
    """
    from PIL import Image

    width, height = size
    rows, columns = image.shape
    scale = min(high / rows, (width - 4) / columns)
    small = max(round(columns * scale), 1), max(round(rows * scale), 1)
    scaled = np.asarray(Image.fromarray(image).resize(small, Image.Resampling.BICUBIC))
    left, top = (width - small[0]) // 2, (height - small[1]) // 2
    around = ((top, height - small[1] - top), (left, width - small[0] - left))
    return np.pad(scaled, around, "edge")
