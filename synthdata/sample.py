"""What a generator returns for one index; what it must look like is Output's to say."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """One image with its label and metadata, each shaped as the generator's Output declares.

    Attributes:
        image: a NumPy array, or a dict of values where the Output declares a dict.
        label: for a ClassLabel a class name or its index; or a dict; None where none is declared.
        metadata: a dict of values; empty where none is declared.

    >>> image, label, metadata = Sample([[0]], "circle", {"radius": 8.0})
    >>> label
    'circle'
    """

    image: Any
    label: Any = None
    metadata: Mapping[str, Any] = MappingProxyType({})
