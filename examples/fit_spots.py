"""Fit the params of ``spots-v1`` to a real image, the Hubble deep field, and to a synthetic one.

::

    python examples/fit_spots.py            # the real image; a recipe and pictures in demo/fit
    python examples/fit_spots.py --recover  # known params, to see that they are found again

It needs scikit-image, in whose wheel the deep field is (``pip install scikit-image``). The page
docs/fit.md tells what comes out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import yaml
from distances import Distance, Whitened, statistics
from fit_pictures import curve, rows
from fitting import Fit, fit
from numpy.typing import NDArray

import synthdata as sd

OUT = Path("demo/fit")
SIDE: Final = 64

GREY: Final = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey level (ITU-R BT.601)."""

COLUMNS_FITTED: Final = 7
"""Of the 15 columns of patches, the left ones are fitted; the others are held out."""

SEED: Final = 0
"""Of the recipe, whose first samples are judged; ``FIT_SEED`` is that of the samples fitted."""

FIT_SEED: Final = 1
JUDGED: Final = 500

BOUNDS: Final = {
    "brightness.low": (1.0, 1e5),
    "brightness.high": (1.0, 1e6),
    "width.low": (0.01, 10.0),
    "width.high": (0.01, 10.0),
    "background.low": (0.1, 100.0),
    "background.high": (0.1, 100.0),
    "psf": (0.51, 10.0),
    "halo": (0.01, 0.99),
    "halo_width": (1.01, 49.0),
    "gain": (0.01, 100.0),
    "read_noise": (0.01, 100.0),
}
"""What a value may be, within what Params take; of an upper end, how far above the lower."""

START: Final[dict[str, Any]] = {
    "size": SIDE,
    "min_spots": 1,
    "brightness": {"log_uniform": [300, 10_000]},
    "width": {"uniform": [0.5, 3]},
    "background": {"uniform": [15, 40]},
    "psf": 1.5,
    "halo": 0.2,
    "halo_width": 12.0,
    "gain": 0.4,
    "read_noise": 3.0,
}

MOST_SPOTS: Final = (20, 40, 80)
"""A number has no gradient: each of these is fitted, and the one that ends nearest is kept."""

TRUTH: Final[dict[str, Any]] = {
    "size": SIDE,
    "min_spots": 20,
    "max_spots": 20,
    "brightness": {"log_uniform": [600, 6000]},
    "width": 0,
    "background": {"uniform": [10, 30]},
    "psf": 1.2,
    "halo": 0.2,
    "halo_width": 4.0,
    "gain": 2.0,
    "read_noise": 1.5,
}
"""Params to be found again. Spots are points: a width would do what psf does. The gain stays as
it is: at these levels it does nearly what read_noise does."""

ASTRAY: Final[dict[str, Any]] = {
    **TRUTH,
    "brightness": {"log_uniform": [900, 4500]},
    "background": {"uniform": [14, 24]},
    "psf": 1.6,
    "halo": 0.3,
    "halo_width": 3.0,
    "read_noise": 2.2,
}

FOUND_AGAIN: Final = ("brightness", "background", "psf", "halo", "halo_width", "read_noise")
TRUTH_SEED: Final = 99


def deep_field() -> NDArray[np.uint8]:
    """Return the grey levels of the Hubble deep field, uint8 (872, 1000).

    Raises:
        SystemExit: if scikit-image is not there.
    """
    try:
        from skimage.data import hubble_deep_field
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"the deep field is in scikit-image ({error}): pip install scikit-image"
        ) from error
    colours: NDArray[np.uint8] = hubble_deep_field()  # type: ignore[no-untyped-call]
    grey: NDArray[np.uint8] = np.rint(colours @ np.array(GREY)).astype(np.uint8)
    return grey


def spots(params: Mapping[str, Any], wrt: Any = None) -> Any:
    """Return the images of ``spots-v1``, as floats, as a function of its continuous params.

    Args:
        params: where its ``theta`` begins.
        wrt: which params; None is all.
    """
    return sd.differentiable("spots-v1", wrt, params={**params, "dtype": "float32"}, seed=FIT_SEED)


def with_theta(params: Mapping[str, Any], theta: Mapping[str, float]) -> dict[str, Any]:
    """Return params with fitted values, rounded to four digits, as a recipe has them."""
    rounded = {name: float(f"{value:.4g}") for name, value in theta.items()}
    fitted = spots(params).params(rounded).model_dump(mode="json")
    return {name: fitted[name] for name in params}


class Judged(NamedTuple):
    """A recipe and its distances.

    Attributes:
        recipe: of ``uint8`` images.
        images: its first samples, uint8 (JUDGED, side, side, 1).
        fitted: the distance from the patches that were fitted.
        held_out: the distance from those that were not.
    """

    recipe: sd.Recipe
    images: NDArray[np.uint8]
    fitted: float
    held_out: float


class Field:
    """The deep field in patches, half of them to fit and half to judge by.

    Attributes:
        fitted: uint8 (91, 64, 64), those of the left.
        held_out: uint8 (104, 64, 64), those of the right.
        distance: in units of the fitted patches.
        floor: the distance between both halves.
    """

    def __init__(self) -> None:
        patches = _patches(deep_field())
        self.fitted = patches[:, :COLUMNS_FITTED].reshape(-1, SIDE, SIDE)
        self.held_out = patches[:, COLUMNS_FITTED:].reshape(-1, SIDE, SIDE)
        self.distance = Distance(self.fitted)
        self._statistics = statistics(self.fitted), statistics(self.held_out)
        self.floor = float(self.distance(*self._statistics))

    def fit(self, params: Mapping[str, Any], steps: int) -> Fit:
        """Fit all continuous params, from some params on."""
        f = spots(params, list(BOUNDS))
        return fit(
            f,
            self._statistics[0],
            self.distance,
            BOUNDS,
            steps=steps,
            batch=24,
            rate=0.05,
            memory=0.5,
        )

    def judge(self, params: Mapping[str, Any]) -> Judged:
        """Judge params by the images of 8 bits that a recipe of them makes."""
        recipe = sd.Recipe(
            generator="spots-v1", params={**params, "dtype": "uint8"}, seed=SEED, samples=1_000
        )
        images = _images(sd.Source(recipe), JUDGED)
        made = statistics(images)
        fitted, held_out = (float(self.distance(made, half)) for half in self._statistics)
        return Judged(recipe, images, fitted, held_out)


def hubble(out: Path, steps: int) -> tuple[Judged, Judged]:
    """Fit spots to the deep field, write pictures and recipe, print what came out.

    Args:
        out: a folder, made if it is not there.
        steps: of each fit.

    Returns:
        The start with the number of spots that was kept, and the fitted one.
    """
    field = Field()
    found = []
    for most in MOST_SPOTS:
        start = {**START, "max_spots": most}
        result = field.fit(start, steps)
        judged = field.judge(with_theta(start, result.theta))
        print(f"up to {most} spots: {judged.fitted:.4f} from the patches fitted", flush=True)
        found.append((judged, field.judge(start), result))
    after, before, result = min(found, key=lambda one: one[0].fitted)
    out.mkdir(parents=True, exist_ok=True)
    shown = {"start": before.images, "Hubble": field.held_out, "fitted": after.images}
    rows(shown, seed=SEED).save(out / "hubble.png", optimize=True)
    curve(result.losses).save(out / "loss.png", optimize=True)
    text = yaml.safe_dump(after.recipe.to_json(), sort_keys=False, default_flow_style=None)
    (out / "hubble.yaml").write_text(text, encoding="utf-8")
    _table(spots(before.recipe.params).theta, result.theta)
    print(f"distance, fitted patches:   {before.fitted:.4f} -> {after.fitted:.4f}")
    print(f"distance, held-out patches: {before.held_out:.4f} -> {after.held_out:.4f}")
    print(f"distance, one half of the patches from the other: {field.floor:.4f}")
    return before, after


def recover(steps: int, images: int = 4_000) -> dict[str, float]:
    """Find known params again from images of another seed, and print how well.

    Args:
        steps: of the fit.
        images: of the target.

    Returns:
        By name, how far off each value is, relative to the true one.
    """
    exact = sd.make("spots-v1", **TRUTH, dtype="float32")
    target = _images(sd.Source.of(exact, seed=TRUTH_SEED), images)
    f = spots(ASTRAY, FOUND_AGAIN)
    loss = Whitened(target[:1_000])
    found = fit(f, statistics(target), loss, BOUNDS, steps=steps, batch=32, rate=0.03, memory=0.8)
    true = spots(TRUTH, FOUND_AGAIN).theta
    _table(f.theta, found.theta, true)
    return {name: found.theta[name] / float(true[name]) - 1 for name in true}


def _patches(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut an image into (rows, columns, side, side), without what is left at right and bottom."""
    height, width = (length // SIDE for length in image.shape)
    whole = image[: height * SIDE, : width * SIDE]
    return whole.reshape(height, SIDE, width, SIDE).swapaxes(1, 2)


def _images(source: sd.Source, count: int) -> NDArray[Any]:
    return np.stack([source[index].image for index in range(count)])


def _table(start: Mapping[str, Any], fitted: Mapping[str, float], true: Any = None) -> None:
    print(f"{'param':16}{'start':>12}{'fitted':>12}" + (f"{'true':>12}{'off':>9}" if true else ""))
    for name, value in fitted.items():
        line = f"{name:16}{float(start[name]):12.4g}{value:12.4g}"
        if true:
            line += f"{float(true[name]):12.4g}{value / float(true[name]) - 1:9.2%}"
        print(line)


def main(arguments: list[str] | None = None) -> None:
    """Fit to the deep field, or find known params again."""
    parser = argparse.ArgumentParser(description="Fit the params of spots-v1 by gradients.")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of what is written")
    parser.add_argument("--steps", type=int, help="steps of a fit; 300, or 500 of --recover")
    parser.add_argument("--recover", action="store_true", help="find known params again")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    if options.recover:
        recover(options.steps or 500)
    else:
        hubble(options.out, options.steps or 300)
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
