"""An Output of everything that is hard to keep in files, and a generator of such samples."""

from __future__ import annotations

from typing import Any

import numpy as np

import synthdata as sd
from tests.strategies import DTYPES

KINDS: tuple[Any, ...] = DTYPES
TEXTS = ("", "Grüße, мир", "画像 😀", 'a "quoted"\nline, and a \\', "\x00 \u2028")
SORTS = ("кот", "犬", "chat noir", "d,e")

OUTPUT = sd.Output(
    image={
        "left": sd.Image(sd.UpTo(6), sd.UpTo(8)),
        "right": sd.Image(5, 7, 4),
        "deep": sd.Image(4, 3, 1, "uint16"),
        "sky": {
            "light": sd.Image(3, 4, 1, "float32", finite=False),
            "bands": sd.Image(3, sd.UpTo(2), 5),
            "few": sd.Tensor("float16", (2, 3)),
        },
    },
    label={
        "sort": sd.ClassLabel(SORTS),
        "sorts": sd.ClassLabel(SORTS, max=3),
        "classes": sd.Mask(6, 5, names=("ground", "thing")),
        "instances": sd.Mask(sd.UpTo(4), 3, "int32"),
        "boxes": sd.Boxes(3, image="right"),
        "points": sd.Keypoints(2, max=2, image="right"),
        "outlines": sd.Polygons(3, 5, image="right"),
    },
    metadata={
        "one": {dtype: sd.Scalar(dtype) for dtype in KINDS},
        "some": {dtype: sd.Tensor(dtype, (sd.UpTo(4),)) for dtype in KINDS},
        "odd": sd.Tensor("float64", (sd.UpTo(4), 2), finite=False),
        "half": sd.Scalar("float16", finite=False),
        "two-sided": sd.Tensor("int16", (sd.UpTo(2), 2, sd.UpTo(3))),
        "inner": sd.Tensor("bool", (2, sd.UpTo(3))),
        "many": sd.Tensor("float64", (9, 9)),
        "_type": sd.Tensor("uint64", ()),
        "text": sd.Text(),
        "deeper": {"still": {"text": sd.Text()}},
    },
)


def source(samples: int) -> sd.Source:
    """So many samples of the Output."""
    return sd.Source.of(sd.from_function(_draw, OUTPUT), seed=3, samples=samples)


def _draw(rng: np.random.Generator) -> sd.Sample:
    def some(most: int) -> int:
        return int(rng.integers(most, endpoint=True))

    def pixels(*shape: int) -> Any:
        return rng.integers(0, 256, shape, np.uint8)

    corners = [(0, 0), (7, 0), (7, 5), (3, 5), (0, 5)]
    odd = rng.choice([np.nan, np.inf, -np.inf, 0.1, -0.0, 5e-324], (some(4), 2))
    return sd.Sample(
        {
            "left": pixels(some(6), some(8), 3),
            "right": pixels(5, 7, 4),
            "deep": rng.integers(0, 2**16, (4, 3, 1), np.uint16),
            "sky": {
                "light": rng.choice(np.array([np.nan, np.inf, 0.1], "f4"), (3, 4, 1)),
                "bands": pixels(3, some(2), 5),
                "few": rng.random((2, 3)).astype("f2"),
            },
        },
        {
            "sort": some(3),
            "sorts": [some(3) for _ in range(some(3))],
            "classes": rng.integers(0, 2, (6, 5), np.uint8),
            "instances": rng.integers(0, 2**31 - 1, (some(4), 3), np.int32),
            "boxes": np.array([(0, n, 7, 4.5) for n in range(some(3))], "f4").reshape(-1, 4),
            "points": np.array([[(1, 2, 2), (0, 0, 0)]] * some(2), "f4").reshape(-1, 2, 3),
            "outlines": [np.array(corners[: 3 + some(2)], "f4") for _ in range(some(3))],
        },
        {
            "one": {dtype: _numbers(rng, dtype, 1)[0] for dtype in KINDS},
            "some": {dtype: _numbers(rng, dtype, some(4)) for dtype in KINDS},
            "odd": odd,
            "half": float(rng.choice([np.nan, np.inf, 0.5])),
            "two-sided": rng.integers(-9, 9, (some(2), 2, some(3)), np.int16),
            "inner": rng.random((2, some(3))) < 0.5,
            "many": rng.random((9, 9)),
            "_type": 2**64 - 1,
            "text": TEXTS[some(4)],
            "deeper": {"still": {"text": TEXTS[some(4)]}},
        },
    )


def _numbers(rng: np.random.Generator, dtype: str, count: int) -> Any:
    """The ends of what a dtype holds, and what is between."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.random(count) < 0.5
    if kind.kind == "f":
        about = np.finfo(kind)
        options = [about.max, about.min, about.smallest_subnormal, kind.type(-0.0), kind.type(0.1)]
    else:
        limits = np.iinfo(kind)
        options = [kind.type(limits.min), kind.type(limits.max), kind.type(7)]
    return rng.choice(np.array(options, kind), count)
