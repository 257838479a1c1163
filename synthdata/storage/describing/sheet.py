"""The contact sheet of a data set: its first samples, as they are in the files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from synthdata.features import Image, Tensor
from synthdata.output import Leaf, Output
from synthdata.sample import Sample

if TYPE_CHECKING:
    from synthdata.source import Source

SHEET: Final = "contact_sheet.png"
"""Path of the sheet in the target."""

MOST: Final = 16
"""Samples of a sheet."""

CELL: Final = 160
"""Longer side of an image in the sheet, in pixels."""


class Rows:
    """Samples by their indices, for ``contact_sheet``, which asks no more of a Source than this.

    Args:
        output: what each sample holds.
        indices: of the samples.
        rows: their values, in the order of ``output.leaves``.
    """

    def __init__(self, output: Output, indices: Sequence[int], rows: Sequence[list[Any]]) -> None:
        self.output = output
        self.indices = indices
        self._rows = rows
        self._assemble = output.assembler(whole=True)

    def __getitem__(self, place: int) -> Sample:
        return Sample(**self._assemble(list(self._rows[place])))


def sheet_png(output: Output, indices: Sequence[int], rows: Sequence[list[Any]]) -> bytes | None:
    """Draw samples on a sheet, each under its index.

    Args:
        output: what each sample holds.
        indices: of the samples, ``MOST`` of which are drawn.
        rows: values of each, in the order of ``output.leaves``, as a writer has them.

    Returns:
        The bytes of a PNG file, the same for the same samples; None where there is nothing to
        draw: no sample, or no image in them.
    """
    if not rows or not any(_is_drawn(leaf) for leaf in output.leaves):
        return None
    from synthdata.preview import contact_sheet

    source = cast("Source", Rows(output, indices, rows))
    stream = io.BytesIO()
    contact_sheet(source, MOST, cell=CELL).save(stream, "png")
    return stream.getvalue()


def _is_drawn(leaf: Leaf) -> bool:
    if isinstance(leaf.feature, Image):
        return True
    dims = len(leaf.feature.shape)
    return isinstance(leaf.feature, Tensor) and leaf.path[0] == "image" and dims in (2, 3)
