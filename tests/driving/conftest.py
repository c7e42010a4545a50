"""The embedded server as a process on a map of a test's choice, and the official client to talk to it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from embedded_servers import serving


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., int]]:
    """Start a server on a map (a name or a file) and return its port; it ends with the module's tests.

    Without a navigation mesh unless asked for: clients would keep it in this user's home.
    """
    with ExitStack() as servers:

        def start(map_name: str, *options: str, navigation: bool = False) -> int:
            where = () if navigation else ("--no-navigation",)
            port, _ = servers.enter_context(serving("--map", map_name, *options, *where))
            return port

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[[int], socket.socket]]:
    """Open plain sockets to a port of this machine; they are closed with the test."""
    opened = []

    def open_one(port: int) -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=60.0))
        return opened[-1]

    yield open_one
    for sock in opened:
        sock.close()
