"""What limits the speed of a dataset, by a few figures, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WAITS: Final = 0.1
"""Share of its time that a training may wait for batches and still be the limit itself: without
any waiting it would be a tenth faster at most, which is within the noise of these figures."""

BUSY: Final = 0.8
"""Share of their time that workers work at the least, for them to be the limit. Between two
batches they idle a little in any case, since a request comes only when a batch is taken."""

GENERATING: Final = 0.6
"""Share of the workers' time that the generator takes at the least, by the plain loop, for it to be
the limit. Workers reach 0.9 of a plain loop on cores of their own, and some 0.65 where two
hyper-threads share a core; threads that share the GIL reach 0.5, and get other advice."""


_FILES: Final = (
    "write the data set to files once, if the same samples are trained on again and again"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        alone: samples a second of the generator in a plain loop, with the check, on one core.
        together: samples a second of the dataset in a ``for`` loop.
        cores: that this process may use, or CPUs of the cluster.
        executor: "inline", "threads", "processes", "graph" or "ray".
        workers: threads or processes, or batches that a graph makes at a time; 0 is inline.
        waited: share of the loop's time in which it waited for a batch, 0 to 1.
        busy: share of their time that workers had something to do, 0 to 1; it is known of
            processes, here or on a cluster, and None of others.
    """

    alone: float
    together: float
    cores: int
    executor: str
    workers: int
    waited: float
    busy: float | None

    @property
    def ideal(self) -> float:
        """Samples a second of the plain loop on each core."""
        return self.alone * self.cores

    @property
    def generating(self) -> float:
        """Share of the workers' time that the generator takes, if it is as fast as alone."""
        return self.together / (self.alone * min(max(self.workers, 1), self.cores))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What limits the speed, why that is said, and what can be done."""

    limit: str
    reason: str
    advice: tuple[str, ...]


def judge(figures: Figures) -> Verdict:
    """Say what limits the speed of a dataset.

    >>> judge(Figures(1000, 1900, 2, "processes", 2, waited=1.0, busy=0.98)).limit
    'generator-bound'
    """
    waited = f"the loop waits {figures.waited:.0%} of its time"
    busy = "" if figures.busy is None else f", workers are busy {figures.busy:.0%} of theirs"
    share = f"the generator takes {min(figures.generating, 1.0):.0%} of the time there is for it"
    if figures.waited <= WAITS:
        return Verdict(
            "consumer-bound",
            f"{waited}{busy}",
            ("nothing is to be gained here: batches are there before they are asked for",),
        )
    reason = f"{waited}{busy}; {share}"
    if figures.generating >= GENERATING and (figures.busy is None or figures.busy >= BUSY):
        return Verdict("generator-bound", reason, _for_generator(figures))
    return Verdict("overhead-bound", reason, _for_overhead(figures))


def _for_generator(figures: Figures) -> tuple[str, ...]:
    if figures.executor == "graph":
        return (
            "fewer ops in tensor_sample, and fewer draws of random numbers: each is a loop",
            "a batch size that is a multiple of 16: what is missing to that is made for nothing",
            _FILES,
        )
    unused = figures.cores - max(figures.workers, 1)
    return (
        f"use the other {unused} of {figures.cores} cores: executor='processes', or more workers="
        if unused > 0
        else "more cores: worker processes grow with them",
        "a cheaper generator; sample_into (no copy) or sample_batch (many samples at once)",
        _FILES,
    )


def _for_overhead(figures: Figures) -> tuple[str, ...]:
    if figures.executor == "ray":
        road = "executor='processes', if this machine has the cores: Ray takes some ms a batch"
    elif figures.executor != "processes":
        road = "executor='processes'; or else sd.tune_process() before training, see its help"
    elif figures.busy is not None and figures.busy >= BUSY:
        road = "a look at what else runs on these cores: workers are slower than the plain loop"
    else:
        road = "sample_into, if arrays are large: they are then drawn where the batch is made"
    return (
        "a larger batch: each costs some time, however small it is",
        "smaller arrays, or fewer features: each is checked, stored and handed over",
        road,
    )
