"""The YAML at the head of a data card, in the words of the Hugging Face hub."""

from __future__ import annotations

from typing import Any, Final

import yaml

from synthdata.features import Boxes, ClassLabel, Keypoints, Mask, Polygons
from synthdata.output import Output
from synthdata.storage.format import About

_FILES: Final = {
    "folder": "{split}/**",
    "parquet": "data/{split}-*.parquet",
    "webdataset": "{split}-*.tar",
}
"""Files of a split, of the formats that the hub and ``datasets`` read without being told how."""

_TASKS: Final = (
    (ClassLabel, "image-classification"),
    (Boxes, "object-detection"),
    (Mask, "image-segmentation"),
    (Polygons, "image-segmentation"),
    (Keypoints, "keypoint-detection"),
)
"""What a label of a kind is good for."""


def header(about: About, output: Output, format_name: str) -> str:
    """Return the header with its rules of dashes.

    It says what is known: no licence, which whoever publishes the data set must choose.

    Args:
        about: the data set.
        output: what each sample holds.
        format_name: of the format.
    """
    fields: dict[str, Any] = {"pretty_name": about.name, "tags": ["synthetic", "synthdata"]}
    if tasks := _tasks(output):
        fields["task_categories"] = tasks
    samples = {
        name: sum(written.samples for written in shards) for name, shards in about.splits.items()
    }
    fields["size_categories"] = [size_category(sum(samples.values()))]
    if format_name in _FILES:
        files = _FILES[format_name]
        fields["configs"] = [
            {
                "config_name": "default",
                "data_files": [
                    {"split": name, "path": files.format(split=name)} for name in samples
                ],
            }
        ]
    return f"---\n{yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)}---\n"


def size_category(samples: int) -> str:
    """Return the hub's name for a size.

    >>> size_category(999), size_category(1000), size_category(2 * 10**13)
    ('n<1K', '1K<n<10K', 'n>1T')
    """
    names = ["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T"]
    if samples < 1000:
        return "n<1K"
    place = len(str(samples)) - 4
    return "n>1T" if place + 1 >= len(names) else f"{names[place]}<n<{names[place + 1]}"


def _tasks(output: Output) -> list[str]:
    labels = [leaf.feature for leaf in output.leaves if leaf.path[0] == "label"]
    tasks = [task for kind, task in _TASKS if any(isinstance(label, kind) for label in labels)]
    return list(dict.fromkeys(tasks))
