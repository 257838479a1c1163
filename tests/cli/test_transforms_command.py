"""``synthdata transforms``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run, Spawn, make_distribution


def test_transforms_lists_ours_and_those_of_plugins_and_what_is_of_no_use(
    spawn: Spawn, tmp_path: Path
) -> None:
    entry = "[synthdata.transforms]\nodd-v1 = odd:Odd\n"
    make_distribution(tmp_path / "site", "odd", entry, "print('chatter')\nOdd = 3\n")
    done = spawn("transforms", "--json", path=tmp_path / "site")
    assert (done.returncode, done.stderr) == (0, "chatter\n")
    rows = {row["transform"]: row for row in json.loads(done.stdout)}
    assert {name for name, row in rows.items() if row["distribution"] == "synthdata"} == {
        "affine-v1",
        "filters-v1",
    }
    assert rows["affine-v1"]["status"] == rows["filters-v1"]["status"] == "ok"
    assert (rows["odd-v1"]["distribution"], rows["odd-v1"]["status"]) == ("odd", "broken")
    assert "no subclass of sd.Transform" in rows["odd-v1"]["summary"]


def test_the_table_says_what_a_transform_does(run: Run) -> None:
    done = run("transforms")
    assert done.exit_code == 0
    assert "affine-v1" in done.stdout
    assert "boxes, masks, keypoints and polygons" in " ".join(done.stdout.split())
