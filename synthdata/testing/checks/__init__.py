"""The checks of the conformance kit, in the order in which they run."""

from __future__ import annotations

from typing import Final

from synthdata.testing.check import Check
from synthdata.testing.checks import (
    contract,
    declaration,
    gradients,
    isolation,
    processes,
    repetition,
    roads,
    tensors,
)

CHECKS: Final[tuple[Check, ...]] = (
    *declaration.CHECKS,
    *contract.CHECKS,
    *isolation.CHECKS,
    *repetition.CHECKS,
    *roads.CHECKS,
    *gradients.CHECKS,
    *tensors.CHECKS,
    *processes.CHECKS,
)
"""All of them."""
