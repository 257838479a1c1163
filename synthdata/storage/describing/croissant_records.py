"""The records of a data set as Croissant describes them: its splits, classes and samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from synthdata.features import ClassLabel, Feature, Image, Mask, Text
from synthdata.output import Leaf, Output
from synthdata.storage.encoding import Encoding
from synthdata.storage.format import About

_SAMPLES: Final = "samples"
_SPLITS: Final = "splits"
SHARDS: Final = "shards"
"""Identifiers of the record sets and the set of files; what is below begins with them."""

_NUMBERS: Final = {"bool": "sc:Boolean"} | {
    name: "cr:" + name.replace("uint", "UInt").replace("int", "Int").replace("float", "Float")
    for name in (
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    )
}


def splits(about: About) -> dict[str, Any]:
    """Return the record set of the splits, with their samples."""
    rows = [
        {
            f"{_SPLITS}/name": name,
            f"{_SPLITS}/samples": sum(written.samples for written in shards),
        }
        for name, shards in about.splits.items()
    ]
    fields = [
        _field(f"{_SPLITS}/name", "sc:Text", "Name of the split."),
        _field(f"{_SPLITS}/samples", "sc:Integer", "How many samples it has."),
    ]
    key = {"@id": f"{_SPLITS}/name"}
    return _record_set(_SPLITS, "The splits.", fields) | {
        "dataType": "cr:Split",
        "key": key,
        "data": rows,
    }


def classes(output: Output) -> Iterator[dict[str, Any]]:
    """Yield a record set for each feature that has classes, with their names."""
    for leaf in output.leaves:
        names = leaf.feature.names if isinstance(leaf.feature, ClassLabel | Mask) else None
        if not names:
            continue
        key = f"classes/{'/'.join(leaf.path)}"
        fields = [
            _field(f"{key}/index", "sc:Integer", "What samples have."),
            _field(f"{key}/name", "sc:Text", "Its name."),
        ]
        yield _record_set(key, f"Classes of {leaf.name}.", fields) | {
            "dataType": "sc:Enumeration",
            "key": {"@id": f"{key}/index"},
            "data": [
                {f"{key}/index": index, f"{key}/name": name} for index, name in enumerate(names)
            ],
        }


def samples(output: Output, encoding: Encoding, parquet: bool) -> dict[str, Any]:
    """Return the record set of the samples, a field a feature.

    Args:
        output: what each sample holds.
        encoding: of the images.
        parquet: whether they are columns of Parquet, of which Croissant can say how they are read.
    """
    fields = [_sample_field(leaf, encoding, parquet) for leaf in output.leaves]
    if parquet:
        split = _field(f"{_SAMPLES}/split", "sc:Text", "Split of the sample.")
        source = {
            "fileSet": {"@id": SHARDS},
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": r"(\w+)-\d+-of-\d+\.parquet"},
        }
        fields.insert(0, {**split, "source": source})
    return _record_set(_SAMPLES, "One sample a record.", fields)


def _sample_field(leaf: Leaf, encoding: Encoding, parquet: bool) -> dict[str, Any]:
    feature = leaf.feature
    image = isinstance(feature, Image | Mask)
    coded = isinstance(feature, Image | Mask) and encoding.codec(feature).name != "raw"
    text = " ".join(str(getattr(feature, "description", "")).split())
    described = f"{feature.kind}, {feature}" + (f": {text}" if text else "")
    key = "/".join((_SAMPLES, *leaf.path))
    if parquet and image and not coded:
        field = _field(key, "sc:Text", f"{described}; the bytes of an .npy file")
    else:
        field = _field(key, "sc:ImageObject" if coded else _data_type(feature), described)
        if feature.shape and not coded:
            field |= {"isArray": True, "arrayShape": _array_shape(feature, parquet)}
    field["source"] = {"fileSet": {"@id": SHARDS}}
    if parquet:
        inner = "bytes" if coded else "values" if _apart(feature) and not image else None
        field["source"] |= _column(leaf.path, inner)
    return field


def _array_shape(feature: Feature, parquet: bool) -> str:
    sizes: tuple[int | None, ...] = feature.static_shape
    if parquet and _apart(feature):
        sizes = (None,)
    return ",".join("-1" if size is None else str(size) for size in sizes)


def _apart(feature: Feature) -> bool:
    """Whether Parquet has the elements in a row beside their shape."""
    return feature.static_shape.count(None) > 1 and not feature.jagged


def _column(path: tuple[str, ...], inner: str | None) -> dict[str, Any]:
    source: dict[str, Any] = {"extract": {"column": path[0]}}
    steps = [*path[1:], *([inner] if inner else [])]
    if steps:
        source["transform"] = {"jsonPath": ".".join(map(_step, steps))}
    return source


def _step(key: str) -> str:
    """A key in a JSONPath; in quotes where it is no word, or has a meaning there."""
    return key if re.fullmatch(r"[A-Za-z]\w*", key) and key != "where" else f"'{key}'"


def _data_type(feature: Feature) -> str:
    return "sc:Text" if isinstance(feature, Text) else _NUMBERS[np.dtype(feature.dtype).name]


def _field(key: str, kind: str, description: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": key,
        "name": key,
        "description": description,
        "dataType": kind,
    }


def _record_set(key: str, description: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": key,
        "name": key,
        "description": description,
        "field": fields,
    }
