"""The files that make a folder of Examples a data set that TensorFlow Datasets opens by itself."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from synthdata.features import ClassLabel, Image
from synthdata.storage.format import About, Format, Written
from synthdata.storage.formats.example import Examples, File, Packing, Raw, Rows, String
from synthdata.storage.shard import Shard

_MODULE = "tensorflow_datasets.core.features"


class TfdsFormat(Format):
    """Examples in files ``train-00000-of-00002.tfrecord`` and the like, beside TFDS's own files.

    ``tfds.builder_from_directory(target)`` opens it, and so does ``tfds.load(name, data_dir=…)``
    where the target is ``data_dir/name/1.0.0``. The data set holds, with nested keys:

    - images and masks in PNG or JPEG files: Image, of a mask with one channel; in WebP files the
      bytes of the file, since TFDS does not decode them;
    - a class: ClassLabel, and several: a Sequence of it; text: Text;
    - polygons: a Sequence of a Sequence of (x, y), which is a RaggedTensor;
    - all else, also boxes and keypoints: Tensor of the same dtype and shape; uint32 of which
      several dimensions vary are int64.

    TFDS cannot decode an image or mask without pixels, which there may be where height or width
    vary. With ``as_data_source`` it fails, too, at an array without elements of which several
    dimensions vary.

    Attributes:
        suffix: of the files, which is also TFDS's name of the file format.
        deep: whether images of 16 bits may be PNG files, or are kept as they are.
        examples: from samples to bytes and back.
    """

    suffix: ClassVar[str]
    deep: ClassVar[bool]
    examples: Examples

    def check(self) -> None:
        """Plan how each feature is held; there is none that cannot be."""
        self.examples = Examples(self.output, self.encoding, deep=self.deep)

    def path(self, shard: Shard, folder: Path) -> Path:
        """Return where a shard's file lies.

        Args:
            shard: which one.
            folder: that stands for the target.
        """
        return folder / f"{shard.stem}.{self.suffix}"

    def conclude(self, about: About, folder: Path) -> None:
        """Write ``features.json``, ``dataset_info.json`` and the names of classes.

        Args:
            about: the data set.
            folder: that stands for the target.
        """
        _write(folder / "features.json", features(self.examples))
        _write(folder / "dataset_info.json", self._info(about))
        for name, text in label_files(self.examples):
            (folder / name).write_text(text, encoding="utf-8", newline="\n")

    def _info(self, about: About) -> dict[str, Any]:
        info: dict[str, Any] = {
            "name": tfds_name(about.name),
            "version": about.version,
            "description": about.description,
            "fileFormat": self.suffix,
            "splits": [_split(name, shards) for name, shards in about.splits.items()],
        }
        if self.output.label is not None:
            info["supervisedKeys"] = {"input": "image", "output": "label"}
        return info


def features(examples: Examples) -> dict[str, Any]:
    """Return the tree of features as TFDS writes it in ``features.json``."""
    tree: dict[str, Any] = {}
    for each in examples.packings:
        branch = tree
        for key in each.leaf.path[:-1]:
            branch = branch.setdefault(key, {})
        branch[each.leaf.path[-1]] = each
    return _dict(tree)


def label_files(examples: Examples) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each file of class names, one a line.

    Names that such a file cannot hold are left out, and TFDS then numbers the classes: lines end
    a name, space around it is lost, and two features can come to the same file, as ``a-b`` and
    ``b`` in ``a`` do.
    """
    named: dict[str, set[tuple[str, ...]]] = {}
    for each in examples.packings:
        if isinstance(each.leaf.feature, ClassLabel):
            file = f"{'-'.join(each.leaf.path)}.labels.txt"
            named.setdefault(file, set()).add(tuple(each.leaf.feature.names))
    for file, lists in sorted(named.items()):
        names = min(lists)
        if len(lists) == 1 and all(_is_line(name) for name in names):
            yield file, "".join(f"{name}\n" for name in names)


def tfds_name(name: str) -> str:
    """Return the nearest name that TFDS allows: lower case, digits and ``_``, a letter first.

    >>> tfds_name("My shapes-2"), tfds_name("3d"), tfds_name("größe")
    ('my_shapes_2', 'data_3d', 'grosse')
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    parts = re.findall("[a-z0-9]+", plain)
    if not parts or not parts[0][0].isalpha():
        parts.insert(0, "data")
    return "_".join(parts)


def _split(name: str, shards: tuple[Written, ...]) -> dict[str, Any]:
    # JSON of protobuf has 64-bit integers as text.
    return {
        "name": name,
        "filepathTemplate": "{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}",
        "shardLengths": [str(shard.samples) for shard in shards],
        "numBytes": str(sum(shard.size for shard in shards)),
    }


def _dict(tree: dict[str, Any]) -> dict[str, Any]:
    inner = {
        key: _dict(branch) if isinstance(branch, dict) else _feature(branch)
        for key, branch in tree.items()
    }
    return _connector("features_dict.FeaturesDict", featuresDict={"features": inner})


def _feature(packing: Packing) -> dict[str, Any]:
    connector = _connector_of(packing)
    description = getattr(packing.leaf.feature, "description", "")
    if description:
        connector["description"] = description
    return connector


def _connector_of(packing: Packing) -> dict[str, Any]:
    feature = packing.leaf.feature
    if isinstance(packing, File):
        return _file(packing)
    if isinstance(packing, String):
        return _connector("text_feature.Text", text={})
    if isinstance(packing, Rows):
        return _sequence(_sequence(_tensor(feature.static_shape[2:], feature.dtype)))
    if isinstance(feature, ClassLabel):
        content = {"numClasses": str(len(feature.names))}
        one = _connector("class_label_feature.ClassLabel", classLabel=content)
        return one if feature.max is None else _sequence(one)
    if isinstance(packing, Raw):
        return _tensor(feature.static_shape, packing.stored, "bytes")
    return _tensor(feature.static_shape, feature.dtype)


def _file(packing: File) -> dict[str, Any]:
    feature = packing.leaf.feature
    if packing.codec.name == "webp":
        return _tensor((), "string")
    shape = feature.static_shape if isinstance(feature, Image) else (*feature.static_shape, 1)
    content = {
        "shape": _dimensions(shape),
        "dtype": feature.dtype,
        "encodingFormat": packing.codec.name,
    }
    return _connector("image_feature.Image", image=content)


def _tensor(shape: tuple[int | None, ...], dtype: str, encoding: str = "none") -> dict[str, Any]:
    content = {"shape": _dimensions(shape), "dtype": dtype, "encoding": encoding}
    return _connector("tensor_feature.Tensor", tensor=content)


def _sequence(inner: dict[str, Any]) -> dict[str, Any]:
    return _connector("sequence_feature.Sequence", sequence={"feature": inner, "length": "-1"})


def _connector(name: str, **content: Any) -> dict[str, Any]:
    return {"pythonClassName": f"{_MODULE}.{name}", **content}


def _dimensions(shape: tuple[int | None, ...]) -> dict[str, list[str]]:
    return {"dimensions": [str(-1 if size is None else size) for size in shape]}


def _is_line(name: str) -> bool:
    return name == name.strip() and not set(name) & set("\r\n")


def _write(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=4, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
