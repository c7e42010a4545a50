"""An address where a simulator listens, and whether CARLA answers there."""

from __future__ import annotations

import socket
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import msgpack

from driving.errors import CarlaMissing, DrivingError, ServerAbsent, ServerVersionMismatch

ASK_EVERY = 0.5  # s between two questions to a server that is waited for
LONGEST_ANSWER = 4096  # bytes; a version is a few dozen
_clients: deque[Any] = deque(maxlen=256)
"""Clients of late; each costs 0.15 MB and three idle threads. One whose last reference goes while a message
of its server is being handled is destroyed by the thread that handles it, which ends the process."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a simulator listens."""

    host: str
    port: int
    ordered: bool = False
    """Calls of a connection are carried out in their order, as by our server; CARLA hands each to any of its
    threads."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @staticmethod
    def of(text: str) -> Endpoint:
        """Read `HOST:PORT`.

        Raises:
            DrivingError: The text is none.
        """
        host, colon, port = text.rpartition(":")
        if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise DrivingError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:2000")
        return Endpoint(host, int(port))


def accepts(endpoint: Endpoint, *, timeout: float = 1.0) -> bool:
    """Something listens there."""
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=timeout).close()
    except OSError:
        return False
    return True


def answered_version(endpoint: Endpoint, *, timeout: float = 5.0) -> str:
    """Ask for the server's release over a connection of our own.

    A `carla.Client` never recovers from a closed port, nor from an answer that is none, so this comes first.

    Raises:
        ServerAbsent: Nothing that speaks CARLA answers in time (seconds).
    """
    version = _answer(endpoint, "version", timeout=timeout)
    if not isinstance(version, str):
        raise ServerAbsent.at(endpoint.host, endpoint.port, f"its version is no text: {version!r:.40}")
    return version


def answered_world(endpoint: Endpoint, *, timeout: float = 5.0) -> str:
    """The same, of a server that has a world: its release.

    CARLA answers `version` from a thread of its own, also while it loads or hangs; `get_episode_info` is
    answered between its frames (LibCarla, `BIND_ASYNC` and `BIND_SYNC`).

    Raises:
        ServerAbsent: There is none in time (seconds, for each of the two calls).
    """
    version = answered_version(endpoint, timeout=timeout)
    _answer(endpoint, "get_episode_info", timeout=timeout)
    return version


def connect(endpoint: Endpoint, *, timeout: float = 20.0) -> Any:
    """A `carla.Client` whose server has answered with the client's own version; `timeout` is of its calls, s.

    Raises:
        CarlaMissing, ServerAbsent, ServerVersionMismatch: Each names the remedy.
    """
    try:
        import carla
    except ImportError as error:
        raise CarlaMissing.here() from error
    version = answered_version(endpoint)
    client = carla.Client(endpoint.host, endpoint.port)
    _clients.append(client)
    client.set_timeout(timeout)
    if version != client.get_client_version():
        raise ServerVersionMismatch.at(
            endpoint.host, endpoint.port, server=version, client=client.get_client_version()
        )
    return client


def _answer(endpoint: Endpoint, call: str, *, timeout: float) -> Any:
    """What a server answers to a call without arguments, on a connection of its own. Raises ServerAbsent."""
    try:
        with socket.create_connection((endpoint.host, endpoint.port), timeout=timeout) as sock:
            sock.sendall(msgpack.packb([0, 1, call, [[False]]]))
            return _read_answer(sock, call, deadline=time.monotonic() + timeout)
    except TimeoutError as error:
        reason = f"no answer to the call `{call}` in {timeout:.0f} s"
        raise ServerAbsent.at(endpoint.host, endpoint.port, reason) from error
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        raise ServerAbsent.at(endpoint.host, endpoint.port, reason) from error


def _read_answer(sock: socket.socket, call: str, *, deadline: float) -> Any:
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=LONGEST_ANSWER)
    while True:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        data = sock.recv(LONGEST_ANSWER)
        if not data:
            raise ValueError("it closed the connection without an answer")
        try:
            unpacker.feed(data)
            answer = next(iter(unpacker), None)
        except (msgpack.UnpackException, ValueError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"what answers is no CARLA server: {data[:20]!r}") from error
        match answer:
            case None:
                continue
            case [1, _, None, [[1, found]]]:
                return found
            case [1, _, None, [[0, [str(reason)]]]]:
                raise ValueError(f"the call `{call}` failed: {reason:.80}")
        raise ValueError(f"what answers is no CARLA server: {data[:20]!r}")
