"""An empty cache for each test, and a file that counts calls of generators."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storage.cache.caching import CALLS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own, and a file that counts calls of generators."""
    (tmp_path / "calls").touch()
    monkeypatch.setenv(CALLS, str(tmp_path / "calls"))
    monkeypatch.setenv("SYNTHDATA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SYNTHDATA_CACHE_LIMIT", raising=False)
    return tmp_path / "cache"
