"""What is to be written: a generator, its seed, and the indices of each split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthdata.errors import RecipeError
from synthdata.generator import Generator, make_generator
from synthdata.recipe import Recipe
from synthdata.registry import default_registry


@dataclass(frozen=True, slots=True)
class Subject:
    """A generator with everything that says which samples.

    Attributes:
        generator: makes them.
        recipe: resolved; None of a generator that has no id.
        seed: 0 to 2**64 - 1.
        splits: the indices of each split.
    """

    generator: Generator
    recipe: Recipe | None
    seed: int
    splits: Mapping[str, range]

    @classmethod
    def of(
        cls,
        what: str | Recipe | Generator,
        params: Mapping[str, Any] | None = None,
        seed: int | None = None,
        samples: int | None = None,
        splits: Mapping[str, int] | None = None,
    ) -> Subject:
        """Return what an id, a Recipe or a Generator stands for.

        Raises:
            RecipeError: if fields are wrong, given twice, or do not say how many samples.
            RegistryError, ParamsError: if the generator cannot be had.
        """
        given = {"params": params, "seed": seed, "samples": samples, "splits": splits}
        fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if isinstance(what, str):
            # A recipe names the exact id; and what is none is no mistake in a recipe.
            what, fields = Recipe(generator=default_registry().exact(what), **fields), {}
        if isinstance(what, Recipe):
            if fields:
                raise RecipeError(
                    f"the recipe says {', '.join(fields)} already; use recipe.replace(…) to "
                    "change it"
                )
            return cls._of_recipe(what)
        if not isinstance(what, Generator):
            raise RecipeError(
                f"an id, a Recipe or a Generator instance is expected, not {type(what).__name__}"
            )
        if params is not None:
            raise RecipeError(f"{what!r} has its params already; params= goes with an id")
        # A recipe knows what its fields may be.
        return cls._sized(what, Recipe(generator="unnamed-v1", **fields), None)

    @classmethod
    def _of_recipe(cls, recipe: Recipe) -> Subject:
        resolved = recipe.resolve()
        generator = make_generator(resolved.generator, recipe.params)
        return cls._sized(generator, resolved, resolved)

    @classmethod
    def _sized(cls, generator: Generator, fields: Recipe, recipe: Recipe | None) -> Subject:
        if fields.samples is None and fields.splits is None:
            raise RecipeError(
                f"{generator.identity.id}: a data set in files has an end; say samples= or splits="
            )
        return cls(generator, recipe, fields.seed, fields.ranges)
