"""``synthdata doctor`` among plugins of which each is bad in a way of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, Spawn, assert_one_line
from tests.execution.processes import gone, until
from tests.registry.distributions import install, install_grey

CLASS = """
import synthdata as sd
class Grey(sd.Generator):
    '''A plugin with a fault.

    Of which more could be said.
    '''
    @classmethod
    def describe(cls, params):
        {describe}
    def sample(self, rng):
        return sd.Sample(rng.integers(256, size=(4, 4, 3), dtype="uint8"))
"""
SOUND = CLASS.format(describe="return sd.Output(image=sd.Image(4, 4))")

SEGFAULT = "import ctypes\nctypes.string_at(0)\n"
GARBAGE = (
    "import os, sys\n"
    'line = b\'{"done": true}\\n{"generator": {"id": "fake-v1", "cause": ""}}\\n\\xff\\x00\'\n'
    "for descriptor in (0, 1, 2, 3, 4, 5, 6, 7, 8):\n"
    "    try: os.write(descriptor, line)\n"
    "    except OSError: pass\n"
    "os.closerange(0, 64)\n"
)


def with_params(*lines: str) -> str:
    """The sound class, with Params of these lines."""
    params = "".join(f"        {line}\n" for line in lines)
    before, between, after = SOUND.partition("    @classmethod")
    return f"{before}    class Params(sd.Params):\n{params}{between}{after}"


FAULTY = {
    "exiting": "import sys\nsys.exit(3)\n",
    "raising": "raise ImportError('libGL [so]\\nis missing')\n",
    "interrupting": "raise KeyboardInterrupt\n",
    "misspelt": "class Gray: pass\n",
    "unparsable": "def broken(:\n",
    "abstract": "import synthdata as sd\nclass Grey(sd.Generator):\n    '''Half.'''\n",
    "wrong-kind": "class Grey: pass\n",
    "bad-describe": CLASS.format(describe="raise ZeroDivisionError('a bug\\nin describe')"),
    "exit-describe": CLASS.format(describe="raise SystemExit(4)"),
    "no-output": CLASS.format(describe="return {'image': 3}"),
    "bad-schema": "from typing import Callable\n" + with_params("call: Callable[[], int] = len"),
    "reading": "import sys\nassert sys.stdin.read() == ''\ninput()\n",
}
"""Modules of one distribution, ``fake-faulty``, whose generators are all broken but ``fine-v1``."""

DEADLY = {
    "vanishing": "import os\nos._exit(0)\n",
    "forsaking": "import os\nchild = os.fork()\nif child:\n"
    "    os.waitpid(child, 0)\n    os._exit(0)\n" + SOUND,
    "crashing": SEGFAULT,
    "unwell": CLASS.format(describe="import os; os._exit(0)"),
}
"""Modules of distributions of their own, each with one generator, that end the process."""

SOUND_ONES = {
    "sound": SOUND,
    "printing": "import sys\nsys.stderr.write('chatter, ')\nprint('chatter\\x1b[2J')\n" + SOUND,
    "flooding": "print('x' * 10_000_000)\n" + SOUND,
    "garbage": GARBAGE + SOUND,
    "forking": "import os\nos.fork()\n" + SOUND,
    "threading": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(600,)).start()\n" + SOUND,
    "torching": "import torch\nimport importlib\nimportlib.import_module('tensorflow')\n" + SOUND,
}
"""Modules of distributions of their own that work, whatever else they do."""


def install_fake(folder: Path, name: str, source: str) -> None:
    """Install the distribution ``fake-NAME``, whose module ``fake_NAME`` has ``NAME-v1``."""
    modules = {f"fake_{name}": source}
    install(folder, f"fake-{name}", {f"{name}-v1": f"fake_{name}:Grey"}, modules=modules)


def install_many(folder: Path, name: str, sources: dict[str, str]) -> None:
    """Install one distribution with many generators, each in a module of its own."""
    modules = {f"many_{id.replace('-', '_')}": source for id, source in sources.items()}
    entry_points = {f"{id}-v1": f"many_{id.replace('-', '_')}:Grey" for id in sources}
    install(folder, f"fake-{name}", entry_points, modules=modules)


def examined(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The report, whose plugins are by name."""
    assert done.stderr == ""
    report: dict[str, Any] = json.loads(done.stdout)
    report["plugins"] = {item["distribution"]: item for item in report["plugins"]}
    assert report["ok"] is (done.returncode == 0)
    return report


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report on all of the above, a malformed distribution, a blocked one and a half of one."""
    folder = tmp_path_factory.mktemp("site")
    for name, source in {**DEADLY, **SOUND_ONES}.items():
        install_fake(folder, name, source)
    install_many(folder, "faulty", {**FAULTY, "fine": SOUND})
    silent = SOUND.replace("'''A plugin with a fault.", "about = '''")
    install_many(folder, "odd", {"needing": with_params("folder: str"), "silent": silent})
    for name in ("torch", "tensorflow"):
        (folder / f"{name}.py").write_text("WEIGHT = bytearray(64 * 2**20)\n")
    install(folder, "fake-malformed", "[synthdata.generators]\nno pair\n")
    install_fake(folder, "shut", f"open({str(folder / 'shut.imported')!r}, 'w')\n" + SOUND)
    entry_points = {"open-v1": "fake_half:Grey", "closed-v1": "fake_closed:Grey", "Bad": "x:y"}
    modules = {"fake_half": SOUND, "fake_closed": "import os\nos._exit(9)\n"}
    install(folder, "fake-half", entry_points, modules=modules)
    block = {"PYTHONPATH": str(folder), "SYNTHDATA_BLOCK": "fake-shut,closed-v1,synthdata"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "synthdata", "doctor", "--json"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **block},
        check=False,
        input="not for plugins\n",
    )
    assert done.returncode == 1
    return examined(done) | {"folder": folder}


def is_sound(plugin: dict[str, Any]) -> bool:
    return plugin["verdict"] in ("ok", "slow")  # as the machine is


@pytest.mark.parametrize("name", sorted(SOUND_ONES))
def test_a_plugin_that_works_is_sound_whatever_else_it_does(zoo: dict[str, Any], name: str) -> None:
    plugin = zoo["plugins"][f"fake-{name}"]
    assert is_sound(plugin), plugin
    assert plugin["causes"] == []
    [generator] = plugin["generators"]
    assert (generator["id"], generator["status"]) == (f"{name}-v1", "ok")
    assert plugin["seconds"] > 0


def test_the_report_says_version_and_the_first_paragraph_of_the_docstring(
    zoo: dict[str, Any],
) -> None:
    plugin = zoo["plugins"]["fake-sound"]
    assert plugin["version"] == "1.0"
    assert plugin["generators"][0]["summary"] == "A plugin with a fault."
    assert (plugin["remarks"], plugin["advice"], plugin["heavy"]) == ([], [], [])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exiting", "SystemExit: 3"),
        ("raising", "ImportError: libGL [so]"),
        ("interrupting", "KeyboardInterrupt"),
        ("misspelt", "has no attribute 'Grey'"),
        ("unparsable", "many_unparsable.py:1"),
        ("abstract", "abstract: describe, sample is missing"),
        ("wrong-kind", "not a subclass of sd.Generator"),
        ("bad-describe", "describe raised ZeroDivisionError: a bug in describe"),
        ("exit-describe", "SystemExit: 4"),
        ("no-output", "describe returned dict, but an sd.Output is expected"),
        ("bad-schema", "its Params give no JSON Schema"),
        ("reading", "EOFError"),
    ],
)
def test_a_broken_generator_is_named_with_its_cause_in_one_line(
    zoo: dict[str, Any], name: str, words: str
) -> None:
    plugin = zoo["plugins"]["fake-faulty"]
    [cause] = [cause for cause in plugin["causes"] if cause.startswith(f"{name}-v1")]
    assert words in cause
    assert "\n" not in cause
    [row] = [row for row in plugin["generators"] if row["id"] == f"{name}-v1"]
    assert row["status"] == "broken"


def test_a_broken_plugin_is_so_called_and_its_other_generators_are_looked_at(
    zoo: dict[str, Any],
) -> None:
    plugin = zoo["plugins"]["fake-faulty"]
    assert plugin["verdict"] == "broken"
    assert len(plugin["causes"]) == len(FAULTY)
    statuses = {row["id"]: row["status"] for row in plugin["generators"]}
    assert {id for id, status in statuses.items() if status == "ok"} == {"fine-v1"}
    assert "SYNTHDATA_BLOCK=fake-faulty" in plugin["advice"][0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vanishing", "the import of vanishing-v1: the process ended with exit code 0"),
        ("forsaking", "the import of forsaking-v1: the process ended with exit code 0"),
        ("crashing", "the import of crashing-v1: the process was killed by SIGSEGV, at "),
        ("unwell", "describe of unwell-v1: the process ended with exit code 0"),
    ],
)
def test_a_plugin_that_ends_its_process_is_broken_and_what_it_was_at_is_named(
    zoo: dict[str, Any], name: str, words: str
) -> None:
    plugin = zoo["plugins"][f"fake-{name}"]
    assert plugin["verdict"] == "broken"
    [cause] = plugin["causes"]
    assert cause.startswith(words)
    assert plugin["generators"][0]["status"] == "unknown"


def test_a_crash_is_traced_to_the_line_of_the_plugin(zoo: dict[str, Any]) -> None:
    assert zoo["plugins"]["fake-crashing"]["causes"][0].endswith("/fake_crashing.py:2")


def test_what_a_plugin_prints_on_import_is_quoted_in_brief(zoo: dict[str, Any]) -> None:
    [remark] = zoo["plugins"]["fake-printing"]["remarks"]
    assert remark == "prints on import: 'chatter, chatter�[2J'"
    [remark] = zoo["plugins"]["fake-flooding"]["remarks"]
    assert remark.startswith("prints on import: 'xxxxxxxx")
    assert len(remark) < 200


def test_output_that_looks_like_a_result_is_no_result(zoo: dict[str, Any]) -> None:
    plugin = zoo["plugins"]["fake-garbage"]
    assert [item["id"] for item in plugin["generators"]] == ["garbage-v1"]
    assert any("prints on import" in remark for remark in plugin["remarks"])


def test_heavy_packages_are_named_with_their_memory_however_they_were_imported(
    zoo: dict[str, Any],
) -> None:
    plugin = zoo["plugins"]["fake-torching"]
    heavy = {item["module"]: item for item in plugin["heavy"]}
    assert set(heavy) == {"torch", "tensorflow"}
    for item in heavy.values():
        assert 60 * 2**20 < item["bytes"] < 90 * 2**20
        assert item["seconds"] > 0
    assert plugin["bytes"] > 120 * 2**20
    [advice] = plugin["advice"]
    assert "torch" in advice
    assert "open()" in advice


def test_a_class_without_a_docstring_does_not_get_that_of_its_base(zoo: dict[str, Any]) -> None:
    plugin = zoo["plugins"]["fake-odd"]
    assert plugin["remarks"] == ["silent-v1 has no docstring"]
    assert plugin["generators"][1]["summary"] == ""


def test_params_without_a_default_are_no_fault(zoo: dict[str, Any]) -> None:
    plugin = zoo["plugins"]["fake-odd"]
    assert is_sound(plugin)
    assert plugin["generators"][0]["needed"] == ["folder"]


def test_a_blocked_plugin_is_listed_with_the_reason_and_never_imported(
    zoo: dict[str, Any],
) -> None:
    plugin = zoo["plugins"]["fake-shut"]
    assert (plugin["verdict"], plugin["seconds"]) == ("blocked", None)
    assert "fake-shut is on the block list" in plugin["remarks"][0]
    assert not (zoo["folder"] / "shut.imported").exists()


def test_of_a_distribution_only_what_may_be_used_is_imported(zoo: dict[str, Any]) -> None:
    plugin = zoo["plugins"]["fake-half"]
    statuses = {row["id"]: row["status"] for row in plugin["generators"]}
    assert statuses == {"open-v1": "ok", "closed-v1": "blocked", "Bad": "broken"}
    [cause] = plugin["causes"]
    assert "'Bad' is not a generator id" in cause
    assert cause.endswith("fake_half-1.0.dist-info/entry_points.txt]")


def test_metadata_that_cannot_be_read_is_reported_with_its_cause(zoo: dict[str, Any]) -> None:
    [cause] = zoo["plugins"]["fake-malformed"]["causes"]
    assert "line 2 is not name = module:Class" in cause
    [finding] = [item for item in zoo["environment"] if item["name"] == "metadata"]
    assert finding["status"] == "broken"
    assert "fake-malformed" in finding["found"]
    assert "no pair" in finding["found"]


SLEEPING = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open({pids!r}, "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}.")
time.sleep(600)
"""


def test_a_plugin_that_sleeps_on_import_is_named_with_the_place_and_leaves_no_process(
    tmp_path: Path, spawn: Spawn
) -> None:
    site = tmp_path / "site"
    install_fake(site, "sleeping", SLEEPING.format(pids=str(tmp_path / "pids")))
    install_fake(site, "waking", SOUND)
    done = spawn("doctor", "--json", "--timeout", 4, path=site, SYNTHDATA_BLOCK="synthdata")
    assert done.returncode == 1
    plugins = examined(done)["plugins"]
    assert plugins["fake-sleeping"]["verdict"] == "hangs"
    [cause] = plugins["fake-sleeping"]["causes"]
    assert cause.startswith("the import of sleeping-v1 took longer than 4 s, at ")
    assert cause.endswith("fake_sleeping.py:6")
    assert "--timeout" in plugins["fake-sleeping"]["advice"][0]
    assert plugins["fake-waking"]["verdict"] in ("ok", "slow")
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().strip(".").split()]
    until(lambda: all(map(gone, pids)), 10, "the plugin's processes are gone")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_when_doctor_is_killed_or_interrupted_the_process_that_it_started_ends_too(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    site, pids = tmp_path / "site", tmp_path / "pids"
    install_fake(site, "sleeping", SLEEPING.format(pids=str(pids)))
    command = [sys.executable, "-m", "synthdata", "doctor"]
    environment = {**os.environ, "PYTHONPATH": str(site), "SYNTHDATA_BLOCK": "synthdata"}
    environment["TMPDIR"] = str(tmp_path)  # who is killed tidies nothing up
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    until(lambda: pids.exists() and pids.read_text().endswith("."), 60, "the import begins")
    sleeping, child = (int(pid.rstrip(".")) for pid in pids.read_text().split())
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (code, b"")
    try:
        until(lambda: gone(sleeping), 10, "the process that imports the plugin is gone")
    finally:
        if not gone(child):
            os.kill(child, signal.SIGKILL)


HOOK = """
import synthdata as sd
from synthdata.registry import hookimpl
print("hooked")
@hookimpl
def {name}():
    return {{"family-v1": "fake_good:Grey", "secret-v1": "fake_vanishing:Grey"}}
"""


def install_hooks(folder: Path, name: str, source: str) -> None:
    """Install a distribution with a hook module besides its generator."""
    entry_points = f"[synthdata]\n{name} = hooks_{name}\n[synthdata.generators]\n"
    entry_points += f"{name}-v1 = fake_{name}:Grey\n"
    modules = {f"hooks_{name}": source, f"fake_{name}": SOUND}
    install(folder, f"fake-{name}", entry_points, modules=modules)


def test_hook_modules_are_checked_for_hooks_that_exist_and_none_harms_another_plugin(
    tmp_path: Path, spawn: Spawn
) -> None:
    site = tmp_path / "site"
    install_hooks(site, "good", HOOK.format(name="synthdata_generators"))
    (site / "fake_vanishing.py").write_text(DEADLY["vanishing"])
    install_hooks(site, "misspelt", HOOK.format(name="synthdata_generator"))
    install_hooks(site, "failing", "1 / 0\n")
    install_hooks(site, "exiting", "import os\nos._exit(7)\n")
    done = spawn("doctor", "--json", path=site, SYNTHDATA_BLOCK="synthdata,secret-v1")
    assert done.returncode == 1
    plugins = examined(done)["plugins"]
    good = plugins["fake-good"]
    assert is_sound(good), good
    [hook] = good["hooks"]
    assert (hook["module"], hook["implements"]) == ("hooks_good", ["synthdata_generators"])
    assert good["remarks"] == ["prints on import: 'hooked'"]
    statuses = [(row["id"], row["status"]) for row in good["generators"]]
    assert statuses == [("family-v1", "ok"), ("good-v1", "ok")]
    for name, words in (("misspelt", "synthdata_generator"), ("failing", "ZeroDivisionError")):
        plugin = plugins[f"fake-{name}"]
        assert plugin["verdict"] == "broken"
        assert plugin["generators"][0]["status"] == "ok", "the hook module harms no generator"
        [cause] = plugin["causes"]
        assert cause.startswith(f"hooks_{name}:")
        assert words in cause
    words = "the import of hooks_exiting: the process ended with exit code 7"
    assert plugins["fake-exiting"]["causes"] == [words]


def test_all_is_well_where_nothing_is_broken(tmp_path: Path, spawn: Spawn) -> None:
    install_grey(tmp_path / "site")
    done = spawn("doctor", path=tmp_path / "site")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for part in ("Environment", "Plugins", "Generators", "nothing is broken"):
        assert part in lines
    grey = "grey-v1 grey-plugin ok A grey square and the level it was drawn at."
    assert grey in lines
    assert any(line.startswith("grey-plugin 2.5 ") for line in lines)
    for name in ("numpy", "pydantic", "pluggy", "pillow", "worker process", "cores", "memory"):
        assert any(line.startswith(f"{name} ok ") for line in lines), name


def test_the_tables_say_what_is_broken_and_what_to_do(tmp_path: Path, spawn: Spawn) -> None:
    install_fake(tmp_path / "site", "raising", "raise ImportError('libGL [so] is missing')\n")
    done = spawn("doctor", path=tmp_path / "site", SYNTHDATA_BLOCK="synthdata")
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "broken: fake-raising"
    [line] = [line for line in lines if "libGL [so] is missing" in line]
    assert "fake_raising.py:1" in line
    assert "SYNTHDATA_BLOCK=fake-raising" in line
    assert any(line.split()[:3] == ["fake-raising", "1.0", "broken"] for line in lines)
    assert any(line.split()[:2] == ["synthdata", "0.1.0"] and "blocked" in line for line in lines)
    assert any(line.startswith("SYNTHDATA_BLOCK") and "'synthdata'" in line for line in lines)


@pytest.mark.parametrize(
    ("module", "source", "words"),
    [
        ("numpy", SEGFAULT, "was killed by SIGSEGV"),
        ("pydantic", "raise ValueError('half installed')", "ValueError: half installed"),
    ],
)
def test_it_works_where_numpy_or_pydantic_is_broken(
    tmp_path: Path, spawn: Spawn, module: str, source: str, words: str
) -> None:
    site = tmp_path / "site"
    install_grey(site)
    (site / f"{module}.py").write_text(source)
    done = spawn("doctor", "--json", path=site)
    assert done.returncode == 1
    report = examined(done)
    found = {item["name"]: item for item in report["environment"]}
    assert found[module]["status"] == found["worker process"]["status"] == "broken"
    assert "cannot be imported: " in found[module]["found"]
    assert words in found[module]["found"]
    assert found[module]["advice"] == f"pip install --force-reinstall {module}"
    assert found["pillow"]["status"] == "ok"
    plugin = report["plugins"]["grey-plugin"]
    assert plugin["verdict"] == "unknown"
    assert words in plugin["causes"][0]
    assert plugin["advice"] == ["mend what the environment lacks first"]


def test_it_works_where_pluggy_is_broken(tmp_path: Path, spawn: Spawn) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "pluggy.py").write_text("raise ImportError('half installed')")
    done = spawn("doctor", "--json", path=tmp_path / "site")
    assert done.returncode == 1
    report = examined(done)
    found = {item["name"]: item for item in report["environment"]}
    assert "half installed" in found["pluggy"]["found"]
    assert "cannot be listed: ImportError: half installed" in found["plugins"]["found"]
    assert report["plugins"] == {}


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_time_limit_that_cannot_be_is_one_line(run: Run, value: str) -> None:
    done = run("doctor", "--timeout", value)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, f"--timeout {float(value)}: expected more than 0 seconds")


def test_a_time_limit_that_is_no_number_is_wrong_usage(run: Run) -> None:
    done = run("doctor", "--timeout", "soon")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'soon' is no number" in done.stderr


def test_a_block_list_that_is_wrong_is_reported_and_no_plugin_looked_at(
    tmp_path: Path, spawn: Spawn
) -> None:
    install_fake(tmp_path / "site", "sound", SOUND)
    done = spawn("doctor", "--json", path=tmp_path / "site", SYNTHDATA_BLOCK="fake-sound,a b")
    assert done.returncode == 1
    report = examined(done)
    [finding] = [item for item in report["environment"] if item["name"] == "plugins"]
    assert "'a b' is neither a distribution nor an id" in finding["found"]
    assert report["plugins"] == {}


def test_its_help_names_the_exit_codes_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from synthdata.cli import main; sys.argv[0] = 'synthdata'\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'pydantic', 'tensorflow', 'PIL', 'yaml', 'pluggy'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "doctor", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "loaded: []\n"
    assert "--timeout" in done.stdout
    assert "Exit code 0" in " ".join(done.stdout.split())
