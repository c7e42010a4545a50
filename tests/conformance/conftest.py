"""A simulator to talk to: that of `--server HOST:PORT` (CARLA_SERVER), else an embedded one of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@pytest.fixture(scope="session")
def carla_endpoint() -> Iterator[tuple[str, int]]:
    """Host and port of a CARLA 0.9.16 server."""
    with _server() as endpoint:
        yield endpoint


@pytest.fixture
def fresh_endpoint() -> Iterator[tuple[str, int]]:
    """Likewise, of an embedded server that no other test has used."""
    with _server() as endpoint:
        yield endpoint


@contextmanager
def _server() -> Iterator[tuple[str, int]]:
    given = os.environ.get("CARLA_SERVER")
    if given:
        host, _, port = given.rpartition(":")
        yield host, int(port)
        return
    command = [sys.executable, "-m", "driving.cli", "serve", "--port", "0", "--exit-with-stdin"]
    command.append("--no-navigation")  # clients would keep its file in this user's home
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        ready = process.stdout.readline()
        assert ready.startswith("ready "), "the embedded server did not start"
        host, _, port = ready.split()[1].rpartition(":")
        yield host, int(port)
    finally:
        process.communicate(timeout=20)
