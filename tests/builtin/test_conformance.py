"""The built-in generators keep the contract that plugins are held to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import skimage

from synthdata.testing import parametrize_generators

PHOTOS = {
    "folder": str(Path(skimage.__file__).parent / "data"),
    "pattern": "[abc]*.png",
    "height": 32,
    "width": 32,
}


@parametrize_generators("noise-v1", "records-v1", "shapes-v1", "spots-v1", "textures-v1")
def test_a_built_in_generator_keeps_the_contract(check: Callable[[], None]) -> None:
    check()


@parametrize_generators(
    "photos-v1",
    params=PHOTOS,
    expected={
        "boundaries": "max_pixels=1 is for folders of files that nobody trusts, and refuses these",
        "seeds-differ": "files in their order are the same for all seeds",
    },
)
def test_photos_keep_the_contract_as_far_as_files_go(check: Callable[[], None]) -> None:
    check()


MIXED = {
    "recipes": [
        {"generator": "shapes-v1", "params": {"size": 32}, "name": "any"},
        {
            "generator": "shapes-v1",
            "params": {"size": 32, "radius": {"schedule": [[0, 0.1], [100, 0.4]]}},
            "weight": {"schedule": [[0, 0], [6, 1]]},
            "name": "growing",
        },
    ]
}


@parametrize_generators("mix-v1", params=MIXED)
def test_a_mix_keeps_the_contract(check: Callable[[], None]) -> None:
    check()


TRANSFORMED = {
    "source": {"generator": "shapes-v1", "params": {"size": 32, "task": "detect"}},
    "transforms": [
        {"transform": "affine-v1", "params": {"mirror": 0.5}},
        {"transform": "filters-v1", "params": {"filters": [{"noise": {"std": 5}}]}},
    ],
}


@parametrize_generators("transformed-v1", params=TRANSFORMED)
def test_what_is_transformed_keeps_the_contract(check: Callable[[], None]) -> None:
    check()
