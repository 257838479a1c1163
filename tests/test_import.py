"""Promise P8, and the layers: what an import loads, what is public, who may import whom."""

from __future__ import annotations

import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import synthdata as sd
from tests.registry.distributions import install

ROOT = Path(__file__).parents[1]
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None


def run(script: str, *path: Path) -> str:
    """Run a script in a fresh process, these folders first on its ``sys.path``."""
    start = f"import sys\nsys.path[:0] = {[str(folder) for folder in (*path, ROOT)]!r}\n"
    command = [sys.executable, "-W", "error", "-c", start + script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_synthdata_loads_no_tensorflow_and_no_plugin() -> None:
    heavy = ("tensorflow", "keras", "numpy", "pydantic", "yaml", "rich", "typer", "PIL")
    script = f"""\
import synthdata
names = [name for name in sys.modules if name.split(".")[0] in {heavy!r}]
print(names + [name for name in sys.modules if name.startswith("synthdata.")])
"""
    assert run(script) == "[]"


def test_importing_everything_but_the_builder_loads_no_tensorflow() -> None:
    names = [module.name for module in pkgutil.walk_packages(sd.__path__, "synthdata.")]
    assert {"synthdata.check", "synthdata.source", "synthdata.registry.scan"} <= set(names)
    names = [
        name
        for name in names
        if not name.startswith("synthdata.tfdata")
        and name not in ("synthdata.__main__", "synthdata.builtin.texture_graph")
    ]
    script = f"""\
import importlib
for name in {names!r}:
    importlib.import_module(name)
print(len({names!r}), [name for name in sys.modules if name.startswith(("tensorflow", "keras"))])
"""
    assert run(script) == f"{len(names)} []"


def test_drawing_samples_loads_no_tensorflow() -> None:
    script = """\
import synthdata as sd
output = sd.Output(image=sd.Image(4, 4, 1))
draw = sd.from_function(lambda rng: rng.integers(256, size=(4, 4, 1), dtype="u1"), output)
print(sd.Source.of(draw, samples=3)[2].image.shape, "tensorflow" in sys.modules)
"""
    assert run(script) == "(4, 4, 1) False"


def test_what_is_public_is_sorted_and_each_name_has_a_home() -> None:
    assert sd.__all__ == sorted(sd.__all__)
    assert len(set(sd.__all__)) == len(sd.__all__)
    assert set(sd.__all__) == set(sd._HOME)


@pytest.mark.parametrize("name", sd.__all__)
def test_each_public_name_resolves_and_says_where_it_is_from(name: str) -> None:
    if name == "build" and not HAS_TENSORFLOW:
        pytest.skip("TensorFlow is not installed")
    value = getattr(sd, name)
    assert value is not None
    assert getattr(sd, name) is value
    home = getattr(value, "__module__", None)
    if home is not None and home.startswith("synthdata"):
        assert home.removeprefix("synthdata.").startswith(sd._HOME[name])


def test_no_public_name_is_also_a_module_of_the_package() -> None:
    modules = {module.name for module in pkgutil.iter_modules(sd.__path__)}
    assert set(sd.__all__) & modules == set()


def test_generators_can_be_listed_also_after_a_built_in_one_was_made() -> None:
    script = """\
import synthdata as sd
before = sd.generators()
sd.make("noise-v1")
print(sd.generators() == before)
"""
    assert run(script) == "True"


def test_dir_shows_what_is_public_also_before_it_is_imported() -> None:
    script = "import synthdata\nprint(sorted(set(synthdata.__all__) - set(dir(synthdata))))"
    assert run(script) == "[]"
    assert dir(sd) == sorted(dir(sd))


def test_type_checkers_see_the_same_names() -> None:
    source = Path(str(sd.__file__)).read_text()
    block = source.split("if TYPE_CHECKING:")[1].split("_MODULES = ")[0]
    for unwanted in ("from synthdata.", "import", "(", ")", ","):
        block = block.replace(unwanted, " ")
    words = set(block.split()) - set(sd._HOME.values())
    assert words == set(sd.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'synthdata' has no attribute 'Imagge'"):
        _ = sd.Imagge
    assert not hasattr(sd, "_no_such_name")


def test_a_malformed_distribution_on_the_path_breaks_nothing(tmp_path: Path) -> None:
    install(tmp_path, "malformed", "[synthdata.generators]\nthis is no pair\n")
    install(tmp_path, "binary", b"\xff\xfe")
    script = """\
import importlib.metadata
try:
    importlib.metadata.entry_points()
except Exception:
    print("the standard library stumbles")
import synthdata as sd
print(sd.Output(image=sd.Image(2, 2)))
print(sd.Recipe(generator="noise-v1").seed)
broken = [item.distribution for item in sd.generators() if item.status == "broken"]
print(sorted(broken))
"""
    assert run(script, tmp_path).splitlines() == [
        "the standard library stumbles",
        "Output(image: (2, 2, 3) uint8)",
        "0",
        "['binary', 'malformed']",
    ]


def test_the_malformed_distribution_is_not_named_in_silence(tmp_path: Path) -> None:
    install(tmp_path, "malformed", "[synthdata.generators]\nthis is no pair\n")
    script = """\
import logging
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(name)s %(message)s")
import synthdata as sd
sd.Output
"""
    said = run(script, tmp_path)
    assert said.startswith("WARNING synthdata.models Pydantic could not look for its plugins")
    assert "synthdata list" in said


def test_each_layer_imports_only_from_the_layers_below() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
