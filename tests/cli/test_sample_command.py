"""``synthdata sample``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import synthdata as sd
from tests.cli.conftest import Run, Spawn, assert_one_line


def test_a_sample_is_written_to_files_that_read_back(
    plugin: Path, spawn: Spawn, tmp_path: Path
) -> None:
    done = spawn("sample", "plugin-v1", "-i", "1042", "-o", "out", "--seed", "7", path=plugin)
    assert done.returncode == 0, done.stderr
    names = [
        "image.rgb.png",
        "image.float.npy",
        "label.mask.png",
        "label.depth.npy",
        "metadata.long.npy",
        "sample.json",
    ]
    assert done.stdout.splitlines() == [f"out/{name}" for name in names]
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    with Image.open(out / "image.rgb.png") as image, Image.open(out / "label.mask.png") as mask:
        assert (image.mode, image.size, mask.mode) == ("RGB", (8, 8), "L")
        assert np.array_equal(np.asarray(image)[..., 0] // 128, np.asarray(mask))
    assert np.load(out / "image.float.npy").shape == (4, 4, 1)
    assert np.load(out / "metadata.long.npy").dtype == np.int16
    about = json.loads((out / "sample.json").read_text())
    assert (about["id"], about["seed"], about["index"]) == ("plugin-v1", 7, 1042)
    assert about["values"] == {
        "label.classes": [1, 0],
        "metadata.text": "grüße",
        "metadata.nan": "nan",
        "metadata.short": [[True, False], [False, True]],
    }
    assert about["names"] == {"label.classes": ["b", "a"]}
    assert about["files"]["image.rgb"] == "image.rgb.png"


def test_the_files_hold_what_the_source_gives(run: Run, tmp_path: Path) -> None:
    done = run("sample", "shapes-v1", "-i", 5, "-o", tmp_path, "--seed", 7, "-p", "size=32")
    assert done.exit_code == 0, done.stderr
    recipe = sd.Recipe(generator="shapes-v1", params={"size": 32}, seed=7)
    sample = sd.Source(recipe)[5]
    with Image.open(tmp_path / "image.png") as image:
        assert np.array_equal(np.asarray(image), sample.image)
    about = json.loads((tmp_path / "sample.json").read_text())
    assert about["values"]["label"] == sample.label
    with Image.open(tmp_path / "metadata.mask.png") as mask:
        assert np.array_equal(np.asarray(mask), sample.metadata["mask"])


def test_without_a_folder_one_is_named_after_the_sample(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("sample", "synthdata/shapes-v1", "-i", 3).exit_code == 0
    assert (tmp_path / "shapes-v1-3" / "sample.json").is_file()


def test_a_mask_of_16_bits_and_grey_and_alpha_images_read_back(tmp_path: Path) -> None:
    from synthdata.cli.sample_files import write_sample

    rng = np.random.default_rng(0)
    images: dict[str, Any] = {
        "grey": rng.integers(256, size=(5, 6, 1), dtype=np.uint8),
        "rgba": rng.integers(256, size=(5, 6, 4), dtype=np.uint8),
        "bands": rng.integers(256, size=(5, 6, 7), dtype=np.uint8),
        "wide": rng.integers(60000, size=(5, 6, 1), dtype=np.uint16),
    }
    mask = rng.integers(60000, size=(5, 6), dtype=np.uint16)
    output = sd.Output(
        image={
            "grey": sd.Image(5, 6, 1),
            "rgba": sd.Image(5, 6, 4),
            "bands": sd.Image(5, 6, 7),
            "wide": sd.Image(5, 6, 1, "uint16"),
        },
        label=sd.Mask(5, 6, "uint16"),
    )
    source = sd.Source.of(sd.from_function(lambda rng: sd.Sample(images, mask), output))
    write_sample(tmp_path, source[0], source, 0)
    for name in ("grey", "rgba"):
        with Image.open(tmp_path / f"image.{name}.png") as image:
            assert np.array_equal(np.asarray(image).reshape(images[name].shape), images[name])
    for name in ("bands", "wide"):
        assert np.array_equal(np.load(tmp_path / f"image.{name}.npy"), images[name])
    with Image.open(tmp_path / "label.png") as stored:
        assert np.array_equal(np.asarray(stored), mask)


def test_an_index_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "shapes.json"
    recipe.write_text('{"generator": "shapes-v1", "samples": 10}')
    for index in (-1, 10):
        done = run("sample", recipe, "-i", index, "-o", tmp_path)
        assert done.exit_code == 2
        assert_one_line(done.stderr, f"-i {index}", "from 0 to 9")
    assert run("sample", "shapes-v1", "-i", 2**60, "-o", tmp_path).exit_code == 2


def test_a_folder_that_cannot_be_made_is_refused_before_the_sample_is_made(
    plugin: Path, spawn: Spawn, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for output, words in (("missing/out", "does not exist"), ("file", "is not a folder")):
        done = spawn("sample", "plugin-v1", "-i", "0", "-o", output, path=plugin)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert "chatter in a sample" not in done.stderr
