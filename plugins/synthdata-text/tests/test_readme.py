import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import synthdata as sd

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert found
    return found


@pytest.mark.parametrize("code", blocks("python"))
def test_examples_run(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("text", blocks("yaml"))
def test_recipes_draw_a_sample(text: str) -> None:
    fields: dict[str, Any] = yaml.safe_load(text)
    words = sd.Source(sd.Recipe(**fields))[0].label["text"].split()
    assert words[0] in ("Total", "Invoice")


def test_every_generator_is_named_and_pictured() -> None:
    for listing in sd.generators():
        if listing.distribution == "synthdata-text":
            assert f"| `{str(listing.id).rpartition('/')[2]}` |" in README
    pictures = re.findall(r"\((\S+\.png)\)", README)
    assert len(pictures) == 3
    assert all((Path(__file__).parents[1] / picture).is_file() for picture in pictures)
