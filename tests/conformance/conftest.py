"""A simulator to talk to: that of `--server HOST:PORT` (CARLA_SERVER), else an embedded one of our own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from embedded_servers import serving


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
    with serving("--no-navigation") as (port, _):  # clients would keep its file in this user's home
        yield "127.0.0.1", port
