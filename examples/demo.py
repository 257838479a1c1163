"""The main job end to end: a data set of real photos, one of shapes, and a model trained on it."""

from __future__ import annotations

from pathlib import Path

import skimage
import train_shapes

import synthdata as sd
from synthdata.preview import contact_sheet

OUT = Path("demo")
PHOTOS = Path(skimage.__file__).parent / "data"
RECIPES = {
    "photos": sd.Recipe(
        generator="photos-v1",
        params={
            "folder": str(PHOTOS),
            "pattern": "*.[jp][pn]g",
            "height": 160,
            "width": 160,
            "filters": [{"blur": {"radius": {"uniform": [0, 2]}}}, {"jpeg": {"quality": 60}}],
        },
        samples=24,
    ),
    "shapes": sd.Recipe(generator="shapes-v1", params={"size": 128}, seed=7, samples=10_000),
    "shapes-detect": sd.Recipe(
        generator="shapes-v1", params={"size": 192, "task": "detect"}, seed=7, samples=10_000
    ),
}


def main() -> None:
    """Write contact sheets, iterate over the photos as a tf.data data set, train on shapes."""
    OUT.mkdir(exist_ok=True)
    for name, recipe in RECIPES.items():
        source = sd.Source(recipe)
        sheet = OUT / f"{name}.png"
        contact_sheet(source, min(len(source), 24)).save(sheet)
        print(f"{name}: {recipe.generator}, {len(source)} samples, contact sheet in {sheet}")
    photos = sd.build(RECIPES["photos"], batch_size=8)
    for batch in photos:
        names = [path.decode() for path in batch["metadata"]["path"].numpy()[:3]]
        print(f"photos: a batch {batch['image'].shape} of {', '.join(names)}, …")
    train_shapes.main()


if __name__ == "__main__":
    main()
