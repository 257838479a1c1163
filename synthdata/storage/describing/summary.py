"""The summary of a data set as people read it: lines for a terminal, rows for a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

MOST_COUNTS: Final = 12
"""Names in a line; of more, the most frequent."""


def summary_lines(summary: Mapping[str, Any]) -> list[str]:
    r"""Return a summary as lines of text.

    Args:
        summary: as ``statistics.merged`` returns it.

    >>> from synthdata import Image, Output
    >>> from synthdata.storage.describing.statistics import merged
    >>> print("\n".join(summary_lines(merged({"train": []}, Output(image=Image(8, 8, 1))))))
    samples: 0 (train 0)
    duplicates: none
    image: grey: no numbers
    """
    splits = ", ".join(f"{split['name']} {split['samples']:,}" for split in summary["splits"])
    return [
        f"samples: {summary['samples']:,} ({splits})",
        f"duplicates: {duplicates_in_words(summary)}",
        *(
            f"{feature['name']}: {part['of']}: {_part(part)}"
            for feature in summary["features"]
            for part in feature["parts"]
        ),
    ]


def duplicates_in_words(summary: Mapping[str, Any]) -> str:
    """Return what is known of duplicates, as half a sentence."""
    found = summary["duplicates"]
    if not found["counted"]:
        return "not counted, there are too many samples"
    if not found["repeated"]:
        return "none"
    repeated, across = found["repeated"], found["across"]
    text = (
        "1 sample has the images of an earlier one"
        if repeated == 1
        else f"{repeated:,} samples have the images of earlier ones"
    )
    if len(summary["splits"]) == 1:
        return text
    return f"{text}; images that are in more than one split: {across or 'none'}"


def number_rows(features: list[Any]) -> Iterator[list[str]]:
    """Yield feature, of what, count, mean, std, min, max and how many are not finite, as text."""
    for feature in features:
        for part in feature["parts"]:
            if "counts" not in part:
                odd = part.get("nan", 0) + part.get("infinite", 0)
                numbers = [shown(part[key]) for key in ("count", "mean", "std", "min", "max")]
                yield [feature["name"], part["of"], *numbers, shown(odd) if odd else ""]


def count_parts(summary: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, list[int]]]]:
    """Yield what was counted.

    Yields:
        Name of a feature, what was counted of it, and for each name how often it came in each
        split and, where there are several, in all of them.
    """
    tables = [*(split["features"] for split in summary["splits"]), summary["features"]]
    if len(tables) == 2:
        del tables[0]
    for place, feature in enumerate(summary["features"]):
        for number, part in enumerate(feature["parts"]):
            if "counts" in part:
                parts = [dict(table[place]["parts"][number]["counts"]) for table in tables]
                names = [name for name, _ in part["counts"]]
                rows = {name: [counts.get(name, 0) for counts in parts] for name in names}
                yield feature["name"], part["of"], rows


def shown(number: float | None) -> str:
    """Return a number with four digits, or all of a whole one.

    >>> shown(12345), shown(0.123456), shown(None)
    ('12,345', '0.1235', '–')
    """
    if number is None:
        return "–"
    return f"{number:,}" if isinstance(number, int) else f"{number:.4g}"


def share(count: int, total: int) -> str:
    """Return a part of a total in percent.

    >>> share(1, 8), share(0, 0)
    ('12.5 %', '–')
    """
    return f"{100 * count / total:.1f} %" if total else "–"


def _part(part: Mapping[str, Any]) -> str:
    if "counts" not in part:
        return _numbers(part)
    counts = part["counts"]
    total = sum(count for _, count in counts)
    kept = sorted(counts, key=lambda pair: -pair[1])[:MOST_COUNTS]
    text = [f"{name} {share(count, total)}" for name, count in counts if [name, count] in kept]
    more = len(counts) - len(kept)
    return ", ".join([*text, *([f"and {more:,} more"] if more else [])]) or "none"


def _numbers(part: Mapping[str, Any]) -> str:
    odd = [f"{part[key]:,} {key}" for key in ("nan", "infinite") if part.get(key)]
    if not part["count"]:
        return "; ".join(["no numbers", *odd])
    mean, std, low, high = (shown(part[key]) for key in ("mean", "std", "min", "max"))
    return "; ".join([f"mean {mean}, std {std}, {low} to {high}", *odd])
