"""Synthetic data sets for vision models: a generator plugin in, a checked ``tf.data.Dataset`` out.

Names are imported when they are first used, so that ``import synthdata`` loads neither TensorFlow
nor a plugin, and listing generators works even where a distribution breaks Pydantic's own scan.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from synthdata.distributions import Distribution, within
    from synthdata.elementary import Choice, Constant, LogUniform, Normal, Uniform
    from synthdata.errors import (
        AmbiguousIdError,
        AssetError,
        BlockedError,
        BrokenPluginError,
        BuildError,
        ClusterError,
        ConfigurationError,
        ConformanceError,
        ContractError,
        DeclarationError,
        DisagreementError,
        FailureBudgetError,
        FormatError,
        GeneratorFailedError,
        GeneratorNotFoundError,
        GradientError,
        IdError,
        LedgerError,
        ParamsError,
        RecipeError,
        RegistryError,
        SampleError,
        SampleTimeoutError,
        SynthDataError,
        TargetError,
        WorkerDiedError,
        WorkerError,
    )
    from synthdata.features import (
        Boxes,
        ClassLabel,
        Feature,
        Image,
        Keypoints,
        Mask,
        Polygons,
        Scalar,
        Tensor,
        Text,
        UpTo,
    )
    from synthdata.function import from_function
    from synthdata.generator import Generator, Params, make
    from synthdata.native import TensorGenerator, tensor_draw
    from synthdata.output import Output
    from synthdata.powers import Differentiable, Native
    from synthdata.reading import read
    from synthdata.recipe import Recipe
    from synthdata.registry import Listing, Registry, generators, hookimpl
    from synthdata.running import Stats, explain, stats
    from synthdata.sample import Sample
    from synthdata.schedule import Schedule
    from synthdata.seeding import Rng
    from synthdata.source import Source
    from synthdata.storage.by_shard import begin_write, write_shard
    from synthdata.storage.converting import convert
    from synthdata.storage.repairing import repair
    from synthdata.storage.stored import stored
    from synthdata.storage.verifying import verify
    from synthdata.storage.writing import write
    from synthdata.tfdata import build, differentiable
    from synthdata.transform import Transform
    from synthdata.tuning import tune_process

_MODULES = {
    "distributions": "Distribution within",
    "elementary": "Choice Constant LogUniform Normal Uniform",
    "errors": "AmbiguousIdError AssetError BlockedError BrokenPluginError BuildError "
    "ClusterError ConfigurationError ConformanceError ContractError DeclarationError "
    "DisagreementError "
    "FailureBudgetError FormatError GeneratorFailedError GeneratorNotFoundError GradientError "
    "IdError LedgerError ParamsError RecipeError RegistryError SampleError SampleTimeoutError "
    "SynthDataError TargetError WorkerDiedError WorkerError",
    "features": "Boxes ClassLabel Feature Image Keypoints Mask Polygons Scalar Tensor Text UpTo",
    "function": "from_function",
    "generator": "Generator Params make",
    "native": "TensorGenerator tensor_draw",
    "output": "Output",
    "powers": "Differentiable Native",
    "reading": "read",
    "recipe": "Recipe",
    "registry": "Listing Registry generators hookimpl",
    "running": "Stats explain stats",
    "sample": "Sample",
    "schedule": "Schedule",
    "seeding": "Rng",
    "source": "Source",
    "storage.by_shard": "begin_write write_shard",
    "storage.converting": "convert",
    "storage.repairing": "repair",
    "storage.stored": "stored",
    "storage.verifying": "verify",
    "storage.writing": "write",
    "tfdata": "build differentiable",
    "transform": "Transform",
    "tuning": "tune_process",
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "AmbiguousIdError",
    "AssetError",
    "BlockedError",
    "Boxes",
    "BrokenPluginError",
    "BuildError",
    "Choice",
    "ClassLabel",
    "ClusterError",
    "ConfigurationError",
    "ConformanceError",
    "Constant",
    "ContractError",
    "DeclarationError",
    "Differentiable",
    "DisagreementError",
    "Distribution",
    "FailureBudgetError",
    "Feature",
    "FormatError",
    "Generator",
    "GeneratorFailedError",
    "GeneratorNotFoundError",
    "GradientError",
    "IdError",
    "Image",
    "Keypoints",
    "LedgerError",
    "Listing",
    "LogUniform",
    "Mask",
    "Native",
    "Normal",
    "Output",
    "Params",
    "ParamsError",
    "Polygons",
    "Recipe",
    "RecipeError",
    "Registry",
    "RegistryError",
    "Rng",
    "Sample",
    "SampleError",
    "SampleTimeoutError",
    "Scalar",
    "Schedule",
    "Source",
    "Stats",
    "SynthDataError",
    "TargetError",
    "Tensor",
    "TensorGenerator",
    "Text",
    "Transform",
    "Uniform",
    "UpTo",
    "WorkerDiedError",
    "WorkerError",
    "begin_write",
    "build",
    "convert",
    "differentiable",
    "explain",
    "from_function",
    "generators",
    "hookimpl",
    "make",
    "read",
    "repair",
    "stats",
    "stored",
    "tensor_draw",
    "tune_process",
    "verify",
    "within",
    "write",
    "write_shard",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'synthdata' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"synthdata.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
