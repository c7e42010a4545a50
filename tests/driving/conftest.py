"""The embedded server as a process on a map of a test's choice, and the official client to talk to it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., int]]:
    """Start a server on a map (a name or a file) and return its port; it ends with the module's tests.

    Without a navigation mesh unless asked for: clients would keep it in this user's home.
    """
    processes = []

    def start(map_name: str, *options: str, navigation: bool = False) -> int:
        command = [sys.executable, "-m", "driving.cli", "serve", "--port", "0", "--exit-with-stdin"]
        command += ["--map", map_name, *options, *(() if navigation else ("--no-navigation",))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        ready = process.stdout.readline()
        assert ready.startswith("ready "), "the embedded server did not start"
        return int(ready.rpartition(":")[2])

    yield start
    for process in processes:
        process.communicate(timeout=20)


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
