"""Who is named: as git knows it, or nobody."""

from __future__ import annotations

from email.headerregistry import Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.scaffold import Author, author_email, author_from_git, author_name
from synthdata.scaffold.author import _EMAIL


@pytest.fixture
def git_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only file that git reads, not written yet."""
    file = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return file


def test_the_author_is_the_one_of_git_config(git_config: Path) -> None:
    git_config.write_text('[user]\nname = "Jörg  O\'Neil"\nemail = jo.o+x@mail.example.org\n')
    assert author_from_git() == Author("Jörg  O'Neil", "jo.o+x@mail.example.org")


@pytest.mark.parametrize("text", [b"", b"[user]\nname =\n", b"[broken\n"])
def test_without_a_name_in_git_nobody_is_named(git_config: Path, text: bytes) -> None:
    git_config.write_bytes(text)
    assert author_from_git() == Author()


def test_what_cannot_be_used_is_left_out_and_the_rest_kept(git_config: Path) -> None:
    git_config.write_bytes(b"[user]\nname = Jo Doe\nemail = root@(none)\n")
    assert author_from_git() == Author("Jo Doe")
    git_config.write_bytes(b"[user]\nname = J\xf6rg\nemail = jo@example.org\n")
    assert author_from_git() == Author("", "jo@example.org")
    git_config.write_bytes(b'[user]\nname = "Jo\\tDoe"\nemail = jo@example.org\n')
    assert author_from_git() == Author("", "jo@example.org")


def test_without_git_nobody_is_named(git_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_config.write_text("[user]\nname = Jo\n")
    monkeypatch.setenv("PATH", str(git_config.parent))
    assert author_from_git() == Author()


@pytest.mark.parametrize("text", ["jo", "jo@", "@b", "a b@c", "a@b c", "jö@x.org", "a..b@c", "a@-"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an address is expected"):
        author_email(text)


@pytest.mark.parametrize("text", ["Jo\nDoe", " Jo", "Jo\0"])
def test_a_name_of_more_than_a_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="one line of printable characters"):
        author_name(text)


@given(st.from_regex(_EMAIL, fullmatch=True))
def test_an_address_that_is_taken_is_one_that_a_wheel_can_hold(text: str) -> None:
    # This is how hatchling writes it.
    assert Address(display_name="Jo", addr_spec=text).addr_spec == text
