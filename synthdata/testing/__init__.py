"""The conformance kit: what a generator has to keep, as checks that anyone can run."""

from synthdata.testing.conformance import Conformance, check_generator
from synthdata.testing.digests import stream_digest
from synthdata.testing.parametrize import parametrize_generators
from synthdata.testing.report import Outcome, Report, Result

__all__ = [
    "Conformance",
    "Outcome",
    "Report",
    "Result",
    "check_generator",
    "parametrize_generators",
    "stream_digest",
]
