"""A random array, the first thing everybody puts into a py_function.

What the plain version silently gets wrong::

    def noise(index):
        return np.random.default_rng(index.numpy()).random((64, 64, 3))     # float64

    ds = tf.data.Dataset.range(n).map(lambda i: tf.py_function(noise, [i], tf.float32))

- NumPy draws float64 and float32 is declared: TensorFlow casts without a word. Where integers are
  declared, an array of 3.7 becomes one of 3.
- The shape of each element is unknown, so that ``batch``, a model's first layer or ``model.fit``
  fails later, and elsewhere.
- Each sample pays for a call into Python.

Here the declaration says float32, and a float64 array is an error that names sample and feature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import synthdata as sd


def noise(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Draw an array of size × size × 3 numbers from 0 to 1."""
    return rng.random((size, size, 3), dtype=np.float32)


generator = sd.from_function(
    noise,
    sd.Output(image=sd.Image(64, 64, 3, "float32", ge=0, le=1)),
    size=64,
)

if __name__ == "__main__":
    dataset = sd.build(generator, seed=7, samples=1_000, batch_size=100)
    print(dataset.element_spec)
    for batch in dataset:
        print(batch["image"].shape, float(batch["image"].numpy().mean()))
