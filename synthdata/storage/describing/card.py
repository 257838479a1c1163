"""The data card of a data set: README.md, as people and the Hugging Face hub read it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from synthdata.features import (
    Boxes,
    ClassLabel,
    Feature,
    Keypoints,
    Mask,
    Polygons,
    Ranged,
    Text,
)
from synthdata.output import Leaf, Output
from synthdata.storage.describing.card_header import header
from synthdata.storage.describing.markdown import escaped, fenced, table
from synthdata.storage.describing.summary import (
    count_parts,
    duplicates_in_words,
    number_rows,
    share,
    shown,
)
from synthdata.storage.encoding import Encoding
from synthdata.storage.format import About

CARD: Final = "README.md"
"""Path of the card in the target."""

MOST_NAMES: Final = 10
"""Classes that the table of features names."""

MOST_ROWS: Final = 100
"""Rows of a table of counts; of more, the most frequent."""

_READERS: Final = {
    "arrayrecord": "import tensorflow_datasets as tfds\n\n"
    'samples = tfds.builder_from_directory("{name}").as_data_source(split="{split}")',
    "coco": "from pycocotools.coco import COCO\n\n"
    'coco = COCO("{name}/annotations/instances_{split}.json")',
    "folder": "from datasets import load_dataset\n\n"
    'samples = load_dataset("{name}", split="{split}")',
    "npz": 'import numpy as np\n\narrays = np.load("{name}/{stem}.npz")',
    "parquet": "from datasets import load_dataset\n\n"
    'samples = load_dataset("{name}", split="{split}")',
    "tfrecord": "import tensorflow_datasets as tfds\n\n"
    'ds = tfds.builder_from_directory("{name}").as_dataset(split="{split}")',
    "webdataset": "import webdataset\n\n"
    'samples = webdataset.WebDataset("{name}/{stem}.tar", shardshuffle=False).decode("pil")',
    "yolo": 'from ultralytics import YOLO\n\nYOLO("yolo11n.yaml").train(data="{name}/data.yaml")',
}
"""How others read a format; what a plugin brings has none."""


def card(
    about: About,
    output: Output,
    summary: Mapping[str, Any],
    format_name: str,
    *,
    encoding: Encoding | None = None,
    sheet: str | None = None,
) -> str:
    """Return the text of README.md, a function of its arguments alone.

    Args:
        about: the data set.
        output: what each sample holds.
        summary: as ``statistics.merged`` returns it.
        format_name: of the format.
        encoding: of the images; None leaves it out.
        sheet: path of the contact sheet in the target, if there is one.
    """
    parts = [
        [f"# {escaped(about.name)}"],
        [escaped(about.description)],
        [f"![The first samples]({sheet})"] if sheet else [],
        *_origin(about, format_name, encoding),
        *_reading(about, format_name),
        ["## Features"],
        list(_features(output)),
        ["## Splits"],
        list(_splits(about)),
        ["## Statistics"],
        [f"Duplicates: {duplicates_in_words(summary)}."],
        *_statistics(summary),
    ]
    body = "\n\n".join("\n".join(part) for part in parts if part and part != [""])
    return f"{header(about, output, format_name)}\n{body}\n"


def _origin(about: About, format_name: str, encoding: Encoding | None) -> Iterator[list[str]]:
    plugin = f" of {escaped(about.plugin)}" if about.plugin else ""
    images = f", images as {_encoding(encoding)}" if encoding else ""
    yield ["## How it was made"]
    maker = f"{escaped(about.generator)}{plugin}, with seed {about.seed}"
    yield [f"Synthetic: each sample was computed by {maker}."]
    yield [f"Format: {escaped(format_name)}{images}."]
    if about.recipe is None:
        yield ["There is no recipe for it: the generator was made by a program, not by its id."]
        return
    yield ["The recipe, which is recipe.yaml too:"]
    yield fenced(yaml.safe_dump(dict(about.recipe), sort_keys=False, allow_unicode=True), "yaml")
    yield ["With the same versions installed, this makes the same samples again:"]
    yield fenced(
        f"synthdata write recipe.yaml {shlex.quote(about.name)} --format {format_name}", "console"
    )


def _encoding(encoding: Encoding) -> str:
    if encoding.name == "raw":
        return "arrays"
    quality = "" if encoding.quality is None else f" of quality {encoding.quality}"
    return f"{encoding.name}{quality or ' without loss'}"


def _reading(about: About, format_name: str) -> Iterator[list[str]]:
    name = json.dumps(about.name, ensure_ascii=False)[1:-1]
    yield ["## How to read it"]
    yield fenced(f'import synthdata as sd\n\nds = sd.read("{name}")', "python")
    for split, shards in list(about.splits.items())[:1]:
        if format_name in _READERS and shards:
            stem = shards[0].shard.stem
            code = _READERS[format_name].format(name=name, split=split, stem=stem)
            yield fenced(code, "python")


def _features(output: Output) -> Iterator[str]:
    leaves = output.leaves
    rows = [
        [
            f"`{leaf.name}`",
            leaf.feature.kind,
            leaf.feature.dtype,
            escaped(str(leaf.feature).rsplit(" ", 1)[0]),
            escaped(_values(leaf, leaves)),
            escaped(getattr(leaf.feature, "description", "")),
        ]
        for leaf in leaves
    ]
    yield from table(["feature", "kind", "dtype", "shape", "values", "description"], rows)


def _values(leaf: Leaf, leaves: tuple[Leaf, ...]) -> str:
    feature = leaf.feature
    if leaf.frame is not None:
        return f"{_frame_words(feature)} in pixels of {leaves[leaf.frame].name}"
    if isinstance(feature, Text):
        return f"up to {feature.max_bytes:,} bytes of UTF-8"
    if isinstance(feature, ClassLabel | Mask) and feature.names:
        return _names(list(feature.names))
    words = f"{feature.limits[0]:g} to {feature.limits[1]:g}" if feature.limits else ""
    if isinstance(feature, Ranged) and not feature.finite:
        words = f"{words or 'any'}, also NaN"
    return words


def _frame_words(feature: Feature) -> str:
    if isinstance(feature, Boxes):
        return "x0, y0, x1, y1 (half-open)"
    if isinstance(feature, Keypoints):
        return "x, y, visibility (0 not there, 1 hidden, 2 visible)"
    assert isinstance(feature, Polygons)
    return "x, y of the corners"


def _names(names: list[str]) -> str:
    more = [f"and {len(names) - MOST_NAMES:,} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*names[:MOST_NAMES], *more])


def _splits(about: About) -> Iterator[str]:
    rows = []
    for name, shards in about.splits.items():
        samples = sum(written.samples for written in shards)
        asked = sum(len(written.shard.indices) for written in shards)
        numbers = [samples, len(shards), sum(written.size for written in shards), asked - samples]
        rows.append([escaped(name), *map(shown, numbers)])
    yield from table(["split", "samples", "shards", "bytes", "left out"], rows, right=1)


def _statistics(summary: Mapping[str, Any]) -> Iterator[list[str]]:
    columns = ["feature", "of", "count", "mean", "std", "min", "max", "not finite"]
    rows = [
        [f"`{name}`", escaped(of), *cells] for name, of, *cells in number_rows(summary["features"])
    ]
    if rows:
        if not any(row[-1] for row in rows):
            columns, rows = columns[:-1], [row[:-1] for row in rows]
        yield table(columns, rows, right=2)
    splits = [escaped(split["name"]) for split in summary["splits"]]
    for name, of, counted in count_parts(summary):
        yield [f"`{name}`, {escaped(of)}:"]
        yield list(_counts(of, splits, counted))


def _counts(of: str, splits: list[str], counted: Mapping[str, list[int]]) -> Iterator[str]:
    columns = splits if len(splits) == 1 else [*splits, "all"]
    total = sum(counts[-1] for counts in counted.values())
    rows = list(counted.items())
    if len(rows) > MOST_ROWS:
        kept = dict(sorted(rows, key=lambda row: -row[1][-1])[:MOST_ROWS])
        rows = [row for row in rows if row[0] in kept]
    cells = [
        [escaped(name), *map(shown, counts), share(counts[-1], total)] for name, counts in rows
    ]
    if len(rows) < len(counted):
        cells.append([f"and {len(counted) - len(rows):,} more", *[""] * (len(columns) + 1)])
    yield from table([of, *columns, "share"], cells, right=1)
