"""Ways to turn the numbers of batches into batches; TensorFlow, files and clusters are above."""

from synthdata.execution.choice import Choice, ExecutorName, choose
from synthdata.execution.executor import Executor, Telemetry
from synthdata.execution.failures import OnError, Policy
from synthdata.execution.gate import EXIT_GATE
from synthdata.execution.ledger import Ledger
from synthdata.execution.work import Work

__all__ = [
    "EXIT_GATE",
    "Choice",
    "Executor",
    "ExecutorName",
    "Ledger",
    "OnError",
    "Policy",
    "Telemetry",
    "Work",
    "choose",
]
