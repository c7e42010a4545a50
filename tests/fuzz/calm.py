"""A client of the calls that behaves, and how much memory its server has."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import msgpack

LONGEST_WAIT = 20.0  # s for an answer; the machine may be busy


class Calm:
    """A client that behaves."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=LONGEST_WAIT)
        self._unpacker = msgpack.Unpacker(raw=False)

    def stream_port(self) -> int:
        """Where the server's streams are."""
        ((_, (token,)),) = self.ask("get_sensor_token", 1)
        return int.from_bytes(token[4:6], "little")

    def ask(self, method: str, *arguments: Any) -> Any:
        """Make a call and wait for its answer."""
        self._sock.sendall(msgpack.packb([0, 1, method, [[False], *arguments]]))
        while True:
            for answer in self._unpacker:
                return answer[3]
            data = self._sock.recv(1 << 16)
            if not data:
                raise ConnectionError("the server closed the calm client's connection")
            self._unpacker.feed(data)


def megabytes(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
