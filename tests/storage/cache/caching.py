"""Generators that write down when they are called, and batches of them through the cache."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import synthdata as sd
from synthdata.execution import Choice, ExecutorName, Policy, Work, choose
from synthdata.execution.maker import Made
from synthdata.layout import Variable
from synthdata.order import Order
from synthdata.plan import Plan
from synthdata.storage.cache.cached import cached
from synthdata.stream import Stream

SEED = 7
FAILS = {3: 1, 10: 2, 11: 1, 24: 99, 25: 99}
"""Index to how many attempts fail, for Everything."""

CALLS = "TEST_CACHE_CALLS"
"""Environment variable that names a file, to which each call adds a byte."""


def calls() -> int:
    """How many samples were made so far, in whichever process."""
    return Path(os.environ[CALLS]).stat().st_size


def _called() -> None:
    if CALLS in os.environ:
        with Path(os.environ[CALLS]).open("ab") as file:
            file.write(b".")


class Everything(sd.Generator):
    """A feature of each way to lie in a batch, at the size that the index says; some fail."""

    class Params(sd.Params):
        fails: dict[int, int] = {}
        """Index to how many attempts fail."""
        extra: int = 0
        pause: float = 0.0
        folder: str | None = None

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image={"fixed": sd.Image(4, 5, 3), "wide": sd.Image(sd.UpTo(3), sd.UpTo(4), 1)},
            label={"kind": sd.ClassLabel(["a", "b"]), "outlines": sd.Polygons(3, 5, image="fixed")},
            metadata={
                "text": sd.Text(max_bytes=40),
                "boxes": sd.Boxes(max=4, image="fixed"),
                "late": sd.Tensor("float64", (2, sd.UpTo(3))),
                "index": sd.Scalar("int64"),
                "flag": sd.Scalar("bool"),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        assert isinstance(rng, sd.Rng)
        _called()
        time.sleep(self.params.pause)
        if rng.attempt < self.params.fails.get(rng.index, 0):
            raise RuntimeError(f"bad luck at {rng.index}, {rng.attempt}")
        height, width = (int(size) for size in rng.integers(1, [4, 5]))
        boxes = np.tile(np.array([[0, 0, 1, 1]], np.float32), (int(rng.integers(5)), 1))
        corners = rng.integers(3, 6, size=rng.integers(4))
        outlines = [np.array([[0, 0], *([[1, 1]] * (n - 2)), [0, 1]], np.float32) for n in corners]
        return sd.Sample(
            {
                "fixed": rng.integers(256, size=(4, 5, 3), dtype=np.uint8),
                "wide": rng.integers(256, size=(height, width, 1), dtype=np.uint8),
            },
            {"kind": int(rng.integers(2)), "outlines": outlines},
            {
                "text": "ä" * int(rng.integers(20)),
                "boxes": boxes,
                "late": rng.random((2, int(rng.integers(4)))),
                "index": rng.index,
                "flag": bool(rng.integers(2)),
            },
        )


class Fixed(sd.Generator):
    """A small image of the index."""

    class Params(sd.Params):
        size: int = 8
        pause: float = 0.0

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image=sd.Image(params.size, params.size, 1), label=sd.Scalar("int64", ge=0)
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        assert isinstance(rng, sd.Rng)
        _called()
        time.sleep(self.params.pause)
        shape = (self.params.size, self.params.size, 1)
        return sd.Sample(rng.integers(256, size=shape, dtype=np.uint8), rng.index)


def grey(rng: sd.Rng, size: int) -> Any:
    """An image, and the index."""
    _called()
    return rng.integers(256, size=(size, size, 1), dtype=np.uint8), rng.index


def work_of(
    generator: sd.Generator,
    count: int = 40,
    *,
    batch_size: int = 6,
    shuffle: bool = False,
    epochs: int = 1,
    shard: tuple[int, int] = (0, 1),
    variable: Variable = "pad",
    policy: Policy = Policy(),  # noqa: B008  # frozen
    first: int = 0,
) -> Work:
    order = Order(count, SEED, shuffle=shuffle, first=first)
    plan = Plan(order, stop=count * epochs, shard=shard, batch_size=batch_size)
    indices = range(first, first + count)
    return Work(generator, SEED, indices, "all", variable, policy, plan)


def starter(work: Work, name: ExecutorName = "inline", workers: int = 0) -> Callable[[], Choice]:
    stream = Stream(work.generator, work.seed)
    return lambda: choose(work, stream, name, workers or None, None, None)


def refuse() -> NoReturn:
    """In place of a starter, where nothing may be made."""
    raise AssertionError("an executor was started, though the cache has all")


def batches(work: Work, start: Callable[[], Choice], *, caching: bool = True) -> list[Made]:
    """All batches of the plan."""
    executor = (cached(work, start) if caching else start()).executor
    try:
        # Arrays of worker processes lie in memory that is used again.
        return [copied(executor.batch(number)) for number in range(len(work.plan))]
    finally:
        executor.close()


def copied(made: Made) -> Made:
    return Made([a.copy() for a in made.arrays], made.failures, made.drawn, made.error)


def looks(made: list[Made]) -> list[Any]:
    """All that a consumer can see of batches, and of failures what is no traceback or time."""
    return [
        (
            [
                (a.dtype, a.shape, a.tolist() if a.dtype == object else a.tobytes())
                for a in each.arrays
            ],
            [(f.index, f.attempt, f.error, f.message) for f in each.failures],
            each.drawn,
            str(each.error),
        )
        for each in made
    ]


def fill(work: Work) -> list[Made]:
    return batches(work, starter(work))


def filled_work() -> Work:
    """What several processes fill at once, in some half a second."""
    return work_of(
        Everything(fails=FAILS, pause=0.002),
        240,
        shuffle=True,
        batch_size=5,
        variable="ragged",
        policy=Policy("skip"),
    )
