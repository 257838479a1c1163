"""The generator that mixes the samples of several others into one stream."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Self, TypeAlias

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from synthdata.builtin.nested import Nested
from synthdata.distributions import Distribution, within
from synthdata.elementary import Constant, weighted_place
from synthdata.errors import SynthDataError
from synthdata.features import ClassLabel, distinct
from synthdata.generator import BaseParams, Generator
from synthdata.output import Output, each_feature
from synthdata.sample import Sample
from synthdata.seeding import MAX_SEED, Rng
from synthdata.stream import raised

SOURCE = "source"
"""Name of the metadata that say which part a sample is of."""


class Part(Nested):
    """One of the recipes that are mixed.

    Attributes:
        weight: how often it is drawn, relative to the others.
        seed: of its samples; None is that of the mix.
        name: in the metadata; empty is the id.
    """

    weight: Annotated[Distribution, within(0, 1e9)] = Field(
        Constant(1), description="how often it is drawn, relative to the others"
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=MAX_SEED)] | None = Field(
        None, description="of its samples; null is that of the mix"
    )
    name: str = Field("", description="in the metadata; empty is the id")

    def named(self) -> Self:
        """Return it with a name."""
        return self if self.name else self.model_copy(update={"name": self.generator})


AnyPart: TypeAlias = Annotated[Part, AfterValidator(Part.looked_up), AfterValidator(Part.named)]


class Mix(Generator):
    """Samples of several recipes in one stream, each drawn by its weight.

    Sample i is sample i of the part that is drawn for it, under the part's seed, or under that of
    the mix where the part has none. All parts declare the same image and label. Of the metadata
    those are kept that all of them declare alike; ``source`` says which part it was. A weight may
    be a schedule, so that what is rare in the beginning becomes frequent.
    """

    class Params(BaseParams):
        """What is mixed."""

        recipes: tuple[AnyPart, ...] = Field(
            description="what is mixed: generator, params, weight, seed, name"
        )

        @model_validator(mode="after")
        def _alike(self) -> Self:
            if not self.recipes:
                raise ValueError("recipes is empty; one or more are expected")
            try:
                distinct(tuple(part.name for part in self.recipes))
            except ValueError as error:
                raise ValueError(f"names of recipes: {error}; say name: of each") from None
            if all(part.weight.support == (0, 0) for part in self.recipes):
                raise ValueError("all weights are 0; one of more is needed")
            _check_alike({part.name: part.make().output for part in self.recipes})
            return self

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Declare image and label of the parts, the metadata that they share, and the source."""
        outputs = [part.make().output for part in params.recipes]
        shared = {
            name: feature
            for name, feature in outputs[0].metadata.items()
            if name != SOURCE
            and all(_bare(feature) == _bare(other.metadata.get(name)) for other in outputs)
        }
        names = tuple(part.name for part in params.recipes)
        source = ClassLabel(names, description="which of the mixed recipes it is of")
        return Output(
            image=outputs[0].image, label=outputs[0].label, metadata={**shared, SOURCE: source}
        )

    def open(self) -> None:
        """Open the generators of all parts."""
        self._generators = [part.make() for part in self.params.recipes]
        with contextlib.ExitStack() as opened:
            for generator in self._generators:
                generator.open()
                opened.callback(generator.close)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close them."""
        self._opened.close()

    def sample(self, rng: np.random.Generator) -> Sample:
        """Draw a part, and make its sample of the same index."""
        place = self._place(rng)
        part = self.params.recipes[place]
        stream: Any = rng
        seed = stream.seed if part.seed is None else part.seed
        own = Rng(seed, stream.index, stream.attempt)
        try:
            image, label, metadata = self._generators[place].sample(own)
        except Exception as error:
            raise SynthDataError(f"{part.name} {raised(error)}") from error
        kept = {name: metadata[name] for name in self.output.metadata if name != SOURCE}
        return Sample(image, label, {**kept, SOURCE: place})

    def _place(self, rng: np.random.Generator) -> int:
        weights = [float(part.weight.sample(rng)) for part in self.params.recipes]
        if not any(weights):
            raise ValueError("all weights are 0 for this sample, but one of more is needed")
        return int(weighted_place(weights, rng))


def _check_alike(outputs: Mapping[str, Output]) -> None:
    first, *others = outputs
    for other in others:
        for place in ("image", "label"):
            expected, came = (getattr(outputs[name], place) for name in (first, other))
            if _bare(expected) != _bare(came):
                raise ValueError(
                    f"{place} of {other} is {_shown(came)}, but of {first} {_shown(expected)}; all "
                    "recipes of a mix must declare the same"
                )


def _bare(tree: Any) -> Any:
    """A tree of features without descriptions."""
    return each_feature(tree, partial(dataclasses.replace, description=""))


def _shown(tree: Any) -> str:
    if isinstance(tree, Mapping):
        return f"{{{', '.join(f'{key}: {_shown(branch)}' for key, branch in tree.items())}}}"
    names = getattr(tree, "names", None)
    return f"{tree}" if not names else f"{tree} of {', '.join(names)}"
