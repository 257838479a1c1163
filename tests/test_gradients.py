"""Images as a differentiable function of params: the same samples both ways, and true gradients."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import Field

import synthdata as sd

tf = pytest.importorskip("tensorflow")
import keras  # noqa: E402  # comes with TensorFlow, and cannot be imported without

ROOT = Path(__file__).parents[1]
INDICES = np.array([3, 0, 7], np.int64)
VECTOR = [tf.TensorSpec([None], tf.int64)]


class Slope(sd.Generator):
    """A squared plane times a random gain, with noise."""

    class Params(sd.Params):
        size: int = 12
        level: float = 0.5
        slope: tuple[float, float] = (0.1, -0.2)
        gain: sd.Distribution = sd.Uniform(1, 2)
        dtype: Literal["uint8", "float32", "float64"] = "float32"
        offset: float = 0.0

    differentiable_params = ("level", "slope", "gain")

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        image = sd.Image(params.size, params.size, 1, params.dtype)
        return sd.Output(image=image, label=sd.Scalar("float64"))

    def plane(self) -> Any:
        y, x = np.mgrid[: self.params.size, : self.params.size] / self.params.size
        level, slope = self.params.level, self.params.slope
        return x, y, level + slope[0] * x + slope[1] * y

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        gain = self.params.gain.sample(rng)
        image = gain * self.plane()[2] ** 2 + self.params.offset
        image = image + rng.standard_normal(image.shape)
        return sd.Sample(image[..., None].astype(self.params.dtype), float(gain))

    def vjp(self, rng: np.random.Generator, params: Any, upstream: Any) -> dict[str, Any]:
        assert params is self.params
        assert upstream.dtype == params.dtype
        gain, partials = params.gain.pathwise(rng)
        x, y, plane = self.plane()
        weight = upstream[..., 0].astype(np.float64)
        by_gain, by_plane = np.sum(weight * plane**2), weight * 2 * gain * plane
        return {
            "level": by_plane.sum(),
            "slope": np.array([np.sum(by_plane * x), np.sum(by_plane * y)]),
            **{f"gain.{name}": by_gain * partial for name, partial in partials.items()},
        }


class Two(sd.Generator):
    """Two images of different sizes, without a gradient of its own."""

    class Params(sd.Params):
        light: float = 2.0
        dark: float = 1.0

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        images = {"left": sd.Image(4, 6, 3, "float64"), "right": sd.Image(2, 2, 1, "float32")}
        return sd.Output(image=images, metadata={"count": sd.Scalar("int64")})

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        light, dark = self.params.light, self.params.dark
        left = light**2 * rng.random((4, 6, 3))
        right = (light * dark**3 * rng.random((2, 2, 1))).astype("f4")
        return sd.Sample({"left": left, "right": right}, None, {"count": 1})


def gradients(f: Any, theta: Any = None, indices: Any = INDICES) -> dict[str, Any]:
    """Those of the mean square of all images, by each value."""
    variables = {name: tf.Variable(value) for name, value in (theta or f.theta).items()}
    with tf.GradientTape() as tape:
        images = tf.nest.flatten(f(variables, indices)["image"])
        loss = sum(tf.cast(tf.reduce_mean(image**2), tf.float64) for image in images)
    return {name: value.numpy() for name, value in tape.gradient(loss, variables).items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_images_are_those_of_the_source_and_have_the_declared_dtype(dtype: str) -> None:
    generator = Slope(dtype=dtype)
    f = sd.differentiable(generator, seed=5)
    made = f(f.theta, INDICES)["image"]
    source = sd.Source.of(generator, seed=5, samples=8)
    expected = np.stack([source[int(index)].image for index in INDICES])
    assert made.dtype.name == dtype
    assert made.numpy().tobytes() == expected.tobytes()


def test_theta_has_the_own_values_as_arrays_and_those_of_a_distribution_by_its_arguments() -> None:
    f = sd.differentiable(Slope(), ["gain", "slope"])
    assert {name: value.tolist() for name, value in f.theta.items()} == {
        "slope": [0.1, -0.2],
        "gain.low": 1.0,
        "gain.high": 2.0,
    }
    assert list(sd.differentiable(Slope(), ["gain.high"]).theta) == ["gain.high"]
    assert list(sd.differentiable(Slope()).theta) == ["level", "slope", "gain.low", "gain.high"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_is_that_of_central_differences(dtype: str) -> None:
    generator = Slope(dtype=dtype)
    own = gradients(sd.differentiable(generator))
    central = gradients(sd.differentiable(generator, gradient="central", wrt=list(own)))
    close = 1e-3 if dtype == "float32" else 1e-8
    for name, value in own.items():
        np.testing.assert_allclose(central[name], value, rtol=close, err_msg=name)


def test_the_gradient_of_central_differences_is_that_of_calculus() -> None:
    f = sd.differentiable(Two(), gradient="central")
    found = gradients(f)
    light, dark = f.theta["light"], f.theta["dark"]
    images = {name: image.numpy() for name, image in f(f.theta, INDICES)["image"].items()}
    # The left image goes with light², the right one with light · dark³.
    left, right = np.mean(images["left"] ** 2), np.mean(images["right"] ** 2, dtype=np.float64)
    assert found["light"] == pytest.approx(4 * left / light + 2 * right / light, rel=1e-4)
    assert found["dark"] == pytest.approx(6 * right / dark, rel=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_have_the_dtype_of_their_value(dtype: str) -> None:
    f = sd.differentiable(Slope())
    found = gradients(f, {name: value.astype(dtype) for name, value in f.theta.items()})
    assert {value.dtype.name for value in found.values()} == {dtype}
    assert found["slope"].shape == (2,)


def test_a_function_of_tensorflow_gives_the_same_images_and_gradients() -> None:
    f = sd.differentiable(Slope(dtype="float64"))
    eager = gradients(f)
    variables = {name: tf.Variable(value) for name, value in f.theta.items()}

    def step(indices: Any) -> Any:
        with tf.GradientTape() as tape:
            image = f(variables, indices)["image"]
            loss = tf.reduce_mean(image**2)
        return image, tape.gradient(loss, variables)

    image, found = tf.function(step, input_signature=VECTOR)(INDICES)
    np.testing.assert_array_equal(image, f(f.theta, INDICES)["image"])
    for name, value in eager.items():
        np.testing.assert_array_equal(found[name], value)


def test_shapes_are_known_while_a_function_is_traced() -> None:
    f = sd.differentiable(Slope())
    seen = []

    def traced(indices: Any) -> Any:
        image = f(f.theta, indices)["image"]
        seen.append(image.shape.as_list())
        return image

    assert tf.function(traced, input_signature=VECTOR)([1, 2]).shape == (2, 12, 12, 1)
    assert seen == [[None, 12, 12, 1]]


def test_other_values_give_the_samples_of_a_generator_that_has_them() -> None:
    f = sd.differentiable(Slope(), ["level", "gain"], seed=9)
    theta = {"level": 0.75, "gain.low": tf.constant(1.5), "gain.high": np.array(3.0)}
    made = f(theta, [4])["image"][0]
    other = Slope(level=0.75, gain=sd.Uniform(1.5, 3.0))
    np.testing.assert_array_equal(made, sd.Source.of(other, seed=9, samples=5)[4].image)


def test_values_that_were_fitted_become_params_of_a_recipe() -> None:
    f = sd.differentiable("spots-v1", ["psf", "background"], params={"dtype": "float32"})
    fitted = f.params({"psf": tf.Variable(2.5), "background.high": np.float64(40)})
    recipe = sd.Recipe(generator="spots-v1", params=fitted.model_dump(mode="json"), samples=3)
    assert recipe.params["psf"] == 2.5
    assert recipe.params["background"] == {"uniform": [10.0, 40.0]}
    assert sd.Source(recipe)[2].image.dtype == np.float32
    with pytest.raises(sd.GradientError, match=r"psf=-1.0 cannot be"):
        f.params({"psf": -1.0})


def test_an_id_with_params_and_a_recipe_are_taken_as_build_takes_them() -> None:
    by_id = sd.differentiable(
        "noise-v1",
        ["values"],
        params={"shape": [4, 4, 1], "dtype": "float64", "values": {"normal": [3, 2]}},
        seed=2,
        gradient="central",
    )
    recipe = sd.Recipe(
        generator="noise-v1",
        params={"shape": [4, 4, 1], "dtype": "float64", "values": {"normal": [3, 2]}},
        seed=2,
    )
    f = sd.differentiable(recipe, ["values"], gradient="central")
    np.testing.assert_array_equal(
        f(f.theta, [1])["image"], by_id(by_id.theta, [1])["image"], strict=True
    )
    # image = mean + std · z, so the mean square has these derivatives.
    found, image = gradients(f), f(f.theta, INDICES)["image"].numpy()
    assert found["values.mean"] == pytest.approx(2 * image.mean(), rel=1e-6)
    assert found["values.std"] == pytest.approx(np.mean(image * (image - 3)), rel=1e-6)


def test_a_plain_function_has_central_differences_by_its_arguments() -> None:
    def lit(rng: np.random.Generator, level: float) -> Any:
        return level**2 * rng.random((2, 2, 1))

    output = sd.Output(image=sd.Image(2, 2, 1, "float64"))
    f = sd.differentiable(sd.from_function(lit, output, level=3.0), gradient="central")
    (name,) = f.theta
    assert name == "arguments.level"
    mean_square = np.mean(f(f.theta, INDICES)["image"].numpy() ** 2)
    assert gradients(f)[name] == pytest.approx(4 * mean_square / 3, rel=1e-6)


@pytest.mark.parametrize(
    ("generator", "options", "said"),
    [
        (Slope(), {"wrt": ["size"]}, r"size is discrete \(12\), and has no gradient"),
        (Slope(), {"wrt": ["levl"]}, "levl is no value of the params; did you mean 'level'"),
        (Slope(), {"wrt": []}, "no value of its params to take a gradient by"),
        (Slope(), {"wrt": "level"}, r"wrt='level': a list of names is expected, as \['level'\]"),
        (Slope(), {"wrt": ["offset"]}, "offset is not among its differentiable_params, which are"),
        (Slope(), {"gradient": "finite"}, "gradient='finite': expected 'vjp' or 'central'"),
        (Slope(dtype="uint8"), {}, r"image is \(12, 12, 1\) uint8.*no gradient.*'dtype': 'float32"),
        (Two(), {}, "Two has no vjp; gradient='central' takes finite differences"),
    ],
)
def test_what_has_no_gradient_is_refused_with_the_way_out(
    generator: sd.Generator, options: Any, said: str
) -> None:
    with pytest.raises(sd.GradientError, match=said):
        sd.differentiable(generator, **options)


def test_an_image_whose_size_varies_is_refused() -> None:
    output = sd.Output(image=sd.Image(sd.UpTo(9), 4, 1, "float32"))
    varying = sd.from_function(lambda rng, level: np.zeros((3, 4, 1), "f4"), output, level=1.0)
    with pytest.raises(sd.GradientError, match=r"image is \(≤9, 4, 1\) float32.*a fixed size"):
        sd.differentiable(varying, gradient="central")


@pytest.mark.parametrize(
    ("theta", "said"),
    [
        ({"level": 1.0}, "theta lacks gain.high; a dict with level, gain.low, gain.high is"),
        ({"level": 1.0, "gain.low": 1.0, "gain.hi": 2.0}, "has gain.hi; did you mean 'gain.high'"),
        ({"level": [1.0], "gain.low": 1.0, "gain.high": 2.0}, r"\['level'\] has shape \(1,\)"),
        (
            {"level": tf.constant(1), "gain.low": 1.0, "gain.high": 2.0},
            r"\['level'\] is int32, but float32 or float64",
        ),
        ([1.0], "theta is list, but a dict with level"),
    ],
)
def test_a_theta_that_does_not_fit_is_refused(theta: Any, said: str) -> None:
    f = sd.differentiable(Slope(), ["level", "gain"])
    with pytest.raises(sd.GradientError, match=said):
        f(theta, INDICES)


def test_indices_that_are_no_vector_of_whole_numbers_are_refused() -> None:
    f = sd.differentiable(Slope())
    with pytest.raises(sd.GradientError, match=r"indices are float32 of shape \(1,\)"):
        f(f.theta, [0.5])
    with pytest.raises(sd.GradientError, match=r"indices are int32 of shape \(\)"):
        f(f.theta, 3)


def test_values_that_the_params_refuse_are_named_eagerly_and_in_a_function() -> None:
    f = sd.differentiable(Slope(), ["gain"])
    theta = {"gain.low": 3.0, "gain.high": 2.0}
    said = r"gain.low=3.0, gain.high=2.0 cannot be: Uniform: low=3.0 is greater than high=2.0"
    with pytest.raises(sd.GradientError, match=said):
        f(theta, INDICES)
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        tf.function(lambda indices: f(theta, indices)["image"])(tf.constant(INDICES))


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "function"])
def test_a_second_derivative_is_refused(traced: bool) -> None:
    f = sd.differentiable(Slope(), ["level"])
    level = tf.Variable(0.5)

    def curvature() -> Any:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = tf.reduce_mean(f({"level": level}, INDICES)["image"])
            slope = inner.gradient(loss, level)
        return outer.gradient(slope, level)

    # AutoGraph wraps what is raised while it traces, and repeats its name.
    with pytest.raises(Exception, match="GradientError: second" if traced else "^second") as caught:
        (tf.function(curvature) if traced else curvature)()
    assert traced or type(caught.value) is sd.GradientError


class Broken(Slope):
    """Its vjp returns what the test says."""

    returned: Any = None

    def vjp(self, rng: np.random.Generator, params: Any, upstream: Any) -> Any:
        if self.returned is None:
            raise ZeroDivisionError("no light")
        return {**super().vjp(rng, params, upstream), **self.returned}


def test_a_vjp_that_raises_names_the_sample_and_the_line() -> None:
    with pytest.raises(sd.GeneratorFailedError, match=r"Broken sample 3 .*vjp raised ZeroDivision"):
        gradients(sd.differentiable(Broken()))


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ({"slope": 1.0}, r"vjp returned float64 of shape \(\) by slope for sample 3, but floats"),
        ({"level": 1}, r"vjp returned int64 of shape \(\) by level"),
    ],
)
def test_a_vjp_of_the_wrong_shape_or_dtype_is_refused(returned: Any, said: str) -> None:
    class Wrong(Broken):
        pass

    Wrong.returned = returned
    with pytest.raises(sd.GradientError, match=said):
        gradients(sd.differentiable(Wrong()))


def test_a_vjp_that_lacks_a_value_says_which_are_expected() -> None:
    class Lacking(Slope):
        def vjp(self, rng: np.random.Generator, params: Any, upstream: Any) -> Any:
            return {"level": 1.0}

    with pytest.raises(sd.GradientError, match=r"vjp returned level for sample 3, but a dict with"):
        gradients(sd.differentiable(Lacking()))


def test_params_that_change_the_size_of_the_image_are_refused() -> None:
    class Growing(Slope):
        @classmethod
        def describe(cls, params: Any) -> sd.Output:
            return sd.Output(
                image=sd.Image(4 + int(params.level), 4, 1, "float32"), label=sd.Scalar("float64")
            )

    f = sd.differentiable(Growing(), ["level"])
    with pytest.raises(sd.GradientError, match="a gradient keeps the shape"):
        f({"level": 2.0}, [0])


def test_the_generator_is_opened_for_each_set_of_values_and_closed_again() -> None:
    opened: list[int] = []

    class Counted(Slope):
        def open(self) -> None:
            opened.append(1)

        def close(self) -> None:
            opened.append(-1)

    f = sd.differentiable(Counted(), ["level"])
    for level in (0.25, 0.5, 0.75, 1.0):
        gradients(f, {"level": level})
    assert opened.count(1) == 4
    del f
    gc.collect()
    assert sum(opened) == 0


def test_central_differences_at_a_bound_of_the_params_name_the_value_that_has_no_room() -> None:
    class Bounded(Two):
        class Params(sd.Params):
            light: float = Field(2.0, ge=2)
            dark: float = 1.0

    with pytest.raises(sd.GradientError, match=r"light=1\.9.* cannot be: light: .*equal to 2"):
        gradients(sd.differentiable(Bounded(), ["light"], gradient="central"))


class Wave(sd.TensorGenerator):
    """A wave with a random phase, of TensorFlow ops."""

    class Params(sd.Params):
        pace: float = 0.7
        tint: tuple[float, float] = (0.5, 2.0)
        shift: sd.Distribution = sd.Normal(1, 0.5)
        steps: int = 9
        dtype: Literal["uint8", "float32", "float64"] = "float64"

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(params.steps, 1, 2, params.dtype), label=sd.Scalar("bool"))

    def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
        params, key = self.params, tf.stack([seed, index])
        uniform = tf.random.stateless_uniform([], key, alg="philox", dtype=tf.float64)
        shift = tf.cast(sd.tensor_draw(params.shift, uniform), params.dtype)
        x = tf.range(params.steps, dtype=params.dtype)[:, None, None]
        image = tf.convert_to_tensor(params.tint, params.dtype) * tf.sin(params.pace * x + shift)
        return sd.Sample(image, uniform < 0.5)


def test_a_generator_of_tensors_is_differentiated_by_tensorflow() -> None:
    f = sd.differentiable(Wave(), seed=4)
    assert list(f.theta) == ["pace", "tint", "shift.mean", "shift.std"]
    source = sd.Source.of(Wave(), seed=4, samples=8)
    expected = np.stack([source[int(index)].image for index in INDICES])
    np.testing.assert_allclose(f(f.theta, INDICES)["image"], expected, rtol=1e-12)
    central = gradients(sd.differentiable(Wave(), seed=4, gradient="central"))
    for name, value in gradients(f).items():
        np.testing.assert_allclose(central[name], value, rtol=1e-7, err_msg=name)


def test_a_generator_of_tensors_has_what_it_loads_when_it_is_opened() -> None:
    class Loads(Wave):
        def open(self) -> None:
            self.level = np.float64(3.0)
            super().open()

        def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
            image, label, _ = super().tensor_sample(seed, index)
            return sd.Sample(self.level * image, label)

    f, plain = sd.differentiable(Loads(), ["pace"]), sd.differentiable(Wave(), ["pace"])
    np.testing.assert_allclose(
        f(f.theta, [2])["image"], 3 * plain(plain.theta, [2])["image"], rtol=1e-12
    )


def test_a_generator_of_tensors_is_given_values_in_the_dtype_of_its_image() -> None:
    f = sd.differentiable(Wave(dtype="float32"), ["pace", "shift"])
    image = f(f.theta, INDICES)["image"]
    assert (image.dtype, image.shape) == (tf.float32, (3, 9, 1, 2))
    assert {value.dtype.name for value in gradients(f).values()} == {"float64"}


def test_a_generator_of_tensors_has_second_derivatives() -> None:
    f = sd.differentiable(Wave(), ["tint"])
    tint = tf.Variable(f.theta["tint"])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_sum(f({"tint": tint}, INDICES)["image"] ** 2)
        slope = inner.gradient(loss, tint)
    # The loss is a sum of squares of tint times what does not depend on it.
    np.testing.assert_allclose(outer.gradient(slope, tint), slope / tint, rtol=1e-9)


@pytest.mark.parametrize(
    ("generator", "wrt", "said"),
    [
        (Wave(), ["steps"], r"steps is discrete \(9\)"),
        (Wave(dtype="uint8"), ["pace"], r"image is \(9, 1, 2\) uint8, and what is rounded has no"),
    ],
)
def test_what_has_no_gradient_in_a_graph_is_refused_alike(
    generator: sd.Generator, wrt: Any, said: str
) -> None:
    with pytest.raises(sd.GradientError, match=said):
        sd.differentiable(generator, wrt)


def test_adam_finds_the_params_that_images_were_made_with() -> None:
    target = sd.differentiable(Slope(level=0.8, dtype="float64"), ["level"])
    images = target(target.theta, INDICES)["image"]
    f = sd.differentiable(Slope(dtype="float64"), ["level"])
    level = tf.Variable(f.theta["level"])
    adam = keras.optimizers.Adam(0.05)
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((f({"level": level}, INDICES)["image"] - images) ** 2)
        adam.apply_gradients([(tape.gradient(loss, level), level)])
    assert level.numpy() == pytest.approx(0.8, rel=1e-3)


def test_differentiable_is_public_and_needs_tensorflow_only_when_used() -> None:
    script = "import sys, synthdata as sd; sd.Differentiable; print('tensorflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
