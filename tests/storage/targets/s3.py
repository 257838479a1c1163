"""An S3 server on this machine, a process of its own, and a network that drops connections."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import boto3

_SERVER = """
import logging, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def server() -> Iterator[int]:
    """Start a server on a free port, which ends with this process however that ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait(10)


def options(port: int, *, patient: bool = True) -> dict[str, Any]:
    """Storage options of a server; without patience botocore makes one attempt itself."""
    tries: dict[str, Any] = {} if patient else {"retries": {"max_attempts": 0}}
    return {
        "key": "who",
        "secret": "a-very-secret-key",
        "endpoint_url": f"http://127.0.0.1:{port}",
        "config_kwargs": {"connect_timeout": 2, "read_timeout": 10, **tries},
        "client_kwargs": {"region_name": "us-east-1"},
    }


def make_bucket(port: int, name: str) -> None:
    """Make a bucket, as our own code never does."""
    client = client_of(port)
    client.create_bucket(Bucket=name)
    client.close()


def client_of(port: int) -> Any:
    """Amazon's own client, which is not the one that the code under test uses."""
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="who",
        aws_secret_access_key="a-very-secret-key",
        region_name="us-east-1",
    )


class Network:
    """A TCP proxy that resets connections in the middle of a transfer.

    Args:
        upstream: port of the server.

    Attributes:
        port: where it listens.
        sent: connections are reset after so many bytes were sent to the server; None is never.
        received: the same of bytes from the server.
        drops: how many connections will be reset, then all is well again.
        dropped: how many were.
        held: set when a connection was held (``hold``).
    """

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.sent: int | None = None
        self.received: int | None = None
        self.drops = 0
        self.dropped = 0
        self.held = threading.Event()
        self._most: int | None = None
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(15)

    def drop(self, times: int, *, sent: int | None = None, received: int | None = None) -> None:
        """Reset so many connections from now on, each after so many bytes."""
        self.sent, self.received, self.drops, self.dropped = sent, received, times, 0

    def hold(self, most: int | None) -> None:
        """Carry at the most so many bytes of a connection to the server, then nothing more."""
        self._most = most
        self.held.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
                thread.start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._upstream)) as server:
            counts = {client: 0, server: 0}
            while True:
                for source in select.select([client, server], [], [])[0]:
                    try:
                        data = source.recv(1 << 16)
                    except OSError:
                        return
                    if not data:
                        return
                    counts[source] += len(data)
                    if self._is_to_drop(counts[client], counts[server]):
                        _reset(client)
                        return
                    if self._most is not None and counts[client] > self._most:
                        self.held.set()
                        continue
                    with contextlib.suppress(OSError):
                        (server if source is client else client).sendall(data)

    def _is_to_drop(self, sent: int, received: int) -> bool:
        with self._lock:
            over = (self.sent is not None and sent > self.sent) or (
                self.received is not None and received > self.received
            )
            if not over or self.dropped >= self.drops:
                return False
            self.dropped += 1
            return True


def _reset(connection: socket.socket) -> None:
    # With no time to linger, close sends RST, as a router does that has lost its state.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
