"""A generator that all formats can hold, and that takes its time without changing what it makes."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from pydantic import Field

import synthdata as sd


class SlowPictures(sd.Generator):
    """Coloured boxes on grey."""

    class Params(sd.Params):
        seconds: float = Field(0.0, description="that a sample takes, or SYNTHDATA_TEST_SECONDS")

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image=sd.Image(24, 32),
            label={"boxes": sd.Boxes(4), "classes": sd.ClassLabel(["rot", "grün"], max=4)},
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        time.sleep(float(os.environ.get("SYNTHDATA_TEST_SECONDS", self.params.seconds)))
        image = np.full((24, 32, 3), 90, np.uint8)
        count = int(rng.integers(4, endpoint=True))
        boxes = np.zeros((count, 4), np.float32)
        for box in boxes:
            x, y = rng.integers(28), rng.integers(20)
            box[:] = x, y, x + rng.integers(1, 5), y + rng.integers(1, 5)
            image[y : int(box[3]), x : int(box[2])] = rng.integers(256, size=3)
        return sd.Sample(image, {"boxes": boxes, "classes": rng.integers(2, size=count)})
