"""What generators exist and who provides them; importing none of them."""

from synthdata.registry.candidate import Candidate, Listing
from synthdata.registry.hooks import hookimpl, hookspec
from synthdata.registry.registry import Registry, default_registry, generators

__all__ = [
    "Candidate",
    "Listing",
    "Registry",
    "default_registry",
    "generators",
    "hookimpl",
    "hookspec",
]
