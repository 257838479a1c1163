"""A generator named within the params of another one."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, Field, JsonValue, PrivateAttr

from synthdata.errors import SynthDataError
from synthdata.generator import BaseParams, Generator, make_generator, remake


class Nested(BaseParams):
    """An id and its params, as a recipe names them.

    Attributes:
        generator: id, short or qualified; validation makes it the qualified one.
        params: fields of its Params; validation fills in the defaults, so that they stand in the
            recipe and in its fingerprint.
    """

    generator: str = Field(description="id of a generator")
    params: dict[str, JsonValue] = Field(default={}, description="its params")

    # Class and identity travel to workers, which look no id up.
    _found: Any = PrivateAttr(None)

    def make(self) -> Generator:
        """Return the generator, one of its own at each call, not open."""
        kind, identity = self._found
        made: Generator = remake(kind, kind.Params.model_validate(self.params), identity)
        return made

    def looked_up(self) -> Self:
        """Return it with its qualified id and all of its params.

        Raises:
            ValueError: if the generator cannot be had, or refuses the params.
        """
        try:
            made = make_generator(self.generator, self.params)
        except SynthDataError as error:
            raise ValueError(str(error)) from error
        identity = made.identity
        found = self.model_copy(
            update={
                "generator": f"{identity.distribution}/{identity.id}",
                "params": made.params.model_dump(mode="json"),
            }
        )
        found._found = (type(made), identity)
        return found


LookedUp: TypeAlias = Annotated[Nested, AfterValidator(Nested.looked_up)]
"""Type of a param that names a generator."""
