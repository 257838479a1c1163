"""The generator of fluorescent nuclei: what is drawn, in which order, and what is told of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy import ndimage

import synthdata as sd
from synthdata_cells.colony import KINDS, Colony
from synthdata_cells.microscope import FULL, Optics, expose
from synthdata_cells.outline import HARMONICS, Floats
from synthdata_cells.stain import Stain, chromatin, glow


class Nuclei(sd.Generator):
    """Nuclei under a fluorescence microscope, with the number of the nucleus at each pixel.

    Where nuclei overlap their light adds up, and a pixel is of the one that it lies deeper in:
    nearer to the centre, as a part of the way to the edge. The pixels of a nucleus are always one
    piece, connected by their sides. Each piece of an apoptotic nucleus is a nucleus of its own.
    """

    class Params(sd.Params):
        """How many nuclei of which shape, and how they are seen."""

        size: int = Field(256, ge=32, le=2048, description="side of the image in pixels")
        dtype: Literal["uint8", "uint16", "float32"] = Field(
            "uint8", description="of the image; float32 reads from 0 to 1"
        )
        count: Annotated[sd.Distribution, sd.within(0, 2000)] = Field(
            sd.Uniform(5, 60), description="nuclei an image, rounded; fewer where it is full"
        )
        radius: Annotated[sd.Distribution, sd.within(3, 100)] = Field(
            sd.LogUniform(7, 16), description="typical radius in pixels, of the whole image"
        )
        radius_spread: Annotated[sd.Distribution, sd.within(0, 0.5)] = Field(
            sd.Uniform(0.05, 0.25), description="standard deviation of its logarithm in an image"
        )
        elongation: Annotated[sd.Distribution, sd.within(1, 4)] = Field(
            sd.Uniform(1, 2), description="long over short axis, of each ordinary nucleus"
        )
        roughness: Annotated[sd.Distribution, sd.within(0, 0.3)] = Field(
            sd.Uniform(0, 0.15), description="how far each outline leaves the ellipse, as a part"
        )
        clustering: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
            sd.Uniform(0, 0.7), description="part of an image's nuclei put beside another one"
        )
        overlap: float = Field(
            0.2, ge=0, le=0.5, description="most of a nucleus' pixels that others take, as a part"
        )
        mitotic: float = Field(0.04, ge=0, le=1, description="part of the nuclei that divide")
        apoptotic: float = Field(0.03, ge=0, le=1, description="part of the nuclei that die")
        brightness_spread: Annotated[sd.Distribution, sd.within(0, 1.5)] = Field(
            sd.Uniform(0.05, 0.6), description="standard deviation of its logarithm in an image"
        )
        dome: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
            sd.Uniform(0, 0.8), description="part of the light that follows the thickness"
        )
        texture: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
            sd.Uniform(0, 0.3), description="standard deviation of the chromatin, over the light"
        )
        grain: Annotated[sd.Distribution, sd.within(0.02, 1)] = Field(
            sd.Uniform(0.06, 0.2), description="coarseness of the chromatin, over the radius"
        )
        nucleoli: Annotated[sd.Distribution, sd.within(0, 10)] = Field(
            sd.Uniform(0, 3), description="mean number of dark spots in a nucleus"
        )
        blur: Annotated[sd.Distribution, sd.within(0, 8)] = Field(
            sd.Uniform(0.5, 2), description="standard deviation of the point spread, in pixels"
        )
        haze: Annotated[sd.Distribution, sd.within(0, 0.9)] = Field(
            sd.Uniform(0, 0.4), description="part of the light that is out of focus"
        )
        haze_width: Annotated[sd.Distribution, sd.within(0.5, 4)] = Field(
            sd.Uniform(0.7, 2), description="standard deviation of its spread, over the radius"
        )
        background: Annotated[sd.Distribution, sd.within(0, 10)] = Field(
            sd.LogUniform(0.01, 0.4), description="light without a nucleus, over a nucleus' light"
        )
        shade: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
            sd.Uniform(0, 0.5), description="part of the light missing in the darkest corner"
        )
        signal: Annotated[sd.Distribution, sd.within(1, 1e6)] = Field(
            sd.LogUniform(20, 2000), description="photoelectrons in a pixel of a nucleus"
        )
        read_noise: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
            sd.LogUniform(0.002, 0.15),
            description="standard deviation of the camera's own noise, over a nucleus' light",
        )
        exposure: Annotated[sd.Distribution, sd.within(0.001, 4)] = Field(
            sd.LogUniform(0.15, 0.8), description="reading of a nucleus, over the full scale"
        )
        offset: Annotated[sd.Distribution, sd.within(0, 0.5)] = Field(
            sd.Uniform(0, 0.05), description="reading without light, over the full scale"
        )

        @model_validator(mode="after")
        def _kinds_fit(self) -> Self:
            if self.mitotic + self.apoptotic > 1:
                raise ValueError(
                    f"mitotic and apoptotic are parts of the same nuclei, at most 1 together, but "
                    f"{self.mitotic} and {self.apoptotic} are more; lower one of them"
                )
            return self

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare a grey image, the instance mask, and what is known of nuclei and optics."""
        most = max(1, round(params.count.support[1]))
        image = sd.Image(params.size, params.size, 1, params.dtype, ge=0, le=FULL[params.dtype])
        mask = sd.Mask(
            params.size,
            params.size,
            "uint16",
            le=most,
            instances=True,
            description="0, or k at the k-th nucleus",
        )
        metadata = _nuclei_output(most) | _optics_output()
        return sd.Output(image=image, label=mask, metadata=metadata)

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Place nuclei, stain them, and take the image."""
        colony = Colony(self.params, rng)
        light = self._light(colony, rng)
        optics = self._optics(colony.radius, rng)
        image = expose(light, optics, self.params.dtype, rng)
        return sd.Sample(image, colony.field.mask, _told(colony) | optics._asdict())

    def _light(self, colony: Colony, rng: np.random.Generator) -> Floats:
        params = self.params
        stain = Stain(
            float(params.dome.sample(rng)),
            float(params.texture.sample(rng)),
            float(params.nucleoli.sample(rng)),
        )
        grains = chromatin(params.size, float(params.grain.sample(rng)) * colony.radius, rng)
        light = np.zeros((params.size, params.size), np.float32)
        for nucleus, brightness in zip(colony.field.placed, colony.brightness, strict=True):
            light[nucleus.window] += np.float32(brightness) * glow(nucleus, stain, grains, rng)
        return light

    def _optics(self, radius: float, rng: np.random.Generator) -> Optics:
        params = self.params
        return Optics(
            blur=float(params.blur.sample(rng)),
            haze=float(params.haze.sample(rng)),
            haze_width=radius * float(params.haze_width.sample(rng)),
            background=float(params.background.sample(rng)),
            shade=float(params.shade.sample(rng)),
            beam_x=rng.random(),
            beam_y=rng.random(),
            signal=float(params.signal.sample(rng)),
            read_noise=float(params.read_noise.sample(rng)),
            exposure=float(params.exposure.sample(rng)),
            offset=float(params.offset.sample(rng)),
        )


def _told(colony: Colony) -> dict[str, Any]:
    """Metadata of the nuclei; boxes, centres and areas are those of the mask."""
    placed, mask = colony.field.placed, colony.field.mask
    count = len(placed)
    numbers = range(1, count + 1)
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(mask)]
    centres = ndimage.center_of_mass(mask > 0, mask, numbers) if count else []
    outlines = [nucleus.outline for nucleus in placed]
    return {
        "count": count,
        "boxes": np.array(boxes, np.float32).reshape(count, 4),
        "centres": np.array(centres, np.float32).reshape(count, 2)[:, ::-1] + np.float32(0.5),
        "areas": np.bincount(mask.ravel(), minlength=count + 1)[1:].astype(np.int32),
        "kinds": colony.kinds,
        "brightness": np.array(colony.brightness, np.float32),
        "places": np.array([(o.x, o.y) for o in outlines], np.float32).reshape(count, 2),
        "axes": np.array([o.axes for o in outlines], np.float32).reshape(count, 2),
        "angles": np.array([o.angle for o in outlines], np.float32),
        "waves": np.array([o.waves for o in outlines], np.float32).reshape(count, HARMONICS, 2),
        "radius": colony.radius,
    }


def _nuclei_output(most: int) -> dict[str, Any]:
    def each(description: str, *shape: int) -> sd.Tensor:
        return sd.Tensor("float32", (sd.UpTo(most), *shape), description=description)

    return {
        "count": sd.Scalar("int32", ge=0, le=most),
        "boxes": sd.Boxes(most, description="around the pixels of each nucleus"),
        "centres": each("mean x, y of its pixels", 2),
        "areas": sd.Tensor("int32", (sd.UpTo(most),), ge=1, description="number of its pixels"),
        "kinds": sd.ClassLabel(KINDS, max=most),
        "brightness": each("1 is the typical one"),
        "places": each("x, y of the middle of its outline, which may be outside", 2),
        "axes": each("semi-axes of its outline in pixels, the longer one first", 2),
        "angles": each("of the longer one, in radians clockwise from x"),
        "waves": each("amplitude, phase of waves 2 to 6 around its outline", HARMONICS, 2),
        "radius": sd.Scalar("float32", ge=0, description="typical one, in pixels"),
    }


def _optics_output() -> dict[str, Any]:
    told = {
        "blur": "standard deviation in pixels",
        "haze": "part of the light that is out of focus",
        "haze_width": "standard deviation of its spread, in pixels",
        "background": "light without a nucleus, over a nucleus' light",
        "shade": "part of the light missing in the darkest corner",
        "beam_x": "middle of the light, over the side of the image",
        "beam_y": "middle of the light, over the side of the image",
        "signal": "photoelectrons in a pixel of a nucleus of brightness 1",
        "read_noise": "standard deviation of the camera's own noise, over a nucleus' light",
        "exposure": "reading of a nucleus of brightness 1, over the full scale",
        "offset": "reading without light, over the full scale",
    }
    return {name: sd.Scalar("float32", ge=0, description=text) for name, text in told.items()}
