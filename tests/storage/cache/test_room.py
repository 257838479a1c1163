"""What the cache does where there is no room: limits, full disks, folders that cannot be."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.storage.cache.cached import cached
from synthdata.storage.cache.folder import entries, rows
from synthdata.storage.cache.key import key_of
from tests.storage.cache.caching import (
    Everything,
    Fixed,
    batches,
    fill,
    looks,
    refuse,
    starter,
    work_of,
)


def size_of_one() -> int:
    fill(work_of(Fixed(size=64)))
    return entries()[0].size


def test_the_entries_used_longest_ago_make_room_but_never_one_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = size_of_one()
    monkeypatch.setenv("SYNTHDATA_CACHE_LIMIT", str(int(3.5 * one)))
    works = [work_of(Fixed(size=64, pause=n / 1e9)) for n in range(4)]
    for number, work in enumerate(works[:3]):
        fill(work)
        os.utime(
            next(k.folder for k in entries() if k.id == key_of(work).digest) / "lock",
            (number, number),
        )
    held = cached(works[0], refuse).executor
    os.utime(next(k.folder for k in entries() if k.id == key_of(works[0]).digest) / "lock", (0, 0))
    fill(works[3])
    held.close()
    assert {kept.id for kept in entries()} == {key_of(works[n]).digest for n in (0, 2, 3)}


@pytest.mark.parametrize("limit", ["0", "100kB"])
def test_a_data_set_above_the_limit_is_not_cached_and_works(
    limit: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SYNTHDATA_CACHE_LIMIT", limit)
    work = work_of(Fixed(size=64), epochs=2)
    plain = looks(batches(work, starter(work), caching=False))
    assert looks(fill(work)) == plain
    assert "is not cached: it needs 160" in caplog.text
    assert "SYNTHDATA_CACHE_LIMIT allows" in caplog.text
    assert entries() == []


def test_what_grows_beyond_the_limit_is_kept_in_part(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    work = work_of(Everything(), variable="ragged")
    fill(work)
    whole = entries()[0].size
    monkeypatch.setenv("SYNTHDATA_CACHE_DIR", os.environ["SYNTHDATA_CACHE_DIR"] + "2")
    monkeypatch.setenv("SYNTHDATA_CACHE_LIMIT", str(whole * 4 // 5))
    plain = looks(batches(work, starter(work), caching=False))
    assert looks(fill(work)) == plain
    assert caplog.text.count("keeps no more samples: it would be larger than") == 1
    [kept] = entries()
    assert 0 < rows(kept) < 40
    assert kept.size <= whole * 4 // 5 + 200  # the seal, and what the entry is of
    assert looks(fill(work)) == plain


def test_a_limit_that_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHDATA_CACHE_LIMIT", "much")
    with pytest.raises(sd.BuildError, match="SYNTHDATA_CACHE_LIMIT='much': expected a size"):
        cached(work_of(Fixed()), refuse)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As a full disk, for this process: a write beyond it is an OSError."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_ends_the_keeping_and_not_the_samples(caplog: pytest.LogCaptureFixture) -> None:
    work = work_of(Fixed(size=32), epochs=2)
    plain = looks(batches(work, starter(work), caching=False))
    with files_of_at_most(20_000):
        assert looks(fill(work)) == plain
    assert caplog.text.count("keeps no more samples: File too large") == 1
    [kept] = entries()
    assert rows(kept) == 18  # three batches of six; a fourth would be 24 KiB
    assert looks(fill(work)) == plain


def test_a_folder_that_cannot_be_is_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file")
    work = work_of(Fixed())
    plain = looks(batches(work, starter(work), caching=False))
    assert looks(fill(work)) == plain
    assert caplog.text.count("is not cached") == 1
    assert "Not a directory" in caplog.text
