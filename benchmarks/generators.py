"""The workloads as generators of synthdata; a module of its own, so that workers can import it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from workloads import WORKLOADS, Workload

import synthdata as sd

PATIENCE = 8
"""Samples that LargeInto makes the slow way, to be compared with, before it complains."""


class Drawing(sd.Generator):
    """A generator that draws one of the workloads."""

    work: ClassVar[Workload]

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare an image and a class."""
        return sd.Output(image=sd.Image(*cls.work.shape), label=sd.ClassLabel(["even", "odd"]))

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw the workload."""
        return sd.Sample(*self.work.draw(rng))


class Tiny(Drawing):
    """An image made before."""

    work = WORKLOADS["tiny"]


class Shapes(Drawing):
    """Ellipses."""

    work = WORKLOADS["shapes"]


class Heavy(Drawing):
    """A scene of Python objects."""

    work = WORKLOADS["heavy"]


class Large(Drawing):
    """A megapixel of one value."""

    work = WORKLOADS["large"]


class LargeInto(Large):
    """The same, drawn into the row of the batch."""

    _by_sample = 0

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw as Large does, but only a few times."""
        self._by_sample += 1
        if self._by_sample > PATIENCE:
            raise NotImplementedError("this synthdata draws through sample, not sample_into")
        return super().sample(rng)

    def sample_into(self, rng: np.random.Generator, out: sd.Sample) -> sd.Sample:
        """Fill the image that is there."""
        self._by_sample = 0
        assert self.work.into is not None
        return sd.Sample(out.image, self.work.into(rng, out.image))


GENERATORS = {"tiny": Tiny, "shapes": Shapes, "heavy": Heavy, "large": Large}
