"""What the reference cannot see in our code by itself: signatures, and how we write docstrings."""

from __future__ import annotations

import re
from typing import Any

from griffe import (
    Attribute,
    Class,
    Extension,
    Function,
    Object,
    Parameter,
    ParameterKind,
    Parameters,
)

_BOTH = re.compile(r"^( +)(\w+), (\w+): (.*(?:\n\1 +.*)*)", re.MULTILINE)
"""Two attributes that share a line, as ``ge, le: …``."""


class Docstrings(Extension):
    """Gives declarations the signatures that their fields make, and Markdown what it can read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Give literal blocks one colon, since indented text is code anyway; part shared lines."""
        if obj.docstring is not None:
            text = re.sub(r"::$", ":", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = _BOTH.sub(r"\1\2: \4\n\1\3: \4", text)

    def on_class(self, *, cls: Class, **_: Any) -> None:
        """Add the ``__init__`` that the decorator ``declaration`` makes."""
        if any(str(decorator.value) == "declaration" for decorator in cls.decorators):
            fields = [item for item in cls.members.values() if _is_field(item)]
            made = Parameters(*map(_parameter, fields))
            cls.set_member("__init__", Function("__init__", parameters=made))


def _is_field(member: Any) -> bool:
    """Whether it is a field that one gives; ``kind`` only tells the classes apart in JSON."""
    # A ClassVar is no instance-attribute, a property neither.
    return (
        isinstance(member, Attribute)
        and "instance-attribute" in member.labels
        and member.name != "kind"
    )


def _parameter(field: Any) -> Parameter:
    named = re.fullmatch(r"Field\(default=(.*), kw_only=True.*\)", str(field.value))
    return Parameter(
        field.name,
        annotation=field.annotation,
        kind=ParameterKind.keyword_only if named else ParameterKind.positional_or_keyword,
        default=named[1] if named else field.value,
    )
