"""Join a Ray cluster, or start one of this process's own, and leave it again."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from synthdata.errors import ClusterError
from synthdata.execution.machine import cores

KNOCK_PATIENCE: Final = 10.0
"""Seconds that the head of a cluster has to take a connection."""

_SETTINGS: Final = {
    "RAY_worker_niceness": "0",  # of a Ray of one's own: as other worker processes, in place of 15
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to Ray's makers
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # Ray warns of it otherwise
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # nodes install nothing
}


def imported_ray() -> Any:
    """Import Ray.

    Raises:
        ClusterError: if it is not installed.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise ClusterError(f"cluster= needs Ray ({error}); pip install 'synthdata[ray]'") from error


@contextmanager
def joined(address: str, workers: int | None) -> Iterator[Any]:
    """Be a driver of a cluster while the context lasts.

    Args:
        address: "local" for a Ray of this process's own, "auto" for the one that this process has
            joined already, or that RAY_ADDRESS or ``ray start`` on this machine names, or its
            address.
        workers: CPUs of a Ray of this process's own; None is one for each core.

    Yields:
        The module ``ray``.

    Raises:
        ClusterError: if Ray is not installed, or there is no such cluster.
    """
    ray = imported_ray()
    if ray.is_initialized():
        check_joined(ray, address)
        yield ray
        return
    with _signals_kept():
        yield from _new(ray, address, workers)


def _new(ray: Any, address: str, workers: int | None) -> Iterator[Any]:
    if address == "local":
        with _own(ray, workers or cores()):
            yield ray
    else:
        _join(ray, address)
        try:
            yield ray
        finally:
            ray.shutdown()


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Undo that Ray handles SIGTERM, once it is gone; while it is there, that ends it in order."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def check_joined(ray: Any, address: str) -> None:
    """Refuse another cluster than the one that this process has joined.

    Raises:
        ClusterError: if it is another.
    """
    there = ray.get_runtime_context().gcs_address
    if address not in ("auto", there):
        raise ClusterError(
            f"cluster={address!r}: this process has joined the Ray cluster {there} already; say "
            "cluster='auto' for that one, or call ray.shutdown() before"
        )


@contextmanager
def _own(ray: Any, cpus: int) -> Iterator[None]:
    # A folder of its own, so that nobody's cluster="auto" finds it, and nothing stays.
    folder = tempfile.mkdtemp(prefix="sd-ray-", dir=_short_folder())
    try:
        with _explained("local"):
            ray.init(
                address="local",
                num_cpus=cpus,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=folder,
            )
        try:
            yield
        finally:
            ray.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _short_folder() -> str | None:
    # The path of a socket has 107 bytes at the most; Ray appends 70.
    return None if len(tempfile.gettempdir()) < 25 else "/tmp"  # noqa: S108


def _join(ray: Any, address: str) -> None:
    if "://" in address:
        raise ClusterError(
            f"cluster={address!r}: expected 'auto', 'local' or HOST:PORT; Ray's client is not "
            "supported, so run this on a node of the cluster, as by `ray job submit`"
        )
    with _explained(address):
        _knock(os.environ.get("RAY_ADDRESS", "") if address == "auto" else address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)


def _knock(address: str) -> None:
    """Refuse an address where nobody listens; Ray would try for minutes.

    Raises:
        OSError: if it is so.
        ValueError: if it is no address.
    """
    if address in ("", "auto"):
        return
    host, _, port = address.rpartition(":")
    if not (host and port.isascii() and port.isdecimal()):
        raise ValueError(f"expected HOST:PORT, not {address!r}")
    socket.create_connection((host.strip("[]"), int(port)), KNOCK_PATIENCE).close()


@contextmanager
def _explained(address: str) -> Iterator[None]:
    try:
        yield
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        start = (
            "is there one? `ray start --head` starts one, RAY_ADDRESS names one, and "
            "cluster='local' needs none; one with a token needs RAY_AUTH_MODE=token here"
        )
        told = " ".join(str(error).split())
        raise ClusterError(
            f"cluster={address!r}: no Ray cluster can be joined; {start} ({told})"
        ) from error
