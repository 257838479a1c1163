import re
from pathlib import Path

import pytest
from PIL import Image

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
CODE = [text for language, text in BLOCKS if language == "python"]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader's folder, in which there are stamps: one with transparency, and one without."""
    for name, mode in (("animals/cat.png", "RGBA"), ("food/bread.png", "RGB")):
        image = Image.new(mode, (60, 60))
        image.paste((200, 120, 40), (10, 10, 50, 40))
        path = tmp_path / "stamps" / name
        path.parent.mkdir(parents=True)
        image.save(path)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("code", CODE, ids=range(len(CODE)))
def test_examples_run(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_all_examples_are_run() -> None:
    assert {language for language, _ in BLOCKS} == {"console", "python"}
    assert len(CODE) == 2


def test_the_generator_is_named_and_pictured() -> None:
    assert "| `scenes-v1` |" in README
    (picture,) = re.findall(r"\((\S+\.png)\)", README)
    assert (Path(__file__).parents[1] / picture).is_file()
