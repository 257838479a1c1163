"""A target in a local folder: full disks, refused folders, killed processes, the lock."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synthdata.errors import TargetError
from synthdata.storage.targets.target import Target, target_of
from tests.storage.targets.test_target import contents, publish, stage

_IMPORTS = """
import os, signal, sys, time
from pathlib import Path
from synthdata.errors import TargetError
from synthdata.storage.targets.target import target_of
target = target_of(sys.argv[1])
def tell(call):
    try:
        call()
    except TargetError as error:
        assert isinstance(error.__cause__, OSError)
        print(error)
"""


def command(code: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", _IMPORTS + textwrap.dedent(code), str(folder)]


def output(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_a_mount(mount: str, code: str, folder: Path) -> str:
    """Run code in a namespace of its own, in which something was mounted."""
    script = f'{mount} && exec "$@"'
    words = ["unshare", "-rm", "sh", "-c", script, "sh", *command(code, folder)]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"]).returncode:
        pytest.skip("no user namespaces here")
    return output(words)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    target = target_of(tmp_path / "data")
    target.prepare()
    return target


def test_a_file_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    with pytest.raises(TargetError, match="it is a file, but a data set is a folder"):
        target_of(tmp_path / "file").prepare()
    with pytest.raises(TargetError, match=r"is no folder \(.*/file\); name another target"):
        target_of(tmp_path / "file" / "data").prepare()
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_a_link_to_nowhere_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(TargetError, match="name another target"):
        target_of(tmp_path / "link").prepare()


def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    for name in ("new", "."):
        told = on_a_mount(
            f"mount --bind {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path}",
            "tell(target.prepare)",
            tmp_path / name,
        )
        assert "its file system is read-only; name another target" in told
        assert len(told.splitlines()) == 1


def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0o555)
    # Root may write anywhere, so the process becomes somebody else when all is imported.
    code = """
    if os.geteuid() == 0:
        for folder in Path(sys.argv[1]).parents[1:3]:
            folder.chmod(0o755)
        os.seteuid(65534)
    tell(target.prepare)
    """
    told = output(command(code, closed / "data"))
    assert f"permission is denied ({closed}/data); name another target" in told
    assert len(told.splitlines()) == 1


def test_a_full_disk_is_told_and_the_same_command_goes_on(tmp_path: Path) -> None:
    told = on_a_mount(
        f"mount -t tmpfs -o size=1m none {tmp_path}",
        """
        def shard(size):
            with target.staging() as folder:
                (folder / "big").write_bytes(b"x" * size)
                target.publish(folder)
        target.prepare()
        target.write("manifest", b"old")
        tell(lambda: shard(2_000_000))
        with open(Path(sys.argv[1]).parent / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        tell(lambda: target.write("manifest", b"new" * 10_000))
        tell(target.prepare)
        print(target.paths(), target.read("manifest"))
        print(os.listdir(Path(sys.argv[1]) / ".synthdata/tmp"))
        os.unlink(Path(sys.argv[1]).parent / "filler")
        shard(100_000)
        print(target.size("big"))
        """,
        tmp_path / "data",
    ).splitlines()
    again = "no space is left on its disk; free some and run the same command again"
    assert [again in line for line in told] == [True] * 3 + [False] * 3
    assert told[1].startswith(f"{tmp_path}/data: writing manifest: ")
    assert told[3:] == ["['manifest'] b'old'", "[]", "100000"]


def test_a_limit_on_the_size_of_files_is_told(tmp_path: Path) -> None:
    told = output(
        command(
            """
            import resource
            def shard():
                with target.staging() as folder:
                    (folder / "big").write_bytes(bytes(200_000))
                    target.publish(folder)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            tell(shard)
            """,
            tmp_path,
        )
    )
    assert "larger than its file system or a limit (ulimit -f) allows" in told


def test_errors_of_the_code_that_makes_a_shard_stay_what_they_are(target: Target) -> None:
    with pytest.raises(FileNotFoundError), target.staging():
        Path("/no/such/file").read_bytes()


def test_a_new_folder_is_renamed_whole(target: Target, tmp_path: Path) -> None:
    with target.staging() as folder:
        stage(folder, {"train/images/1": b"1", "train/labels/1": b"1"})
        before = (folder / "train").stat().st_ino
        target.publish(folder)
    assert (tmp_path / "data" / "train").stat().st_ino == before


@pytest.mark.parametrize("own", ["train-00001-of-00004", "00001", "123456"])
def test_the_folder_of_an_earlier_attempt_is_replaced_with_all_that_is_in_it(
    target: Target, own: str
) -> None:
    publish(target, {f"train/{own}/stale": b"", "train/00002/1": b"o"})
    publish(target, {f"train/{own}/1": b"1"})
    assert contents(target) == {f"train/{own}/1": b"1", "train/00002/1": b"o"}


@pytest.mark.parametrize("shared", ["train", "20240", "train-1-of-2"])
def test_a_folder_that_shards_share_is_never_replaced(target: Target, shared: str) -> None:
    publish(target, {f"images/{shared}/00000/1": b"0"})
    publish(target, {f"images/{shared}/00001/1": b"1"})
    assert contents(target) == {
        f"images/{shared}/00000/1": b"0",
        f"images/{shared}/00001/1": b"1",
    }


def test_files_and_folders_take_each_others_place(target: Target) -> None:
    publish(target, {"a": b"file", "b/c": b"in a folder"})
    new = {"a/c": b"in a folder", "b": b"file"}
    publish(target, new)
    assert contents(target) == new


def test_files_get_the_permissions_that_the_user_chose(target: Target, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        target.write("small", b"")
        publish(target, {"folder/file": b""})
    finally:
        os.umask(before)
    modes = [(tmp_path / "data" / name).stat().st_mode & 0o777 for name in ("small", "folder")]
    assert modes == [0o640, 0o750]


def test_removing_takes_empty_folders_along(target: Target, tmp_path: Path) -> None:
    publish(target, {"a/b/1": b"", "a/2": b""})
    target.remove(["a/b/1"])
    assert not (tmp_path / "data/a/b").exists()
    target.remove(["a/2"])
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".synthdata"]


def test_workers_that_make_a_shared_folder_at_once_lose_no_file(target: Target) -> None:
    for turn in range(20):

        def shard(number: int, turn: int = turn) -> None:
            publish(target, {f"{turn}/images/{number}": b"i", f"{turn}/labels/{number}": b"l"})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(shard, range(8)))
        expected = [f"{turn}/{kind}/{n}" for kind in ("images", "labels") for n in range(8)]
        assert target.paths(f"{turn}/") == expected


def test_files_are_on_the_disk_before_they_are_seen_and_then_their_names_are(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    to_sync: set[Path] = set()
    moved: list[str] = []
    real = {"rename": os.rename, "replace": os.replace}
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        real_fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.add(path)
        to_sync.discard(path)

    def move(name: str, source: Path, there: Path) -> None:
        assert {source, *source.rglob("*")} <= synced
        real[name](source, there)
        to_sync.add(there.parent)
        moved.append(there.relative_to(tmp_path / "data").as_posix())

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", functools.partial(move, "rename"))
    monkeypatch.setattr(os, "replace", functools.partial(move, "replace"))
    publish(target, {"train/1": b"1", "train/deep/1": b"1", "all": b"1"})
    assert not to_sync
    publish(target, {"train/2": b"1"})
    assert not to_sync
    target.write("x/manifest", b"1")
    assert not to_sync
    assert moved == ["all", "train", "train/2", "x/manifest"]


SHARD = {
    "images/train-00000-of-00002/1": b"1" * 50_000,
    "images/train-00000-of-00002/2": b"2" * 50_000,
    "labels/train-00000-of-00002.txt": b"l" * 9_000,
    "train-00000-of-00002.json": b"j" * 9_000,
}
OTHER = {"images/train-00001-of-00002/1": b"o", "labels/train-00001-of-00002.txt": b"o"}
STALE = {"images/train-00000-of-00002/1": b"s", "labels/train-00000-of-00002.txt": b"s"}


def test_a_process_killed_at_any_step_leaves_whole_files_and_folders(tmp_path: Path) -> None:
    whole = SHARD | OTHER | {"manifest": b"m" * 9_000}
    code = """
    from tests.storage.targets.test_target import publish, stage
    from tests.storage.targets.test_local_target import OTHER, SHARD, STALE
    def attempt(target, step):
        steps = 0
        def watch(event, _):
            nonlocal steps
            if event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir"):
                steps += 1
                if steps == step:
                    os.kill(os.getpid(), signal.SIGKILL)
        with target.staging() as folder:
            stage(folder, SHARD)
            sys.addaudithook(watch)
            target.publish(folder)
            target.write("manifest", b"m" * 9_000)
    for step in range(1, 100):
        target = target_of(f"{sys.argv[1]}/{step}")
        target.prepare()
        publish(target, OTHER | STALE)
        child = os.fork()
        if child == 0:
            attempt(target, step)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break
    print(step)
    """
    steps = int(output(command(code, tmp_path)))
    assert 6 < steps < 99
    for step in range(1, steps + 1):
        target = target_of(tmp_path / str(step))
        seen = contents(target)
        assert OTHER.items() <= seen.items()
        assert all(data in (whole[path], STALE.get(path)) for path, data in seen.items())
        images = [data for path, data in seen.items() if "images/train-00000" in path]
        assert images in ([], [b"s"], [SHARD[path] for path in sorted(SHARD) if "images" in path])

        target.clean()
        assert not [*(tmp_path / str(step) / ".synthdata" / "tmp").iterdir()]
        publish(target, SHARD)
        target.write("manifest", b"m" * 9_000)
        assert contents(target) == whole


def test_a_second_process_is_refused_and_a_killed_one_holds_nothing(
    target: Target, tmp_path: Path
) -> None:
    code = """
    with target.lock():
        print("mine", flush=True)
        sys.stdin.read()
    """
    words = command(code, tmp_path / "data")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mine\n"
        for break_lock in (False, True):
            with (
                pytest.raises(TargetError, match=f"written by process {holder.pid} on .* since "),
                target.lock(break_lock),
            ):
                pass
        holder.kill()
        holder.wait()
        with target.lock():
            pass


def test_a_lock_that_says_nothing_is_still_a_lock(target: Target, tmp_path: Path) -> None:
    with target.lock():
        (tmp_path / "data/.synthdata/lock").write_bytes(b"")
        with pytest.raises(TargetError, match="by another process"), target.lock():
            pass


def test_a_disk_that_fails_is_told_with_its_cause(tmp_path: Path) -> None:
    target = target_of("/proc/self")
    with pytest.raises(TargetError, match="/proc/self: reading mem") as caught:
        target.read("mem")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EIO
