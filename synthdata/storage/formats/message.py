"""The message ``tf.train.Example``, declared here so that nobody needs TensorFlow for it.

What it means that a leaf lies in some of its entries is ``example.py``'s to say.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal["bytes", "float", "int64"]
"""Of an entry: a list of texts or files, of float32, or of int64."""

Payload: TypeAlias = Any
"""What an entry holds: ``bytes`` of one text or file; ``bytes`` of float32, little-endian; or a
list of ``int``."""

_FIELDS: Final[dict[str, tuple[tuple[str, int, str, bool], ...]]] = {
    # A packed list of floats is, on the wire, the string of their bytes: read as such it needs no
    # conversion, and every NaN keeps its bits. 1,000 floats take 4 µs in place of 37 to pack.
    "FloatList": (("value", 1, "bytes", False),),
    "BytesList": (("value", 1, "bytes", True),),
    "Int64List": (("value", 1, "int64", True),),
    "Feature": (
        ("bytes_list", 1, "BytesList", False),
        ("float_list", 2, "FloatList", False),
        ("int64_list", 3, "Int64List", False),
    ),
    "Features": (("feature", 1, "Features.FeatureEntry", True),),
    "Example": (("features", 1, "Features", False),),
}
_ENTRY: Final = (("key", 1, "string", False), ("value", 2, "Feature", False))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the map that an Example is.

    Attributes:
        key: as ``metadata/radius``.
        kind: of the list.
        count: how many elements the list has; None where it varies.
    """

    key: str
    kind: Kind
    count: int | None


def pack(entries: Sequence[Entry], payloads: Iterable[Payload]) -> bytes:
    """Return the bytes of an Example, the same for the same payloads.

    Args:
        entries: with keys of their own.
        payloads: one for each.
    """
    message = _example()()
    features = message.features.feature
    for entry, payload in zip(entries, payloads, strict=True):
        feature = features[entry.key]
        if entry.kind == "bytes":
            feature.bytes_list.value.append(payload)
        elif entry.kind == "float":
            feature.float_list.value = payload
        else:
            # An empty list too must say of which kind it is.
            feature.int64_list.SetInParent()
            feature.int64_list.value.extend(payload)
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def unpack(entries: Sequence[Entry], data: bytes) -> list[Payload]:
    """Return the payloads of an Example's bytes.

    Args:
        entries: those that are wanted; others may be there.
        data: as ``pack`` makes them.

    Raises:
        ValueError: if they are no Example, or one without these entries.
    """
    from google.protobuf.message import DecodeError

    try:
        features = _example().FromString(data).features.feature
    except DecodeError as error:
        raise ValueError(f"no tf.train.Example: {error}") from error
    return [_payload(features, entry) for entry in entries]


def _payload(features: Any, entry: Entry) -> Payload:
    kind = f"{entry.kind}_list"
    found = features[entry.key].WhichOneof("kind") if entry.key in features else None
    if found != kind:
        raise ValueError(
            f"a tf.train.Example whose entry {entry.key!r} is a {kind} is expected, not "
            f"{f'a {found}' if found else 'one without it'}"
        )
    value = getattr(features[entry.key], kind).value
    if entry.kind == "int64":
        return list(value)
    if entry.kind == "float":
        return value
    if len(value) != 1:
        raise ValueError(f"entry {entry.key!r} has {len(value)} texts or files, expected is one")
    return value[0]


@functools.cache
def _example() -> Any:
    """The class of the message, from a pool of its own: TensorFlow has one of the same name."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(
        name="synthdata/example.proto", package="synthdata", syntax="proto3"
    )
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        _declare(message, fields)
        if name == "Feature":
            message.oneof_decl.add(name="kind")
            for field in message.field:
                field.oneof_index = 0
        elif name == "Features":
            entry = message.nested_type.add(name="FeatureEntry")
            entry.options.map_entry = True
            _declare(entry, _ENTRY)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("synthdata.Example"))


def _declare(message: Any, fields: Iterable[tuple[str, int, str, bool]]) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

    types = {
        "bytes": FieldDescriptorProto.TYPE_BYTES,
        "int64": FieldDescriptorProto.TYPE_INT64,
        "string": FieldDescriptorProto.TYPE_STRING,
    }
    for name, number, kind, repeated in fields:
        field = message.field.add(name=name, number=number)
        field.label = (
            FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
        )
        if kind in types:
            field.type = types[kind]
        else:
            field.type = FieldDescriptorProto.TYPE_MESSAGE
            field.type_name = f".synthdata.{kind}"
