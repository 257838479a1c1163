"""Proofs of the labels of scenes-v1 by ways other than its own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

import synthdata as sd
from synthdata_compose.cutouts import classes_of
from synthdata_compose.painting import paint
from synthdata_compose.scenes import Scenes

STAMPS = Path("/usr/share/tuxpaint/stamps")
# pycocotools wraps its arrays in the way of NumPy 1.
FROM_COCO = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")
BLENDINGS = ("alpha", "feather", "multiply", "screen")
CROWD: dict[str, Any] = {"objects": 6, "scale": {"uniform": [0.3, 0.6]}, "min_visible": 0.1}


def planned(index: int, **params: Any) -> tuple[Scenes, Any]:
    generator = Scenes(**{**CROWD, **params})
    generator.open()
    return generator, generator.plan(sd.Rng(0, index))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of cut-outs with soft edges, drawn here."""
    for name, box in (("wide/a", (5, 20, 75, 50)), ("tall/b", (30, 5, 50, 75))):
        alpha = Image.new("L", (80, 80))
        ImageDraw.Draw(alpha).ellipse(box, fill=255)
        image = Image.new("RGBA", (80, 80), (200, 60, 90))
        image.putalpha(alpha.filter(ImageFilter.GaussianBlur(1)))
        path = tmp_path / "cutouts" / f"{name}.png"
        path.parent.mkdir(parents=True)
        image.save(path)
    return tmp_path / "cutouts"


@pytest.mark.parametrize("blending", ["alpha", "feather"])
def test_masks_are_those_of_coverage_worked_out_one_object_at_a_time(blending: str) -> None:
    for index in range(12):
        _, scene = planned(index, blending=blending)
        alphas = []
        for each in scene.objects:
            page = Image.new("L", (256, 256))
            page.paste(Image.fromarray(each.alpha), (each.left, each.top))
            alphas.append(np.asarray(page, float) / 255)
        expected = np.zeros((256, 256), int)
        for number, alpha in enumerate(alphas, 1):
            above = [1 - other for other in alphas[number:]]
            own = alpha * np.prod([np.ones((256, 256)), *above], axis=0)
            expected[own >= 0.5] = number
        assert np.array_equal(scene.seen.mask, expected)
        assert len(scene.objects) > 1


def test_an_object_lies_where_its_homography_says() -> None:
    y, x = np.mgrid[:256, :256] + 0.5
    for index in range(12):
        _, scene = planned(index, objects=1, cutouts=None, classes=["square"], perspective=0.3)
        for each in scene.objects:
            width, height = each.cutout.image().size
            u, v, w = np.linalg.inv(each.homography) @ np.stack(
                [x.ravel(), y.ravel(), x.ravel() ** 0]
            )
            u, v = (u / w).reshape(256, 256), (v / w).reshape(256, 256)
            centre = each.homography @ (width / 2, height / 2, 1)
            assert centre[:2] / centre[2] == pytest.approx((each.pose.x, each.pose.y))
            # The square fills its cut-out; a pixel off its outline is in or out without doubt.
            inside = np.minimum.reduce([u, width - u, v, height - v])
            size = 1.5 * width / each.pose.side * 1.4
            sure = np.abs(inside) > size
            assert sure.mean() > 0.8
            assert np.array_equal((scene.seen.mask == 1)[sure], (inside > 0)[sure])


def test_boxes_are_tight_and_visibility_counts_pixels() -> None:
    generator, _ = planned(0)
    hidden = 0
    for index in range(20):
        sample = generator.sample(sd.Rng(0, index))
        label: Any = sample.label
        scene = generator.plan(sd.Rng(0, index))
        for number, box in enumerate(label["boxes"].astype(int), 1):
            own = label["mask"] == number
            x0, y0, x1, y1 = box
            rows, columns = own[y0:y1, x0:x1].any(1), own[y0:y1, x0:x1].any(0)
            assert own.sum() == own[y0:y1, x0:x1].sum()
            assert all((rows[0], rows[-1], columns[0], columns[-1]))
            whole = (scene.objects[number - 1].alpha >= 127.5).sum()
            seen: Any = sample.metadata["visibility"]
            assert seen[number - 1] == pytest.approx(min(own.sum() / whole, 1), abs=1e-6)
            assert 0.1 <= seen[number - 1] <= 1
            hidden += seen[number - 1] < 0.9
        assert label["mask"].max(initial=0) == len(label["boxes"])
    assert hidden > 5


@pytest.mark.parametrize("blending", BLENDINGS)
def test_without_an_object_a_scene_differs_only_where_it_and_its_shadow_lay(blending: str) -> None:
    for index in range(4):
        _, scene = planned(index, blending=blending, shadow=0.5, harmonise=0.5)
        whole = paint(scene.background, scene.objects, scene.look)
        for number, each in enumerate(scene.objects):
            rest = scene.objects[:number] + scene.objects[number + 1 :]
            changed = (paint(scene.background, rest, scene.look) != whole).any(2)
            assert changed.any()
            page = Image.new("L", (256, 256))
            page.paste(Image.fromarray(each.alpha), (each.left, each.top))
            body = np.asarray(page) > 0
            page = Image.new("L", (256, 256))
            x, y = scene.look.offset
            page.paste(Image.fromarray(each.alpha), (each.left + x, each.top + y))
            # A pixel is within the blur's reach of the shadow's own pixels, or unchanged.
            reach = math.ceil(4 * scene.look.blur) + 2
            left, top, right, bottom = page.getbbox() or (0, 0, 0, 0)
            square = np.zeros((256, 256), bool)
            rows = slice(max(top - reach, 0), bottom + reach)
            square[rows, max(left - reach, 0) : right + reach] = True
            assert not (changed & ~(body | square)).any()


def test_the_last_object_lies_on_top() -> None:
    for index in range(8):
        _, scene = planned(index, shadow=0)
        top = scene.objects[-1]
        frame, patch = top.within(256, 256)
        opaque = top.alpha[patch] == 255
        image = paint(scene.background, scene.objects, scene.look)
        assert np.array_equal(image[frame][opaque], top.rgb[patch][opaque])
        assert (scene.seen.mask[frame][opaque] == len(scene.objects)).all()


def test_harmonised_colours_come_nearer_to_the_background() -> None:
    def distance(amount: float) -> float:
        _, scene = planned(3, objects=1, harmonise=amount, shadow=0)
        own = scene.seen.mask == 1
        image = paint(scene.background, scene.objects, scene.look)
        return float(np.abs(image[own].mean(0) - scene.background[own].mean(0)).max())

    assert distance(1) < distance(0.5) < distance(0)
    assert distance(1) < 0.3 * distance(0)


def check_coco(recipe: sd.Recipe, folder: Path) -> int:
    """Compare what pycocotools and sd.stored read with the samples; returns how many objects."""
    sd.write(recipe, folder, format="coco", workers=0)
    file = folder / "annotations/instances_train.json"
    coco = pytest.importorskip("pycocotools.coco").COCO(str(file))
    source, stored = sd.Source(recipe), sd.stored(folder)
    assert sorted(coco.imgs) == list(range(len(source)))
    for number, image in coco.imgs.items():
        sample: Any = source[number]
        pixels = np.asarray(Image.open(folder / "images/train" / image["file_name"]))
        assert np.array_equal(pixels, sample.image)
        again: Any = stored[number]
        assert again.label["mask"].dtype == sample.label["mask"].dtype
        assert np.array_equal(again.label["mask"], sample.label["mask"])
        found = coco.loadAnns(coco.getAnnIds(imgIds=number))
        assert len(found) == len(sample.label["boxes"])
        for place, each in enumerate(found, 1):
            mask = coco.annToMask(each).astype(bool)
            assert np.array_equal(mask, sample.label["mask"] == place)
            rle = coco.annToRLE(each)
            tools = pytest.importorskip("pycocotools.mask")
            assert each["area"] == mask.sum() == tools.area(rle)
            assert each["bbox"] == tools.toBbox(rle).tolist()
            label: Any = source.output.label
            name = label["classes"].names[sample.label["classes"][place - 1]]
            assert coco.cats[each["category_id"]]["name"] == name
    return len(coco.anns)


@FROM_COCO
def test_coco_agrees_to_the_pixel(folder: Path, tmp_path: Path) -> None:
    params = {**CROWD, "cutouts": str(folder), "classes": classes_of(str(folder))}
    recipe = sd.Recipe(generator="scenes-v1", params=params, seed=1, samples=10)
    assert check_coco(recipe, tmp_path / "coco") > 20


@FROM_COCO
@pytest.mark.skipif(not STAMPS.is_dir(), reason="needs Debian's tuxpaint-stamps-default")
def test_stamps_of_tuxpaint_become_a_coco_data_set(tmp_path: Path) -> None:
    params = {"cutouts": str(STAMPS), "classes": classes_of(str(STAMPS)), "solid": True}
    recipe = sd.Recipe(generator="scenes-v1", params=params, seed=1, samples=12)
    assert check_coco(recipe, tmp_path / "coco") > 20


def test_masks_go_through_other_formats_and_back(tmp_path: Path) -> None:
    recipe = sd.Recipe(generator="scenes-v1", params={"width": 128}, seed=1, samples=4)
    sd.write(recipe, tmp_path / "coco", format="coco", workers=0)
    assert sd.verify(tmp_path / "coco", "deep")
    before = tmp_path / "coco"
    for kind in ("npz", "webdataset", "coco"):
        after = tmp_path / f"after-{kind}"
        sd.convert(before, after, format=kind, workers=0)
        before = after
    parts = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.jsonl")}
        for folder in (tmp_path / "coco", after)
    ]
    assert parts[0] == parts[1] != {}


def test_files_in_no_sub_folder_are_classes_by_their_stem(folder: Path) -> None:
    for name in ("wide/a", "tall/b"):
        (folder / f"{name}.png").rename(folder / f"{name[-1]}.png")
    assert classes_of(str(folder)) == ("a", "b")
    params = {"cutouts": str(folder), "classes": ["b", "a"], "objects": 3}
    source = sd.Source(sd.Recipe(generator="scenes-v1", params=params, samples=10))
    names = {("b", "a")[place] for sample in source for place in sample.label["classes"]}
    assert names == {"a", "b"}


def test_backgrounds_come_from_a_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "behind").mkdir()
    Image.new("RGB", (40, 90), (10, 200, 30)).save(tmp_path / "behind" / "green.png")
    sample = sd.Source(
        sd.Recipe(
            generator="scenes-v1",
            params={"backgrounds": str(tmp_path / "behind"), "objects": 0},
            samples=1,
        )
    )[0]
    assert (sample.image == (10, 200, 30)).all()
    assert sample.metadata["background"] == "green.png"


def test_what_cannot_be_pasted_is_refused_by_name(folder: Path) -> None:
    bad = folder / "bad" / "x.png"
    bad.parent.mkdir()

    def draw(**params: Any) -> None:
        generator = Scenes(cutouts=str(folder), **params)
        generator.open()
        for index in range(10):
            generator.plan(sd.Rng(0, index))

    with pytest.raises(sd.AssetError, match="no cut-out is of the class 'bad'; there are tall"):
        draw(classes=["wide", "bad"])
    with pytest.raises(sd.AssetError, match=r"no image matches '\*\.png'"):
        draw(classes=["wide"], pattern="*.png")
    bad.write_text("no image")
    with pytest.raises(sd.AssetError, match=r"x\.png: not an image"):
        draw(classes=["bad"])
    (folder / "bad" / "x.png").unlink()
    Image.new("RGB", (9, 9)).save(folder / "bad" / "y.png")
    with pytest.raises(sd.AssetError, match=r"y\.png: a cut-out is transparent around"):
        draw(classes=["bad"])
    (folder / "bad" / "y.png").unlink()
    Image.new("RGBA", (9, 9)).save(folder / "bad" / "z.png")
    with pytest.raises(sd.AssetError, match=r"z\.png: wholly transparent"):
        draw(classes=["bad"])


def test_a_folder_needs_classes_and_must_exist() -> None:
    with pytest.raises(sd.ParamsError, match="classes are needed with a folder"):
        sd.make("scenes-v1", cutouts="/nowhere")
    with pytest.raises(sd.AssetError, match="/nowhere: no such folder"):
        classes_of("/nowhere")
