"""What the page on clusters shows and no cluster runs here: a manifest, and two programs."""

from __future__ import annotations

import copy
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

import synthdata as sd
from synthdata.cli.app import app
from tests.docs.blocks import blocks

TITLED = {block.title: block.text for block in blocks("cluster.md") if block.title}
SCHEMA = json.loads(Path(__file__).with_name("kuberay.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

Change = Callable[[dict[str, Any]], Any]


def manifest() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(TITLED["rayjob.yaml"]))


def test_the_manifest_is_what_kuberay_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    config, job = manifest()
    assert (config["kind"], job["kind"]) == ("ConfigMap", "RayJob")
    for document in (config, job):
        VALIDATOR.validate(document)


def worker(job: dict[str, Any]) -> dict[str, Any]:
    group: dict[str, Any] = job["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]
    return group


WRONG: dict[str, Change] = {
    "number where KubeRay takes strings": lambda job: worker(job)["rayStartParams"].update(
        {"num-cpus": 4}
    ),
    "misspelled field": lambda job: job["spec"].update(shutDownAfterJobFinishes=True),
    "no template": lambda job: worker(job).pop("template"),
    "no head": lambda job: job["spec"]["rayClusterSpec"].pop("headGroupSpec"),
    "words for a number": lambda job: worker(job).update(replicas="many"),
    "older version": lambda job: job.update(apiVersion="ray.io/v1alpha1"),
    "no quantity": lambda job: worker(job)["template"]["spec"]["containers"][0]["resources"].update(
        limits={"memory": "16 GB"}
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_manifest_that_kuberay_would_refuse_is_refused(wrong: str) -> None:
    job = copy.deepcopy(manifest()[1])
    WRONG[wrong](job)
    assert not VALIDATOR.is_valid(job)


def test_the_recipe_command_and_names_of_the_manifest_are_right() -> None:
    config, job = manifest()
    [(name, text)] = config["data"].items()
    sd.Recipe(**yaml.safe_load(text)).resolve()
    spec = job["spec"]["rayClusterSpec"]
    pod = spec["headGroupSpec"]["template"]["spec"]
    [mount] = pod["containers"][0]["volumeMounts"]
    [volume] = pod["volumes"]
    assert volume == {"name": mount["name"], "configMap": {"name": config["metadata"]["name"]}}
    program, command, recipe, target, *options = shlex.split(job["spec"]["entrypoint"])
    assert (program, recipe) == ("synthdata", f"{mount['mountPath']}/{name}")
    write: Any = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    taken = write.make_context("write", [recipe, target, *options]).params
    assert (taken["cluster"], taken["break_lock"]) == ("auto", True)
    assert spec["rayVersion"] == version("ray")


def test_all_groups_of_the_manifest_have_one_image() -> None:
    spec = manifest()[1]["spec"]["rayClusterSpec"]
    images = {
        container["image"]
        for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"])
        for container in group["template"]["spec"]["containers"]
    }
    assert len(images) == 1


@pytest.mark.parametrize("name", ["dask_write.py", "beam_write.py", "spark_write.py"])
def test_programs_for_other_systems_are_python_of_twenty_lines(name: str) -> None:
    text = TITLED[name]
    compile(text, name, "exec")
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) <= 20
    for command in (["check", "--ignore", "D,T20"], ["format", "--check"]):
        options = ["--quiet", "--no-cache", "--stdin-filename", name, "-"]
        ruff = [sys.executable, "-m", "ruff", *command, *options]
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
