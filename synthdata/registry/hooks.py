"""The pluggy hook by which a plugin provides generators that it makes in a loop."""

from __future__ import annotations

from collections.abc import Mapping

import pluggy

PROJECT = "synthdata"
HOOK = "synthdata_generators"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function as the implementation of a hook; public as ``synthdata.hookimpl``."""


class Hooks:
    """The hooks that a module named in the entry-point group ``synthdata`` may implement."""

    @hookspec
    def synthdata_generators(self) -> Mapping[str, type | str]:
        """Return the generators that the module provides.

        One generator is best named by an entry point of the group ``synthdata.generators``, and
        needs no hook. The hook is for families, and named by the module that implements it::

            [project.entry-points.synthdata]
            stripes = "stripes"

        ``stripes.py`` is then, for example::

            import numpy as np

            import synthdata as sd

            ANGLES = (0, 90)


            class Stripes(sd.Generator):
                '''Grey stripes at one angle.'''

                angle: int

                @classmethod
                def describe(cls, params):
                    return sd.Output(image=sd.Image(8, 8, 1), label=sd.ClassLabel(["stripes"]))

                def sample(self, rng):
                    line = rng.integers(256, size=8, dtype=np.uint8)
                    image = np.repeat(line[None], 8, axis=0)
                    return sd.Sample(np.rot90(image, self.angle // 90)[..., None].copy(), "stripes")


            for angle in ANGLES:
                name = f"Stripes{angle}"
                globals()[name] = type(name, (Stripes,), {"__module__": __name__, "angle": angle})


            @sd.hookimpl
            def synthdata_generators():
                return {f"stripes-{angle}-v1": f"stripes:Stripes{angle}" for angle in ANGLES}

        The module is imported when its ids are needed, by ``synthdata list --load`` or
        when a generator is looked up; from then on the hook is not asked again. It should import
        little: a short id is looked for in every hook module that is installed. Nothing is known
        of the ids before, so that an id on a block list keeps its generator from being used, and
        not this module from being imported; the distribution on a block list does.

        Whatever is wrong with one of the ids or classes, the whole module is listed as broken with
        the cause, and none of its generators can be used.

        Returns:
            By short id, as ``stripes-0-v1``, a subclass of ``Generator``, or where it is, as
            ``"module:Class"``, which is imported when it is used. Worker processes import the
            class by its ``__module__`` and ``__qualname__``, so it should be found there: give a
            class made by ``type`` its ``__module__``, which is ``abc`` otherwise, and put it at
            the top of that module. One that is not there is drawn inline or in threads.
        """
        raise NotImplementedError  # pluggy only reads the signature
