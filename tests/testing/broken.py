"""For each check of the conformance kit a generator that fails it, and no other."""

from __future__ import annotations

import math
import os
import random
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic_core import CoreSchema

import synthdata as sd
from tests.testing import native_broken, slopes

SIZE = 6


class Good(sd.Generator):
    """A grey square with its level."""

    class Params(sd.Params):
        size: int = Field(SIZE, ge=4, le=8)
        tone: Literal["dark", "light"] = "dark"

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image=sd.Image(params.size, params.size, 1),
            label=sd.ClassLabel(["dark", "light"]),
            metadata={"level": sd.Scalar("float32", ge=0, le=255), "note": sd.Text(8)},
        )

    def sample(self, rng: Any) -> sd.Sample:
        shape = (self.params.size, self.params.size, 1)
        image = rng.integers(256, size=shape, dtype=np.uint8)
        return sd.Sample(image, self.params.tone, {"level": float(image[0, 0, 0]), "note": "grey"})


class Complete(Good):
    """The same by all roads."""

    def open(self) -> None:
        self.note = "grey"

    def close(self) -> None:
        del self.note

    def sample_into(self, rng: Any, out: sd.Sample) -> sd.Sample:
        out.image[:] = rng.integers(256, size=out.image.shape, dtype=np.uint8)
        level = float(out.image[0, 0, 0])
        return sd.Sample(out.image, self.params.tone, {"level": level, "note": self.note})

    def sample_batch(self, rngs: Any) -> sd.Sample:
        images, labels, metadata = zip(*map(self.sample, rngs), strict=True)
        return sd.Sample(
            np.stack(images), labels, {key: [one[key] for one in metadata] for key in metadata[0]}
        )


class WithNan(Good):
    """Some of its values are declared to be no numbers, which equal nothing."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(4, 4, 1, "float32", finite=False))

    def sample(self, rng: Any) -> sd.Sample:
        image = rng.random((4, 4, 1), np.float32)
        image[0] = np.nan
        return sd.Sample(image)


class NamedWrongly(Good):
    """It is checked under an id that is none."""


class Undocumented(Good):
    pass


Undocumented.__doc__ = None


class BadDefault(Good):
    """Its default is not allowed."""

    class Params(Good.Params):
        size: int = Field(0, ge=4, le=8)


class AnyParam(Good):
    """It takes what it does not know."""

    class Params(Good.Params):
        model_config = ConfigDict(extra="ignore")


class NoJson(Good):
    """Its default has no form in JSON."""

    class Params(Good.Params):
        limit: float = math.inf


class NoSchema(Good):
    """Its Params have no schema."""

    class Params(Good.Params):
        @classmethod
        def __get_pydantic_json_schema__(
            cls, schema: CoreSchema, handler: GetJsonSchemaHandler
        ) -> Any:
            raise TypeError("no schema")


class ExtraInit(Good):
    """Its __init__ makes what sample needs."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.offset = 1


class DescribesFromFile(Good):
    """Its declaration comes out of a file."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        Path("/proc/self/status").read_text()
        return super().describe(params)


class Photo(sd.Image):
    """A feature of its own."""


class OwnFeature(Good):
    """Its feature is derived."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        output = super().describe(params)
        return sd.Output(
            image=Photo(params.size, params.size, 1), label=output.label, metadata=output.metadata
        )


class Changed(Good):
    """What its sample returns is changed by ``_change``."""

    def sample(self, rng: Any) -> Any:
        return self._change(super().sample(rng), rng)

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample


class OtherStructure(Changed):
    """It forgets a feature."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(metadata={"level": 1.0})


class OtherDtype(Changed):
    """It returns floats."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(image=sample.image / 2)


class OtherShape(Changed):
    """It forgets the axis of the channels."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(image=sample.image[..., 0])


class OtherRange(Changed):
    """Its level is too high."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(metadata={"level": 256.0, "note": ""})


class OtherClass(Changed):
    """It has a class more."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(label="bright")


class OtherText(Changed):
    """It says too much."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(metadata={"level": 1.0, "note": "more than 8"})


class BreaksAtTheBound(Changed):
    """It cannot do the largest size that it allows."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(image=sample.image[:7])


class SeedsGlobally(Changed):
    """It draws from the global random numbers, if only for itself."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        random.random()
        return sample


class UsesGlobalNumbers(Changed):
    """It takes a global random number and puts the state back."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        state = np.random.get_state()
        sample.image[0] = np.random.randint(256)
        np.random.set_state(state)
        return sample


class TellsTheTime(Changed):
    """Its level is the day."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(metadata={"level": time.time() // 86_400 % 256, "note": ""})


class SetsVariables(Changed):
    """It sets an environment variable."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        os.environ["SYNTHDATA_BROKEN"] = "1"
        return sample


class Counts(Changed):
    """It counts its samples."""

    def open(self) -> None:
        self.counted = [0]

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        self.counted[0] += 1
        return sample


class SharesAnArray(Changed):
    """Its image is always the same array."""

    IMAGE: ClassVar[Any] = np.zeros((8, 8, 1), np.uint8)

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(image=self.IMAGE[: self.params.size, : self.params.size])


class KeepsRng(Changed):
    """It keeps the last rng."""

    KEPT: ClassVar[dict[str, Any]] = {}

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        self.KEPT["rng"] = rng
        return sample


class SameForAllSeeds(Good):
    """It looks at the index only."""

    def sample(self, rng: Any) -> sd.Sample:
        return super().sample(sd.Rng(0, rng.index))


class KeepsSamples(Changed):
    """It keeps the bytes of all images, twice over."""

    KEPT: ClassVar[list[bytes]] = []

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        self.KEPT.append(sample.image.tobytes() * 50)
        return sample


class NeverTheSame(Changed):
    """It counts in the module."""

    COUNTED: ClassVar[list[int]] = [0]

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        self.COUNTED[0] += 1
        return sample._replace(metadata={"level": self.COUNTED[0] % 251, "note": ""})


class RemembersTheLast(Changed):
    """It draws otherwise after the sample with the next higher index."""

    LAST: ClassVar[list[int]] = [0]

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        after_the_next = self.LAST[0] == rng.index + 1
        self.LAST[0] = rng.index
        return sample._replace(label="light") if after_the_next else sample


class OpensOnce(Changed):
    """What close released does not come back."""

    def open(self) -> None:
        self.notes = [] if hasattr(self, "notes") else ["grey"]

    def close(self) -> None:
        self.notes.clear()

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        return sample._replace(metadata={"level": 1.0, "note": self.notes[0]})


class SharesScratch(Changed):
    """It leaves a number in the module for a while."""

    SCRATCH: ClassVar[list[int]] = [0]

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        self.SCRATCH[0] = rng.index
        time.sleep(0.001)
        return sample._replace(metadata={"level": self.SCRATCH[0], "note": ""})


class IntoOther(Complete):
    """Its sample_into draws otherwise for one index."""

    def sample_into(self, rng: Any, out: sd.Sample) -> sd.Sample:
        sample = super().sample_into(rng, out)
        if rng.index == 7:
            out.image[0] ^= 1
        return sample


class BatchOther(Complete):
    """Its sample_batch draws in another order."""

    def sample_batch(self, rngs: Any) -> Any:
        for rng in rngs:
            rng.random()
        return super().sample_batch(rngs)


class Hashes(Changed):
    """It depends on the hash of a string."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        sample.image.ravel()[:8] = np.array([hash("grey")], np.int64).view(np.uint8)
        return sample


class DislikesWorkers(Changed):
    """It draws otherwise in a worker process."""

    def _change(self, sample: sd.Sample, rng: Any) -> Any:
        main = getattr(sys.modules["__main__"].__spec__, "name", "")
        return sample._replace(label="light") if main.endswith("execution.worker") else sample


class Redrawn(Good):
    """Its digest is pinned, and was another."""


BROKEN: dict[str, tuple[tuple[type[sd.Generator], str | None], ...]] = {
    "id": ((NamedWrongly, "NamedWrongly-1"),),
    "docstring": ((Undocumented, None),),
    "defaults": ((BadDefault, None),),
    "unknown-param": ((AnyParam, None),),
    "params-json": ((NoJson, None),),
    "params-schema": ((NoSchema, None),),
    "no-pickle": ((ExtraInit, None),),
    "describe": ((DescribesFromFile, None),),
    "output-json": ((OwnFeature, None),),
    "structure": ((OtherStructure, None),),
    "dtype": ((OtherDtype, None),),
    "shape": ((OtherShape, None),),
    "range": ((OtherRange, None),),
    "class": ((OtherClass, None),),
    "text": ((OtherText, None),),
    "boundaries": ((BreaksAtTheBound, None),),
    "global-random-numbers": ((SeedsGlobally, None), (UsesGlobalNumbers, None)),
    "clock": ((TellsTheTime, None),),
    "environment": ((SetsVariables, None),),
    "self-unchanged": ((Counts, None),),
    "no-sharing": ((SharesAnArray, None),),
    "rng-kept": ((KeepsRng, None),),
    "seeds-differ": ((SameForAllSeeds, None),),
    "memory-flat": ((KeepsSamples, None),),
    "repeatable": ((NeverTheSame, None),),
    "any-order": ((RemembersTheLast, None),),
    "reopened": ((OpensOnce, None),),
    "threads": ((SharesScratch, None),),
    "sample-into": ((IntoOther, None),),
    "sample-batch": ((BatchOther, None),),
    "gradient-names": ((slopes.Missing, None), (slopes.Infinite, None)),
    "gradient-sample": ((slopes.DrawsMore, None), (slopes.KeepsWeights, None)),
    "gradient-vjp": ((slopes.WrongSign, None), (slopes.NoiseIsVariance, None)),
    "graph-eager": ((native_broken.BakesRandom, None),),
    "graph-batches": ((native_broken.OwnSample, None),),
    "graph-saved": ((native_broken.HoldsAVariable, None),),
    "fresh-process": ((Hashes, None),),
    "worker-process": ((DislikesWorkers, None),),
    "pinned-digest": ((Redrawn, "redrawn-v1"),),
}
"""By the name of the check that they fail: classes, and the id under which one is checked."""
