"""A recipe's samples as a sequence, which torch and Grain take as it is."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Self, overload

from synthdata.errors import RecipeError
from synthdata.generator import Generator, make_generator
from synthdata.output import Output
from synthdata.recipe import Recipe
from synthdata.registry import Registry
from synthdata.sample import Sample
from synthdata.seeding import MAX_INDEX, MAX_SEED, ThreadRngs
from synthdata.stream import Stream, Validate


class Source(Sequence[Sample]):
    """The samples of a recipe, each made when it is asked for.

    ``source[i]`` is the same bytes whatever was asked for before, in whichever thread or process.
    A Source pickles by its recipe, so that loaders with worker processes can send it.

    Args:
        recipe: which samples. One without ``samples`` is endless: it has no ``len``.
        split: which of the recipe's splits; None is the only one.
        validate: which samples have each element looked at: "all", "sampled" or "off".
        registry: where the generator is looked up; None is the default registry.

    Attributes:
        stream: draws the samples.
        indices: the range of indices that this Source covers.
        endless: whether the recipe gave no number of samples.

    Raises:
        RegistryError: if the generator cannot be had.
        ParamsError: if it refuses the params.
        RecipeError: if validate is unknown.

    >>> source = Source(Recipe(generator="shapes-v1", params={"size": 32}, seed=7, samples=10))
    >>> len(source), source[3].image.shape, len(source[4:6])
    (10, (32, 32, 3), 2)
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        split: str | None = None,
        validate: Validate = "all",
        registry: Registry | None = None,
    ) -> None:
        indices = recipe.indices(split)
        generator = make_generator(recipe.generator, recipe.params, registry)
        endless = recipe.samples is None and recipe.splits is None
        self._set_up(Stream(generator, recipe.seed, validate), indices, endless)

    def _set_up(self, stream: Stream, indices: range, endless: bool) -> None:
        self.stream = stream
        self.endless = endless
        self.indices = indices
        self._assemble = stream.generator.output.assembler(whole=True)
        self._rngs = ThreadRngs()

    @classmethod
    def of(
        cls,
        generator: Generator,
        *,
        seed: int = 0,
        samples: int | None = None,
        validate: Validate = "all",
    ) -> Self:
        """Return the Source of a generator that was made by hand, or by ``from_function``.

        Args:
            generator: makes the samples.
            seed: 0 to 2**64 - 1.
            samples: how many; None is endless.
            validate: which samples have each element looked at.

        Raises:
            RecipeError: if seed or samples are out of their range, or validate is unknown.
        """
        for name, value, least, most in (
            ("seed", seed, 0, MAX_SEED),
            ("samples", 1 if samples is None else samples, 1, MAX_INDEX + 1),
        ):
            if not isinstance(value, int) or not least <= value <= most:
                raise RecipeError(f"{name}={value!r}: a whole number from {least} to {most}")
        source = cls.__new__(cls)
        indices = range(MAX_INDEX + 1 if samples is None else samples)
        source._set_up(Stream(generator, seed, validate), indices, samples is None)
        return source

    @property
    def generator(self) -> Generator:
        """The generator."""
        return self.stream.generator

    @property
    def output(self) -> Output:
        """What each sample holds."""
        return self.stream.generator.output

    @property
    def seed(self) -> int:
        """The seed."""
        return self.stream.seed

    def open(self) -> None:
        """Open the generator now, so that a missing asset shows before the first sample."""
        self.stream.open()

    def close(self) -> None:
        """Close the generator; slices of this Source share it."""
        self.stream.close()

    def __len__(self) -> int:
        if self.endless and self.indices.stop > MAX_INDEX:
            raise TypeError("an endless source has no len; give the recipe samples=, or slice it")
        return len(self.indices)

    @overload
    def __getitem__(self, place: int) -> Sample: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> Sample | Self:
        """Return one sample, or the Source over a range of them.

        Raises:
            IndexError: if the place is beyond the end.
            SampleError: if the sample cannot be made, or breaks the declared Output.
        """
        if isinstance(place, slice):
            return self._slice(place)
        index = self.indices[operator.index(place)]
        values = self.stream.draw(index, self._rngs.rng)
        return Sample(**self._assemble(values))

    def _slice(self, place: slice) -> Self:
        part = type(self).__new__(type(self))
        part.__dict__.update(self.__dict__)
        part.indices = self.indices[place]
        return part

    def __getstate__(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "seed": self.seed,
            "validate": self.stream.validate,
            "indices": self.indices,
            "endless": self.endless,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        stream = Stream(state["generator"], state["seed"], state["validate"])
        self._set_up(stream, state["indices"], state["endless"])

    def __repr__(self) -> str:
        """Show the generator, the seed and the range."""
        count = "endless" if self.endless else f"{self.indices}"
        return f"<Source of {self.generator!r}, seed {self.seed}, {count}>"
