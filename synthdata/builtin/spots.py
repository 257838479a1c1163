"""The generator of spots of light; how they are seen is for the modules spot_*.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from synthdata.builtin.spot_camera import Exposure
from synthdata.builtin.spot_light import Blur, Floats, Light, Scene
from synthdata.distributions import Distribution, within
from synthdata.elementary import LogUniform, Uniform
from synthdata.features import Image, Keypoints, Scalar, Tensor, UpTo
from synthdata.generator import BaseParams, Generator
from synthdata.output import Output
from synthdata.sample import Sample

Coordinate: TypeAlias = Annotated[float, Field(ge=-10_000, le=10_000)]

Draw: TypeAlias = Callable[[str, int | None], Any]
"""From the name of a param and a number of draws to what is drawn from its distribution."""


class Spots(Generator):
    """Blurred spots of light on a noisy camera, as cells under a microscope or stars in the sky.

    An image is ``background + light of the spots``, with photon noise and read noise. It is a
    smooth function of all params but sizes and numbers: with ``dtype="float32"`` or
    ``"float64"``, which are neither rounded nor clipped, there is a gradient by each of them.

    Positions are in pixels from the upper left corner, whose pixel has its centre at 0.5, 0.5;
    light is in grey levels. All arithmetic is in float64. No product of it is left to BLAS,
    so images do not depend on a number of threads; ``exp`` may round otherwise on another kind of
    processor, which an image of integers shows with a chance of less than one in a million.
    """

    class Params(BaseParams):
        """What shines, through what it is seen, and what the camera makes of it."""

        size: int = Field(64, ge=8, le=2048, description="side of the image in pixels")
        task: Literal["locate", "denoise"] = Field(
            "locate",
            description="label: a keypoint at each spot inside the image, or the image without "
            "its noise",
        )
        min_spots: int = Field(1, ge=0, le=1000, description="fewest spots of an image")
        max_spots: int = Field(40, ge=1, le=1000, description="most spots of an image")
        positions: (
            Annotated[
                tuple[tuple[Coordinate, Coordinate], ...], Field(min_length=1, max_length=1000)
            ]
            | None
        ) = Field(
            None,
            description="x, y of each spot in pixels, then min_spots and max_spots mean nothing; "
            "without them, spots lie anywhere in the image",
        )
        brightness: Annotated[Distribution, within(0, 1e7)] = Field(
            LogUniform(400, 5000), description="all light of a spot, summed up, in grey levels"
        )
        width: Annotated[Distribution, within(0, 1000)] = Field(
            Uniform(0.3, 1.5),
            description="standard deviation of a spot before it is blurred, in pixels",
        )
        background: Annotated[Distribution, within(0.01, 60_000)] = Field(
            Uniform(10, 30), description="light of the empty image, in grey levels"
        )
        psf: float = Field(
            1.2, ge=0.5, le=100, description="standard deviation of the blur, in pixels"
        )
        halo: float = Field(
            0.2, ge=0, le=1, description="part of the light that a wider blur spreads"
        )
        halo_width: float = Field(
            4.0, ge=1, le=50, description="standard deviation of the wider blur over psf"
        )
        gain: float = Field(1.0, ge=1e-3, le=1e6, description="photons that make a grey level")
        read_noise: float = Field(
            1.5,
            ge=0,
            le=10_000,
            description="standard deviation of the camera's own noise, in grey levels",
        )
        dtype: Literal["uint8", "uint16", "float32", "float64"] = Field(
            "uint8", description="integers are rounded and clipped, floats are neither"
        )

        @field_validator("max_spots")
        @classmethod
        def _enough(cls, most: int, info: ValidationInfo) -> int:
            fewest = info.data.get("min_spots")
            if fewest is not None and most < fewest:
                raise ValueError(f"{most} is less than min_spots, which is {fewest}")
            return most

    differentiable_params: ClassVar[tuple[str, ...]] = (
        "positions",
        "brightness",
        "width",
        "background",
        "psf",
        "halo",
        "halo_width",
        "gain",
        "read_noise",
    )

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Declare a grey image, the label of the task, and all that is drawn as metadata."""
        size, most = params.size, params.max_spots
        if params.positions is not None:
            most = len(params.positions)
        label = {
            "locate": Keypoints(1, max=most, description="visibility 0 is outside the image"),
            "denoise": Image(size, size, 1, "float32", description="grey levels"),
        }
        return Output(
            image=Image(size, size, 1, params.dtype, description="grey levels"),
            label=label[params.task],
            metadata={
                "positions": Tensor("float32", (UpTo(most), 2), description="x, y in pixels"),
                "brightness": Tensor("float32", (UpTo(most),), ge=0, description="grey levels"),
                "width": Tensor("float32", (UpTo(most),), ge=0, description="in pixels"),
                "background": Scalar("float32", ge=0, description="grey levels"),
            },
        )

    def sample(self, rng: np.random.Generator) -> Sample:
        """Place the spots, add up their light, and expose the camera to it."""
        params = self.params
        scene, background = self._draw(
            rng, lambda name, count: getattr(params, name).sample(rng, count)
        )
        exposure = self._expose(rng, Light(params.size, scene, self._blur), background)
        label = (
            _keypoints(scene.positions, params.size)
            if params.task == "locate"
            else exposure.signal.astype(np.float32)[:, :, None]
        )
        metadata = {
            "positions": scene.positions.astype(np.float32),
            "brightness": scene.brightness.astype(np.float32),
            "width": scene.width.astype(np.float32),
            "background": background,
        }
        return Sample(_grey_levels(exposure.image, params.dtype)[:, :, None], label, metadata)

    def vjp(self, rng: np.random.Generator, params: Any, upstream: Any) -> Mapping[str, Any]:
        """Return the gradient of a number by each continuous value of the params.

        Positions that the params do not give are drawn, and have none.

        Args:
            rng: at the start of the sample's stream.
            params: the generator's own.
            upstream: the gradient of the number by the image, (size, size, 1).

        Returns:
            Floats by the names that ``synthdata.theta.continuous`` gives; of ``positions`` an
            array (spots, 2).
        """
        partials: dict[str, Mapping[str, Any]] = {}

        def draw(name: str, count: int | None) -> Any:
            drawn, partials[name] = getattr(self.params, name).pathwise(rng, count)
            return drawn

        scene, background = self._draw(rng, draw)
        light = Light(self.params.size, scene, self._blur)
        by_exposure = self._expose(rng, light, background).vjp(
            np.asarray(upstream, np.float64)[:, :, 0]
        )
        by_scene, by_blur = light.vjp(by_exposure.signal)
        found: dict[str, Any] = {
            **by_blur._asdict(),
            "gain": by_exposure.gain,
            "read_noise": by_exposure.read_noise,
        }
        if self.params.positions is not None:
            found["positions"] = by_scene.positions
        drawn = {
            "brightness": by_scene.brightness,
            "width": by_scene.width,
            "background": by_exposure.signal.sum(),
        }
        for name, product in drawn.items():
            for argument, partial in partials[name].items():
                found[f"{name}.{argument}"] = float(np.sum(product * partial))
        return found

    @property
    def _blur(self) -> Blur:
        return Blur(self.params.psf, self.params.halo, self.params.halo_width)

    def _draw(self, rng: np.random.Generator, draw: Draw) -> tuple[Scene, float]:
        """Draw the spots and the background."""
        positions = self._positions(rng)
        brightness, width = (
            np.asarray(draw(name, len(positions)), np.float64) for name in ("brightness", "width")
        )
        return Scene(positions, brightness, width), float(draw("background", None))

    def _positions(self, rng: np.random.Generator) -> Floats:
        params = self.params
        if params.positions is not None:
            return np.array(params.positions)
        count = int(rng.integers(params.min_spots, params.max_spots, endpoint=True))
        return rng.uniform(0, params.size, (count, 2))

    def _expose(self, rng: np.random.Generator, light: Light, background: float) -> Exposure:
        deviates = rng.standard_normal(light.signal.shape)
        return Exposure(
            light.signal + background, self.params.gain, self.params.read_noise, deviates
        )


def _keypoints(positions: Floats, size: int) -> NDArray[np.float32]:
    """Keypoints (spots, 1, 3): visible (2) inside the image, elsewhere not there (0)."""
    points = np.full((len(positions), 1, 3), 2, np.float32)
    points[:, 0, :2] = positions
    outside = ((positions < 0) | (positions > size)).any(axis=1)
    points[outside] = 0
    return points


def _grey_levels(image: Floats, dtype: str) -> NDArray[Any]:
    if dtype.startswith("uint"):
        image = np.rint(image)
        np.clip(image, 0, np.iinfo(dtype).max, out=image)
    return image.astype(dtype)
