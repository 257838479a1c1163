import itertools
import math
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import synthdata as sd
from synthdata.builtin.shape_colors import draw_palette
from synthdata.builtin.shape_outlines import LEAST_RADIUS, SHAPES, Shape, ShapeName
from synthdata.builtin.shape_scene import Scene
from synthdata.builtin.shape_textures import TEXTURES, TextureName, texture
from synthdata.builtin.shapes import Shapes

# Areas of outlines with a smallest enclosing circle of radius 1, from elementary geometry. The
# lens that two circles of radii 1 and 4/5 at a distance of 1/2 share is two sectors less a kite.
LENS = (
    math.acos((0.25 + 1 - 0.64) / (2 * 0.5 * 1))
    + 0.64 * math.acos((0.25 + 0.64 - 1) / (2 * 0.5 * 0.8))
    - math.sqrt((-0.5 + 1.8) * (0.5 + 0.2) * (0.5 - 0.2) * (0.5 + 1.8)) / 2
)


def _heart_radius() -> float:
    """Smallest circle around a square of side 2 and two discs on its sides, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        shift = (low + high) / 2
        to_corner = math.hypot(1 + shift, 1 + shift)
        to_lobe = math.hypot(1 - shift, shift) + 1
        low, high = (shift, high) if to_corner < to_lobe else (low, shift)
    return math.hypot(1 + low, 1 + low)


AREAS: dict[ShapeName, float] = {
    "circle": math.pi,
    "ring": math.pi * (1 - 0.5**2),
    "crescent": math.pi - LENS,
    "heart": (4 + math.pi) / _heart_radius() ** 2,
    "triangle": 3 * math.sqrt(3) / 4,
    "square": 2.0,
    # Ten triangles with the sides 1 and, at the inner corners, cos 72° / cos 36°.
    "star": 5 * math.sin(math.pi / 5) * math.cos(math.tau / 5) / math.cos(math.pi / 5),
    # Five squares whose side is the width of an arm.
    "cross": 5 * (2 / math.sqrt(10)) ** 2,
}


def source(seed: int = 7, samples: int | None = None, **params: Any) -> sd.Source:
    return sd.Source(sd.Recipe(generator="shapes-v1", params=params, seed=seed, samples=samples))


def tight_box(pixels: NDArray[np.bool_]) -> list[float]:
    y, x = np.nonzero(pixels)
    return [x.min(), y.min(), x.max() + 1, y.max() + 1]


def whole_masks(sample: sd.Sample, names: tuple[ShapeName, ...]) -> list[NDArray[np.bool_]]:
    """The pixels of each shape as if it were alone, redrawn from the metadata."""
    scene, masks = sample.metadata, []
    for kind, (x, y), radius, angle in zip(
        scene["classes"], scene["center"], scene["radius"], scene["angle"], strict=True
    ):
        mask = np.zeros(sample.image.shape[:2], bool)
        window, coverage = Shape(
            names[kind], float(x), float(y), float(radius), float(angle)
        ).coverage(len(mask))
        mask[window] = coverage >= 0.5
        masks.append(mask)
    return masks


def bytes_of(sample: sd.Sample) -> bytes:
    return pickle.dumps((sample.image, sample.label, dict(sample.metadata)))


@pytest.mark.parametrize("angle", [0, 17, 45, 111, -200])
@pytest.mark.parametrize("name", SHAPES)
def test_coverage_adds_up_to_the_area_of_the_outline(name: ShapeName, angle: float) -> None:
    for radius, x, y in ((20, 50, 50), (40, 49.7, 50.2), (31.3, 50.5, 48.9)):
        _, coverage = Shape(name, x, y, radius, angle).coverage(100)
        assert coverage.sum() == pytest.approx(AREAS[name] * radius**2, rel=0.01)


@pytest.mark.parametrize("name", SHAPES)
def test_the_pixels_of_a_shape_have_its_area(name: ShapeName) -> None:
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(20):
        x, y = rng.uniform(99, 101, 2)
        _, coverage = Shape(name, x, y, 80, rng.uniform(0, 360)).coverage(200)
        errors.append((coverage >= 0.5).sum() / (AREAS[name] * 80**2) - 1)
    assert abs(np.mean(errors)) < 0.005
    assert np.abs(errors).max() < 0.015


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_reaches_its_radius_and_not_beyond(name: ShapeName) -> None:
    y, x = np.mgrid[:200, :200] + 0.5
    for angle in range(0, 360, 25):
        (rows, columns), coverage = Shape(name, 100, 100, 80, angle).coverage(200)
        distance = np.hypot(x[rows, columns] - 100, y[rows, columns] - 100)
        # A mitred tip may fill half a pixel more than the outline does.
        assert distance[coverage >= 0.5].max() <= 80
        assert distance[coverage > 0].max() > 78.5


@pytest.mark.parametrize("name", SHAPES)
def test_pixels_on_the_edge_are_covered_in_part_and_all_others_wholly_or_not(
    name: ShapeName,
) -> None:
    _, coverage = Shape(name, 50.3, 49.8, 30, 20).coverage(100)
    assert coverage.dtype == np.float32
    assert coverage.min() == 0
    assert coverage.max() == 1
    between = (coverage > 0) & (coverage < 1)
    assert between.any()
    # A partly covered pixel has both an emptier and a fuller one beside it.
    padded = np.pad(coverage, 1)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    assert (around.min(axis=(2, 3))[between] < 0.5).all()
    assert (around.max(axis=(2, 3))[between] > coverage[between]).all()


@pytest.mark.parametrize("name", SHAPES)
def test_an_outline_at_angle_0_is_upright(name: ShapeName) -> None:
    _, coverage = Shape(name, 32, 32, 24, 0).coverage(64)
    upside_down = np.abs(coverage - coverage[::-1]).max()
    mirrored = np.abs(coverage - coverage[:, ::-1]).max()
    if name == "crescent":
        assert upside_down < 1e-3
        assert coverage[:, :24].sum() > 2 * coverage[:, 24:].sum()
    else:
        assert mirrored < 1e-3
    if name in ("triangle", "heart"):
        wide, narrow = coverage[24:].sum(), coverage[:24].sum()
        assert (wide > narrow) == (name == "triangle")
    elif name != "crescent":
        assert (upside_down < 1e-3) == (name != "star")


def test_a_turn_is_clockwise() -> None:
    _, upright = Shape("triangle", 32, 32, 24, 0).coverage(64)
    _, turned = Shape("triangle", 32, 32, 24, 90).coverage(64)
    assert np.allclose(turned, np.rot90(upright, -1), atol=1e-3)


@pytest.mark.parametrize("name", SHAPES)
def test_the_smallest_shape_has_a_pixel_wherever_it_lies(name: ShapeName) -> None:
    rng = np.random.default_rng(1)
    for _ in range(1000):
        x, y = rng.uniform(8, 9, 2)
        _, coverage = Shape(name, x, y, LEAST_RADIUS, rng.uniform(0, 360)).coverage(16)
        assert (coverage >= 0.5).any()


@pytest.mark.parametrize("size", [16, 33, 64])
@pytest.mark.parametrize("name", TEXTURES)
def test_a_texture_fills_its_range_and_differs_by_rng(name: TextureName, size: int) -> None:
    for seed in range(30):
        pattern = texture(name, size, np.random.default_rng(seed))
        assert pattern.shape == (size, size)
        assert pattern.dtype == np.float32
        assert pattern.min() >= 0
        assert pattern.max() <= 1
        assert np.ptp(pattern) > 0.5
        assert (pattern == texture(name, size, np.random.default_rng(seed))).all()
        assert (pattern != texture(name, size, np.random.default_rng(seed + 1))).any()


def grey(colors: Any) -> NDArray[np.float64]:
    """Luma by ITU-R BT.601."""
    return np.asarray(colors, float) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize("contrast", [1, 50, 100, 180, 255])
@pytest.mark.parametrize("background_contrast", [0, 40, 255])
def test_shapes_are_lighter_than_all_the_background_by_the_contrast(
    contrast: int, background_contrast: float
) -> None:
    for seed in range(100):
        palette = draw_palette(np.random.default_rng(seed), 4, contrast, background_contrast)
        assert grey(palette.shapes).min() - grey(palette.background).max() >= contrast - 1e-9
        dark = palette.negative()
        assert grey(dark.background).min() - grey(dark.shapes).max() >= contrast - 1e-9
        for colors in (palette, dark):
            values = np.array([*colors.shapes, *colors.background])
            assert values.min() >= 0
            assert values.max() <= 255
        first, second = np.array(palette.background)
        assert np.abs(first - second).max() <= background_contrast


def test_colours_of_shapes_keep_apart_where_there_is_room() -> None:
    found = 0
    for seed in range(300):
        palette = draw_palette(np.random.default_rng(seed), 4, 80, 0)
        if grey(palette.background).max() < 60:  # leaves two thirds of the colours
            found += 1
            for a, b in itertools.combinations(palette.shapes, 2):
                assert math.dist(a, b) >= 40
    assert found > 20


def test_a_scene_refuses_a_shape_that_hides_too_much_and_stays_as_it_was() -> None:
    scene = Scene(32)
    assert scene.add(Shape("square", 16, 16, 8, 0), 0.25)
    before = scene.mask.copy()
    assert not scene.add(Shape("circle", 16, 16, 12, 0), 0.25)
    assert not scene.add(Shape("circle", 100, 100, 12, 0), 0.25)
    assert (scene.mask == before).all()
    assert scene.visibility().tolist() == [1]
    # A square of 8 × 8 pixels over the lower right quarter of one of 11 × 11 or 12 × 12.
    assert scene.add(Shape("square", 20, 20, 4 * math.sqrt(2), 0), 0.25)
    hidden = (before == 1) & (scene.mask == 2)
    assert scene.visibility()[0] == np.float32(1 - hidden.sum() / (before == 1).sum())
    assert scene.visibility()[1] == 1
    assert (scene.mask == 2).sum() == 64


@pytest.mark.parametrize(
    "params", [{}, {"max_shapes": 12, "size": 48}, {"shapes": ["ring", "crescent"]}]
)
def test_each_box_is_the_tight_box_of_the_shapes_visible_pixels(params: dict[str, Any]) -> None:
    samples = source(task="detect", **params)
    for index in range(250):
        label, scene = samples[index].label, samples[index].metadata
        expected = [tight_box(scene["mask"] == k + 1) for k in range(len(label["classes"]))]
        assert label["boxes"].tolist() == expected


def test_masks_number_the_shapes_without_gaps_and_all_lists_agree_in_length() -> None:
    samples = source(task="segment", max_shapes=8, radius={"uniform": [0.1, 0.4]})
    counts = set()
    for index in range(200):
        scene = samples[index].metadata
        count = len(scene["classes"])
        counts.add(count)
        assert sorted({0, *np.unique(scene["mask"]).tolist()}) == list(range(count + 1))
        for key in ("boxes", "visibility", "center", "radius", "angle", "color"):
            assert len(scene[key]) == count
    assert counts == set(range(1, 9))


def test_the_metadata_redraw_the_mask_and_the_visibility() -> None:
    samples = source(task="detect", max_shapes=10)
    hidden = 0
    for index in range(150):
        sample = samples[index]
        mask = np.zeros((64, 64), np.uint8)
        masks = whole_masks(sample, SHAPES)
        for number, whole in enumerate(masks, start=1):
            mask[whole] = number
        assert (mask == sample.metadata["mask"]).all()
        for number, (whole, visibility) in enumerate(
            zip(masks, sample.metadata["visibility"], strict=True), start=1
        ):
            assert visibility == np.float32((mask == number).sum() / whole.sum())
            hidden += visibility < 1
    assert hidden > 100


@pytest.mark.parametrize("least", [0.3, 0.8, 1.0])
def test_each_shape_keeps_the_least_visibility(least: float) -> None:
    samples = source(task="detect", min_visibility=least, max_shapes=10)
    seen = np.concatenate([samples[index].metadata["visibility"] for index in range(150)])
    assert seen.min() >= np.float32(least)
    assert len(seen) > 300
    assert (seen.min() < least + 0.05) or least == 1


@pytest.mark.parametrize("size", [16, 64])
@pytest.mark.parametrize("radius", [0.15, 0.5, {"uniform": [0.15, 0.35]}])
def test_an_image_to_classify_has_one_shape_wholly_inside(size: int, radius: Any) -> None:
    samples = source(size=size, radius=radius)
    for index in range(150):
        sample = samples[index]
        assert [sample.label] == sample.metadata["classes"].tolist()
        assert sample.metadata["visibility"].tolist() == [1]
        [(x, y)], [r] = sample.metadata["center"], sample.metadata["radius"]
        assert r <= x <= size - r
        assert r <= y <= size - r
        [whole] = whole_masks(sample, SHAPES)
        assert (whole == sample.metadata["mask"]).all()


def test_each_class_and_texture_is_as_likely_as_the_others() -> None:
    count, names = 2000, ["star", "circle", "cross"]
    samples = source(shapes=names, size=16, noise=0, samples=count)
    labels, backgrounds = zip(*((s.label, s.metadata["background"]) for s in samples), strict=True)
    for found, kinds in ((labels, len(names)), (backgrounds, len(TEXTURES))):
        counts = np.bincount(found, minlength=kinds)
        deviation = math.sqrt(count / kinds * (1 - 1 / kinds))
        assert np.abs(counts - count / kinds).max() < 4 * deviation


def test_the_order_of_classes_is_that_of_the_params() -> None:
    generator = sd.make("shapes-v1", shapes=["star", "circle"])
    assert generator.output.label == sd.ClassLabel(("star", "circle"))
    samples = source(shapes=["circle", "square"], radius=0.3, size=64)
    for index in range(40):
        area = (samples[index].metadata["mask"] == 1).sum() / (0.3 * 64) ** 2
        assert (area > 2.5) == (samples[index].label == 0)


def test_labels_are_what_the_metadata_say() -> None:
    for index in range(30):
        detect = source(task="detect")[index]
        segment = source(task="segment")[index]
        classify = source()[index]
        assert classify.label == classify.metadata["classes"][0]
        assert (detect.label["boxes"] == detect.metadata["boxes"]).all()
        assert (detect.label["classes"] == detect.metadata["classes"]).all()
        assert (segment.label == segment.metadata["mask"]).all()
        assert (segment.image == detect.image).all()


def test_shapes_are_painted_in_their_colour_with_blended_edges_on_the_backgrounds() -> None:
    samples = source(noise=0, task="detect", backgrounds=["gradient"])
    for index in range(30):
        image, _, scene = samples[index]
        covered = np.zeros((64, 64), np.float32)
        # Where a shape is wholly above all others: its number; on edges 0.
        top = np.zeros((64, 64), int)
        for number, (kind, (x, y), radius, angle) in enumerate(
            zip(scene["classes"], scene["center"], scene["radius"], scene["angle"], strict=True),
            start=1,
        ):
            shape = Shape(SHAPES[kind], float(x), float(y), float(radius), float(angle))
            window, coverage = shape.coverage(64)
            covered[window] = np.maximum(covered[window], coverage)
            top[window][coverage > 0] = 0
            top[window][coverage == 1] = number
        assert (top > 0).sum() > 50
        for number, color in enumerate(scene["color"], start=1):
            assert (image[top == number] == color).all()
        low, high = np.sort(scene["background_colors"].astype(int), axis=0)
        bare = image[covered == 0]
        assert (bare >= low).all()
        assert (bare <= high).all()


@pytest.mark.parametrize("tone", ["light", "dark", "any"])
def test_the_colours_of_a_scene_are_as_far_apart_as_the_params_say(tone: str) -> None:
    samples = source(task="detect", tone=tone, background_contrast=30, contrast=120)
    lighter = []
    for index in range(100):
        scene = samples[index].metadata
        first, second = scene["background_colors"].astype(int)
        assert np.abs(first - second).max() <= 30
        shapes, background = grey(scene["color"]), grey([first, second])
        lighter.append(shapes.mean() > background.mean())
        if lighter[-1]:
            assert shapes.min() - background.max() >= 120 - 1e-9
        else:
            assert background.min() - shapes.max() >= 120 - 1e-9
    # Of 100 fair coins 30 to 70 are heads, but for 1 in 30,000.
    assert {"light": 100, "dark": 0, "any": np.clip(sum(lighter), 30, 70)}[tone] == sum(lighter)


def test_an_edge_is_between_the_colours_on_both_sides() -> None:
    samples = source(noise=0, backgrounds=["gradient"])
    for index in range(30):
        image, _, scene = samples[index]
        [kind], [(x, y)], [radius], [angle], [color] = (
            scene[key] for key in ("classes", "center", "radius", "angle", "color")
        )
        shape = Shape(SHAPES[kind], float(x), float(y), float(radius), float(angle))
        window, coverage = shape.coverage(64)
        pixels = image[window].astype(float)
        half = (coverage > 0.4) & (coverage < 0.6)
        ends = scene["background_colors"].astype(float)
        # At a coverage of c it is c of the shape's colour and 1 - c of some colour of the gradient.
        share = coverage[half][:, None]
        under = (pixels[half] - share * color) / (1 - share)
        assert (under >= ends.min(axis=0) - 2).all()
        assert (under <= ends.max(axis=0) + 2).all()


@pytest.mark.parametrize("deviation", [0, 5, 40])
def test_the_noise_has_its_standard_deviation_in_every_channel(deviation: float) -> None:
    quiet, noisy = source(noise=0, size=128), source(noise=deviation, size=128)
    for index in range(5):
        still = quiet[index].image.astype(float)
        difference = noisy[index].image - still
        # Only where clipping to 0 and 255 cannot matter: the noise ends at 3.5 deviations.
        free = (still > 3.5 * deviation) & (still < 255 - 3.5 * deviation)
        assert noisy[index].metadata["noise"] == deviation
        for channel in range(3):
            part = difference[..., channel][free[..., channel]]
            if len(part) > 1000:
                rounding = 1 / 6 if deviation else 0
                spread = 4 * deviation / math.sqrt(len(part))
                assert part.std() == pytest.approx(
                    math.hypot(deviation, rounding), abs=0.02 * deviation + spread
                )
                assert abs(part.mean()) <= 0.02 + spread


def test_a_sample_is_the_same_bytes_in_any_order_and_after_pickling() -> None:
    forward = [bytes_of(source(task="detect")[index]) for index in range(20)]
    samples = source(task="detect")
    copied: sd.Source = pickle.loads(pickle.dumps(samples))
    backward = [bytes_of(samples[index]) for index in reversed(range(20))]
    assert backward[::-1] == forward
    assert [bytes_of(copied[index]) for index in range(20)] == forward


def test_other_indices_and_seeds_make_other_samples() -> None:
    made = [bytes_of(source(seed)[index]) for seed in range(5) for index in range(20)]
    assert len(set(made)) == 100


def test_samples_share_no_arrays() -> None:
    generator = sd.make("shapes-v1", task="detect")
    first = generator.sample(sd.Rng(1, 0))
    before = bytes_of(first)
    generator.sample(sd.Rng(1, 1))
    assert bytes_of(first) == before


@pytest.mark.parametrize("task", ["classify", "detect", "segment"])
@pytest.mark.parametrize(
    "params",
    [
        {"size": 16},
        {"size": 17, "radius": 0.5, "max_shapes": 50},
        {"size": 16, "radius": 0.125, "max_shapes": 50, "min_visibility": 1e-9},
        {"size": 40, "radius": {"choice": [0.05, 0.5]}, "max_shapes": 50},
        {"size": 2048, "max_shapes": 2},
        {"max_shapes": 1, "min_visibility": 1},
        {"radius": {"normal": {"mean": 0.2, "std": 0.1, "low": 0.05, "high": 0.5}}},
        {"noise": 128, "contrast": 255, "background_contrast": 255},
        {"noise": 0, "contrast": 1, "angle": 0, "tone": "dark"},
        {"tone": "any", "background_contrast": 0},
        {"angle": {"choice": [-360, 360]}},
        *({"shapes": [name]} for name in SHAPES),
        *({"backgrounds": [name], "size": 19} for name in TEXTURES),
    ],
    ids=str,
)
def test_params_at_their_limits_make_samples_that_pass_the_check(
    task: str, params: dict[str, Any]
) -> None:
    samples = source(task=task, **params)
    for index in range(1 if params.get("size") == 2048 else 15):
        side = samples.generator.params.size
        assert samples[index].image.shape == (side, side, 3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"size": 15}, "size"),
        ({"size": 2049}, "size"),
        ({"task": "count"}, "task"),
        ({"shapes": []}, "shapes"),
        ({"shapes": ["circle", "circle"]}, "shapes.*doubled are 'circle'"),
        ({"shapes": ["blob"]}, "shapes"),
        ({"max_shapes": 0}, "max_shapes"),
        ({"max_shapes": 51}, "max_shapes"),
        ({"radius": 0.51}, "radius.*numbers from 0 to 0.5"),
        ({"radius": "big"}, "radius"),
        ({"radius": {"normal": [0.2, 0.1]}}, "radius"),
        ({"radius": 0.03}, "radius.*at size 64 .* less than 2 pixels; draw from 0.03125 or more"),
        ({"size": 16, "radius": 0.12}, "radius.*at size 16"),
        ({"angle": 361}, "angle"),
        ({"min_visibility": 0}, "min_visibility"),
        ({"min_visibility": 1.1}, "min_visibility"),
        ({"backgrounds": ["checks", "checks"]}, "backgrounds.*doubled are 'checks'"),
        ({"contrast": 256}, "contrast"),
        ({"contrast": 0}, "contrast"),
        ({"tone": "grey"}, "tone"),
        ({"background_contrast": 256}, "background_contrast"),
        ({"noise": -1}, "noise"),
        ({"sise": 64}, "sise.*did you mean 'size'"),
    ],
)
def test_wrong_params_are_refused_by_name(params: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.ParamsError, match=rf"shapes-v1: {message}"):
        sd.make("shapes-v1", **params)


def test_one_size_too_small_is_not_blamed_on_the_radius_too() -> None:
    with pytest.raises(sd.ParamsError) as caught:
        sd.make("shapes-v1", size=4)
    assert "radius" not in str(caught.value)


def test_the_declaration_needs_no_instance_and_names_the_whole_scene() -> None:
    params = Shapes.Params.model_validate({"task": "detect", "max_shapes": 3})
    output = Shapes.describe(params)
    assert output.label == {
        "boxes": output.metadata["boxes"],
        "classes": output.metadata["classes"],
    }
    assert {leaf.name for leaf in output.leaves} >= {
        "image",
        "label.boxes",
        "metadata.mask",
        "metadata.visibility",
        "metadata.background",
        "metadata.noise",
    }
