"""What formats have in common that hold one image a sample and the objects in it."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from synthdata.errors import FormatError
from synthdata.storage.format import Format
from synthdata.storage.formats.objects import Objects, image_of, objects_of
from synthdata.storage.formats.pictures import PictureFiles


class Annotated(Format):
    """One image a sample, as a file, and the objects in it.

    Attributes:
        wanted: what an Output must have, for messages.
    """

    random_access: ClassVar[bool] = True
    wanted: ClassVar[str]

    @cached_property
    def objects(self) -> Objects:
        """The features of the objects."""
        return objects_of(self.output.leaves)

    @property
    def suits(self) -> bool:
        """Whether the objects are what the format is for."""
        return True

    @cached_property
    def image(self) -> int:
        """The place of the image among the leaves.

        Raises:
            FormatError: if there is none, or the objects do not suit.
        """
        place = image_of(self.output.leaves, self.objects)
        if place is None or not self.suits:
            raise FormatError(
                f"format {self.name!r} needs {self.wanted}, but {self.output} has none; take "
                "another format",
                features=tuple(leaf.name for leaf in self.output.leaves),
            )
        return place

    @cached_property
    def pictures(self) -> PictureFiles:
        """The image's files."""
        return PictureFiles(self.output.leaves[self.image], self.encoding)
