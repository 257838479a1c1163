"""Keeps what plugins print out of stdout, in this process and in its workers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from synthdata.cli.show import plugin_prints_go_to_stderr


@contextlib.contextmanager
def workers_print_to_stderr() -> Iterator[None]:
    """Keep what plugins print out of the output, also in worker processes and in C code."""
    kept = os.dup(1)
    os.dup2(2, 1)  # worker processes inherit it
    try:
        with plugin_prints_go_to_stderr():
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
