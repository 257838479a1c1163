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

    def receive(self) -> list[Any]:
        """Wait for a message, and for the rest of the last one; return all that have come.

        Raises:
            EOFError: if the other end is closed.
        """
        data = self._read(_PIECE)
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

    def _read(self, most: int) -> bytearray:
        try:
            data = self._socket.recv(most)
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
