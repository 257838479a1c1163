"""From what was asked for to the plan of a data set, and where two plans differ."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Final

from synthdata.errors import FormatError
from synthdata.execution import OnError
from synthdata.function import FunctionGenerator
from synthdata.generator import Generator
from synthdata.origin import origin
from synthdata.storage.dropping import without
from synthdata.storage.encoding import Encoding
from synthdata.storage.finding import FoundFormat
from synthdata.storage.manifest import Provider, ShardPlan, Split, differences
from synthdata.storage.subject import Subject

SHARED: Final = 8
"""Shards of a split that is large enough."""

LEAST_SHARD: Final = 4 * 2**20
"""Bytes of a shard at the least, where ``shard_bytes`` would allow one shard for all."""


def planned(
    subject: Subject,
    found: FoundFormat,
    encoding: Encoding,
    drop: Sequence[str],
    *,
    on_error: OnError,
    attempts: int,
    samples_per_shard: int | None,
    shard_bytes: int,
) -> ShardPlan:
    """Return the plan of a data set, each split in one shard where their size is not known yet.

    Args:
        subject: what is written.
        found: the format.
        encoding: of images.
        drop: features that are left out.
        on_error: what becomes of samples that cannot be made.
        attempts: how often they are drawn.
        samples_per_shard: samples of a shard at the most.
        shard_bytes: bytes of a shard, about.

    Raises:
        FormatError: if a feature that is to be left out is not there.
    """
    if isinstance(drop, str):
        raise FormatError(f"drop={drop!r}: a list of features is expected, as {[drop]}")
    generator = subject.generator
    made = origin(generator)
    return ShardPlan(
        generator=str(made.get("generator") or made.get("class") or made.get("function")),
        description=_description(generator),
        plugin=plugin_of(generator),
        origin=made,
        recipe=subject.recipe.to_json() if subject.recipe else None,
        seed=subject.seed,
        splits={
            name: one_shard(indices, samples_per_shard) for name, indices in subject.splits.items()
        },
        output=without(generator.output, drop) if drop else generator.output,
        drop=tuple(sorted(set(drop))),
        format=found.name,
        format_plugin=format_plugin_of(found),
        encoding=encoding.name,
        quality=encoding.quality,
        on_error=on_error,
        attempts=attempts,
        samples_per_shard=samples_per_shard,
        shard_bytes=shard_bytes,
    )


def plugin_of(generator: Generator) -> Provider | None:
    """Return the distribution that provides a generator; None of a class of the user's own."""
    identity = generator.identity
    if identity.distribution is None:
        return None
    return Provider(distribution=identity.distribution, version=str(identity.version))


def format_plugin_of(found: FoundFormat) -> Provider:
    """Return the distribution that provides a format."""
    return Provider(distribution=found.distribution, version=found.version)


def one_shard(indices: range, samples_per_shard: int | None) -> Split:
    """Return a split in shards of so many samples, or in one where that is not known yet."""
    count = -(-len(indices) // (samples_per_shard or len(indices)))
    return Split(first=indices.start, samples=len(indices), shards=count)


def _description(generator: Generator) -> str:
    """Return the first paragraph of what a generator says of itself."""
    told = generator.function if isinstance(generator, FunctionGenerator) else type(generator)
    text = inspect.cleandoc(told.__doc__ or "")
    return " ".join(text.partition("\n\n")[0].split())


def shard_count(samples: int, size: float, shard_bytes: int) -> int:
    """Return into how many shards a split is cut.

    They are enough for ``shard_bytes``, and ``SHARED`` of ``LEAST_SHARD`` where there are bytes for
    that, so that several workers have something to do; and then the next power of two, so that
    they have equal shares.

    Args:
        samples: of the split.
        size: bytes of a sample.
        shard_bytes: bytes of a shard at the most.

    >>> shard_count(200_000, 20_000.0, 128 * 2**20), shard_count(1000, 20_000.0, 128 * 2**20)
    (32, 4)
    """
    total = int(samples * size)
    wanted = max(-(-total // shard_bytes), min(SHARED, total // LEAST_SHARD))
    wanted = max(min(wanted, samples), 1)
    count = 1 << (wanted - 1).bit_length()
    return count if count <= samples else wanted


def plan_differences(there: ShardPlan, asked: ShardPlan) -> list[str]:
    """Return where plans differ; how a data set is cut into shards follows from the rest."""
    one, other = (_comparable(plan) for plan in (there, asked))
    if there.recipe is not None and asked.recipe is not None:
        # A recipe says most of the rest, which is looked at only where that makes the difference.
        said = {"generator", "description", "origin", "seed", "splits", "output"}
        brief, short = (
            {key: value for key, value in data.items() if key not in said} for data in (one, other)
        )
        if found := list(differences(brief, short)):
            return found
    return list(differences(one, other))


def _comparable(plan: ShardPlan) -> dict[str, Any]:
    data = plan.model_dump(mode="json", exclude={"layout"})
    for split in data["splits"].values():
        del split["shards"]
    return data
