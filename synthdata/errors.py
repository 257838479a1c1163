"""The error tree: everything synthdata raises on purpose.

::

    SynthDataError
    ├── DeclarationError (ValueError)     an Output, feature or distribution that cannot be
    ├── ParamsError (ValueError)          params that the generator's Params refuse
    ├── RecipeError (ValueError)          a recipe, or a recipe file, that cannot be
    ├── BuildError (ValueError)           options of ``build`` that cannot be, or no TensorFlow
    ├── GradientError (ValueError)        a gradient that cannot be had, or values it cannot have
    ├── AssetError (ValueError)           a file that a generator reads, missing or broken
    ├── ConformanceError (ValueError)     what is to be checked cannot be, or not be pinned
    ├── RegistryError (LookupError)
    │   ├── IdError                       text that is not ``[distribution/]name-vN``
    │   ├── GeneratorNotFoundError
    │   ├── AmbiguousIdError
    │   ├── BlockedError
    │   ├── BrokenPluginError
    │   └── ConfigurationError (ValueError)  a list of what may be used that is wrong
    ├── WorkerError (RuntimeError)        worker processes cannot be had
    │   └── ClusterError                  a cluster cannot be had, has no room, or its nodes differ
    ├── LedgerError (RuntimeError)        a failure could not be written down
    ├── FormatError (ValueError)          a format of files that cannot hold an Output, or is no use
    ├── TargetError (RuntimeError)        a data set on disk that cannot be written or read
    ├── FailureBudgetError (RuntimeError) more samples failed than the budget allows
    └── SampleError (ValueError)          one sample failed; knows which
        ├── ContractError                 the sample breaks the declared Output
        │   └── DisagreementError         sample_into or sample_batch differs from sample
        ├── GeneratorFailedError          the generator raised
        ├── WorkerDiedError               the process that made it died, more than once
        └── SampleTimeoutError            it took longer than ``timeout``
"""

from __future__ import annotations

from dataclasses import dataclass


class SynthDataError(Exception):
    """Base of all errors that synthdata raises on purpose."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        # Exception's own would call the class with the message alone.
        return _rebuild, (type(self), dict(self.__dict__), self.args)


class DeclarationError(SynthDataError, ValueError):
    """A feature, an Output or a distribution was declared that nothing could ever conform to."""


class ParamsError(SynthDataError, ValueError):
    """Params were refused by the generator's ``Params`` model.

    Attributes:
        id: the generator's id.
    """

    def __init__(self, message: str, *, id: str) -> None:
        super().__init__(message)
        self.id = id


class RecipeError(SynthDataError, ValueError):
    """A recipe, or the file that should hold one, is not valid."""


class BuildError(SynthDataError, ValueError):
    """``build`` was asked for something that cannot be, or TensorFlow is not installed."""


class GradientError(SynthDataError, ValueError):
    """A gradient was asked for that cannot be had, or the params refuse the values given."""


class AssetError(SynthDataError, ValueError):
    """A file that a generator reads is missing, broken or not allowed.

    Attributes:
        path: the file or folder.
    """

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class ConformanceError(SynthDataError, ValueError):
    """There is no generator to check at a path, or a ``digests.toml`` cannot be read or written."""


class WorkerError(SynthDataError, RuntimeError):
    """Worker processes cannot be started, or have no memory to work in."""


class ClusterError(WorkerError):
    """A Ray cluster cannot be had, has no room, is lost, or its nodes differ from this machine."""


class LedgerError(SynthDataError, RuntimeError):
    """A failure could not be written to the ledger.

    Attributes:
        path: the ledger's file.
    """

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class FormatError(SynthDataError, ValueError):
    """A format of files is unknown, lacks a library, or cannot hold an Output.

    Attributes:
        features: dotted paths of the features that it cannot hold.
    """

    def __init__(self, message: str, *, features: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.features = features


class TargetError(SynthDataError, RuntimeError):
    """A data set in files cannot be written there, or not be read from there.

    Attributes:
        target: the folder or URL.
    """

    def __init__(self, message: str, *, target: str) -> None:
        super().__init__(message)
        self.target = target


class FailureBudgetError(SynthDataError, RuntimeError):
    """More samples failed than the budget allows.

    Attributes:
        failed: how many samples failed so far.
    """

    def __init__(self, message: str, *, failed: int) -> None:
        super().__init__(message)
        self.failed = failed


class RegistryError(SynthDataError, LookupError):
    """A generator could not be had.

    Attributes:
        id: the id as it was asked for, or None where none was.
        distribution: the distribution concerned, where one is known.
    """

    def __init__(
        self, message: str, *, id: str | None = None, distribution: str | None = None
    ) -> None:
        super().__init__(message)
        self.id = id
        self.distribution = distribution


class IdError(RegistryError):
    """The text is not an id of the form ``[distribution/]name-vN``."""


class GeneratorNotFoundError(RegistryError):
    """No installed distribution provides the id, or the distribution is not installed."""


class AmbiguousIdError(RegistryError):
    """Several distributions provide the short id, or versions of the name."""


class BlockedError(RegistryError):
    """The id, or its distribution, is blocked or not on the allow list."""


class BrokenPluginError(RegistryError):
    """The plugin's metadata cannot be read, it cannot be imported, or what it names is no use."""


class ConfigurationError(RegistryError, ValueError):
    """A list of what may or may not be used is wrong, or the file that should hold it.

    Attributes:
        path: the file, or None of a list in the environment or the program.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a generator is, for messages: id, distribution, version and source line."""

    id: str
    distribution: str | None = None
    version: str | None = None
    where: str | None = None

    def __str__(self) -> str:
        origin = " ".join(part for part in (self.distribution, self.version) if part)
        return ", ".join(part for part in (origin, self.where) if part)


class SampleError(SynthDataError, ValueError):
    """One sample could not be made.

    Attributes:
        id: the generator's id.
        distribution: the distribution that provides it, or None of a class made by hand.
        version: that distribution's version, or None.
        seed: the recipe's seed.
        index: the sample's index.
        attempt: 0, or the number of the retry.
    """

    def __init__(
        self, problem: str, *, identity: Identity, seed: int, index: int, attempt: int = 0
    ) -> None:
        origin = f" [{identity}]" if str(identity) else ""
        retry = f", attempt {attempt}" if attempt else ""
        super().__init__(f"{identity.id} sample {index} (seed {seed}{retry}): {problem}{origin}")
        self.problem = problem
        self.identity = identity
        self.seed = seed
        self.index = index
        self.attempt = attempt

    @property
    def id(self) -> str:
        """The generator's id."""
        return self.identity.id

    @property
    def distribution(self) -> str | None:
        """The distribution that provides the generator, or None."""
        return self.identity.distribution

    @property
    def version(self) -> str | None:
        """The version of that distribution, or None."""
        return self.identity.version


class ContractError(SampleError):
    """A sample breaks the declared Output.

    Attributes:
        rule: what of it: "structure", "dtype", "shape", "range", "class" or "text"; or
            "agreement", where ``sample_into`` or ``sample_batch`` differs from ``sample``.
        feature: dotted path of the feature, as ``image`` or ``metadata.radius``.
    """

    def __init__(
        self,
        problem: str,
        *,
        rule: str,
        feature: str,
        identity: Identity,
        seed: int,
        index: int,
        attempt: int = 0,
    ) -> None:
        super().__init__(problem, identity=identity, seed=seed, index=index, attempt=attempt)
        self.rule = rule
        self.feature = feature


class DisagreementError(ContractError):
    """``sample_into`` or ``sample_batch`` made other bytes than ``sample``.

    It is a mistake in the generator's code, not of one sample, so no policy mends it.
    """


class GeneratorFailedError(SampleError):
    """The generator's ``sample`` raised; the exception is this error's ``__cause__``."""


class WorkerDiedError(SampleError):
    """A worker process died each time it made this sample."""


class SampleTimeoutError(SampleError):
    """A sample took longer than ``timeout``; the worker that made it was killed."""


def _rebuild(
    kind: type[SynthDataError], state: dict[str, object], args: tuple[object, ...]
) -> SynthDataError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
