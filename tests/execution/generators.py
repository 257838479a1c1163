"""Generators that worker processes can import: one that counts, and those that misbehave."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

import synthdata as sd


class Counter(sd.Generator):
    """An image of the sample's index and attempt, so that a batch shows what is in it."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image=sd.Image(2, 3, 1, "int64"),
            label=sd.Scalar("int64"),
            metadata={"attempt": sd.Scalar("int64"), "noise": sd.Scalar("float64")},
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        assert isinstance(rng, sd.Rng)
        self.misbehave(rng.index, rng.attempt)
        metadata = {"attempt": rng.attempt, "noise": rng.random()}
        return sd.Sample(np.full((2, 3, 1), rng.index), rng.index, metadata)

    def misbehave(self, index: int, attempt: int) -> None:
        """Do nothing; subclasses do."""


class Failing(Counter):
    """Raises at some indices, in their first attempts."""

    class Params(sd.Params):
        every: int = Field(7, description="each so many-th sample fails")
        attempts: int = Field(10**6, description="how many attempts fail")

    def misbehave(self, index: int, attempt: int) -> None:
        if index % self.params.every == 3 and attempt < self.params.attempts:
            raise RuntimeError(f"bad luck at {index}")


class Dying(Counter):
    """Ends its process at one index, in one of several ways."""

    class Params(sd.Params):
        at: int = 13
        way: str = "exit"
        once: Path | None = Field(None, description="a file that says it happened already")

    def misbehave(self, index: int, attempt: int) -> None:
        if index != self.params.at:
            return
        if self.params.once is not None:
            if self.params.once.exists():
                return
            self.params.once.touch()
        if self.params.way == "exit":
            os._exit(0)
        if self.params.way == "segfault":
            ctypes.string_at(0)
        if self.params.way == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.params.way == "kill the parent":
            time.sleep(0.3)  # what the parent has made before goes to whoever asked for it
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(1000)
        if self.params.way == "hang":
            time.sleep(1000)
        if self.params.way == "hang in C":
            ctypes.PyDLL(None).sleep(1000)
        raise AssertionError(self.params.way)


class Slow(Counter):
    """Takes its time."""

    class Params(sd.Params):
        seconds: float = 0.01

    def misbehave(self, index: int, attempt: int) -> None:
        time.sleep(self.params.seconds)


class Closing(Slow):
    """Leaves word when it is closed."""

    class Params(Slow.Params):
        word: Path

    def close(self) -> None:
        (self.params.word / str(os.getpid())).touch()


class Ragged(sd.Generator):
    """Texts, boxes and polygons, sometimes far larger than a slot has room for."""

    class Params(sd.Params):
        longest: int = 5_000

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image=sd.Image(sd.UpTo(9), sd.UpTo(7), 3),
            label={"boxes": sd.Boxes(max=5), "outlines": sd.Polygons(3, 6)},
            metadata={
                "text": sd.Text(max_bytes=params.longest),
                "wave": sd.Tensor("float32", (sd.UpTo(100_000),)),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        height, width = (int(size) for size in rng.integers(1, [9, 7]))
        boxes = np.tile(np.array([[0, 0, 1, 1]], np.float32), (int(rng.integers(6)), 1))
        corners = rng.integers(3, 7, size=rng.integers(4))
        outlines = [np.array([[0, 0], *([[1, 1]] * (n - 2)), [0, 1]], np.float32) for n in corners]
        size = int(rng.integers(100_000)) if rng.random() < 0.1 else int(rng.integers(9))
        letters = int(rng.integers(self.params.longest // 2))
        return sd.Sample(
            rng.integers(256, size=(height, width, 3), dtype=np.uint8),
            {"boxes": boxes, "outlines": outlines},
            {"text": "ä" * letters, "wave": rng.random(size, dtype=np.float32)},
        )


class InPlace(sd.Generator):
    """Draws into the caller's buffer, in agreement with ``sample`` or not."""

    class Params(sd.Params):
        agrees: bool = True

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(5, 4, 3), label=sd.ClassLabel(["a", "b"]))

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        value, label = rng.integers(256), int(rng.integers(2))
        return sd.Sample(np.full((5, 4, 3), value, np.uint8), label)

    def sample_into(self, rng: np.random.Generator, out: sd.Sample) -> sd.Sample:
        """Fill the image in place."""
        out.image.fill(rng.integers(256) if self.params.agrees else 3)
        return sd.Sample(out.image, int(rng.integers(2)))


class AtOnce(InPlace):
    """Makes whole batches, in agreement with ``sample`` or not; in place too."""

    def sample_batch(self, rngs: list[sd.Rng]) -> sd.Sample:
        """Make one sample a generator of random numbers."""
        values = np.array([rng.integers(256) for rng in rngs], np.uint8)
        labels = [int(rng.integers(2)) for rng in rngs]
        if not self.params.agrees:
            values[-1] ^= 1
        images = np.broadcast_to(values[:, None, None, None], (len(rngs), 5, 4, 3))
        return sd.Sample(images.copy(), labels)


class AtOnceDying(Counter):
    """Makes whole batches, and ends its process at one index."""

    class Params(sd.Params):
        at: int = 13

    def misbehave(self, index: int, attempt: int) -> None:
        if index == self.params.at:
            os._exit(3)

    def sample_batch(self, rngs: list[sd.Rng]) -> sd.Sample:
        """Stack what ``sample`` makes."""
        samples = [self.sample(rng) for rng in rngs]
        keys = samples[0].metadata
        return sd.Sample(
            np.stack([sample.image for sample in samples]),
            [sample.label for sample in samples],
            {key: [sample.metadata[key] for sample in samples] for key in keys},
        )


class Leaking(Counter):
    """Keeps memory of each sample, until the process is so large that the kernel would end it."""

    class Params(sd.Params):
        leak: int = 2**20
        limit: int = 2**30

    def open(self) -> None:
        self.kept: list[bytes] = []

    def misbehave(self, index: int, attempt: int) -> None:
        self.kept.append(os.urandom(self.params.leak))
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        if pages * os.sysconf("SC_PAGESIZE") > self.params.limit:
            os.kill(os.getpid(), signal.SIGKILL)


class NeverOpens(Counter):
    """Cannot be opened."""

    class Params(sd.Params):
        way: str = "raise"

    def open(self) -> None:
        if self.params.way == "exit":
            os._exit(5)
        raise OSError("no such font")


class Environment(sd.Generator):
    """Says what is around it."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        text = sd.Text(max_bytes=100_000)
        return sd.Output(
            image=sd.Image(1, 1),
            metadata={"modules": text, "path": text, "cwd": text, "oom": text},
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        around = {
            "modules": " ".join(sorted(sys.modules)),
            "path": os.environ.get("PYTHONPATH", ""),
            "cwd": str(Path.cwd()),
            "oom": Path("/proc/self/oom_score_adj").read_text().strip(),
        }
        return sd.Sample(np.zeros((1, 1, 3), np.uint8), None, around)


def busy(rng: np.random.Generator) -> Any:
    """Hold the GIL for some milliseconds."""
    sum(range(200_000))
    return np.zeros((2, 2, 3), np.uint8)
