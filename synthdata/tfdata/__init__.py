"""Datasets of TensorFlow, from a generator or from files; nothing else imports TensorFlow.

TensorFlow sees a dataset of positions. Shuffling and repeating are arithmetic on them, so they
need no buffer, and a checkpoint of an iterator holds a few numbers. One call into Python a batch
turns the indices into arrays.
"""

from synthdata.errors import BuildError

try:
    import tensorflow  # noqa: F401
except ImportError as error:
    raise BuildError(
        "build needs TensorFlow, which is not installed: pip install 'synthdata[cpu]' for "
        f"tensorflow-cpu, or 'synthdata[tensorflow]' ({error})"
    ) from error

from synthdata.tfdata.builder import build
from synthdata.tfdata.gradients import differentiable
from synthdata.tfdata.records import read_records

__all__ = ["build", "differentiable", "read_records"]
