"""The official client, and how long hypothesis may take, for the tests of every folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")


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
