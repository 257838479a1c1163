"""The built-in generator photos-v1, on real photos and on files that are broken on purpose."""

from __future__ import annotations

import io
import json
import os
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import skimage
from PIL import Image, ImageFilter, ImageOps

import synthdata as sd
from synthdata.builtin.filters import Blur
from synthdata.builtin.photos import Photos

PHOTOS = Path(skimage.__file__).parent / "data"

NAMES = [
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "color.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
]
"""Files of the scikit-image wheel without an alpha channel."""

RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (10, 50, 220)


def source(folder: Path, samples: int | None = None, seed: int = 7, **params: Any) -> sd.Source:
    params = {"folder": str(folder), "height": 8, "width": 8} | params
    recipe = sd.Recipe(generator="photos-v1", params=params, seed=seed, samples=samples)
    return sd.Source(recipe)


def write(path: Path, colour: Any = RED, size: tuple[int, int] = (12, 10), **save: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = {int: "L", tuple: "RGB"}[type(colour)]
    Image.new(bands, size, colour).save(path, **save)
    return path


def failure(drawn: sd.Source, index: int = 0) -> sd.AssetError:
    with pytest.raises(sd.GeneratorFailedError) as raised:
        drawn[index]
    cause = raised.value.__cause__
    assert isinstance(cause, sd.AssetError)
    assert str(cause) in str(raised.value)
    return cause


def header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# What plain Pillow makes of a photo, written without any of our helpers.


def covered(image: Image.Image) -> Image.Image:
    return ImageOps.fit(image.convert("RGB"), (96, 64), Image.Resampling.BICUBIC)


def stretched(image: Image.Image) -> Image.Image:
    return image.convert("RGB").resize((50, 70), Image.Resampling.LANCZOS)


def padded(image: Image.Image) -> Image.Image:
    return ImageOps.pad(image.convert("RGB"), (64, 96), Image.Resampling.BILINEAR, color=BLUE)


def grey(image: Image.Image) -> Image.Image:
    return ImageOps.fit(image.convert("L"), (64, 64), Image.Resampling.NEAREST)


def filtered(image: Image.Image) -> Image.Image:
    image = covered(image).filter(ImageFilter.GaussianBlur(1.5))
    image = image.filter(ImageFilter.UnsharpMask(radius=2, percent=120, threshold=4))
    return image.filter(ImageFilter.FIND_EDGES)


def posterized(image: Image.Image) -> Image.Image:
    return ImageOps.posterize(covered(image), 3)


def recompressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    covered(image).save(file, "JPEG", quality=15)
    return Image.open(file)


COVERED = {"height": 64, "width": 96}
CHAIN = [
    {"blur": {"radius": 1.5}},
    {"sharpen": {"radius": 2, "percent": 120, "threshold": 4}},
    "edges",
]
PROCESSING: list[tuple[dict[str, Any], Callable[[Image.Image], Image.Image]]] = [
    (COVERED, covered),
    ({"height": 70, "width": 50, "fit": "stretch", "resample": "lanczos"}, stretched),
    (
        {"height": 96, "width": 64, "fit": "pad", "resample": "bilinear", "background": BLUE},
        padded,
    ),
    ({"height": 64, "width": 64, "mode": "L", "resample": "nearest"}, grey),
    ({**COVERED, "filters": CHAIN}, filtered),
    ({**COVERED, "filters": [{"posterize": {"bits": 3}}]}, posterized),
    ({**COVERED, "filters": [{"jpeg": {"quality": 15}}]}, recompressed),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("params", "plain"), PROCESSING, ids=lambda value: "")
def test_a_real_photo_is_pixel_for_pixel_what_pillow_makes_of_it(
    name: str, params: dict[str, Any], plain: Callable[[Image.Image], Image.Image]
) -> None:
    sample = source(PHOTOS, pattern=name, **params)[0]
    with Image.open(PHOTOS / name) as photo:
        expected = np.asarray(plain(photo))
        size = photo.size
    if expected.ndim == 2:
        expected = expected[..., np.newaxis]
    assert sample.image.dtype == np.uint8
    assert np.array_equal(sample.image, expected)
    assert sample.image.std() > 0
    assert sample.metadata == {"path": name, "width": size[0], "height": size[1]}
    assert sample.label == ""


@pytest.mark.parametrize("name", ["horse.png", "logo.png"])
def test_a_transparent_photo_is_laid_on_the_background(name: str) -> None:
    with Image.open(PHOTOS / name) as photo:
        assert photo.mode == "RGBA"
        behind = Image.new("RGB", photo.size, GREEN)
        behind.paste(photo, mask=photo)
        alpha = ImageOps.fit(photo, (40, 40), Image.Resampling.BICUBIC)
    size = {"height": 40, "width": 40}
    drawn = source(PHOTOS, pattern=name, background=GREEN, **size)[0].image.astype(int)
    expected = np.asarray(ImageOps.fit(behind, (40, 40), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(drawn - expected).max() <= 1, "paste and alpha_composite round differently"
    kept = source(PHOTOS, pattern=name, mode="RGBA", **size)[0].image
    assert np.array_equal(kept, np.asarray(alpha))


def test_one_pass_over_all_photos_of_the_wheel_makes_no_error() -> None:
    files = [path for path in PHOTOS.iterdir() if path.suffix in (".png", ".jpg")]
    drawn = source(PHOTOS, len(files), pattern="*g")
    assert {sample.metadata["path"] for sample in drawn} == {path.name for path in files}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path: Path, orientation: int) -> None:
    turns: dict[int, Callable[[Any], Any]] = {
        1: lambda pixels: pixels,
        2: lambda pixels: pixels[:, ::-1],
        3: lambda pixels: pixels[::-1, ::-1],
        4: lambda pixels: pixels[::-1],
        5: lambda pixels: pixels.swapaxes(0, 1),
        6: lambda pixels: np.rot90(pixels, -1),
        7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
        8: lambda pixels: np.rot90(pixels, 1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.jpg"
    with Image.open(PHOTOS / "chelsea.png") as photo:
        photo.save(path, exif=exif, quality=95)
    with Image.open(path) as stored:
        expected = turns[orientation](np.asarray(stored))
    height, width = expected.shape[:2]
    sample = source(tmp_path, height=height, width=width)[0]
    assert np.array_equal(sample.image, expected)
    assert sample.metadata == {"path": "turned.jpg", "height": height, "width": width}


def test_the_label_is_the_name_of_the_sub_folder(tmp_path: Path) -> None:
    for name in ("cats/a.png", "dogs/deep/er/b.png", "c.png"):
        write(tmp_path / name)
    drawn = source(tmp_path, 3)
    assert [(sample.metadata["path"], sample.label) for sample in drawn] == [
        ("c.png", ""),
        ("cats/a.png", "cats"),
        ("dogs/deep/er/b.png", "dogs"),
    ]
    assert isinstance(drawn.output.label, sd.Text)


def test_classes_make_the_label_a_class(tmp_path: Path) -> None:
    for name in ("cats/a.png", "dogs/b.png"):
        write(tmp_path / name)
    drawn = source(tmp_path, 2, classes=["dogs", "cats"])
    assert [int(sample.label) for sample in drawn] == [1, 0]
    assert drawn.output.label == sd.ClassLabel(("dogs", "cats"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cat/a.png", "sub-folder 'cat', but the classes are cats, dogs; did you mean 'cats'"),
        ("a.png", "in no sub-folder, but the classes are cats, dogs"),
    ],
)
def test_a_file_of_no_class_is_named_before_the_first_sample(
    tmp_path: Path, name: str, message: str
) -> None:
    write(tmp_path / "cats/ok.png")
    write(tmp_path / name)
    with pytest.raises(sd.AssetError, match=message) as raised:
        source(tmp_path, classes=["cats", "dogs"]).open()
    assert raised.value.path == str(tmp_path / name)
    assert str(tmp_path / name) in str(raised.value)


def test_describe_opens_no_folder() -> None:
    output = sd.make("photos-v1", folder="/no/such/folder", mode="L").output
    assert str(output) == (
        "Output(image: (128, 128, 1) uint8, label: () string, metadata.path: () string, "
        "metadata.height: () int32, metadata.width: () int32)"
    )


def test_in_order_covers_each_file_once_and_begins_anew(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.png")
    paths = [sample.metadata["path"] for sample in source(tmp_path, 7)]
    assert paths == ["0.png", "1.png", "2.png", "3.png", "4.png", "0.png", "1.png"]


def test_at_random_draws_from_all_files_and_not_in_order(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.png")
    drawn = source(tmp_path, 60, order="at-random")
    paths = [sample.metadata["path"] for sample in drawn]
    assert set(paths) == {f"{number}.png" for number in range(5)}
    assert paths[:5] != sorted(paths[:5])
    assert paths == [sample.metadata["path"] for sample in drawn]


def test_in_order_without_an_index_is_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    for order, works in (("in-order", False), ("at-random", True)):
        generator = sd.make("photos-v1", folder=str(tmp_path), order=order)
        generator.open()
        if works:
            generator.sample(np.random.default_rng(0))
            continue
        with pytest.raises(TypeError, match=r"give an sd\.Rng, or order='at-random'"):
            generator.sample(np.random.default_rng(0))


def test_the_order_in_which_files_were_made_does_not_matter(tmp_path: Path) -> None:
    names = ["b/2.png", "a/1.png", "a.png", "B.png", "a-b/3.png", "ä.png"]
    for folder, order in (("one", names), ("two", names[::-1])):
        for name in order:
            write(tmp_path / folder / name, (len(name), ord(name[0]) % 256, 9))
    one, two = (list(source(tmp_path / folder, len(names))) for folder in ("one", "two"))
    assert [sample.metadata["path"] for sample in one] == sorted(names)
    for left, right in zip(one, two, strict=True):
        assert left.metadata == right.metadata
        assert np.array_equal(left.image, right.image)


def test_the_same_seed_and_index_are_the_same_bytes_and_others_are_not() -> None:
    params: dict[str, Any] = {
        "order": "at-random",
        "fit": "random-crop",
        "height": 32,
        "width": 32,
        "filters": ["noise", {"blur": {"radius": {"uniform": [0, 2]}}}],
    }
    one, again = source(PHOTOS, **params), source(PHOTOS, **params)
    other = source(PHOTOS, seed=8, **params)
    drawn = {index: one[index].image.tobytes() for index in (5, 0, 3)}
    for index in (0, 3, 5):
        assert again[index].image.tobytes() == drawn[index]
        assert other[index].image.tobytes() != drawn[index]
    assert len(set(drawn.values())) == 3


def test_a_random_crop_is_cut_where_the_random_numbers_say() -> None:
    drawn = source(PHOTOS, pattern="rocket.jpg", fit="random-crop", height=64, width=32)
    with Image.open(PHOTOS / "rocket.jpg") as photo:
        for index in range(3):
            rng = sd.Rng(7, index)
            centre = (rng.random(), rng.random())
            expected = ImageOps.fit(photo, (32, 64), Image.Resampling.BICUBIC, centering=centre)
            assert np.array_equal(drawn[index].image, np.asarray(expected))


def test_samples_share_no_memory_and_can_be_written_to(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    drawn = source(tmp_path)
    first, second = drawn[0].image, drawn[0].image
    first[:] = 0
    assert second.any()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("fit", ["crop", "random-crop", "stretch", "pad"])
def test_every_mode_and_fit_has_the_declared_shape(tmp_path: Path, mode: str, fit: str) -> None:
    shapes = [(1, 1), (1, 900), (900, 1), (7, 5)]
    for width, height in shapes:
        write(tmp_path / f"{width}x{height}.png", size=(width, height))
    drawn = source(tmp_path, 4, mode=mode, fit=fit, height=9, width=13, filters=["blur", "noise"])
    assert {sample.image.shape for sample in drawn} == {
        (9, 13, {"RGB": 3, "L": 1, "RGBA": 4}[mode])
    }


def test_padding_is_the_background_in_each_mode(tmp_path: Path) -> None:
    write(tmp_path / "wide.png", BLUE, (20, 2))
    for mode, expected in (("RGB", RED), ("RGBA", (*RED, 255)), ("L", (82,))):
        image = source(tmp_path, fit="pad", mode=mode, background=RED)[0].image
        assert tuple(image[0, 0]) == expected
        assert tuple(image[4, 4]) != expected


def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (12, 10), colour) for colour in (RED, GREEN, BLUE)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert tuple(source(tmp_path)[0].image[0, 0]) == RED


def test_palettes_with_and_without_transparency_become_their_colours(tmp_path: Path) -> None:
    image = Image.new("P", (10, 10), 1)
    image.putpalette([*GREEN, *RED])
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png", transparency=1)
    image.save(tmp_path / "c.png", transparency=b"\xff\x00")
    drawn = source(tmp_path, 3, background=BLUE)
    assert [tuple(sample.image[0, 0]) for sample in drawn] == [RED, BLUE, BLUE]


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB"])
def test_other_colour_spaces_become_rgb_or_grey(tmp_path: Path, mode: str) -> None:
    made = Image.new(mode, (16, 16), (40, 90, 160, 20)[: len(Image.new(mode, (1, 1)).getbands())])
    made.save(tmp_path / "a.tif")
    expected = made.convert("RGB")
    assert np.array_equal(source(tmp_path, height=16, width=16)[0].image, np.asarray(expected))
    assert np.array_equal(
        source(tmp_path, height=16, width=16, mode="L")[0].image[..., 0],
        np.asarray(expected.convert("L")),
    )


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / f"a.{suffix}")
    image = source(tmp_path, mode="L", height=16, width=16)[0].image[..., 0]
    assert np.array_equal(image, np.arange(256).reshape(16, 16))


def test_sixteen_bits_are_rounded_to_the_nearest_of_eight(tmp_path: Path) -> None:
    values = [0, 128, 129, 257 * 100 - 128, 257 * 100 + 128, 257 * 100 + 129, 65535]
    Image.fromarray(np.array([values], np.uint16)).save(tmp_path / "a.png")
    image = source(tmp_path, mode="L", height=1, width=len(values))[0].image
    assert image.ravel().tolist() == [0, 0, 1, 100, 100, 101, 255]


def test_pixels_of_32_bits_are_refused_because_nothing_says_what_is_white(tmp_path: Path) -> None:
    Image.new("F", (10, 10), 0.5).save(tmp_path / "float.tif")
    assert "float.tif: 32 bits a pixel (mode F) have no white" in str(failure(source(tmp_path)))


def test_a_cut_off_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    for name in ("astronaut.png", "rocket.jpg"):
        whole = (PHOTOS / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    for index, name in enumerate(("astronaut.png", "rocket.jpg")):
        error = failure(source(tmp_path), index)
        assert error.path == str(tmp_path / name)
        assert f"{name}: broken or cut off; Pillow says OSError: " in str(error)
        assert isinstance(error.__cause__, OSError)


def test_text_that_is_called_png_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("These are notes.\n" * 100)
    (tmp_path / "void.png").write_bytes(b"")
    assert "notes.png: not an image in one of the formats JPEG, PNG" in str(
        failure(source(tmp_path))
    )
    assert "void.png: not an image" in str(failure(source(tmp_path), 1))


def test_a_format_that_runs_programs_is_not_read_whatever_its_suffix(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (10, 10)).save(file, "EPS")
    (tmp_path / "a.png").write_bytes(file.getvalue())
    assert "a.png: not an image in one of the formats" in str(failure(source(tmp_path)))


def test_a_file_that_is_gone_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png")
    drawn = source(tmp_path)
    drawn.open()
    path.unlink()
    assert "a.png: cannot be read, No such file" in str(failure(drawn))


def test_one_broken_file_does_not_spoil_the_others(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    write(tmp_path / "c.png")
    drawn = source(tmp_path)
    assert [drawn[index].metadata["path"] for index in (0, 2)] == ["a.png", "c.png"]
    assert "b.png" in str(failure(drawn, 1))


def test_a_file_with_more_pixels_than_allowed_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.png", size=(100, 50))
    assert source(tmp_path, max_pixels=5000)[0].metadata["width"] == 100
    error = failure(source(tmp_path, max_pixels=4999))
    assert "a.png: 100 × 50 pixels are more pixels than max_pixels=4999 allows" in str(error)


@pytest.mark.parametrize("side", [8000, 10_000, 60_000])
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, side: int, action: Any) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    (tmp_path / "bomb.png").write_bytes(header(side, side))
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        error = failure(source(tmp_path))
    assert "bomb.png: " in str(error)
    assert "more pixels than max_pixels=50000000 allows" in str(error)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_limit_above_pillows_own_is_refused() -> None:
    with pytest.raises(sd.ParamsError, match="max_pixels"):
        sd.make("photos-v1", folder="x", max_pixels=89_478_486)


def test_a_link_that_leaves_the_folder_is_an_error_that_names_it_and_its_target(
    tmp_path: Path,
) -> None:
    secret = write(tmp_path / "elsewhere/secret.png")
    write(tmp_path / "photos/a.png")
    link = tmp_path / "photos/link.png"
    link.symlink_to(secret)
    with pytest.raises(sd.AssetError, match="outside of the folder") as raised:
        source(tmp_path / "photos").open()
    assert raised.value.path == str(link)
    assert f"{link}: leads by a link to {secret}" in str(raised.value)


@pytest.mark.parametrize("pattern", ["**/*", "*/*.png"])
def test_a_linked_folder_that_leaves_the_folder_is_an_error(tmp_path: Path, pattern: str) -> None:
    write(tmp_path / "elsewhere/secret.png")
    write(tmp_path / "photos/cats/a.png")
    (tmp_path / "photos/dogs").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(sd.AssetError, match=r"photos/dogs.* outside of the folder"):
        source(tmp_path / "photos", pattern=pattern).open()


def test_links_that_stay_in_the_folder_are_followed(tmp_path: Path) -> None:
    real = write(tmp_path / "photos/cats/a.png", GREEN)
    (tmp_path / "photos/b.png").symlink_to(real)
    (tmp_path / "linked").symlink_to(tmp_path / "photos", target_is_directory=True)
    for folder in ("photos", "linked"):
        drawn = source(tmp_path / folder, 2)
        assert [sample.metadata["path"] for sample in drawn] == ["b.png", "cats/a.png"]
        assert {tuple(sample.image[0, 0]) for sample in drawn} == {GREEN}


@pytest.mark.parametrize("target", ["nothing.png", "a.png"])
def test_a_link_to_nothing_or_to_itself_is_an_error(tmp_path: Path, target: str) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / target)
    with pytest.raises(sd.AssetError, match=r"a\.png: is a link to .* which does not exist"):
        source(tmp_path).open()


def test_a_folder_without_images_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(sd.AssetError, match=r"no image file matches '\*\*/\*'.*\.jpg") as raised:
        source(tmp_path).open()
    assert raised.value.path == str(tmp_path)
    assert str(tmp_path) in str(raised.value)


def test_a_missing_folder_is_an_error_that_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sd.AssetError, match="no such folder") as raised:
        source(Path("absent")).open()
    assert raised.value.path == "absent"
    assert str(raised.value).endswith(f"looked for in {tmp_path}")


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png")
    with pytest.raises(sd.AssetError, match=r"a\.png: is a file, but a folder is expected"):
        source(path).open()


def test_a_relative_folder_stays_the_same_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "photos/a.png")
    monkeypatch.chdir(tmp_path)
    drawn = source(Path("photos"))
    drawn.open()
    monkeypatch.chdir("/")
    assert drawn[0].metadata["path"] == "a.png"


def test_hidden_files_and_other_suffixes_are_left_out(tmp_path: Path) -> None:
    for name in (".a.png", ".cache/b.png", "cats/.trash/c.png", "cats/d.PNG", "e.Jpeg"):
        write(tmp_path / name, format="PNG")
    (tmp_path / "cats/labels.csv").write_text("a,b")
    drawn = source(tmp_path, 4)
    assert [sample.metadata["path"] for sample in drawn][:3] == [
        "cats/d.PNG",
        "e.Jpeg",
        "cats/d.PNG",
    ]


def test_a_pattern_picks_files(tmp_path: Path) -> None:
    for name in ("cats/a.png", "cats/b.jpg", "dogs/c.png"):
        write(tmp_path / name)
    for pattern, expected in (
        ("**/*.png", ["cats/a.png", "dogs/c.png"]),
        ("cats/*", ["cats/a.png", "cats/b.jpg"]),
        ("*/b.*", ["cats/b.jpg"]),
    ):
        drawn = source(tmp_path, len(expected), pattern=pattern)
        assert [sample.metadata["path"] for sample in drawn] == expected


@pytest.mark.parametrize("pattern", ["", ".", "/etc/*", "../*", "a/../../*", "**.png"])
def test_a_pattern_that_leaves_the_folder_or_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(sd.ParamsError, match="photos-v1: pattern: "):
        sd.make("photos-v1", folder="x", pattern=pattern)


def test_a_name_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(b"")
    with pytest.raises(sd.AssetError, match="not UTF-8; rename it"):
        source(tmp_path).open()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"folder": ""}, "folder"),
        ({"height": 0}, "height"),
        ({"width": 2.5}, "width"),
        ({"fit": "squeeze"}, "fit"),
        ({"mode": "CMYK"}, "mode"),
        ({"background": [0, 0, 256]}, "background.2"),
        ({"classes": []}, "classes"),
        ({"filters": [{"blur": {"radius": -1}}]}, "filters.0: blur: radius: numbers from 0"),
        ({"filters": ["edges", "blurr"]}, "filters.1: .*did you mean 'blur'"),
        ({"hight": 3}, "hight is unknown; did you mean 'height'"),
    ],
)
def test_a_wrong_param_is_refused_by_name(params: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.ParamsError, match=f"photos-v1: {message}"):
        sd.make("photos-v1", **{"folder": "x", **params})


def test_a_folder_must_be_given() -> None:
    with pytest.raises(sd.ParamsError, match="photos-v1: folder is missing"):
        sd.make("photos-v1")


def test_params_come_back_from_json_as_they_were() -> None:
    params = Photos.Params(
        folder="x",
        classes=("a", "b"),
        filters=("edges", {"blur": {"radius": {"uniform": [0, 2]}}}, {"jpeg": {}}),
    )
    text = params.model_dump_json()
    assert json.loads(text)["filters"][:2] == [
        "edges",
        {"blur": {"radius": {"uniform": [0, 2]}}},
    ]
    assert Photos.Params.model_validate_json(text) == params


def test_a_recipe_means_the_same_when_its_defaults_are_written_out() -> None:
    recipe = sd.Recipe(generator="photos-v1", params={"folder": "x", "filters": ["blur"]})
    resolved = recipe.resolve()
    assert resolved.params["filters"] == [{"blur": {"radius": 2}}]
    assert resolved.resolve() == resolved
    assert resolved.fingerprint() == recipe.fingerprint()


def test_a_recipe_takes_filters_made_in_python() -> None:
    params: Any = {"folder": "x", "filters": [Blur(radius=sd.Uniform(0, 2)), "edges"]}
    recipe = sd.Recipe(generator="photos-v1", params=params)
    assert recipe.params["filters"] == [{"blur": {"radius": {"uniform": [0, 2]}}}, "edges"]


def test_the_json_schema_of_the_params_accepts_the_params() -> None:
    schema = Photos.Params.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    params = Photos.Params(folder="x", filters=("edges", {"jpeg": {}}))
    jsonschema.validate(params.model_dump(mode="json"), schema)
    assert all("description" in field for field in schema["properties"].values())
