"""The recipe of a data set: which generator, params, seed and how many samples, as data."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from synthdata.distributions import Distribution, is_distribution
from synthdata.errors import IdError, RecipeError
from synthdata.generator import make_generator
from synthdata.ids import GeneratorId
from synthdata.models import Model, explain
from synthdata.registry import Registry
from synthdata.seeding import MAX_INDEX, MAX_SEED
from synthdata.splits import ROOM, ranges

_DISTRIBUTION: TypeAdapter[Any] = TypeAdapter(Distribution)


def _plain(value: Any) -> Any:
    """What a param is in JSON: distributions in their short form, paths as text."""
    if is_distribution(value):
        return _DISTRIBUTION.dump_python(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} cannot be written in JSON")
    return value


def _id(text: str) -> str:
    try:
        return str(GeneratorId.parse(text))
    except IdError as error:
        raise ValueError(str(error)) from None


def _splits(splits: dict[str, int]) -> dict[str, int]:
    ranges(splits)
    return splits


SplitSize: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=ROOM)]


class Recipe(Model):
    """Everything that decides the bytes of a data set.

    Attributes:
        generator: id, short or qualified.
        params: fields of the generator's Params; JSON values, distributions in their short form.
        seed: 0 to 2**64 - 1.
        samples: how many; None is endless, or what the splits say.
        splits: samples by name, as ``{"train": 8000, "test": 1000}``, in place of ``samples``. Each
            split has indices of its own, by its name, so that none overlaps another, and each
            keeps its samples whatever becomes of the others.

    Raises:
        RecipeError: if a field is wrong. The generator itself is looked up later.

    >>> Recipe(generator="shapes-v1", params={"size": 64}, seed=7, samples=100).samples
    100
    """

    generator: Annotated[str, AfterValidator(_id)]
    params: Annotated[dict[str, JsonValue], BeforeValidator(_plain)] = {}
    seed: Annotated[int, Field(strict=True, ge=0, le=MAX_SEED)] = 0
    samples: Annotated[int, Field(strict=True, ge=1, le=MAX_INDEX + 1)] | None = None
    splits: Annotated[dict[str, SplitSize], Field(min_length=1), AfterValidator(_splits)] | None = (
        None
    )

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.samples is not None and self.splits is not None:
            raise ValueError("samples and splits are both given; the splits say how many there are")
        return self

    @property
    def ranges(self) -> dict[str, range]:
        """The indices of each split; without splits they are all ``train``."""
        if self.splits is None:
            return {"train": range(MAX_INDEX + 1 if self.samples is None else self.samples)}
        return ranges(self.splits)

    def indices(self, split: str | None = None) -> range:
        """Return the indices of a split.

        Args:
            split: its name; None is the only one.

        Raises:
            RecipeError: if there is no such split, or several.

        >>> recipe = Recipe(generator="shapes-v1", splits={"train": 80, "test": 20})
        >>> len(recipe.indices("test"))
        20
        """
        found = self.ranges
        if split is None and len(found) == 1:
            return next(iter(found.values()))
        if split not in found:
            came = "" if split is None else f", not {split!r}"
            raise RecipeError(f"the recipe has the splits {', '.join(found)}; say split={came}")
        return found[split]

    @classmethod
    def _refuse(cls, error: ValidationError) -> Exception:
        return RecipeError(f"recipe: {explain(error, known=cls.model_fields)}")

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Self:
        """Read a recipe from a file.

        Args:
            path: a YAML (``.yaml``, ``.yml``) or JSON (``.json``) file.

        Raises:
            RecipeError: if the file cannot be read, or holds no recipe.
        """
        file = Path(path)
        if file.suffix not in (".yaml", ".yml", ".json"):
            raise RecipeError(f"{file}: a recipe is a .yaml, .yml or .json file")
        try:
            data = _read(file)
            if not isinstance(data, dict):
                fields = ", ".join(cls.model_fields)
                raise RecipeError(f"a recipe is a mapping with the keys {fields}")
            return cls.parse(data)
        except OSError as error:
            raise RecipeError(f"{file}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise RecipeError(f"{file}: not a text file in UTF-8 ({error.reason})") from error
        except (yaml.YAMLError, json.JSONDecodeError, RecipeError) as error:
            raise RecipeError(f"{file}: {' '.join(str(error).split())}") from error

    def to_json(self) -> dict[str, JsonValue]:
        """Return the fields as JSON values, ``splits`` or ``samples``.

        >>> Recipe(generator="shapes-v1", samples=9).to_json()
        {'generator': 'shapes-v1', 'params': {}, 'seed': 0, 'samples': 9}
        """
        return self.model_dump(
            mode="json", exclude={"splits" if self.splits is None else "samples"}
        )

    def replace(self, **fields: Any) -> Self:
        """Return the recipe with some fields replaced, validated again.

        >>> Recipe(generator="shapes-v1").replace(samples=10).samples
        10
        """
        return type(self)(**{**self.model_dump(), **fields})

    def resolve(self, registry: Registry | None = None) -> Self:
        """Return the recipe with its qualified id and every param, defaults included.

        Args:
            registry: where to look; None is the default registry.

        Raises:
            RegistryError: if the generator cannot be had.
            ParamsError: if it refuses the params.
        """
        generator = make_generator(self.generator, self.params, registry)
        identity = generator.identity
        return self.replace(
            generator=f"{identity.distribution}/{identity.id}",
            params=generator.params.model_dump(mode="json"),
        )

    def fingerprint(self, registry: Registry | None = None) -> str:
        """Return the sha256 of the resolved recipe in canonical JSON, in hex.

        Recipes that make the same data set have the same fingerprint, whether an id is short or
        qualified and whether a default is written out.

        Raises:
            RegistryError: if the generator cannot be had.
            ParamsError: if it refuses the params.
        """
        resolved = self.resolve(registry).to_json()
        canonical = json.dumps(
            resolved, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return hashlib.sha256(canonical.encode()).hexdigest()


def _read(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        return json.loads(text, object_pairs_hook=_unique)
    return load_yaml(text)


def load_yaml(text: str) -> Any:
    """Load YAML by the rules of recipe files: no doubled keys, and 1e-3 is a number.

    Raises:
        yaml.YAMLError: if it is not such YAML.
        ValueError: if a value cannot be what its form says, as a date of month 13.

    >>> load_yaml("{uniform: [1e-3, 1]}")
    {'uniform': [0.001, 1]}
    """
    return yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader


class _Loader(yaml.SafeLoader):
    """YAML without doubled keys, which PyYAML lets override each other, and with 1e-3 a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is there twice."""
        keys = [key.value for key, _ in node.value]
        for place, (key, _) in enumerate(node.value):
            if key.value in keys[:place]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is there twice", key.start_mark
                )
        return super().construct_mapping(node, deep)


# PyYAML follows YAML 1.1, where 1e-3 without a point is text; YAML 1.2 (10.3.2) says number.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+\Z"), list("-+0123456789")
)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise RecipeError(f"the key {key!r} is there twice")
    return dict(pairs)
