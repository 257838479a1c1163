"""Parquet files that Hugging Face's ``datasets`` opens with images, classes and names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from synthdata.output import Output
from synthdata.storage.encoding import Encoding
from synthdata.storage.format import Format, ShardReader, ShardWriter, needed
from synthdata.storage.shard import Shard

if TYPE_CHECKING:
    import pyarrow as pa

    from synthdata.storage.formats.arrow import Column

MOST_ROWS: Final = 100
"""Of a row group, which is read at once; as ``datasets`` writes tables of images."""

MOST_BYTES: Final = 8 * 2**20
"""After which a row group ends before it has so many rows."""

KEPT: Final = 2
"""Row groups that a reader has in memory."""


class Parquet(Format):
    """Shards ``data/train-00000-of-00004.parquet``, as ``datasets.load_dataset(target)`` finds.

    The columns are ``image``, ``label`` and ``metadata``, structs where the Output has dicts;
    ``arrow.column`` says how each feature lies in them.
    """

    name = "parquet"
    random_access = True

    def check(self) -> None:
        """Refuse to work without ``pyarrow``."""
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise needed("pyarrow", "parquet", self.name) from None

    def writer(self, shard: Shard, folder: Path) -> ShardWriter:
        """Return what writes the file, row group by row group."""
        path = _path(shard, folder)
        path.parent.mkdir(exist_ok=True)
        return ParquetWriter(Table(self.output, self.encoding), path)

    def reader(self, shard: Shard, folder: Path) -> ShardReader:
        """Return what reads the file, row group by row group."""
        return ParquetReader(Table(self.output, self.encoding), _path(shard, folder))


class Table:
    """The columns of an Output.

    Attributes:
        columns: in the order of ``output.leaves``.
        schema: of Arrow, with what ``datasets`` reads of it.
    """

    def __init__(self, output: Output, encoding: Encoding) -> None:
        import pyarrow as pa

        from synthdata.storage.formats.arrow import column

        self._leaves = output.leaves
        self._assemble = output.assembler()
        self.columns: list[Column] = [column(leaf.feature, encoding) for leaf in output.leaves]
        kinds = self._assemble([each.type for each in self.columns])
        described = self._assemble([each.described for each in self.columns])
        self.schema = pa.schema(
            [(key, _kind(branch)) for key, branch in kinds.items()],
            {"huggingface": json.dumps({"info": {"features": described}})},
        )

    def batch(self, stored: list[list[Any]]) -> pa.Table:
        """Return rows as a table.

        Args:
            stored: for each column, of what is stored, that of each row.
        """
        import pyarrow as pa

        arrays = [each.array(rows) for each, rows in zip(self.columns, stored, strict=True)]
        tree = self._assemble(arrays)
        return pa.Table.from_arrays([_array(tree[key]) for key in tree], schema=self.schema)

    def arrays(self, batch: pa.Table) -> list[pa.Array]:
        """Return the array of each column of a table."""
        found = []
        for leaf in self._leaves:
            array = batch.column(leaf.path[0]).combine_chunks()
            for key in leaf.path[1:]:
                array = array.field(key)
            found.append(array)
        return found


class ParquetWriter(ShardWriter):
    """Writes a Parquet file; a row group at a time is in memory."""

    def __init__(self, table: Table, path: Path) -> None:
        import pyarrow.parquet

        self._table = table
        self._clear()
        self._writer = pyarrow.parquet.ParquetWriter(
            path,
            table.schema,
            version="2.6",
            compression="snappy",
            use_dictionary=False,
            write_page_checksum=True,
        )

    def add(self, key: str, values: list[Any]) -> None:
        """Keep one sample, and write the row group if it is full."""
        for column, kept, value in zip(self._table.columns, self._kept, values, strict=True):
            stored, size = column.stored(value)
            kept.append(stored)
            self._bytes += size
        self._rows += 1
        if self._rows == MOST_ROWS or self._bytes >= MOST_BYTES:
            self._flush()

    def finish(self) -> None:
        """Write the last row group."""
        if self._rows:
            self._flush()

    def close(self) -> None:
        """Write the end of the file, and close it."""
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(self._table.batch(self._kept), row_group_size=self._rows)
        self._clear()

    def _clear(self) -> None:
        self._kept: list[list[Any]] = [[] for _ in self._table.columns]
        self._rows = self._bytes = 0


class ParquetReader(ShardReader):
    """Samples of a Parquet file; the row groups that were read last are kept."""

    def __init__(self, table: Table, path: Path) -> None:
        import pyarrow.parquet

        self._table = table
        self._path = path
        with path.open("rb"), _damage(path):
            self._file = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
            found = self._file.schema_arrow
            if not found.equals(table.schema):
                raise ValueError(f"its columns are {found}, but expected are {table.schema}")
        about = self._file.metadata
        self._places = [
            (group, row)
            for group in range(about.num_row_groups)
            for row in range(about.row_group(group).num_rows)
        ]
        self._group = lru_cache(KEPT)(self._read)

    def __len__(self) -> int:
        """How many samples the file has."""
        return len(self._places)

    def __getitem__(self, place: int) -> list[Any]:
        """Read the row group of a sample, unless it is there, and return the sample's values."""
        group, row = self._places[place]
        with _damage(self._path):
            arrays = self._group(group)
            return [
                column.value(array, row)
                for column, array in zip(self._table.columns, arrays, strict=True)
            ]

    def close(self) -> None:
        """Close the file."""
        self._group.cache_clear()
        self._file.close()

    def _read(self, group: int) -> list[pa.Array]:
        return self._table.arrays(self._file.read_row_group(group))


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Make a ValueError of what Arrow raises of files that are damaged."""
    import pyarrow as pa

    try:
        yield
    except (ValueError, OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(f"{path} is not such a Parquet file: {error}") from error


def _path(shard: Shard, folder: Path) -> Path:
    return folder / "data" / f"{shard.stem}.parquet"


def _kind(tree: Any) -> pa.DataType:
    """The type of a tree of types."""
    import pyarrow as pa

    if not isinstance(tree, dict):
        return tree
    return pa.struct([(key, _kind(branch)) for key, branch in tree.items()])


def _array(tree: Any) -> pa.Array:
    """The array of a tree of arrays."""
    import pyarrow as pa

    if not isinstance(tree, dict):
        return tree
    return pa.StructArray.from_arrays([_array(tree[key]) for key in tree], names=list(tree))
