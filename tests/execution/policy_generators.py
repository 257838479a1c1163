"""Generators that fail where they are told to, and the batches that an executor makes of them."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np

import synthdata as sd
from synthdata.execution import ExecutorName, Policy, Work, choose
from synthdata.execution.maker import Made
from synthdata.order import Order
from synthdata.plan import Plan
from synthdata.stream import Stream
from tests.execution.generators import Counter, Ragged

FOREVER = 10**6
"""Attempts that fail."""

EXECUTORS: list[tuple[ExecutorName, int]] = [
    ("inline", 0),
    ("threads", 2),
    ("processes", 1),
    ("processes", 3),
]
"""Executors that must make the same, with how many workers."""


def batches(
    generator: sd.Generator,
    samples: int,
    batch_size: int,
    policy: Policy = Policy(),  # noqa: B008  # frozen
    executor: tuple[ExecutorName, int] = ("inline", 0),
    seed: int = 7,
) -> list[Made]:
    """All batches of a data set, those without rows and those with an error too."""
    plan = Plan(Order(samples, seed, shuffle=False), stop=samples, batch_size=batch_size)
    work = Work(generator, seed, range(samples), "all", "pad", policy, plan)
    name, workers = executor
    chosen = choose(work, Stream(generator, seed), name, workers, None, None).executor
    try:
        return [chosen.batch(number) for number in range(len(plan))]
    finally:
        chosen.close()


class Patchy(Counter):
    """Fails at chosen indices, in so many attempts each; the message has a random number."""

    class Params(sd.Params):
        fails: dict[int, int] = {}
        mended: Path | None = None
        """A file; once it exists, no sample fails."""

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        assert isinstance(rng, sd.Rng)
        is_mended = self.params.mended is not None and self.params.mended.exists()
        if rng.attempt < self.params.fails.get(rng.index, 0) and not is_mended:
            raise RuntimeError(f"bad luck at {rng.index}: drew {rng.random()}")
        return super().sample(rng)


class Opening(Counter):
    """Fails up to an index, and never after it."""

    class Params(sd.Params):
        good_from: int = 3_000

    def misbehave(self, index: int, attempt: int) -> None:
        if index < self.params.good_from:
            raise RuntimeError(f"bad luck at {index}")


class Holes(Ragged):
    """Texts, boxes and polygons, and chosen samples that fail."""

    class Params(Ragged.Params):
        failing: tuple[int, ...] = ()

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        assert isinstance(rng, sd.Rng)
        if rng.index in self.params.failing:
            raise RuntimeError(f"bad luck at {rng.index}")
        return super().sample(rng)


class Wrong(Counter):
    """Breaks its declaration at index 3."""

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        made = super().sample(rng)
        return made._replace(label="three") if made.label == 3 else made


class Unprintable(Counter):
    """Raises exceptions that cannot be written down as they are."""

    class Params(sd.Params):
        way: Literal["surrogate", "str"] = "surrogate"

    def misbehave(self, index: int, attempt: int) -> None:
        if index == 3:
            raise FileNotFoundError("\udcff.png") if self.params.way == "surrogate" else _Mute


class _Mute(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError("a bug in __str__")


class Plain(sd.Generator):
    """The one road, ``sample``; subclasses have others, which must lead to the same bytes.

    ``patience`` is how many calls of ``sample`` work: fewer than there are samples show that
    another road was taken. A few calls are the comparison of the roads.
    """

    class Params(sd.Params):
        failing: tuple[int, ...] = ()
        patience: int = FOREVER
        fault: str = ""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image=sd.Image(5, 4, 3),
            label=sd.ClassLabel(["a", "b"]),
            metadata={"name": sd.Text(), "place": sd.Tensor("float64", (sd.UpTo(3),))},
        )

    def open(self) -> None:
        self.calls = itertools.count(1)

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        if next(self.calls) > self.params.patience:
            raise RuntimeError("sample was called")
        return self.draw(rng, np.empty((5, 4, 3), np.uint8))

    def draw(self, rng: Any, image: Any) -> sd.Sample:
        """Draw into an image."""
        if rng.index in self.params.failing:
            raise RuntimeError(f"bad luck at {rng.index}")
        image[...] = rng.integers(256, size=image.shape)
        metadata = {"name": f"ä{rng.index}", "place": rng.random(rng.integers(4))}
        return sd.Sample(image, int(rng.integers(2)), metadata)


class Into(Plain):
    """Draws into the caller's buffer."""

    def sample_into(self, rng: np.random.Generator, out: sd.Sample) -> sd.Sample:
        """Draw into the image, or go wrong."""
        assert out.image.shape == (5, 4, 3)
        made: Any = self.draw(rng, out.image)
        if self.params.fault == "name":
            made.metadata["name"] += "!"
        if self.params.fault == "raises":
            raise RuntimeError("bad luck in sample_into")
        return made  # type: ignore[no-any-return]


class Batch(Plain):
    """Makes whole batches."""

    def sample_batch(self, rngs: list[sd.Rng]) -> sd.Sample:
        """Make a row for each, or go wrong."""
        rows: Any = [self.draw(rng, np.empty((5, 4, 3), np.uint8)) for rng in rngs]
        if self.params.fault == "raises":
            raise RuntimeError("bad luck in sample_batch")
        if self.params.fault == "place":
            rows[-1].metadata["place"] = rows[-1].metadata["place"] + 1.0
        images = np.stack([row.image for row in rows])
        metadata = {key: [row.metadata[key] for row in rows] for key in ("name", "place")}
        if self.params.fault == "short":
            metadata["name"].pop()
        if self.params.fault == "no sample":
            return {"image": images}  # type: ignore[return-value]
        return sd.Sample(images, [row.label for row in rows], metadata)


class Both(Batch, Into):
    """Has all three roads; the batch is the fastest."""


class Stuck(Counter):
    """Says that it begins, and never ends: not within C, which sees no Ctrl-C, or in Python."""

    class Params(sd.Params):
        in_c: bool = True

    def misbehave(self, index: int, attempt: int) -> None:
        print("stuck", file=sys.stderr, flush=True)
        if self.params.in_c:
            sum(itertools.repeat(0))
        while True:
            pass


def draw(rng: sd.Rng, size: tuple[int, ...], offset: int = 0, folder: Path | None = None) -> Any:
    """A function for ``from_function`` that knows a tuple from a list, and a path from a text."""
    assert isinstance(size, tuple)
    assert folder is None or isinstance(folder, Path)
    return rng.integers(100, size=size, dtype=np.uint8) + np.uint8(offset)
