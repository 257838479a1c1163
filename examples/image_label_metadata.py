"""An image, its label and metadata from one call.

What the plain version silently gets wrong::

    def disc(index):
        ...
        return image, label, radius                 # uint8, a NumPy 3.7 for an int64, float64

    ds = tf.data.Dataset.range(n).map(
        lambda i: tf.py_function(disc, [i], [tf.uint8, tf.int64, tf.float32])
    )

- A label that NumPy computed as 3.7 becomes 3, and a label of 7 where there are two classes goes to
  the loss.
- Returning a fourth value is no error: it is dropped.
- The structure is lost, a dict has to be put together again; no shape is known.
- An error ends the run without saying which sample it was, so that nobody can make it again.

Here the three stay together, named and checked: the radius below is a Python float, which float32
holds, where a NumPy float64 would be refused.
"""

from __future__ import annotations

import numpy as np

import synthdata as sd

SIZE = 48
KINDS = ("disc", "ring")
OUTPUT = sd.Output(
    image=sd.Image(SIZE, SIZE, 1),
    label=sd.ClassLabel(KINDS),
    metadata={"radius": sd.Scalar("float32", ge=6, le=20), "center": sd.Tensor("float32", (2,))},
)


def disc(rng: np.random.Generator, noise: float) -> sd.Sample:
    """Draw a disc or a ring on noise."""
    kind = KINDS[rng.integers(2)]
    radius = rng.uniform(6, 20)
    center = rng.uniform(20, SIZE - 20, 2).astype(np.float32)
    y, x = np.mgrid[:SIZE, :SIZE]
    distance = np.hypot(x - center[0], y - center[1])
    inside = distance <= radius if kind == "disc" else abs(distance - radius) <= 2
    image = np.where(inside, 200.0, 60.0) + rng.normal(0, noise, (SIZE, SIZE))
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return sd.Sample(pixels[..., None], kind, {"radius": radius, "center": center})


generator = sd.from_function(disc, OUTPUT, noise=8.0)

if __name__ == "__main__":
    for batch in sd.build(generator, seed=7, samples=64, batch_size=16):
        print(batch["label"].numpy(), batch["metadata"]["radius"].numpy().round(1))
