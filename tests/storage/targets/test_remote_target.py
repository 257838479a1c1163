"""A target in an object store, behind a network that drops connections in the middle."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from synthdata.errors import TargetError
from synthdata.storage.targets.store import scrubbed
from synthdata.storage.targets.target import Target, target_of
from tests.storage.targets import s3
from tests.storage.targets.test_target import contents, publish, stage

BIG = os.urandom(2_000_000)


@pytest.fixture
def url() -> str:
    return f"s3://bucket/{uuid.uuid4()}/data"


@pytest.fixture
def target(network: s3.Network, url: str) -> Target:
    network.drop(0)
    target = target_of(url, s3.options(network.port, patient=False))
    target.prepare()
    return target


def test_connections_dropped_in_the_middle_of_an_upload_cost_nothing(
    target: Target, network: s3.Network
) -> None:
    network.drop(2, sent=1_000_000)
    infos = publish(target, {"big": BIG, "small": b"s"})
    assert network.dropped == 2
    assert [info.size for info in infos] == [len(BIG), 1]
    assert contents(target) == {"big": BIG, "small": b"s"}


def test_connections_dropped_in_the_middle_of_a_download_cost_nothing(
    target: Target, network: s3.Network
) -> None:
    (info,) = publish(target, {"big": BIG})
    network.drop(2, received=1_000_000)
    with target.local("big") as path:
        assert path.read_bytes() == BIG
    assert network.dropped == 2
    network.drop(2, received=1_000_000)
    assert target.read("big") == BIG
    assert network.dropped == 2
    network.drop(2, received=1_000_000)
    assert target.sha256("big") == info.sha256
    assert network.dropped == 2


def test_a_network_that_stays_broken_is_told_and_no_object_is_half_there(
    target: Target, network: s3.Network, url: str
) -> None:
    publish(target, {"older": b"o"})
    network.drop(1_000, sent=1_000_000)
    with pytest.raises(TargetError) as caught:
        publish(target, {"big": BIG})
    attempts = network.dropped
    assert str(caught.value).startswith(f"{url}: sending big: it failed (3 times): ")
    assert str(caught.value).endswith("run the same command again: it goes on where it was")
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.__cause__ is not None
    assert 3 <= attempts <= 60
    network.drop(0)
    assert contents(target) == {"older": b"o"}
    publish(target, {"big": BIG})
    assert contents(target) == {"big": BIG, "older": b"o"}


def test_reading_over_a_network_that_stays_broken_ends_with_an_error(
    target: Target, network: s3.Network
) -> None:
    publish(target, {"big": BIG})
    network.drop(1_000, received=1_000)
    with pytest.raises(TargetError, match=r"reading big: it failed \(3 times\).* try again"):
        target.read("big")
    network.drop(0)


def test_an_upload_in_parts_that_breaks_is_no_object_and_leaves_no_parts(
    target: Target, network: s3.Network, port: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = target._files  # type: ignore[attr-defined]  # parts are 50 MB otherwise
    monkeypatch.setattr(files, "put_file", functools.partial(files.put_file, chunksize=6 * 2**20))
    data = os.urandom(15 * 2**20)
    network.drop(1_000, sent=5_000_000)
    with pytest.raises(TargetError, match="sending big"):
        publish(target, {"big": data})
    assert network.dropped >= 3
    network.drop(0)
    assert target.paths() == []
    client = s3.client_of(port)
    assert "Uploads" not in client.list_multipart_uploads(Bucket="bucket")
    network.drop(1, sent=5_000_000)
    publish(target, {"big": data})
    head = client.head_object(Bucket="bucket", Key=f"{url.removeprefix('s3://bucket/')}/big")
    assert head["ETag"].strip('"').endswith("-3")
    assert target.read("big") == data
    client.close()


def test_a_process_killed_in_the_middle_of_an_upload_leaves_no_object(
    network: s3.Network, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    network.drop(0)
    network.hold(1_000_000)
    code = """
    import sys
    from pathlib import Path
    from synthdata.storage.targets.target import target_of
    from tests.storage.targets import s3
    target = target_of(sys.argv[1], s3.options(int(sys.argv[2])))
    with target.lock(), target.staging() as folder:
        (folder / "big").write_bytes(bytes(2_000_000))
        target.publish(folder)
    """
    words = [sys.executable, "-c", textwrap.dedent(code), url, str(network.port)]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(words, env=environment) as writer:
        assert network.held.wait(30)
        writer.kill()
    network.hold(None)
    target = target_of(url, s3.options(network.port))
    assert target.paths() == []
    assert len(target.paths(".synthdata/")) == 1
    with target.lock(), target.staging() as ours:  # taken from the dead
        target.clean()
        assert [*tmp_path.iterdir()] == [ours]
        publish(target, {"big": BIG})
    assert target.paths(".synthdata/") == []
    assert target.read("big") == BIG


def test_the_lock_of_another_machine_holds_until_it_is_broken(target: Target, url: str) -> None:
    claim = ".synthdata/lock/theirs"
    words = '{"pid": 7, "host": "far", "since": "then", "machine": "m", "started": "1"}'
    target.write(claim, words.encode())
    with pytest.raises(TargetError) as caught, target.lock():
        pass
    assert str(caught.value) == (
        f"{url} is being written by process 7 on far since then; wait for its end, or end it; "
        f"if it has ended without removing {url}/{claim}, take the lock with break_lock=True "
        "(--break-lock)"
    )
    with target.lock(break_lock=True):
        assert target.size(claim) is None
        assert len(target.paths(".synthdata/lock/")) == 1
    assert target.paths(".synthdata/") == []


def test_a_lock_that_was_broken_is_not_released_for_its_new_holder(target: Target) -> None:
    with target.lock():
        theirs = target.lock(break_lock=True)
        theirs.__enter__()
    with pytest.raises(TargetError, match="is being written"), target.lock():
        pass
    theirs.__exit__(None, None, None)
    with target.lock():
        pass


@pytest.mark.parametrize("scheme", ["memory", "s3"])
def test_of_writers_that_begin_at_once_never_two_hold_the_lock(scheme: str, port: int) -> None:
    place = f"{scheme}://bucket/{uuid.uuid4()}"
    target = target_of(place, s3.options(port) if scheme == "s3" else None)
    inside: list[int] = []
    most: list[int] = []

    def writer(number: int) -> bool:
        try:
            with target.lock():
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.02)
                inside.remove(number)
                return True
        except TargetError:
            return False

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(writer, range(12)))
    assert any(done)
    assert max(most) == 1
    assert target.paths(".synthdata/") == []


def test_an_error_is_not_hidden_by_a_lock_that_cannot_be_released(
    target: Target, network: s3.Network
) -> None:
    def work() -> None:
        with target.lock():
            network.drop(1_000, sent=0)
            raise KeyError

    with pytest.raises(KeyError) as caught:
        work()
    network.drop(0)
    assert "removing .synthdata/lock/" in caught.value.__notes__[0]
    with target.lock(break_lock=True):
        pass


def test_a_bucket_that_is_not_there_is_told_and_not_made(port: int) -> None:
    target = target_of("s3://nowhere/data", s3.options(port))
    with pytest.raises(TargetError, match="there is no such bucket; make it, or name another"):
        target.prepare()
    client = s3.client_of(port)
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["bucket"]
    client.close()


def test_an_object_is_no_target(target: Target, url: str, port: int) -> None:
    target.write("file", b"precious")
    with pytest.raises(TargetError, match="it is an object, but a data set is a folder"):
        target_of(f"{url}/file", s3.options(port)).prepare()


def test_a_server_that_is_not_there_is_told_without_the_credentials() -> None:
    options = s3.options(9, patient=False)
    with pytest.raises(TargetError, match="Could not connect") as caught:
        target_of("s3://bucket/data", options).write("a", b"a")
    assert options["secret"] not in str(caught.value)


def test_credentials_in_a_url_or_option_are_never_shown() -> None:
    target = target_of("http://joe:hunter2@127.0.0.1:9/data?token=hunter3")
    assert str(target) == "http://127.0.0.1:9/data"
    with pytest.raises(TargetError) as caught:
        target.read("a")
    assert "hunter" not in str(caught.value)


def test_secrets_among_the_options_are_taken_out_of_what_libraries_say() -> None:
    options = {"key": "who-am-i", "client_kwargs": {"aws_secret_access_key": "hunter2"}, "n": "ok"}
    words = scrubbed("who-am-i, hunter2\nat s3://joe:pass@host/x: ok", options)
    assert words == "***, *** at s3://host/x: ok"


def test_what_others_change_is_seen_at_once(target: Target, url: str, port: int) -> None:
    target.write("a", b"a")
    assert target.paths() == ["a"]
    assert target.size("a") == 1
    client = s3.client_of(port)
    folder = url.removeprefix("s3://bucket/")
    client.put_object(Bucket="bucket", Key=f"{folder}/a", Body=b"longer")
    client.put_object(Bucket="bucket", Key=f"{folder}/b", Body=b"b")
    client.close()
    assert target.size("a") == 6
    with target.open("a") as file:
        assert file.read() == b"longer"
    assert target.paths() == ["a", "b"]


def test_the_environment_says_where_the_server_is(port: int, url: str) -> None:
    code = """
    import sys
    from synthdata.storage.targets.target import target_of
    target_of(sys.argv[1]).write("a", b"a")
    """
    environment = os.environ | {
        "FSSPEC_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "who",
        "AWS_SECRET_ACCESS_KEY": "what",
    }
    words = [sys.executable, "-c", textwrap.dedent(code), url]
    subprocess.run(words, env=environment, check=True, timeout=60)
    assert target_of(url, s3.options(port)).read("a") == b"a"


def test_a_full_temporary_folder_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = target_of(f"memory://{uuid.uuid4()}/data")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def write() -> None:
        with target.staging() as folder, open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123
            stage(folder, {"a": b"a"})
            full.write(b"a")

    with pytest.raises(TargetError, match=f"in {tmp_path}.*no space is left"):
        write()
    assert not [*tmp_path.iterdir()]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_a_web_server_can_be_read_but_not_written(tmp_path: Path) -> None:
    publish(target_of(tmp_path / "data"), {"train/a": BIG})
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        target = target_of(f"http://127.0.0.1:{server.server_port}/data")
        try:
            assert target.read("train/a") == BIG
            assert target.size("train/a") == len(BIG)
            with target.local("train/a") as path:
                assert path.read_bytes() == BIG
            with pytest.raises(FileNotFoundError):
                target.read("train/b")
            with pytest.raises(TargetError, match="can be read, but not written"):
                target.prepare()
        finally:
            server.shutdown()
            thread.join()
