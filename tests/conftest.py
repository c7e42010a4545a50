"""The official client, and how long hypothesis may take, for the tests of every folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `--server` name a simulator for the conformance tests, as CARLA_SERVER does."""
    parser.addoption("--server", metavar="HOST:PORT", help="a running CARLA server for tests/conformance")


def pytest_configure(config: pytest.Config) -> None:
    """Hand it on to them, and to workers."""
    if server := config.getoption("--server"):
        os.environ["CARLA_SERVER"] = server


@pytest.fixture(scope="session")
def client_of() -> Callable[..., Any]:
    """A `carla.Client` of a host and a port; `timeout` in seconds.

    It is kept to the end: one that goes while a message of its server is handled ends the process
    (`driving.endpoint.connect`).
    """
    carla = pytest.importorskip("carla")
    kept = []

    def connect(host: str, port: int, *, timeout: float = 20.0) -> Any:
        client = carla.Client(host, port)
        client.set_timeout(timeout)
        kept.append(client)
        return client

    return connect
