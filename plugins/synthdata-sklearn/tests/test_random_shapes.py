from collections.abc import Callable

import numpy as np
import pytest
from skimage.measure import label as components
from skimage.measure import regionprops

import synthdata as sd
from synthdata_sklearn.random_shapes import RandomShapes
from synthdata_sklearn.shape_canvas import SHAPES, ShapeCanvas

Draw = Callable[..., list[sd.Sample]]


def class_of(pixels: np.ndarray) -> set[str]:
    """What a shape may be by its pixels, cut out along its box."""
    widths = pixels.sum(axis=1)
    if pixels.all():
        return {"rectangle"}
    if pixels[-1].all() and (np.diff(widths) >= 0).all():
        return {"triangle"}
    mirrored = (pixels == pixels[::-1]).all() and (pixels == pixels[:, ::-1]).all()
    if pixels.shape[0] == pixels.shape[1] and mirrored and (pixels == pixels.T).all():
        return {"circle", "ellipse"}
    return {"ellipse"}


def test_boxes_are_those_of_the_connected_parts_of_the_image(draw: Draw) -> None:
    apart = 0
    for sample in draw("random-shapes-v1", 100, noise=0):
        regions = regionprops(components((sample.image != 255).any(axis=2)))
        if len(regions) != len(sample.label["boxes"]):
            continue  # some touch
        found = sorted((x0, y0, x1, y1) for y0, x0, y1, x1 in (r.bbox for r in regions))
        assert found == sorted(map(tuple, sample.label["boxes"].tolist()))
        apart += 1
    assert apart > 60


def test_the_mask_is_where_a_shape_has_its_colour_and_0_where_the_image_is_white(
    draw: Draw,
) -> None:
    for sample in draw("random-shapes-v1", 50, noise=0, max_overlap=0.5):
        mask, colors = sample.metadata["mask"], sample.metadata["colors"]
        assert mask.max() == len(colors) == len(sample.label["boxes"])
        for number, color in enumerate(colors, 1):
            assert (sample.image[mask == number] == color).all()
        assert ((mask == 0) == (sample.image == 255).all(axis=2)).all()


def test_a_shape_that_nothing_hides_has_the_form_of_its_class(draw: Draw) -> None:
    seen = []
    for sample in draw("random-shapes-v1", 150, size=128):
        boxes, classes = sample.label["boxes"].astype(int), sample.label["classes"]
        for number, ((x0, y0, x1, y1), kind) in enumerate(zip(boxes, classes, strict=True), 1):
            pixels = sample.metadata["mask"][y0:y1, x0:x1] == number
            assert SHAPES[kind] in class_of(pixels)
            seen.append(SHAPES[kind])
    assert {name: seen.count(name) > 50 for name in SHAPES} == dict.fromkeys(SHAPES, True)


def test_shapes_have_the_extent_that_was_asked_for(draw: Draw) -> None:
    for sample in draw("random-shapes-v1", 50, size=200, min_size=0.2, max_size=0.2):
        boxes = sample.label["boxes"]
        extent = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        # An ellipse's radii are up to one pixel more than half of it, and its box a pixel wider.
        assert extent.min() >= 38
        assert extent.max() <= 44


def test_no_shape_hides_another_unless_it_may(draw: Draw) -> None:
    for sample in draw("random-shapes-v1", 50, max_shapes=20):
        assert (sample.metadata["visibility"] == 1).all()


def test_a_shape_is_hidden_no_more_than_it_may_be_and_the_last_one_is_whole(draw: Draw) -> None:
    hidden = []
    for sample in draw("random-shapes-v1", 50, max_shapes=20, max_overlap=0.5):
        visibility = sample.metadata["visibility"]
        assert visibility[-1] == 1
        hidden.extend(1 - visibility)
    assert 0.3 < max(hidden) <= 0.5


def test_visibility_is_the_part_that_later_shapes_leave() -> None:
    canvas = ShapeCanvas(10, max_overlap=0.5)
    below, above = (np.full((10, 10, 3), 255, np.uint8) for _ in range(2))
    below[2:6, 2:7], above[2:6, 5:9] = 10, 20
    assert canvas.lay("rectangle", below)
    assert canvas.lay("rectangle", above)
    assert canvas.visibility().tolist() == [np.float32(0.6), 1]
    assert canvas.boxes().tolist() == [[2, 2, 5, 6], [5, 2, 9, 6]]
    assert not canvas.lay("rectangle", np.full((10, 10, 3), 30, np.uint8))
    assert canvas.names == ["rectangle", "rectangle"]
    assert canvas.mask.max() == 2


def test_every_shape_is_darker_than_white_by_the_contrast(draw: Draw) -> None:
    for sample in draw("random-shapes-v1", 30, contrast=200, max_shapes=10):
        assert sample.metadata["colors"].max() <= 55


def test_triangles_are_never_cut_off_and_drawn_at_the_other_border(draw: Draw) -> None:
    for sample in draw("random-shapes-v1", 200, shapes=["triangle"], max_shapes=1, noise=0):
        [(x0, y0, x1, y1)] = sample.label["boxes"].astype(int)
        assert class_of(sample.metadata["mask"][y0:y1, x0:x1] == 1) == {"triangle"}


@pytest.mark.parametrize("name", SHAPES)
def test_the_smallest_shapes_have_the_form_of_their_class_too(name: str, draw: Draw) -> None:
    for sample in draw("random-shapes-v1", 30, size=32, shapes=[name], max_size=0.2):
        boxes = sample.label["boxes"].astype(int)
        assert len(boxes) >= 1
        for number, (x0, y0, x1, y1) in enumerate(boxes, 1):
            assert name in class_of(sample.metadata["mask"][y0:y1, x0:x1] == number)


def test_samples_need_no_open() -> None:
    generator = RandomShapes()
    assert generator.sample(sd.Rng(7, 0)).image.shape == (96, 96, 3)


def test_a_doubled_shape_is_refused_by_its_name() -> None:
    with pytest.raises(sd.ParamsError, match="doubled is 'circle'"):
        sd.make("random-shapes-v1", shapes=["circle", "circle"])
