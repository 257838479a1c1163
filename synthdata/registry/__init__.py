"""What generators exist and who provides them; importing none of them."""

from synthdata.registry.candidate import Candidate, HookModule, Listing
from synthdata.registry.default import configured_registry, default_registry, generators, using
from synthdata.registry.hooks import hookimpl, hookspec
from synthdata.registry.project import configured_rules
from synthdata.registry.provider import Provider
from synthdata.registry.registry import Registry
from synthdata.registry.rule import Rule

__all__ = [
    "Candidate",
    "HookModule",
    "Listing",
    "Provider",
    "Registry",
    "Rule",
    "configured_registry",
    "configured_rules",
    "default_registry",
    "generators",
    "hookimpl",
    "hookspec",
    "using",
]
