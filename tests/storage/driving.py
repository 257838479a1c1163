"""Write samples by a format alone, without the writer of data sets, and read them back."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import synthdata as sd
from synthdata.output import Output
from synthdata.storage.encoding import Encoding
from synthdata.storage.format import About, Format, Written
from synthdata.storage.shard import Shard


def values_of(source: sd.Source, index: int) -> list[Any]:
    """The values of a sample in the order of the leaves, as a writer is given them."""
    sample = source[index]
    return [leaf.value_in(sample) for leaf in source.output.leaves]


def shards_of(split: str, samples: int, count: int, first: int = 0) -> list[Shard]:
    """Ranges of about the same length."""
    ends = [first + samples * number // count for number in range(count + 1)]
    return [
        Shard(split, number, count, first, range(ends[number], ends[number + 1]))
        for number in range(count)
    ]


def write(
    format: Format,
    folder: Path,
    rows: Sequence[list[Any]],
    *,
    splits: dict[str, int] | None = None,
    shards: int = 1,
    name: str = "things",
) -> list[Shard]:
    """Write rows, cut into splits one after the other, and the files that stand once."""
    written: dict[str, tuple[Written, ...]] = {}
    first = 0
    for split, samples in (splits or {"train": len(rows)}).items():
        ours = shards_of(split, samples, shards, first)
        for shard in ours:
            with format.writer(shard, folder) as writer:
                for index in shard.indices:
                    writer.add(shard.key(index), rows[index])
        written[split] = tuple(Written(shard, len(shard.indices), 1000) for shard in ours)
        first += samples
    about = About(
        name=name,
        version="1.0.0",
        description="Things.",
        generator="synthdata/things-v1",
        plugin="synthdata 0.1.0",
        recipe={"generator": "synthdata/things-v1", "params": {}, "seed": 0},
        seed=0,
        splits=written,
        open=lambda path: io.BytesIO((folder / path).read_bytes()),
    )
    format.conclude(about, folder)
    return [each.shard for ours in written.values() for each in ours]


def read(format: Format, folder: Path, shards: Sequence[Shard]) -> Iterator[list[Any]]:
    """Yield the rows of shards."""
    for shard in shards:
        with format.reader(shard, folder) as reader:
            yield from reader


def assemble(output: Output, rows: Sequence[list[Any]]) -> list[dict[str, Any]]:
    """Make trees of rows, of which stream_digest makes a digest."""
    return [output.assembler()(list(row)) for row in rows]


def came_back(
    kind: type[Format],
    source: sd.Source,
    folder: Path,
    *,
    encoding: Encoding | None = None,
    shards: int = 2,
) -> list[list[Any]]:
    """Write all samples of a source, and return the rows that are read back."""
    made = kind(source.output, encoding or Encoding())
    rows = [values_of(source, index) for index in range(len(source))]
    return list(read(made, folder, write(made, folder, rows, shards=shards)))
