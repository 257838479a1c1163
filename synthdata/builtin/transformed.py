"""The generator that transforms the samples of another one."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

import numpy as np
from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from synthdata.builtin.nested import LookedUp
from synthdata.errors import DeclarationError, SynthDataError
from synthdata.generator import BaseParams, Generator
from synthdata.models import explain
from synthdata.output import Output
from synthdata.sample import Sample
from synthdata.stream import raised
from synthdata.transform import Transform, load_transform


class Step(BaseParams):
    """One transform and its params.

    Attributes:
        transform: id, short or qualified; validation makes it the qualified one.
        params: fields of its Params; validation fills in the defaults.
    """

    transform: str = Field(description="id of a transform")
    params: dict[str, JsonValue] = Field(default={}, description="its params")

    # Travels to workers, which look no id up.
    _kind: Any = PrivateAttr(None)

    def make(self, input: Output) -> Transform:
        """Return the transform of samples that hold some features."""
        made: Transform = self._kind(self._kind.Params.model_validate(self.params), input)
        return made

    def looked_up(self) -> Self:
        """Return it with its qualified id and all of its params.

        Raises:
            ValueError: if the transform cannot be had, or refuses the params.
        """
        try:
            kind, id = load_transform(self.transform)
            params = kind.Params.model_validate(self.params).model_dump(mode="json")
        except ValidationError as error:
            message = explain(error, known=kind.Params.model_fields)
            raise ValueError(f"{self.transform}: {message}") from error
        except SynthDataError as error:
            raise ValueError(str(error)) from error
        found = self.model_copy(update={"transform": id, "params": params})
        found._kind = kind
        return found


AnyStep: TypeAlias = Annotated[Step, AfterValidator(Step.looked_up)]


class Transformed(Generator):
    """Samples of another generator, transformed one step after the other.

    Without steps, sample i is sample i of that generator under the same seed, to the byte. Steps
    draw from the sample's random numbers after it, in their order.
    """

    class Params(BaseParams):
        """What is transformed, and how."""

        source: LookedUp = Field(description="whose samples: generator, params")
        transforms: tuple[AnyStep, ...] = Field(
            description="what is done to them, in this order: transform, params"
        )

        @model_validator(mode="after")
        def _fitting(self) -> Self:
            try:
                _steps(self)
            except SynthDataError as error:
                raise ValueError(str(error)) from error
            return self

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Declare what the last step leaves."""
        steps = _steps(params)
        return steps[-1].output if steps else params.source.make().output

    def open(self) -> None:
        """Open the generator."""
        self._generator = self.params.source.make()
        self._steps = _steps(self.params)
        self._generator.open()

    def close(self) -> None:
        """Close it."""
        self._generator.close()

    def sample(self, rng: np.random.Generator) -> Sample:
        """Make a sample, and transform it."""
        try:
            sample = Sample(*self._generator.sample(rng))
        except Exception as error:
            raise SynthDataError(f"{self.params.source.generator} {raised(error)}") from error
        for step, transform in zip(self.params.transforms, self._steps, strict=True):
            try:
                sample = transform.apply(sample, rng)
            except Exception as error:
                raise SynthDataError(f"{step.transform} {raised(error)}") from error
        return sample


def _steps(params: Any) -> list[Transform]:
    output, made = params.source.make().output, []
    for step in params.transforms:
        try:
            made.append(step.make(output))
        except SynthDataError as error:
            raise DeclarationError(f"{step.transform}: {error}") from error
        output = made[-1].output
    return made
