"""Pixel facts of what a preview draws."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

import synthdata as sd
from synthdata.preview import contact_sheet, draw_sample
from synthdata.preview.panel import BACKGROUND, LEAST_SIDE, LINE, PALETTE
from synthdata.preview.pixels import picture

GREY = 100


def canvas(height: int = 96, width: int = 96) -> NDArray[np.uint8]:
    return np.full((height, width, 3), GREY, np.uint8)


def drawn(output: sd.Output, sample: sd.Sample, side: int | None = None) -> NDArray[np.uint8]:
    return np.asarray(draw_sample(sample, output, side=side))


def image_only(feature: Any, value: NDArray[Any]) -> NDArray[np.uint8]:
    return drawn(sd.Output(image=feature), sd.Sample(value))


def is_grey(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    grey: NDArray[np.bool_] = (pixels == GREY).all(axis=-1)
    return grey


def test_a_large_image_without_annotations_is_shown_as_it_is() -> None:
    image = np.random.default_rng(0).integers(256, size=(97, 120, 3), dtype=np.uint8)
    assert np.array_equal(image_only(sd.Image(97, 120), image), image)


def test_a_small_image_is_enlarged_by_a_whole_number_without_blur() -> None:
    image = np.random.default_rng(0).integers(256, size=(10, 20, 3), dtype=np.uint8)
    shown = image_only(sd.Image(10, 20), image)
    assert max(shown.shape) >= LEAST_SIDE
    assert np.array_equal(shown, image.repeat(5, axis=0).repeat(5, axis=1))


def test_a_side_shrinks_and_enlarges() -> None:
    output = sd.Output(image=sd.Image(100, 200))
    assert drawn(output, sd.Sample(canvas(100, 200)), side=50).shape == (25, 50, 3)
    assert drawn(output, sd.Sample(canvas(100, 200)), side=450).shape == (200, 400, 3)


def test_a_box_is_drawn_on_its_own_pixels_and_nowhere_else() -> None:
    output = sd.Output(image=sd.Image(96, 96), label=sd.Boxes(3))
    shown = drawn(output, sd.Sample(canvas(), np.array([[20, 30, 50, 70]], np.float32)))
    inside = np.zeros((96, 96), bool)
    inside[30:70, 20:50] = True  # half-open: row 70 and column 50 are outside
    inside[31:69, 21:49] = False
    assert (shown[inside] == PALETTE[0]).all()
    assert is_grey(shown)[~inside].all()


def test_a_box_grows_with_a_small_image() -> None:
    output = sd.Output(image=sd.Image(24, 24), label=sd.Boxes(3))
    shown = drawn(output, sd.Sample(canvas(24, 24), np.array([[2, 3, 6, 8]], np.float32)))
    rows, columns = np.nonzero(~is_grey(shown))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 31, 8, 23)


def test_boxes_have_different_colours_in_order() -> None:
    boxes = np.array([[1, 1, 9, 9], [21, 21, 29, 29]], np.float32)
    output = sd.Output(image=sd.Image(96, 96), label=sd.Boxes(3))
    shown = drawn(output, sd.Sample(canvas(), boxes))
    assert tuple(shown[1, 1]) == PALETTE[0]
    assert tuple(shown[21, 21]) == PALETTE[1]


def test_the_class_name_stands_above_its_box() -> None:
    boxes = np.array([[20, 40, 80, 80]], np.float32)
    label = {"boxes": boxes, "classes": np.array([1])}
    named = sd.Output(
        image=sd.Image(96, 96),
        label={"boxes": sd.Boxes(2), "classes": sd.ClassLabel(["cat", "dog"], 2)},
    )
    shown = drawn(named, sd.Sample(canvas(), label))
    bare = drawn(
        sd.Output(image=sd.Image(96, 96), label={"boxes": sd.Boxes(2)}),
        sd.Sample(canvas(), {"boxes": boxes}),
    )
    rows, _ = np.nonzero((shown != bare).any(axis=-1))
    assert rows.min() >= 40 - LINE
    assert rows.max() <= 41
    other = drawn(named, sd.Sample(canvas(), {**label, "classes": np.array([0])}))
    assert not np.array_equal(shown, other)


def test_boxes_of_label_and_metadata_are_drawn_once() -> None:
    boxes = np.array([[20, 40, 80, 80]], np.float32)
    label = {"boxes": sd.Boxes(2), "classes": sd.ClassLabel(["cat", "dog"], 2)}
    both = sd.Output(image=sd.Image(96, 96), label=label, metadata={"boxes": sd.Boxes(2)})
    once = sd.Output(image=sd.Image(96, 96), label=label)
    values = {"boxes": boxes, "classes": np.array([1])}
    assert np.array_equal(
        drawn(both, sd.Sample(canvas(), values, {"boxes": boxes})),
        drawn(once, sd.Sample(canvas(), values)),
    )


def test_masks_of_label_and_metadata_are_laid_over_once() -> None:
    mask = np.ones((96, 96), np.uint8)
    both = sd.Output(
        image=sd.Image(96, 96), label=sd.Mask(96, 96), metadata={"mask": sd.Mask(96, 96)}
    )
    once = sd.Output(image=sd.Image(96, 96), label=sd.Mask(96, 96))
    assert np.array_equal(
        drawn(both, sd.Sample(canvas(), mask, {"mask": mask})),
        drawn(once, sd.Sample(canvas(), mask)),
    )


def test_a_mask_colours_the_inside_only_and_lets_the_image_through() -> None:
    mask = np.zeros((96, 96), np.uint8)
    mask[10:20, 30:40], mask[50:60, 30:40] = 1, 2
    output = sd.Output(image=sd.Image(96, 96), label=sd.Mask(96, 96))
    shown = drawn(output, sd.Sample(canvas(), mask))
    assert np.array_equal(is_grey(shown), mask == 0)
    first, second = shown[15, 35].astype(int), shown[55, 35].astype(int)
    assert (abs(first - GREY) < abs(np.array(PALETTE[0]) - GREY)).all()
    assert first[0] > first[2]
    assert second[2] > second[0]


def test_drawing_leaves_the_sample_alone() -> None:
    image, mask = canvas(), np.ones((96, 96), np.uint8)
    image.flags.writeable = False
    drawn(sd.Output(image=sd.Image(96, 96), label=sd.Mask(96, 96)), sd.Sample(image, mask))
    assert (image == GREY).all()


def test_keypoints_are_dots_rings_or_nothing_by_visibility() -> None:
    points = np.array([[20, 20, 2], [50, 50, 1], [0, 0, 0]], np.float32)
    output = sd.Output(image=sd.Image(96, 96), label=sd.Keypoints(3))
    shown = drawn(output, sd.Sample(canvas(), points))
    assert tuple(shown[20, 20]) == PALETTE[0]
    assert tuple(shown[50, 50]) == (GREY,) * 3
    assert tuple(shown[50, 53]) == PALETTE[1]
    assert tuple(shown[0, 0]) == (GREY,) * 3


def test_keypoints_of_several_objects_are_all_drawn() -> None:
    points = np.array([[[20, 20, 2]], [[60, 60, 2]]], np.float32)
    output = sd.Output(image=sd.Image(96, 96), label=sd.Keypoints(1, 4))
    shown = drawn(output, sd.Sample(canvas(), points))
    assert tuple(shown[20, 20]) == tuple(shown[60, 60]) == PALETTE[0]


def test_a_polygon_is_an_outline_closed_to_its_first_corner() -> None:
    corners = np.array([[20, 20], [70, 20], [70, 70], [20, 70]], np.float32)
    output = sd.Output(image=sd.Image(96, 96), label=sd.Polygons(2))
    shown = drawn(output, sd.Sample(canvas(), [corners]))
    for x, y in ((45, 20), (70, 45), (45, 70), (20, 45)):
        assert tuple(shown[y, x]) == PALETTE[0]
    assert tuple(shown[45, 45]) == (GREY,) * 3


def test_annotations_are_drawn_on_the_image_that_they_name() -> None:
    output = sd.Output(
        image={"left": sd.Image(96, 96), "right": sd.Image(96, 96)},
        label=sd.Boxes(2, "right"),
    )
    boxes = np.array([[20, 30, 50, 70]], np.float32)
    shown = drawn(output, sd.Sample({"left": canvas(), "right": canvas()}, boxes))
    assert is_grey(shown[:, :96]).all()
    assert not is_grey(shown[:, -96:]).all()
    assert shown.shape == (96, 196, 3)


def test_words_and_numbers_stand_below_the_image() -> None:
    output = sd.Output(
        image=sd.Image(96, 200),
        label=sd.ClassLabel(["cat", "dog"]),
        metadata={"text": sd.Text(), "n": sd.Scalar("int32"), "ok": sd.Scalar("bool")},
    )

    def shown(label: Any, text: str, number: int) -> NDArray[np.uint8]:
        metadata = {"text": text, "n": np.int32(number), "ok": np.True_}
        return drawn(output, sd.Sample(canvas(96, 200), label, metadata))

    first = shown(0, "hello\nworld", 3)
    assert is_grey(first[:96]).all()
    assert first.shape[0] > 96
    assert not (first[96:] == BACKGROUND).all()
    assert np.array_equal(first, shown("cat", "hello\nworld", 3))
    for other in (shown(1, "hello\nworld", 3), shown(0, "hullo", 3), shown(0, "hello\nworld", 4)):
        assert not np.array_equal(first, other)


def test_a_long_text_does_not_widen_the_picture() -> None:
    output = sd.Output(image=sd.Image(96, 96), metadata={"text": sd.Text(4096)})
    shown = drawn(output, sd.Sample(canvas(), None, {"text": "wide " * 500}))
    assert shown.shape[1] == 96
    assert shown.shape[0] < 200


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int16", "uint64", "int64", "float16"])
def test_other_dtypes_are_shown_from_their_smallest_to_their_largest_value(dtype: Any) -> None:
    value = np.linspace(2, 120, 100 * 100).reshape(100, 100, 1).astype(dtype)
    shown = image_only(sd.Image(100, 100, 1, dtype), value)
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[-1, -1].tolist() == [255, 255, 255]
    assert 120 < shown[50, 0, 0] < 135


def test_declared_bounds_fix_the_brightness() -> None:
    value = np.full((100, 100, 3), 0.5, np.float32)
    assert (image_only(sd.Image(100, 100, 3, "float32", 0, 1), value) == 128).all()
    classes = np.ones((100, 100, 1), np.uint8)
    assert (image_only(sd.Image(100, 100, 1, "uint8", 0, 1), classes) == 255).all()


def test_an_open_bound_is_taken_from_the_sample() -> None:
    value = np.linspace(1, 2, 10000, dtype=np.float32).reshape(100, 100, 1)
    shown = image_only(sd.Image(100, 100, 1, "float32", ge=0), value)
    assert shown[0, 0, 0] == 128
    assert shown[-1, -1, 0] == 255


def test_nan_infinity_and_huge_floats_are_shown_without_a_warning() -> None:
    value = np.array([[np.nan, np.inf, -np.inf], [-1.7e308, 1.7e308, 0]])[..., None]
    shown = picture(value, sd.Image(2, 3, 1, "float64", finite=False))
    assert shown[..., 0].tolist() == [[0, 255, 0], [0, 255, 128]]
    nothing = picture(np.full((2, 2, 1), np.nan), sd.Image(2, 2, 1, "float64", finite=False))
    assert (nothing == 0).all()


def test_any_number_of_channels_is_shown() -> None:
    for channels in (1, 2, 3, 4, 5, 7):
        value = np.full((96, 96, channels), 200, np.uint8)
        if channels in (2, 4):
            value[..., -1] = 255
        assert (image_only(sd.Image(96, 96, channels), value) == 200).all()


def test_transparent_pixels_are_grey() -> None:
    value = np.zeros((96, 96, 4), np.uint8)
    assert (image_only(sd.Image(96, 96, 4), value) == 128).all()


def test_image_like_tensors_are_shown_and_others_left_out() -> None:
    value = np.zeros((96, 96), bool)
    value[10, 20] = True
    shown = image_only(sd.Tensor("bool", (96, 96)), value)
    assert np.array_equal(shown[..., 0] == 255, value)
    vector = sd.Output(image=sd.Tensor("float32", (5,)), label=sd.ClassLabel(["a"]))
    assert drawn(vector, sd.Sample(np.zeros(5, np.float32), 0)).shape[0] > LINE


def test_an_image_of_no_pixels_and_an_empty_list_can_be_shown() -> None:
    output = sd.Output(
        image=sd.Image(sd.UpTo(9), 9), label={"b": sd.Boxes(2), "c": sd.ClassLabel(["a"], 2)}
    )
    label = {"b": np.zeros((0, 4), np.float32), "c": np.zeros(0, np.int64)}
    assert drawn(output, sd.Sample(np.zeros((0, 9, 3), np.uint8), label)).size


class Count(sd.Generator):
    """Grey images whose value is their index."""

    class Params(sd.Params):
        fails: bool = False

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(32, 32))

    def sample(self, rng: Any) -> sd.Sample:
        if self.params.fails:
            raise ValueError("no picture today")
        return sd.Sample(np.full((32, 32, 3), 50 + 10 * rng.index, np.uint8))


def test_a_contact_sheet_shows_the_first_samples_row_by_row() -> None:
    sheet = contact_sheet(sd.Source.of(Count()), 6, columns=3, cell=64)
    pixels = np.asarray(sheet)
    places = [int(pixels[row, column, 0]) for row in (60, 140) for column in (30, 100, 170)]
    assert places == [50, 60, 70, 80, 90, 100]


def test_a_contact_sheet_of_a_slice_or_a_short_source_is_smaller() -> None:
    source = sd.Source.of(Count(), samples=5)
    few = np.asarray(contact_sheet(source[3:], 16, columns=4, cell=64))
    assert {80, 90} <= set(few[..., 0].ravel().tolist())
    assert few.shape[1] < np.asarray(contact_sheet(source, 16, columns=4, cell=64)).shape[1]


@pytest.mark.parametrize(
    ("count", "columns", "cell"), [(0, 1, 9), (-1, 1, 9), (1, 0, 9), (1, 1, 0)]
)
def test_an_empty_sheet_is_refused(count: int, columns: int, cell: int) -> None:
    with pytest.raises(ValueError, match="no sample to draw"):
        contact_sheet(sd.Source.of(Count()), count, columns=columns, cell=cell)


def test_a_failing_sample_is_named() -> None:
    with pytest.raises(sd.SampleError, match="no picture today"):
        contact_sheet(sd.Source.of(Count(fails=True)), 4)


def test_a_sheet_is_the_same_every_time() -> None:
    first, second = (contact_sheet(sd.Source.of(Count()), 4) for _ in range(2))
    assert isinstance(first, Pillow.Image)
    assert first.tobytes() == second.tobytes()


def test_previews_do_not_import_tensorflow() -> None:
    code = "import sys, synthdata.preview; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
