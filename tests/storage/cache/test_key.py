"""What makes another entry of the cache, and what is refused one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import Field

import synthdata as sd
from synthdata.execution import Policy, Work
from synthdata.storage.cache.cached import cached
from synthdata.storage.cache.folder import entries
from synthdata.storage.cache.key import key_of
from tests.storage.cache.caching import (
    SEED,
    Everything,
    Fixed,
    grey,
    refuse,
    starter,
    work_of,
)

ROOT = Path(__file__).parents[3]


def test_another_param_seed_count_option_or_version_is_another_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = work_of(Fixed())
    keys = [key_of(base).digest]
    assert key_of(work_of(Fixed(), batch_size=3, shuffle=True, epochs=2)).digest == keys[0]
    others = [
        work_of(Fixed(size=9)),
        work_of(Fixed(), 41),
        work_of(Fixed(), first=1),
        work_of(Fixed(), variable="ragged"),
        work_of(Fixed(), policy=Policy("skip")),
        work_of(Fixed(), policy=Policy("retry", 4)),
        Work(Fixed(), 8, base.indices, "all", "pad", Policy(), base.plan),
        Work(Fixed(), SEED, base.indices, "off", "pad", Policy(), base.plan),
        work_of(Everything()),
        work_of(sd.make("noise-v1")),
        work_of(sd.from_function(grey, sd.Output(image=sd.Image(8, 8, 1)), size=8)),
        work_of(sd.from_function(grey, sd.Output(image=sd.Image(8, 8, 1)), size=7)),
    ]
    keys += [key_of(work).digest for work in others]
    assert len(set(keys)) == len(keys)
    newer = sd.make("noise-v1")
    object.__setattr__(newer.identity, "version", "0.0.0")
    assert key_of(work_of(newer)).digest not in keys


MODULE = """
import synthdata as sd
from {helper} import image

def draw(rng):
    return image(rng)
"""
HELPER = "def image(rng):\n    return rng.integers({most}, size=(4, 4, 1), dtype='u1')\n"


def test_changed_code_misses_also_where_it_is_in_a_module_that_the_generators_imports(
    plugins: Path,
) -> None:
    (plugins / "cache_main.py").write_text(MODULE.format(helper="cache_help"))
    (plugins / "cache_help.py").write_text(HELPER.format(most=9))
    import cache_main  # type: ignore[import-not-found]

    generator = sd.from_function(cache_main.draw, sd.Output(image=sd.Image(4, 4, 1)))
    first = key_of(work_of(generator)).digest
    assert key_of(work_of(generator)).digest == first
    (plugins / "cache_help.py").write_text(HELPER.format(most=10))
    second = key_of(work_of(generator)).digest
    (plugins / "cache_main.py").write_text(MODULE.format(helper="cache_help") + "\n")
    assert len({first, second, key_of(work_of(generator)).digest}) == 3


def test_a_changed_file_in_a_folder_that_a_param_names_misses(tmp_path: Path) -> None:
    (tmp_path / "photos" / "in").mkdir(parents=True)
    photo = tmp_path / "photos" / "in" / "a.png"
    photo.write_bytes(b"one")
    work = work_of(Everything(folder=str(tmp_path / "photos")))
    first = key_of(work).digest
    assert key_of(work).digest == first
    photo.write_bytes(b"four")
    second = key_of(work).digest
    (tmp_path / "photos" / "b.png").touch()
    assert len({first, second, key_of(work).digest}) == 3


class Hidden(Fixed):
    """Has a param that is not written down."""

    class Params(Fixed.Params):
        """Fixed's, and a secret."""

        secret: int = Field(0, exclude=True)


def test_a_generator_that_nothing_tells_apart_from_another_is_refused() -> None:
    output = sd.Output(image=sd.Image(8, 8, 1))
    size = 8

    def closure(rng: Any) -> Any:
        return grey(rng, size)[0]

    for function in (closure, lambda rng: grey(rng, 8)[0]):
        with pytest.raises(sd.BuildError, match=r"top of a module.*cache=True needs"):
            cached(work_of(sd.from_function(function, output)), refuse)
    cached(work_of(Hidden()), starter(work_of(Hidden()))).executor.close()
    with pytest.raises(sd.BuildError, match="its params are others once they have been written"):
        cached(work_of(Hidden(secret=5)), refuse)
    with pytest.raises(sd.BuildError, match="ndarray"):
        cached(work_of(sd.from_function(grey, output, size=np.array(8))), refuse)


def test_a_generator_of_a_notebook_is_refused_and_one_of_a_script_is_not(tmp_path: Path) -> None:
    script = """
import synthdata as sd
from tests.storage.cache.caching import fill, work_of
def draw(rng):
    return rng.integers(256, size=(4, 4, 1), dtype="u1")
fill(work_of(sd.from_function(draw, sd.Output(image=sd.Image(4, 4, 1)))))
"""
    (tmp_path / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for arguments, message in (
        (["-c", script], "has no file that tells"),
        ([tmp_path / "script.py"], ""),
    ):
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert done.returncode == bool(message), done.stderr
        assert message in done.stderr
    assert [kept.about["generator"] for kept in entries()] == ["__main__:draw"]


def test_an_endless_data_set_is_refused() -> None:
    work = work_of(Fixed())
    endless = Work(Fixed(), SEED, range(2**63), "all", "pad", Policy(), work.plan)
    with pytest.raises(sd.BuildError, match="cache=True needs samples="):
        cached(endless, refuse)
