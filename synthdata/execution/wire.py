"""A connection between two processes that carries messages."""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any, Final

_SIZE: Final = struct.Struct("=Q")

_PIECE: Final = 1 << 16
"""Bytes that are read at once; a message that has no arrays in it is much smaller."""


class Wire:
    """One end of a connection; it owns it until ``close``.

    Args:
        end: of a connected pair of stream sockets.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    def fileno(self) -> int:
        """Return the descriptor, as ``poll`` asks for it."""
        return self._socket.fileno()

    def send(self, frames: bytes) -> None:
        """Send what ``frame`` returned, of one message or of several; wait until there is room.

        Raises:
            OSError: if the other end is closed.
        """
        self._socket.sendall(frames)

    def receive(self, *, wait: bool = True) -> list[Any]:
        """Return the messages that have come, the rest of the last of them waited for.

        Args:
            wait: for the first of them; else there may be none.

        Raises:
            EOFError: if the other end is closed.
        """
        try:
            data = self._read(_PIECE, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        messages, start = [], 0
        while start < len(data):
            begin = start + _SIZE.size
            self._fill(data, begin)
            end = begin + _SIZE.unpack_from(data, start)[0]
            self._fill(data, end)
            messages.append(pickle.loads(data[begin:end]))  # noqa: S301  # from a process of ours
            start = end
        return messages

    def _fill(self, data: bytearray, size: int) -> None:
        while len(data) < size:
            data += self._read(max(size - len(data), _PIECE))

    def _read(self, most: int, flags: int = 0) -> bytearray:
        try:
            data = self._socket.recv(most, flags)
        except ConnectionError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        return bytearray(data)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()


def frame(message: Any) -> bytes:
    """Return a message as it is sent."""
    data = pickle.dumps(message)
    return _SIZE.pack(len(data)) + data
