"""The transform that applies image filters to a sample."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np
from PIL import Image as Pillow
from pydantic import Field

from synthdata.builtin.filters import AnyFilter, apply_filters
from synthdata.errors import DeclarationError
from synthdata.features import Image
from synthdata.generator import BaseParams
from synthdata.output import Output, each_feature
from synthdata.sample import Sample
from synthdata.transform import Transform

_CHANNELS: Final = (1, 3, 4)
"""Grey, RGB and RGBA, which are what Pillow filters."""


class Filtered(Transform):
    """Image filters: blur, noise, JPEG and the others that ``photos-v1`` has, in their order.

    All images of 8 bits are filtered, each with arguments of its own; an alpha channel is not.
    What else a sample holds stays as it is.
    """

    class Params(BaseParams):
        """Which filters."""

        filters: tuple[AnyFilter, ...] = Field(
            description="applied to each image in this order; a name, or {name: {argument: …}}"
        )

    @classmethod
    def describe(cls, params: Any, input: Output) -> Output:
        """Declare the same, but for bounds of the values of images, which filters may leave.

        Raises:
            DeclarationError: if there is no image that filters take.
        """
        images = [leaf for leaf in input.leaves if leaf.path[0] == "image"]
        if not any(_filterable(leaf.feature) for leaf in images):
            came = ", ".join(f"{leaf.name} {leaf.feature}" for leaf in images)
            raise DeclarationError(
                f"an image of uint8 with 1, 3 or 4 channels is expected, but there is {came}"
            )
        image = each_feature(input.image, _unbounded)
        return Output(image=image, label=input.label, metadata=input.metadata)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Filter each image."""

        def filtered(feature: Any, value: Any) -> Any:
            return self._filtered(value, rng) if _filterable(feature) else value

        return sample._replace(image=each_feature(self.input.image, filtered, sample.image))

    def _filtered(self, value: Any, rng: np.random.Generator) -> Any:
        grey = value.shape[2] == 1
        image = Pillow.fromarray(value[:, :, 0] if grey else value)
        made = np.array(apply_filters(image, self.params.filters, rng))
        return made[:, :, None] if grey else made


def _filterable(feature: Any) -> bool:
    return isinstance(feature, Image) and feature.dtype == "uint8" and feature.channels in _CHANNELS


def _unbounded(feature: Any) -> Any:
    return dataclasses.replace(feature, ge=None, le=None) if _filterable(feature) else feature
