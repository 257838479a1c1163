"""The package that an author begins with: its names, its author, its files."""

from synthdata.scaffold.author import Author, author_email, author_from_git, author_name
from synthdata.scaffold.names import Names, package_name, short_id
from synthdata.scaffold.package import LICENSES, Package, check_free, license_name

__all__ = [
    "LICENSES",
    "Author",
    "Names",
    "Package",
    "author_email",
    "author_from_git",
    "author_name",
    "check_free",
    "license_name",
    "package_name",
    "short_id",
]
