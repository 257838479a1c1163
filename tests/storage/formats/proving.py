"""What is proved of a format alone: all comes back, twice is the same, damage is a ValueError."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

import synthdata as sd
from synthdata.check import compile_check
from synthdata.storage.encoding import Encoding
from synthdata.storage.format import Format
from synthdata.storage.shard import Shard
from synthdata.testing.digests import stream_digest
from tests import strategies
from tests.storage import driving


def made(id: str, samples: int, **params: Any) -> sd.Source:
    """Samples of a built-in generator."""
    return sd.Source(sd.Recipe(generator=id, params=params, samples=samples))


def written(
    kind: type[Format],
    source: sd.Source,
    folder: Path,
    *,
    encoding: Encoding | None = None,
    shards: int = 2,
) -> list[Path]:
    """Write all samples, and return the files in their order."""
    folder.mkdir(exist_ok=True)
    rows = [driving.values_of(source, index) for index in range(len(source))]
    driving.write(kind(source.output, encoding or Encoding()), folder, rows, shards=shards)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_comes_back(kind: type[Format], source: sd.Source, folder: Path) -> None:
    """Every sample is read as it was: dtype, shape and bytes."""
    rows = driving.came_back(kind, source, folder)
    assert stream_digest(driving.assemble(source.output, rows)) == stream_digest(source)


def assert_accepted_comes_back(kind: type[Format], data: st.DataObject, folder: Path) -> None:
    """Any samples of any Output are read as they were, or the Output is refused before."""
    output = data.draw(strategies.outputs())
    check = compile_check(output)
    rows = [check(data.draw(strategies.samples(output))) for _ in range(data.draw(counts))]
    names = {leaf.name for leaf in output.leaves}
    made_of = kept(kind, output, names)
    if made_of is None:
        return
    found = list(driving.read(made_of, folder, driving.write(made_of, folder, rows)))
    before, after = (driving.assemble(output, each) for each in (rows, found))
    assert stream_digest(after) == stream_digest(before)
    assert [types(row) for row in found] == [types(row) for row in rows]


def kept(kind: type[Format], output: sd.Output, names: set[str]) -> Format | None:
    """The format, or None if it refuses features of these names."""
    try:
        return kind(output, Encoding())
    except sd.FormatError as error:
        refused = set(error.features)
    assert refused
    assert refused <= names
    return None


counts = st.integers(0, 3)


def types(row: list[Any]) -> list[Any]:
    """What a digest does not tell: a NumPy scalar from an array without dimensions."""
    return [type(value) for value in row]


def assert_same_bytes(kind: type[Format], source: sd.Source, folder: Path) -> None:
    """Written twice, the files have the same names and bytes."""
    first, second = folder / "first", folder / "second"
    names = [path.relative_to(first) for path in written(kind, source, first)]
    assert [path.relative_to(second) for path in written(kind, source, second)] == names
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def whole(kind: type[Format], source: sd.Source, folder: Path) -> str:
    """Read the one shard of a folder, and return the digest of its samples."""
    shard = Shard("train", 0, 1, 0, range(len(source)))
    rows = driving.read(kind(source.output, Encoding()), folder, [shard])
    return stream_digest(driving.assemble(source.output, list(rows)))


def outcomes_of_cuts(kind: type[Format], source: sd.Source, folder: Path, cuts: int) -> set[str]:
    """Cut a shard at many lengths, and return what reading it came to."""
    (path,) = written(kind, source, folder, shards=1)
    data = path.read_bytes()
    lengths = [len(data) * number // cuts for number in range(cuts)]
    return {_outcome(kind, source, folder, path, data[:length]) for length in lengths}


def outcomes_of_flips(kind: type[Format], source: sd.Source, folder: Path, flips: int) -> set[str]:
    """Flip one of many bytes at a time, and return what reading the shard came to."""
    (path,) = written(kind, source, folder, shards=1)
    data = path.read_bytes()
    outcomes = set()
    for number in range(flips):
        place = len(data) * number // flips
        damaged = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        outcomes.add(_outcome(kind, source, folder, path, damaged))
    return outcomes


def _outcome(
    kind: type[Format], source: sd.Source, folder: Path, path: Path, damaged: bytes
) -> str:
    path.write_bytes(damaged)
    try:
        same = whole(kind, source, folder) == stream_digest(source)
    except ValueError:
        return "ValueError"
    return "as it was" if same else "other samples"
