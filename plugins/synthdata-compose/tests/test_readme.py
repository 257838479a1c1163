import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.M))
def test_examples_run(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_generator_is_named_and_pictured() -> None:
    assert "| `scenes-v1` |" in README
    (picture,) = re.findall(r"\((\S+\.png)\)", README)
    assert (Path(__file__).parents[1] / picture).is_file()
