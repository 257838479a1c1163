"""Ways to turn indices into batches; TensorFlow, files and clusters are above."""

from synthdata.execution.executor import Executor
from synthdata.execution.gate import EXIT_GATE
from synthdata.execution.inline import Inline

__all__ = ["EXIT_GATE", "Executor", "Inline"]
