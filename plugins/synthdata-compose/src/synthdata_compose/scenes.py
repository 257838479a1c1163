"""The generator ``scenes-v1``: cut-outs pasted on backgrounds, with boxes and instance masks."""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydantic import Field, model_validator

import synthdata as sd
from synthdata_compose.cutouts import SHAPES, SUFFIXES, find_cutouts, find_files, open_image
from synthdata_compose.masks import Seen, boxes_of, seen
from synthdata_compose.painting import Blending, Look, paint
from synthdata_compose.placing import Placed, Pose, place

TRIES: Final = 10
"""How often an object is placed anew before the scene goes without it."""

Side = Annotated[int, Field(strict=True, ge=16, le=4096)]
_PHOTOS: Final = (*SUFFIXES, ".bmp", ".jpeg", ".jpg")


class Scene(NamedTuple):
    """All that a scene is made of, bottom to top."""

    background: NDArray[np.uint8]
    name: str
    objects: tuple[Placed, ...]
    labels: tuple[int, ...]
    seen: Seen
    look: Look


class Scenes(sd.Generator):
    """Cut-outs on backgrounds: classes, tight boxes, instance masks exact to the alpha.

    Objects lie over each other in the order of their labels, the last on top. One that would be
    seen less than ``min_visible``, or leave another so, is placed anew up to ten times, and then
    left out: all that is in the image is in the labels, which may be fewer than ``objects`` says.
    """

    class Params(sd.Params):
        """Which cut-outs and backgrounds, and how they are put together."""

        cutouts: str | None = Field(
            None, min_length=1, description="folder of cut-outs; without it shapes are drawn"
        )
        pattern: str = Field("**/*.png", min_length=1, description="of the cut-outs, a glob")
        classes: Annotated[tuple[str, ...], Field(min_length=1, max_length=1000)] | None = Field(
            None, description="sub-folders, or stems of files in none; needed with a folder"
        )
        solid: bool = Field(
            False, description="take cut-outs without transparency as whole rectangles"
        )
        backgrounds: str | None = Field(
            None, min_length=1, description="folder of images; without it they are drawn"
        )
        height: Side = Field(256, description="in pixels")
        width: Side = Field(256, description="in pixels")
        objects: Annotated[sd.Distribution, sd.within(0, 100)] = Field(
            sd.Uniform(1, 5), description="how many, rounded, and at most max_objects"
        )
        max_objects: int = Field(8, strict=True, ge=1, le=100, description="room in the labels")
        scale: Annotated[sd.Distribution, sd.within(0.02, 2)] = Field(
            sd.Uniform(0.2, 0.5), description="longer side of an object, of the image's shorter"
        )
        rotation: Annotated[sd.Distribution, sd.within(-360, 360)] = Field(
            sd.Uniform(-30, 30), description="degrees, clockwise"
        )
        perspective: Annotated[sd.Distribution, sd.within(-0.8, 0.8)] = Field(
            sd.Uniform(-0.2, 0.2), description="tilt, drawn for x and for y; 0 is none"
        )
        flip: float = Field(0.5, ge=0, le=1, description="part of the objects that are mirrored")
        blending: Blending = Field("alpha", description="how objects mix with what is below")
        feather: float = Field(1.5, ge=0, le=20, description="pixels, of the blending feather")
        harmonise: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
            sd.Constant(0), description="how far colours go to those of the background"
        )
        shadow: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
            sd.Uniform(0, 0.5), description="strength of the shadows"
        )
        shadow_offset: Annotated[sd.Distribution, sd.within(-100, 100)] = Field(
            sd.Uniform(-8, 8), description="pixels, rounded, drawn for x and for y"
        )
        shadow_blur: Annotated[sd.Distribution, sd.within(0, 50)] = Field(
            sd.Uniform(1, 5), description="standard deviation in pixels"
        )
        min_visible: float = Field(0.2, ge=0, le=1, description="least part that is seen")
        masks: bool = Field(True, description="whether there is a mask in the label")

        @model_validator(mode="after")
        def _named(self) -> Self:
            if self.cutouts is not None and self.classes is None:
                raise ValueError(
                    "classes are needed with a folder of cut-outs, since labels are declared "
                    "without a look at it; synthdata_compose.cutouts.classes_of(folder) lists them"
                )
            return self

    params: Params

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the labels of its objects, and how each of them lies."""
        most = params.max_objects
        label: dict[str, Any] = {
            "boxes": sd.Boxes(most, description="tight around the pixels of the mask"),
            "classes": sd.ClassLabel(_classes(params), max=most),
        }
        if params.masks:
            label["mask"] = sd.Mask(
                params.height,
                params.width,
                le=most,
                instances=True,
                description="number of the object from 1",
            )
        each = sd.UpTo(most)
        metadata = {
            "files": sd.Text(4096 * most, description="the cut-outs, one a line, bottom to top"),
            "scale": sd.Tensor("float32", (each,), description="longer side in pixels"),
            "rotation": sd.Tensor("float32", (each,), description="degrees, clockwise"),
            "homography": sd.Tensor(
                "float64",
                (each, 3, 3),
                description="cropped cut-out to image, pixel edges at integers",
            ),
            "visibility": sd.Tensor(
                "float32", (each,), ge=0, le=1, description="pixels seen, of the whole object's"
            ),
            "background": sd.Text(4096, description="the file, empty where it is drawn"),
        }
        return sd.Output(
            image=sd.Image(params.height, params.width, 3), label=label, metadata=metadata
        )

    def open(self) -> None:
        """Find the files.

        Raises:
            AssetError: if a folder is missing or empty, or a class has no cut-out.
        """
        params = self.params
        self._groups = find_cutouts(params.cutouts, params.pattern, _classes(params), params.solid)
        folder = params.backgrounds
        self._backgrounds = [] if folder is None else find_files(folder, "**/*", _PHOTOS)

    def close(self) -> None:
        """Forget the files."""
        self._groups, self._backgrounds = (), []

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Plan a scene and paint it.

        Raises:
            AssetError: if a file cannot be used.
        """
        scene = self.plan(rng)
        objects = scene.objects
        label: dict[str, Any] = {
            "boxes": boxes_of(scene.seen.mask, len(objects)),
            "classes": np.array(scene.labels, np.int64),
        }
        if self.params.masks:
            label["mask"] = scene.seen.mask
        metadata = {
            "files": "\n".join(each.cutout.name for each in objects),
            "scale": np.array([each.pose.side for each in objects], np.float32),
            "rotation": np.array([each.pose.rotation for each in objects], np.float32),
            "homography": np.array([each.homography for each in objects]).reshape(-1, 3, 3),
            "visibility": scene.seen.visibility,
            "background": scene.name,
        }
        return sd.Sample(paint(scene.background, objects, scene.look), label, metadata)

    def plan(self, rng: np.random.Generator) -> Scene:
        """Draw what a scene is made of, before it is painted."""
        params = self.params
        background, name = self._background(rng)
        look = self._look(rng)
        count = min(round(float(params.objects.sample(rng))), params.max_objects)
        objects: tuple[Placed, ...] = ()
        labels: tuple[int, ...] = ()
        now = seen((), params.height, params.width)
        for _ in range(count):
            label = int(rng.integers(len(self._groups)))
            group = self._groups[label]
            cutout = group[int(rng.integers(len(group)))]
            feather = params.feather if params.blending == "feather" else 0.0
            for _ in range(TRIES):
                more = (*objects, place(cutout, self._pose(rng), feather))
                then = seen(more, params.height, params.width)
                if then.pixels.all() and (then.visibility >= params.min_visible).all():
                    objects, labels, now = more, (*labels, label), then
                    break
        return Scene(background, name, objects, labels, now, look)

    def _pose(self, rng: np.random.Generator) -> Pose:
        params = self.params
        return Pose(
            x=float(rng.random() * params.width),
            y=float(rng.random() * params.height),
            side=float(params.scale.sample(rng)) * min(params.height, params.width),
            rotation=float(params.rotation.sample(rng)),
            tilt=(float(params.perspective.sample(rng)), float(params.perspective.sample(rng))),
            flip=bool(rng.random() < params.flip),
        )

    def _look(self, rng: np.random.Generator) -> Look:
        params = self.params
        x, y = (round(float(params.shadow_offset.sample(rng))) for _ in range(2))
        return Look(
            params.blending,
            float(params.harmonise.sample(rng)),
            float(params.shadow.sample(rng)),
            (x, y),
            float(params.shadow_blur.sample(rng)),
        )

    def _background(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
        size = (self.params.width, self.params.height)
        if not self._backgrounds:
            return _clouds(size, rng), ""
        name, path = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        image = ImageOps.exif_transpose(open_image(path)).convert("RGB")
        fitted = ImageOps.fit(image, size, centering=(rng.random(), rng.random()))
        return np.asarray(fitted), name


def _classes(params: Any) -> tuple[str, ...]:
    classes: tuple[str, ...] | None = params.classes
    return SHAPES if classes is None else classes


def _clouds(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A few random colours that run into each other, and noise."""
    shape = (int(rng.integers(2, 6)), int(rng.integers(2, 6)), 3)
    coarse = Image.fromarray(rng.integers(30, 226, shape, np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    noise = rng.integers(-6, 7, (*smooth.shape[:2], 1), np.int16)
    clouds: NDArray[np.uint8] = (smooth + noise).clip(0, 255).astype(np.uint8)
    return clouds
