"""All samples of one generator under one seed: drawn, checked, and their errors named."""

from __future__ import annotations

import threading
import traceback
import weakref
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from synthdata.check import compile_check
from synthdata.complaints import Violation
from synthdata.errors import ContractError, GeneratorFailedError, SynthDataError
from synthdata.generator import Generator
from synthdata.seeding import Rng

Validate: TypeAlias = Literal["all", "sampled", "off"]
"""Which samples have each element looked at: all, every 16th by index, or none.

Dtype, shape, structure, classes and text are checked of every sample whatever this says.
"""

SAMPLED_EVERY: Final = 16


class Stream:
    """A function from an index to the checked values of its sample.

    The stream opens its generator before the first sample and owns it from then on: ``close``, or
    the end of the last reference to the stream, closes it once. Threads may share a stream, each
    with an Rng of its own.

    Args:
        generator: makes the samples.
        seed: 0 to 2**64 - 1.
        validate: which samples have each element looked at.
    """

    def __init__(self, generator: Generator, seed: int, validate: Validate = "all") -> None:
        self.generator = generator
        self.seed = seed
        self.validate: Validate = validate
        self._structure = compile_check(generator.output, values=False)
        self._whole = compile_check(generator.output)
        self._opening = threading.Lock()
        self._closer: weakref.finalize[..., Any] | None = None

    def open(self) -> None:
        """Open the generator, if that has not been done.

        Raises:
            SynthDataError: what the generator raised; an exception of another kind is its cause.
        """
        with self._opening:
            if self._closer is not None:
                return
            try:
                self.generator.open()
            except SynthDataError:
                raise
            except Exception as error:
                raise SynthDataError(
                    f"{self.generator.identity.id}: open {_raised(error)}"
                ) from error
            self._closer = weakref.finalize(self, self.generator.close)

    def close(self) -> None:
        """Close the generator, if it is open."""
        if self._closer is not None:
            self._closer()

    def draw(self, index: int, rng: Rng, attempt: int = 0) -> list[Any]:
        """Make and check one sample.

        Args:
            index: the sample's index.
            rng: this thread's Rng; it is re-keyed.
            attempt: 0, or the number of a retry.

        Returns:
            The values in the order of ``output.leaves``, as the check stores them.

        Raises:
            ContractError: if the sample breaks the declared Output.
            GeneratorFailedError: if the generator raised.
        """
        if self._closer is None:
            self.open()
        rng.rekey(self.seed, index, attempt)
        try:
            sample = self.generator.sample(rng)
        # sys.exit() in a generator must not end the user's program.
        except (Exception, SystemExit) as error:
            raise self._failed(error, index, attempt) from error
        whole = self.validate == "all" or (
            self.validate == "sampled" and index % SAMPLED_EVERY == 0
        )
        try:
            return self._whole(sample) if whole else self._structure(sample)
        except Violation as violation:
            raise ContractError(
                str(violation),
                feature=violation.feature,
                identity=self.generator.identity,
                seed=self.seed,
                index=index,
                attempt=attempt,
            ) from None

    def _failed(self, error: BaseException, index: int, attempt: int) -> GeneratorFailedError:
        problem = str(error) if isinstance(error, SynthDataError) else f"sample {_raised(error)}"
        identity, seed = self.generator.identity, self.seed
        return GeneratorFailedError(
            problem, identity=identity, seed=seed, index=index, attempt=attempt
        )


def _raised(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    message = f"raised {type(error).__name__}: {error}".rstrip(": ")
    return f"{message} (at {Path(frames[-1].filename).name}:{frames[-1].lineno})"
