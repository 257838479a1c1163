"""The description of a data set as Croissant 1.1, JSON-LD that search engines and loaders read.

The format is that of https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html. What
nobody knows is left out, though Croissant recommends it: a licence, a citation, a date.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias

from synthdata.output import Output
from synthdata.storage.describing.croissant_records import SHARDS, classes, samples, splits
from synthdata.storage.encoding import Encoding
from synthdata.storage.format import About

CROISSANT: Final = "croissant.json"
"""Path of the description in the target."""

MOST_FILES: Final = 1000
"""Files of a suffix that are listed one by one, with their checksums."""

File: TypeAlias = tuple[str, int, str]
"""Path in the target, with ``/``; bytes; sha256 in hex."""

_NUMBERED: Final = re.compile(r"-\d+-of-\d+$")
"""What stands behind the suffix of TFRecord files."""

_MEDIA_TYPES: Final = {
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".md": "text/markdown",
    ".parquet": "application/x-parquet",
    ".png": "image/png",
    ".tar": "application/x-tar",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
}

_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The standard context of Croissant 1.1; mlcroissant warns of any other."""


def croissant(
    about: About,
    output: Output,
    files: Sequence[File],
    format_name: str,
    *,
    encoding: Encoding | None = None,
    others: Sequence[File] = (),
) -> dict[str, Any]:
    """Return the description as JSON, a function of its arguments alone.

    Files are listed with their checksums, unless there are more than ``MOST_FILES`` of a suffix.
    Where Croissant can say how a field is read, from the columns of Parquet, it says so; of other
    formats it says what the samples hold, and in which files they are.

    Args:
        about: the data set.
        output: what each sample holds.
        files: of the shards, in any order.
        format_name: of the format.
        encoding: of the images; None is PNG.
        others: files that stand once.
    """
    parquet = format_name == "parquet"
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": about.name,
        "description": about.description,
        "version": about.version,
        "keywords": ["synthetic", "synthdata", about.generator],
        "distribution": [_shards(files), *_listed(files), *_listed(others)],
        "recordSet": [
            splits(about),
            *classes(output),
            samples(output, encoding or Encoding(), parquet),
        ],
    }


def _shards(files: Sequence[File]) -> dict[str, Any]:
    """All files of shards as a set."""
    patterns = sorted({_pattern(path) for path, _, _ in files})
    return {
        "@type": "cr:FileSet",
        "@id": SHARDS,
        "name": SHARDS,
        "description": f"The samples, in {len(files)} files.",
        "encodingFormat": sorted({_media_type(path) for path, _, _ in files}) or ["text/plain"],
        "includes": patterns or ["*"],
    }


def _listed(files: Sequence[File]) -> Iterator[dict[str, Any]]:
    sizes = Counter(_suffix(path) for path, _, _ in files)
    for path, size, digest in sorted(files):
        if sizes[_suffix(path)] <= MOST_FILES:
            yield {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "contentUrl": path,
                "contentSize": f"{size} B",
                "encodingFormat": _media_type(path),
                "sha256": digest,
            }


def _suffix(path: str) -> str:
    return PurePosixPath(_NUMBERED.sub("", path)).suffix


def _pattern(path: str) -> str:
    more = "*" if _NUMBERED.search(path) else ""
    return f"{'**/' if '/' in path else ''}*{_suffix(path)}{more}"


def _media_type(path: str) -> str:
    return _MEDIA_TYPES.get(_suffix(path), "application/octet-stream")
