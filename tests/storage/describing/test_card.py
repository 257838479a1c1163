"""The data card and the contact sheet: read by the hub's own parser, by Markdown, by Pillow."""

from __future__ import annotations

import dataclasses
import io
import itertools
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from markdown_it import MarkdownIt

import synthdata as sd
from synthdata.storage.describing.card import card
from synthdata.storage.describing.card_header import size_category
from synthdata.storage.describing.markdown import escaped, fenced, table
from synthdata.storage.describing.sheet import MOST, sheet_png
from synthdata.storage.encoding import Encoding
from tests import strategies
from tests.storage.describing.summaries import about, gathered, rows_of, summarised

MARKDOWN = MarkdownIt("commonmark").enable("table")


def texts(source: str, inside: str) -> list[str]:
    """The texts of all inline tokens right behind a token of some type."""
    tokens = MARKDOWN.parse(source)
    return [
        "".join(child.content for child in follower.children or [])
        for token, follower in itertools.pairwise(tokens)
        if token.type == inside and follower.type == "inline"
    ]


def example(generator: str = "records-v1", **more: Any) -> str:
    """The card of a small data set."""
    source = sd.Source(sd.Recipe(generator=generator, samples=8))
    rows = [[leaf.value_in(sample) for leaf in source.output.leaves] for sample in source]
    summary = summarised(source.output, train=[rows[:6]], test=[rows[6:]])
    described = about(train=6, test=2)
    return card(described, source.output, summary, more.pop("format_name", "parquet"), **more)


@given(st.text())
def test_any_text_is_shown_as_it_is(text: str) -> None:
    shown = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if shown:
        assert texts(escaped(text), "paragraph_open") == [shown]
        assert texts("# " + escaped(text), "heading_open") == [shown]
        cells = texts("\n".join(table(["a"], [[escaped(text)]])), "td_open")
        assert cells == [shown]


@given(st.text(alphabet="`a~\n", min_size=1).filter(str.strip))
def test_any_code_stays_in_its_fence(code: str) -> None:
    [token] = MARKDOWN.parse("\n".join(fenced(code, "text")))
    assert token.type == "fence"
    assert token.content == code.rstrip("\n") + "\n"


@pytest.mark.parametrize("generator", ["records-v1", "shapes-v1"])
def test_the_hub_reads_the_header(generator: str) -> None:
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    read = DatasetCard(example(generator))
    assert read.data.get("tags") == ["synthetic", "synthdata"]
    assert read.data.get("size_categories") == ["n<1K"]
    assert "image-classification" in read.data.get("task_categories")
    configs = MetadataConfigs.from_dataset_card_data(read.data)
    files = [("train", "data/train-*.parquet"), ("test", "data/test-*.parquet")]
    assert [(each["split"], each["path"]) for each in configs["default"]["data_files"]] == files


def test_datasets_opens_the_folder_by_the_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets
    import pyarrow as pa
    import pyarrow.parquet

    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    target = tmp_path / "things"
    (target / "data").mkdir(parents=True)
    for name, count in (("train", 6), ("test", 2)):
        # A file beside it, which a guess would take in.
        path = target / "data" / f"{name}-00000-of-00001.parquet"
        pyarrow.parquet.write_table(pa.table({"x": list(range(count))}), path)
        pyarrow.parquet.write_table(pa.table({"y": ["?"]}), target / f"{name}-other.parquet")
    (target / "README.md").write_text(example())
    found = datasets.load_dataset(str(target), cache_dir=str(tmp_path / "cache"))
    assert {name: split.num_rows for name, split in found.items()} == {"train": 6, "test": 2}


def test_formats_that_the_hub_does_not_open_have_no_files_in_the_header() -> None:
    head = yaml.safe_load(example(format_name="tfrecord").split("---\n")[1])
    assert "configs" not in head


@pytest.mark.parametrize(
    ("samples", "name"),
    [(0, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**9, "1B<n<10B")],
)
def test_sizes_have_the_names_of_the_hub(samples: int, name: str) -> None:
    assert size_category(samples) == name


def test_each_feature_has_its_row() -> None:
    output = sd.Output(
        image=sd.Image(8, sd.UpTo(9), description="from | above"),
        label=sd.ClassLabel(["a|b", "`c`", "<d>"]),
        metadata={"x": {"y-z": sd.Scalar("float32", 0, 1.5, finite=False)}},
    )
    source = card(about(), output, summarised(output, train=[]), "npz")
    cells = texts(source, "td_open")
    assert cells[:18] == [
        *("image", "image", "uint8", "(8, ≤9, 3)", "", "from | above"),
        *("label", "class_label", "int64", "()", "a|b, `c`, <d>", ""),
        *("metadata.x.y-z", "scalar", "float32", "()", "0 to 1.5, also NaN", ""),
    ]


def test_each_split_has_its_row_with_what_was_left_out() -> None:
    output = sd.Output(image=sd.Image(1, 1, 1))
    summary = summarised(output, train=[], test=[])
    source = card(about(train=8, test=4000), output, summary, "npz")
    cells = texts(source, "td_open")
    place = cells.index("train")
    assert cells[place : place + 5] == ["train", "7", "2", "2,000", "1"]
    assert cells[place + 5 : place + 10] == ["test", "3,999", "2", "2,000", "1"]


def test_the_balance_of_classes_is_shown_split_by_split() -> None:
    output = sd.Output(image={}, label=sd.ClassLabel(["cat", "dog"]))
    cats, dogs = rows_of(output, sd.Sample({}, "cat"), sd.Sample({}, "dog"))
    summary = summarised(output, train=[[cats, cats, dogs]], test=[[dogs]])
    cells = texts(card(about(), output, summary, "npz"), "td_open")
    place = cells.index("cat")
    assert cells[place : place + 5] == ["cat", "2", "0", "2", "50.0 %"]
    assert cells[place + 5 : place + 10] == ["dog", "1", "1", "2", "50.0 %"]


def test_with_one_split_there_is_one_column_of_counts() -> None:
    output = sd.Output(image={}, label=sd.ClassLabel(["cat", "dog"]))
    rows = rows_of(output, sd.Sample({}, "cat"))
    source = card(about(), output, summarised(output, train=[rows]), "npz")
    assert texts(source, "th_open")[-3:] == ["class", "train", "share"]
    assert texts(source, "td_open")[-6:] == ["cat", "1", "100.0 %", "dog", "0", "0.0 %"]


def test_of_very_many_classes_the_most_frequent_are_shown() -> None:
    names = [f"class{number}" for number in range(300)]
    output = sd.Output(image={}, label=sd.ClassLabel(names))
    rows = rows_of(output, *(sd.Sample({}, name) for name in (*names[:99], "class299")))
    source = card(about(), output, summarised(output, train=[rows]), "npz")
    cells = texts(source, "td_open")
    assert "class299" in cells
    assert "class200" not in cells
    assert "and 200 more" in cells


def test_the_recipe_and_the_command_make_the_data_set_again() -> None:
    described = about(name="my things")
    output = sd.Output(image=sd.Image(1, 1, 1))
    source = card(described, output, summarised(output, train=[]), "npz")
    fences = {
        token.info: token.content for token in MARKDOWN.parse(source) if token.type == "fence"
    }
    assert yaml.safe_load(fences["yaml"]) == described.recipe
    words = ["synthdata", "write", "recipe.yaml", "my things", "--format", "npz"]
    assert shlex.split(fences["console"]) == words


def test_without_a_recipe_the_card_says_so() -> None:
    described = dataclasses.replace(about(), recipe=None, plugin=None, generator="mine:Dots")
    output = sd.Output(image=sd.Image(1, 1, 1))
    source = card(described, output, summarised(output, train=[]), "npz")
    assert "There is no recipe for it" in source
    assert "mine:Dots, with seed 7" in " ".join(texts(source, "paragraph_open"))


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        (Encoding("png"), "images as png without loss"),
        (Encoding("jpeg"), "images as jpeg of quality 95"),
        (Encoding("raw"), "images as arrays"),
    ],
)
def test_the_encoding_of_images_is_named(encoding: Encoding, words: str) -> None:
    assert words in example("shapes-v1", encoding=encoding)


def test_how_python_reads_it_is_python() -> None:
    from synthdata.storage.describing.card import _READERS

    output = sd.Output(image=sd.Image(1, 1, 1))
    summary = summarised(output, train=[])
    for name in _READERS:
        source = card(about(name='a "quoted" {name}\\'), output, summary, name)
        codes = [token.content for token in MARKDOWN.parse(source) if token.info == "python"]
        assert len(codes) == 2
        for code in codes:
            compile(code, name, "exec")


def test_the_card_is_the_same_text_each_time() -> None:
    assert example(sheet="contact_sheet.png") == example(sheet="contact_sheet.png")


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_output_has_a_card_and_a_sheet_or_none(data: DataObject) -> None:
    output = data.draw(strategies.outputs())
    rows = rows_of(output, *data.draw(st.lists(strategies.samples(output), max_size=2)))
    summary = summarised(output, train=[rows])
    source = card(about(description=data.draw(st.text())), output, summary, "parquet")
    yaml.safe_load(source.split("---\n")[1])
    names = texts(source, "td_open")[::6][: len(output.leaves)]
    assert names == [leaf.name for leaf in output.leaves]
    drawn = sheet_png(output, range(len(rows)), rows)
    assert drawn is None or drawn == sheet_png(output, range(len(rows)), rows)
    if rows and any(isinstance(leaf.feature, sd.Image) for leaf in output.leaves):
        assert drawn is not None


def test_the_sheet_shows_the_samples_that_it_is_given() -> None:
    output = sd.Output(image=sd.Image(10, 10, 3))
    colours = np.random.default_rng(0).integers(0, 256, (MOST + 1, 3), np.uint8)
    rows = [[np.broadcast_to(colour, (10, 10, 3)).copy()] for colour in colours]
    drawn = sheet_png(output, range(100, 100 + len(rows)), rows)
    assert drawn is not None
    with PIL.Image.open(io.BytesIO(drawn)) as picture:
        pixels = {tuple(map(int, pixel)) for pixel in np.asarray(picture).reshape(-1, 3)}
    shown = [tuple(map(int, colour)) in pixels for colour in colours]
    assert shown == [True] * MOST + [False]


@pytest.mark.parametrize(
    "output",
    [
        sd.Output(image={}, metadata={"x": sd.Scalar("int8")}),
        sd.Output(image=sd.Tensor("float32", (5,))),
        sd.Output(image={}, label=sd.Mask(1, 1)),
    ],
)
def test_without_images_there_is_no_sheet(output: sd.Output) -> None:
    values: dict[str, Any] = {"scalar": np.int8(1), "tensor": np.zeros(5, np.float32)}
    row = [values.get(leaf.feature.kind, np.zeros((1, 1), np.uint8)) for leaf in output.leaves]
    assert gathered(output, [row])["samples"] == 1
    assert sheet_png(output, range(1), [row]) is None


def test_without_samples_there_is_no_sheet() -> None:
    assert sheet_png(sd.Output(image=sd.Image(1, 1)), range(0), []) is None
