"""Find a format of files by its name; nothing but the one that is asked for is imported."""

from __future__ import annotations

from synthdata.errors import FormatError
from synthdata.models import suggest
from synthdata.registry.extension import Extension, extensions
from synthdata.registry.scan import FORMAT_GROUP
from synthdata.storage.format import Format


class FoundFormat(Extension):
    """A format that an entry point names; its name is what ``write(format=…)`` calls it."""

    __slots__ = ()

    def load(self) -> type[Format]:
        """Import the class.

        Raises:
            FormatError: if it cannot be imported, or is none.
        """
        try:
            kind = self.entry_point.load()
        except FormatError:
            raise
        except (Exception, SystemExit) as error:
            raise FormatError(
                f"format {self.name!r} of {self.distribution} {self.version} cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not (isinstance(kind, type) and issubclass(kind, Format)):
            raise FormatError(
                f"format {self.name!r} of {self.distribution} {self.version}: "
                f"{self.entry_point.value} is no subclass of synthdata.storage.format.Format"
            )
        return kind


def formats() -> list[FoundFormat]:
    """List the formats that are installed and may be used, by name; none is imported."""
    return [one for one in extensions(FoundFormat, FORMAT_GROUP) if not one.objection]


def find_format(name: str) -> FoundFormat:
    """Return the format of a name.

    Raises:
        FormatError: if there is none, or several distributions provide it.
        ConfigurationError: if a list of what may be used is wrong.

    >>> find_format("tfrecord").distribution
    'synthdata'
    """
    known = formats()
    found = [one for one in known if one.name == name]
    if not found:
        names = sorted({one.name for one in known})
        hint = suggest(str(name), names) or f"; there are {', '.join(names)}"
        raise FormatError(f"format {name!r} is unknown{hint}")
    if len(found) > 1:
        owners = " and ".join(one.distribution for one in found)
        raise FormatError(
            f"format {name!r} is provided by {owners}; uninstall one of them, or block it in "
            "[tool.synthdata]"
        )
    return found[0]
