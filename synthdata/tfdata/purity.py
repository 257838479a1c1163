"""What the ops of a sample may not be: Python, random by themselves, or other for each sample."""

from __future__ import annotations

import re
from typing import Final

import tensorflow as tf

from synthdata.errors import DeclarationError

PYTHON_OPS: Final = frozenset(("EagerPyFunc", "PyFunc", "PyFuncStateless"))
"""Kinds of ops that call into the Python of the process that traced them."""

_RANDOM: Final = re.compile(
    r"(Parameterized)?(Random|TruncatedNormal|Multinomial)|Stateful(?!PartitionedCall)"
)
"""Kinds of ops whose random numbers are a state of the process; stateless ones begin otherwise."""

_SORTED: Final = "DynamicPartition"
"""The kind of op by which ``vectorized_map`` sorts samples by the branch that they take."""


def kinds(graph: tf.Graph) -> set[str]:
    """Return the kinds of all ops of a graph, those of its functions included."""
    definition = graph.as_graph_def()
    inner = (node for function in definition.library.function for node in function.node_def)
    return {node.op for node in (*definition.node, *inner)}


def check_ops(id: str, own: set[str], vectorised: set[str]) -> None:
    """Refuse samples that would not be the same bytes anywhere.

    Samples that branch are sorted by their branch, and each branch is a batch of its own, of any
    size: its last bits would depend on the other samples.

    Args:
        id: of the generator.
        own: kinds of the ops of one sample.
        vectorised: kinds of the ops that make whole batches of them.

    Raises:
        DeclarationError: says which ops, and what to take in their place.
    """
    python, random = sorted(own & PYTHON_OPS), sorted(filter(_RANDOM.match, own))
    if python:
        problem = f"calls Python ({', '.join(python)}), which a graph cannot take along; write ops"
    elif random:
        problem = (
            f"draws random numbers of the process ({', '.join(random)}); take "
            'tf.random.stateless_…, keyed by seed and index, with alg="philox"'
        )
    elif _SORTED in vectorised - own:
        problem = (
            "branches by a value of the sample, in tf.cond, tf.switch_case or the end of a "
            "tf.while_loop, so that its last bits would depend on the batch; take tf.where, or a "
            "loop of fixed length"
        )
    else:
        return
    raise DeclarationError(f"{id}: tensor_sample {problem}")
