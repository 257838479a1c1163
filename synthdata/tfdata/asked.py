"""What ``build`` is asked for: whose samples, and which of them each batch holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthdata.errors import BuildError
from synthdata.generator import Generator
from synthdata.order import Order
from synthdata.plan import LAST_POSITION, Plan
from synthdata.recipe import Recipe
from synthdata.registry import default_registry
from synthdata.source import Source
from synthdata.stream import Validate


def source_of(
    what: str | Recipe | Generator,
    params: Mapping[str, Any] | None,
    seed: int | None,
    samples: int | None = None,
    split: str | None = None,
    validate: Validate = "all",
) -> Source:
    """Return the source that an id, a Recipe or a Generator means; as ``build`` takes them.

    Raises:
        BuildError: if it is none of them, or what belongs to another of them is given too.
        RegistryError, ParamsError, RecipeError: if the generator cannot be had.
    """
    given = {"params": params, "seed": seed, "samples": samples}
    fields = {name: value for name, value in given.items() if value is not None}
    if split is not None and not isinstance(what, Recipe):
        raise BuildError(f"split={split!r} is for a Recipe with splits")
    if isinstance(what, str):
        # A recipe names the exact id; and what is none is no mistake in a recipe.
        id = default_registry().exact(what)
        return Source(Recipe(generator=id, **fields), validate=validate)
    if isinstance(what, Recipe):
        if fields:
            raise BuildError(
                f"the recipe says {', '.join(fields)} already; use recipe.replace(…) to change it"
            )
        return Source(what, split=split, validate=validate)
    if isinstance(what, Generator):
        if params is not None:
            raise BuildError(f"{what!r} has its params already; params= goes with an id")
        return Source.of(what, seed=seed or 0, samples=samples, validate=validate)
    hint = "; make an instance of it" if isinstance(what, type) else ""
    raise BuildError(
        f"build expects an id, a Recipe or a Generator instance, not {type(what).__name__}{hint}"
    )


def plan_of(
    source: Source,
    shuffle: bool,
    repeat: bool | int,
    shard: tuple[int, int],
    batch_size: int,
    drop_remainder: bool,
    start: int,
) -> Plan:
    """Return which samples each batch holds; the options are those of ``build``.

    Raises:
        BuildError: if ``start`` is beyond the end.
    """
    endless = source.endless or repeat is True
    epoch = len(source.indices)
    stop = None if endless else min(epoch * int(repeat or 1), LAST_POSITION)
    if stop is not None and start >= stop:
        raise BuildError(f"start={start}: there are {stop} samples in all")
    return Plan(
        Order(epoch, source.seed, shuffle=shuffle, first=source.indices.start),
        stop=stop,
        start=start,
        shard=shard,
        batch_size=batch_size,
        drop_remainder=drop_remainder,
    )
