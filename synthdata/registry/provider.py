"""What is known of a distribution that may provide generators, from its metadata alone."""

from __future__ import annotations

import difflib
import importlib.metadata
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution
from urllib.parse import unquote, urlparse

from synthdata.errors import GeneratorNotFoundError
from synthdata.registry.candidate import Listing
from synthdata.registry.scan import name_and_version

_HOME_LABELS = ("homepage", "home", "repository", "source", "documentation")
"""Labels of URLs, by what is best shown; compared in lower case."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An installed distribution, and what it provides.

    Attributes:
        name: its normalised name.
        version: or ``?`` where its metadata is damaged.
        summary: its description in one line, or nothing.
        home: the address of its home page, or nothing.
        where: the folder that holds it, or of its sources if it was installed editable.
        blocked: by which list it is blocked as a whole, or nothing.
        generators: how each that is known is listed; also the distribution itself, without an id,
            if its entry points cannot be read.
        hooks: how each hook module is listed, by the module.
    """

    name: str
    version: str
    summary: str
    home: str
    where: str
    blocked: str
    generators: tuple[Listing, ...]
    hooks: Mapping[str, Listing]


def provider(
    name: str,
    path: list[str] | None,
    rows: Iterable[Listing],
    hooks: Mapping[str, Listing],
    objection: str,
) -> Provider:
    """Read what the metadata of a distribution says.

    Args:
        name: its normalised name.
        path: folders to look into instead of ``sys.path``.
        rows: the listings of all distributions.
        hooks: how each of its hook modules is listed.
        objection: why it may not be used, or nothing.

    Raises:
        GeneratorNotFoundError: if it is not installed.
    """
    found = importlib.metadata.distributions(name=name, path=sys.path if path is None else path)
    distribution = next(iter(found), None)
    if distribution is None:
        near = difflib.get_close_matches(name, {item.distribution for item in rows}, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`synthdata list` shows who is"
        raise GeneratorNotFoundError(
            f"no distribution {name} is installed; {hint}", distribution=name
        )
    own = tuple(item for item in rows if item.distribution == name and item not in hooks.values())
    usable = any(item.status == "ok" for item in own)
    return Provider(
        name,
        name_and_version(distribution)[1],
        _field(distribution, "Summary"),
        _home(distribution),
        _where(distribution),
        "" if usable else objection,
        own,
        hooks,
    )


def _field(distribution: Distribution, name: str) -> str:
    try:
        metadata = distribution.metadata
        return " ".join(metadata[name].split()) if name in metadata else ""
    except Exception:  # noqa: BLE001  # METADATA is damaged; the rest is still shown
        return ""


def _home(distribution: Distribution) -> str:
    if home := _field(distribution, "Home-page"):
        return home
    try:
        pairs = [text.partition(",") for text in distribution.metadata.get_all("Project-URL") or ()]
    except Exception:  # noqa: BLE001  # as above
        return ""
    addresses = {label.strip().lower(): address.strip() for label, _, address in pairs}
    return next((addresses[label] for label in _HOME_LABELS if label in addresses), "")


def _where(distribution: Distribution) -> str:
    folder = str(distribution.locate_file(""))
    try:
        source = json.loads(distribution.read_text("direct_url.json") or "{}")
        editable = source.get("dir_info", {}).get("editable")
        return unquote(urlparse(source["url"]).path) if editable else folder
    except Exception:  # noqa: BLE001  # as above
        return folder
