"""Write docs/gallery.md and its pictures: each first-party generator, drawn and described."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from PIL import Image

import synthdata as sd
from synthdata.cli.wording import output_rows, param_rows, summary_of
from synthdata.generator import load_class
from synthdata.preview import contact_sheet

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = Path(__file__).with_suffix(".md")
PICTURES: Final = Path(__file__).with_name("pictures")

TILES: Final = 4
CELL: Final = 200
"""Samples of a picture, and the longer side of each image in it, in pixels; twice that if wide."""

LARGEST: Final = 80_000
"""Bytes of a picture; one that has more is drawn again in fewer colours."""

FOLDER: Final = "photos"
"""Stands in the page for the folder of pictures that scikit-image brings, wherever that is."""

GIVEN: Final[Mapping[str, Mapping[str, Any]]] = {
    "mix-v1": {
        "recipes": [
            {"generator": "shapes-v1", "params": {"radius": 0.4}, "name": "large"},
            {"generator": "shapes-v1", "params": {"radius": 0.15}, "name": "small"},
        ]
    },
    "transformed-v1": {
        "source": {"generator": "shapes-v1", "params": {"task": "detect"}},
        "transforms": [
            {"transform": "affine-v1", "params": {"angle": {"uniform": [-40, 40]}}},
            {"transform": "filters-v1", "params": {"filters": [{"jpeg": {"quality": 15}}]}},
        ],
    },
    "numbers-v1": {"height": 72},
    "photos-v1": {"folder": FOLDER, "pattern": "*.[jp][pn]g"},
}
"""Params of generators that need some, by id."""

NOTE: Final = "<!-- Generated: python docs/gallery.py -->"

HEAD: Final = f"""{NOTE}

# Gallery

The generators of this repository. Of each, the first samples under its default params with their
annotations drawn, its params, and what a sample holds (Tout). `synthdata info ID` shows the same of
any that is installed.
"""


def first_party() -> dict[str, dict[str, Any]]:
    """Return the project tables of this repository's distributions by name, synthdata first."""
    files = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
    tables = [tomllib.loads(file.read_text(encoding="utf-8"))["project"] for file in files]
    return {table["name"]: table for table in tables}


def listings() -> list[sd.Listing]:
    """Return the first-party generators that can be used, by distribution, then id."""
    order = list(first_party())
    found = [item for item in sd.generators() if item.distribution in order]
    usable = [item for item in found if item.status == "ok" and item.id is not None]
    return sorted(usable, key=lambda item: (order.index(item.distribution), item.id))


def sections() -> dict[str, str]:
    """Return the text of each generator by its qualified id, in the order of the page."""
    return {f"{item.distribution}/{item.id}": _section(item) for item in listings()}


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for name, own in groupby(sections().items(), key=lambda pair: pair[0].partition("/")[0]):
        parts += [_heading(name), *(text for _, text in own)]
    return "\n".join(parts)


def _heading(name: str) -> str:
    table = first_party()[name]
    if name == "synthdata":
        return "## Built in\n"
    return f"## {name}\n\n{table['description']}\n\n`pip install {name}`\n"


def _section(item: sd.Listing) -> str:
    kind, _ = load_class(f"{item.distribution}/{item.id}")
    output = sd.make(f"{item.distribution}/{item.id}", **GIVEN.get(str(item.id), {})).output
    params = _table(param_rows(kind.Params), ("name", "type", "range", "default"))
    return (
        f"### {item.id}\n\n{_plain(summary_of(kind))}\n\n"
        f"![Samples of {item.id}](pictures/{item.id}.png)\n\n{_given(str(item.id))}"
        f"{params or 'It takes no params.'}\n"
        f"{_table(output_rows(output), ('feature', 'dtype', 'shape'))}"
    )


def _given(id: str) -> str:
    """Say which params it is drawn under, if not the default ones."""
    given = ", ".join(f"`{name}: {value}`" for name, value in GIVEN.get(id, {}).items())
    return f"Drawn under {given}.\n\n" if given else ""


def _table(rows: Sequence[Mapping[str, Any]], codes: Sequence[str]) -> str:
    """A table of the rows without the columns that are empty; ``codes`` are those of code."""
    heads = [key for key in (rows[0] if rows else ()) if any(str(row[key]) for row in rows)]
    heads = [key for key in heads if key != "required"]
    lines = [heads, ["---"] * len(heads)]
    lines += [[_cell(str(row[key]), key in codes) for key in heads] for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines) if rows else ""


def _cell(text: str, code: bool) -> str:
    if not code or not text:
        return _plain(text)
    # Some readers of Markdown take a bar in code for the end of a cell, escaped or not.
    return " or ".join(f"`{part}`" for part in text.split(" | "))


def _plain(text: str) -> str:
    """Text of which nothing is taken for Markdown."""
    return re.sub(r"([|*_<\[\]`])", r"\\\1", " ".join(text.split()))


def draw(id: str) -> Image.Image | None:
    """Draw the first samples of a generator.

    Args:
        id: qualified.

    Returns:
        A picture, or None if what it is drawn from is not installed.
    """
    params = dict(GIVEN.get(id.partition("/")[2], {}))
    if "folder" in params:
        skimage = importlib.util.find_spec("skimage")
        if skimage is None or skimage.origin is None:
            return None
        params["folder"] = str(Path(skimage.origin).parent / "data")
    source = sd.Source(sd.Recipe(generator=id, params=params, samples=TILES))
    images = [leaf for leaf in source.output.leaves if leaf.path[0] == "image"]
    height, width, *_ = images[0].feature.bound
    wider = 2 if width >= 2 * height else 1
    columns = max(1, TILES // len(images) // wider)
    try:
        return contact_sheet(source, TILES, columns=columns, cell=CELL * wider)
    finally:
        source.close()


def _save(picture: Image.Image, file: Path) -> None:
    for colors in (256, 128, 64, 32, 16):
        picture.quantize(colors, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size <= LARGEST:
            return


def main() -> None:
    """Write the page and the pictures."""
    PICTURES.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
    for id in sections():
        picture = draw(id)
        if picture is not None:
            file = PICTURES / f"{id.partition('/')[2]}.png"
            _save(picture, file)
            print(file, file.stat().st_size)


if __name__ == "__main__":
    main()
