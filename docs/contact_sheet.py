"""Draw the README's picture, docs/contact-sheet.png."""

from __future__ import annotations

from pathlib import Path

import synthdata as sd
from synthdata.preview import contact_sheet


def main() -> None:
    """Write the contact sheet beside this file."""
    recipe = sd.Recipe(
        generator="shapes-v1",
        params={"size": 160, "task": "detect", "radius": {"uniform": [0.12, 0.3]}},
        seed=7,
        samples=10,
    )
    file = Path(__file__).with_name("contact-sheet.png")
    contact_sheet(sd.Source(recipe), 10, columns=5).save(file, optimize=True)
    print(file)


if __name__ == "__main__":
    main()
