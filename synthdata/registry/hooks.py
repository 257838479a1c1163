"""The pluggy hook through which plugins say which generators there are."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from synthdata.registry.candidate import Candidate

PROJECT = "synthdata"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The hooks that a plugin may implement."""

    @hookspec
    def synthdata_generators(self) -> Iterable[Candidate]:
        """Return the candidates that this plugin provides, without importing their classes."""
        raise NotImplementedError  # pluggy only reads the signature
