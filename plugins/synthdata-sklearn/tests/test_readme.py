import re
from pathlib import Path

import pytest

import synthdata as sd

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text()


def test_the_readme_s_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [program] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(program, {})
    assert re.fullmatch(r"\(96, 96, 3\) clusters: [1-4] \(200, 2\)\n", capsys.readouterr().out)


def test_the_readme_shows_a_picture_of_every_generator() -> None:
    ids = [
        item.id.rpartition("/")[2]
        for item in sd.generators()
        if item.distribution == "synthdata-sklearn"
    ]
    assert len(ids) == 10
    assert sorted(re.findall(r"^### (\S+)$", README, re.MULTILINE)) == sorted(ids)
    assert sorted(re.findall(r"\]\((docs/\S+\.png)\)", README)) == sorted(
        f"docs/{id.removesuffix('-v1')}.png" for id in ids
    )
    assert all((HERE / path).exists() for path in re.findall(r"docs/\S+\.png", README))
