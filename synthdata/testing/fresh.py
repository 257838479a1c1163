"""The main function of a fresh process that makes samples and prints their digest.

Run as ``python -m synthdata.testing.fresh`` by the check of that name; what to make comes as JSON
on stdin.
"""

from __future__ import annotations

import contextlib
import json
import sys

from synthdata.origin import generator_of
from synthdata.source import Source
from synthdata.testing.digests import stream_digest


def main() -> None:
    """Read what to make, and print the digest."""
    asked = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):  # a plugin may print
        generator = generator_of(asked["origin"])
        source = Source.of(generator, seed=asked["seed"], samples=asked["samples"])
        found = stream_digest(source)
        source.close()
    sys.stdout.write(found + "\n")


if __name__ == "__main__":
    main()
