"""Generators with a gradient, right ones and such that are wrong in one way."""

from __future__ import annotations

import random
import time
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

import synthdata as sd

SIZE = 12
Y, X = np.mgrid[:SIZE, :SIZE][:, :, :, None] / SIZE


class Slope(sd.Generator):
    """The exponential of a tilted plane, times a random gain, with noise."""

    class Params(sd.Params):
        level: float = 0.5
        tilt: tuple[float, float] = (0.3, -0.2)
        gain: sd.Distribution = sd.Uniform(1, 2)
        noise: float = 0.05
        offset: float = 0.0
        dtype: Literal["uint8", "float32", "float64"] = "uint8"

    differentiable_params: Any = ("level", "tilt", "gain", "noise", "offset")

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(SIZE, SIZE, 1, params.dtype))

    def light(self) -> Any:
        """The image without gain and noise, and its derivative by the plane."""
        level, tilt = self.params.level, self.params.tilt
        light = np.exp(level + tilt[0] * X + tilt[1] * Y)
        return light, light

    def finished(self, image: Any) -> Any:
        if self.params.dtype == "uint8":
            image = np.rint(np.clip(20 * image, 0, 255))
        return image.astype(self.params.dtype)

    def sample(self, rng: Any) -> sd.Sample:
        gain = self.params.gain.sample(rng)
        noise = rng.standard_normal(X.shape)
        image = gain * self.light()[0] + self.params.noise * noise + self.params.offset
        return sd.Sample(self.finished(image))

    def drawn(self, rng: Any) -> Any:
        """Gain, its partial derivatives, noise."""
        gain, partials = self.params.gain.pathwise(rng)
        return gain, partials, rng.standard_normal(X.shape)

    def vjp(self, rng: Any, params: Any, upstream: Any) -> Any:
        gain, partials, noise = self.drawn(rng)
        return self.products(gain, partials, noise, self.weights(gain, noise, upstream))

    def weights(self, gain: float, noise: Any, upstream: Any) -> Any:
        return upstream.astype(np.float64)

    def products(self, gain: float, partials: Any, noise: Any, weights: Any) -> Any:
        light, by_plane = self.light()
        by_plane = weights * gain * by_plane
        return {
            "level": np.sum(by_plane),
            "tilt": np.array([np.sum(by_plane * X), np.sum(by_plane * Y)]),
            "noise": np.sum(weights * noise),
            "offset": np.sum(weights),
            **{f"gain.{name}": np.sum(weights * light) * part for name, part in partials.items()},
        }


class OnlyFloat32(Slope):
    """Its images are float32 whatever is asked."""

    class Params(Slope.Params):
        dtype: Literal["float32"] = "float32"


class Clipped(Slope):
    """Its image is clipped in the middle of its range, and so is its gradient."""

    LEAST, MOST = 2.0, 3.0

    def finished(self, image: Any) -> Any:
        return super().finished(np.clip(image, self.LEAST, self.MOST))

    def weights(self, gain: float, noise: Any, upstream: Any) -> Any:
        image = gain * self.light()[0] + self.params.noise * noise + self.params.offset
        return upstream * ((image > self.LEAST) & (image < self.MOST))


class Pair(Slope):
    """Two images of different sizes: the slope, and its left half from below."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image={
                "whole": sd.Image(SIZE, SIZE, 1, params.dtype),
                "half": sd.Image(SIZE, SIZE // 2, 1, params.dtype),
            }
        )

    def sample(self, rng: Any) -> sd.Sample:
        image = super().sample(rng).image
        return sd.Sample({"whole": image, "half": image[::-1, : SIZE // 2].copy()})

    def weights(self, gain: float, noise: Any, upstream: Any) -> Any:
        total = upstream["whole"].copy()
        total[:, : SIZE // 2] += upstream["half"][::-1]
        return total


class Unused(Slope):
    """Its image does not depend on one of its params, and shows a faint noise in float64."""

    class Params(Slope.Params):
        noise: float = 1e-6
        offset: float = 1000.0
        unused: float = 3.0

    differentiable_params = (*Slope.differentiable_params, "unused")

    def products(self, *args: Any) -> Any:
        return {**super().products(*args), "unused": 0.0}


class UnusedFloat32(Unused, OnlyFloat32):
    """Its image does not depend on one of its params, in float32."""

    class Params(OnlyFloat32.Params):
        unused: float = 3.0


class AtABound(Slope):
    """Its level is the least that is allowed, and its gain is drawn from a range of no width."""

    class Params(Slope.Params):
        level: float = Field(0.5, ge=0.5)
        gain: sd.Distribution = sd.Uniform(2, 2)


class MaybeNothing(Slope):
    """Its only param with a gradient is None."""

    class Params(Slope.Params):
        extra: float | None = None

    differentiable_params = ("extra",)


RIGHT = [Slope, OnlyFloat32, Clipped, Pair, Unused, UnusedFloat32, AtABound]


class Whole(Slope):
    """It has a gradient of an image of integers."""

    class Params(Slope.Params):
        dtype: Literal["uint8"] = "uint8"


class UnknownName(Slope):
    """It names a param that it does not have."""

    differentiable_params = ("level", "tilted")


class NoNames(sd.Generator):
    """It has a vjp, and does not say of what."""

    describe = Slope.describe
    Params = Slope.Params
    sample, finished, light, vjp = Slope.sample, Slope.finished, Slope.light, Slope.vjp


class Changed(Slope):
    """What its vjp returns is changed by ``change``."""

    def products(self, *args: Any) -> Any:
        found = super().products(*args)
        found.update(self.change(found))
        return found

    def change(self, found: Any) -> Any:
        return {}


class Missing(Changed):
    """It returns nothing by the gain."""

    def change(self, found: Any) -> Any:
        del found["gain.low"]
        return {}


class FlatTilt(Changed):
    """It returns one number for both elements of tilt."""

    def change(self, found: Any) -> Any:
        return {"tilt": float(found["tilt"].sum())}


class IntegerLevel(Changed):
    """It returns a whole number."""

    def change(self, found: Any) -> Any:
        return {"level": int(found["level"])}


class Infinite(Changed):
    """It divides by zero."""

    def change(self, found: Any) -> Any:
        return {"noise": np.nan}


class DrawsMore(Slope):
    """Its vjp draws a number more."""

    def drawn(self, rng: Any) -> Any:
        drawn = super().drawn(rng)
        rng.random()
        return drawn


class DrawsLess(Slope):
    """Its vjp makes noise of its own."""

    def drawn(self, rng: Any) -> Any:
        gain, partials = self.params.gain.pathwise(rng)
        return gain, partials, np.zeros(X.shape)


class KeepsWeights(Slope):
    """Its vjp leaves something in self."""

    def weights(self, gain: float, noise: Any, upstream: Any) -> Any:
        self.kept = gain
        return upstream


class ChangesUpstream(Slope):
    """Its vjp works in the array that it got."""

    def weights(self, gain: float, noise: Any, upstream: Any) -> Any:
        upstream *= 1.0 + gain * 1e-12
        return upstream


class FaintRandom(Changed):
    """It takes a little from the global random numbers, less than differences show."""

    def change(self, found: Any) -> Any:
        return {"level": found["level"] * (1 + 1e-8 * random.random())}


class FaintNumpy(Changed):
    """It takes a little from NumPy's global random numbers."""

    def change(self, found: Any) -> Any:
        return {"level": found["level"] * (1 + 1e-8 * np.random.uniform())}


class FaintClock(Changed):
    """It depends a little on the time."""

    def change(self, found: Any) -> Any:
        return {"level": found["level"] * (1 + 1e-26 * time.time_ns())}


class FaintCount(Changed):
    """It counts its calls, not in self."""

    COUNT: ClassVar[list[int]] = [0]

    def change(self, found: Any) -> Any:
        self.COUNT[0] += 1
        return {"level": found["level"] * (1 + 1e-9 * self.COUNT[0])}


class SeedsNumpy(Slope):
    """Its vjp seeds NumPy's global random numbers, and takes none."""

    def weights(self, gain: float, noise: Any, upstream: Any) -> Any:
        np.random.seed(0)
        return upstream


class WrongSign(Changed):
    """A sign is wrong."""

    def change(self, found: Any) -> Any:
        return {"level": -found["level"]}


class Twice(Changed):
    """A factor of 2 is too many."""

    def change(self, found: Any) -> Any:
        return {"offset": 2 * found["offset"]}


class SlightlyMore(Changed):
    """It is off by little."""

    def change(self, found: Any) -> Any:
        return {"gain.high": found["gain.high"] * (1 + 1e-4)}


class OneElement(Changed):
    """One element of two is wrong."""

    def change(self, found: Any) -> Any:
        return {"tilt": found["tilt"] * [1, 1.01]}


class NoChainRule(Slope):
    """It forgets that the plane is multiplied by the gain."""

    def products(self, gain: float, partials: Any, noise: Any, weights: Any) -> Any:
        found = super().products(gain, partials, noise, weights)
        found["level"] = found["level"] / gain
        return found


class NoiseIsVariance(Slope):
    """It takes the derivative of the noise by its variance."""

    def products(self, gain: float, partials: Any, noise: Any, weights: Any) -> Any:
        found = super().products(gain, partials, noise, weights)
        found["noise"] = found["noise"] / (2 * self.params.noise)
        return found


class ZeroNoise(Changed):
    """It has no gradient by the noise."""

    def change(self, found: Any) -> Any:
        return {"noise": 0.0}


class OtherOrder(Slope):
    """Its vjp draws as much as sample, in another order."""

    def drawn(self, rng: Any) -> Any:
        noise = rng.standard_normal(X.shape)
        gain, partials = self.params.gain.pathwise(rng)
        return gain, partials, noise


class SwapsGain(Slope):
    """It takes low for high."""

    def drawn(self, rng: Any) -> Any:
        gain, partials, noise = super().drawn(rng)
        return gain, {"low": partials["high"], "high": partials["low"]}, noise


class ForgetsTheClip(Clipped):
    """Its gradient is that of an image that is not clipped."""

    def weights(self, gain: float, noise: Any, upstream: Any) -> Any:
        return upstream


class TwiceFloat32(Twice, OnlyFloat32):
    """A factor of 2 is too many, in a coarse image."""


class SomewhatMoreFloat32(Changed, OnlyFloat32):
    """It is off by a little that a coarse image still shows."""

    def change(self, found: Any) -> Any:
        return {"level": found["level"] * 1.03}


class FaintFloat32(OnlyFloat32):
    """Its float32 image is so bright that its noise is lost in rounding."""

    class Params(OnlyFloat32.Params):
        noise: float = 0.01
        offset: float = 1000.0


class FaintZero(ZeroNoise, FaintFloat32):
    """It has no gradient by a noise that is lost in rounding."""


class FaintSign(Changed, FaintFloat32):
    """A sign is wrong by a noise that is lost in rounding."""

    def change(self, found: Any) -> Any:
        return {"noise": -found["noise"]}


class Stairs(Slope):
    """Its float image goes up by levels, and its gradient is that of a ramp."""

    def finished(self, image: Any) -> Any:
        return super().finished(np.floor(image * 10) / 10)


class Jagged(Slope):
    """Its image has kinks everywhere."""

    def finished(self, image: Any) -> Any:
        return super().finished(np.floor(image * 1e8) / 1e8 + np.abs(np.sin(image * 1e9)))


class HalfTheSamples(Slope):
    """Its gradient by the level is wrong where the gain is great."""

    def products(self, gain: float, partials: Any, noise: Any, weights: Any) -> Any:
        found = super().products(gain, partials, noise, weights)
        if gain > 1.5:
            found["level"] = 0.0
        return found


class NanNearby(Changed):
    """Its gradient is one only under the params that are given."""

    def change(self, found: Any) -> Any:
        return {} if self.params.level == 0.5 else {"tilt": np.array([np.nan, 0.0])}


class Fixed(Slope):
    """No step of one of its params is allowed."""

    class Params(Slope.Params):
        level: float = Field(0.5, ge=0.5, le=0.5)


WRONG_NAMES = [UnknownName, NoNames, Missing, FlatTilt, IntegerLevel, Infinite, Whole]
WRONG_SAMPLES = [
    DrawsMore,
    DrawsLess,
    KeepsWeights,
    ChangesUpstream,
    FaintRandom,
    FaintNumpy,
    FaintClock,
    FaintCount,
    SeedsNumpy,
]
WRONG_PRODUCTS = [
    WrongSign,
    Twice,
    SlightlyMore,
    OneElement,
    NoChainRule,
    NoiseIsVariance,
    ZeroNoise,
    OtherOrder,
    SwapsGain,
    ForgetsTheClip,
    TwiceFloat32,
    SomewhatMoreFloat32,
    FaintFloat32,
    FaintZero,
    FaintSign,
    Stairs,
    Jagged,
    HalfTheSamples,
    NanNearby,
    Fixed,
]
