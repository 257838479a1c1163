"""Fake distributions: metadata and a few modules beside it, as pip would install them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

GROUP = "synthdata.generators"


def install(
    folder: Path,
    name: str,
    entry_points: Mapping[str, str] | str | bytes,
    *,
    version: str = "1.0",
    modules: Mapping[str, str] | None = None,
    metadata: bool = True,
) -> Path:
    """Write a distribution and return its ``entry_points.txt``.

    Args:
        folder: stands for a folder of ``sys.path``.
        name: of the distribution.
        entry_points: of our group, by name; or the file as it is.
        version: of the distribution.
        modules: source text by module name.
        metadata: False leaves the METADATA file out.
    """
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    if metadata:
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(text)
    file = info / "entry_points.txt"
    if isinstance(entry_points, Mapping):
        lines = [f"{key} = {value}" for key, value in entry_points.items()]
        entry_points = "\n".join([f"[{GROUP}]", *lines, ""])
    if isinstance(entry_points, str):
        entry_points = entry_points.encode()
    file.write_bytes(entry_points)
    for module, source in (modules or {}).items():
        (folder / f"{module}.py").write_text(source)
    return file


GREY = '''\
import numpy as np
from pydantic import Field

import synthdata as sd


class Grey(sd.Generator):
    """A grey square and the level it was drawn at."""

    class Params(sd.Params):
        """What may be set."""

        size: int = Field(4, ge=1, le=64)
        level: sd.Distribution = sd.Uniform(10, 20)

    @classmethod
    def describe(cls, params):
        return sd.Output(
            image=sd.Image(params.size, params.size, 1),
            label=sd.ClassLabel(["dark", "light"]),
            metadata={"level": sd.Scalar("float32", ge=0, le=255)},
        )

    def sample(self, rng):
        level = float(self.params.level.sample(rng))
        image = np.full(self.output.image.shape, level, np.uint8)
        return sd.Sample(image, "dark" if level < 15 else "light", {"level": level})
'''
"""A module with one generator, ``Grey``, whose Params have a range, and a distribution."""


def install_grey(folder: Path, name: str = "grey-plugin", module: str = "grey_module") -> Path:
    """Install a distribution that provides ``grey-v1`` from ``module:Grey``."""
    return install(
        folder, name, {"grey-v1": f"{module}:Grey"}, version="2.5", modules={module: GREY}
    )


FAMILY = (
    GREY
    + """

class Black(Grey):
    pass


@sd.hookimpl
def synthdata_generators():
    return {"grey-v1": Grey, "black-v1": "%(module)s:Black"}
"""
)
"""A hook module that provides one class itself, and names one by where it is."""


def install_hook(
    folder: Path,
    name: str = "family-plugin",
    module: str = "family_module",
    source: str = FAMILY,
    *,
    value: str | None = None,
    more: str = "",
) -> Path:
    """Install a distribution that names a hook module.

    Args:
        folder: stands for a folder of ``sys.path``.
        name: of the distribution.
        module: the hook module.
        source: of it; ``%(module)s`` is its name.
        value: of the entry point; None is the module.
        more: of ``entry_points.txt``.
    """
    text = f"[synthdata]\nfamily = {value or module}\n{more}"
    modules = {module: source.replace("%(module)s", module)}
    return install(folder, name, text, version="3.1", modules=modules)
