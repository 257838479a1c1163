"""The interpreter exits while iterators are alive: at once, and in silence."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from synthdata.execution.gate import Gate, InterpreterExit

pytest.importorskip("tensorflow")

SCRIPT = """
    import sys, threading, time
    import numpy as np
    import synthdata as sd

    def slow(rng):
        began = time.perf_counter()
        while time.perf_counter() - began < 0.005: pass
        return np.zeros((8, 8, 1), np.uint8)

    def long(rng):
        time.sleep(0.7)
        return np.zeros((8, 8, 1), np.uint8)

    way = sys.argv[1]
    function = long if way == "long" else slow
    generator = sd.from_function(function, sd.Output(image=sd.Image(8, 8, 1)))
    iterators = [iter(sd.build(generator, batch_size=64)) for _ in range(3)]
    if way in ("begun", "long"):
        threading.Thread(target=next, args=(iterators[0],), daemon=True).start(); time.sleep(0.1)
    if way == "idle":
        next(iterators[0]); time.sleep(1.5)
    if way == "busy":
        next(iterators[0])
    if way == "consumed":
        threading.Thread(target=list, args=(iterators[0],), daemon=True).start(); time.sleep(0.5)
    if way == "error":
        next(iterators[0]); sys.exit(3)
    print("end", flush=True)
"""


def leave(way: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Run the script; return the seconds from its last line to its end, and how it ended."""
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), way]
    environment = {
        "PATH": "/usr/bin:/bin",
        "TF_CPP_MIN_LOG_LEVEL": "1",
        "TF_ENABLE_ONEDNN_OPTS": os.environ["TF_ENABLE_ONEDNN_OPTS"],
    }
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    began = time.monotonic()
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    done = subprocess.CompletedProcess(command, process.returncode, first + out, err)
    return time.monotonic() - began, done


@pytest.mark.parametrize("way", ["idle", "busy", "error"])
def test_a_process_with_live_iterators_ends_in_silence(way: str) -> None:
    _, done = leave(way)
    assert done.returncode == (3 if way == "error" else 0)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) < 6, done.stderr


@pytest.mark.parametrize("way", ["begun", "consumed", "long"])
def test_a_daemon_that_consumes_at_exit_gets_an_error_and_hangs_nothing(way: str) -> None:
    _, done = leave(way)
    assert done.returncode == 0
    assert "the interpreter exits; no more batches are made" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("way", ["idle", "busy", "begun", "consumed", "error"])
def test_ten_of_ten_processes_with_live_iterators_end_within_two_seconds(way: str) -> None:
    assert all(leave(way)[0] < 2 for _ in range(10))


def test_a_closed_gate_refuses_calls() -> None:
    gate = Gate()
    gate.close()
    with pytest.raises(InterpreterExit), gate:
        pass


def test_closing_waits_for_the_call_inside() -> None:
    gate = Gate()
    inside, done = threading.Event(), threading.Event()

    def call() -> None:
        with gate:
            inside.set()
            while not gate.closed:
                time.sleep(0.001)
            time.sleep(0.05)
            done.set()

    thread = threading.Thread(target=call)
    thread.start()
    inside.wait(5)
    gate.close()
    assert done.is_set()
    thread.join(5)
