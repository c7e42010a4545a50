"""Endpoints that speak CARLA 0.9.16: started here, or running already. Stops only what it started."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from driving.errors import CarlaMissing, DrivingError, ServerAbsent, ServerFailed, ServerVersionMismatch

START_LIMIT = 180.0  # s: the very first start compiles the renderer


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a simulator listens."""

    host: str
    port: int


@contextlib.contextmanager
def serving(server: str, *, map_name: str = "straight") -> Iterator[Endpoint]:
    """An endpoint for as long as the context lasts.

    Args:
        server: `embedded` starts a process of our own; `HOST:PORT` uses a server that somebody runs.
        map_name: Of the process that we start: straight, or an OpenDRIVE file.

    Raises:
        ServerAbsent, ServerVersionMismatch, ServerFailed: Each names the remedy.
        DrivingError: `server` is neither of the two.
    """
    if server == "embedded":
        with _embedded(map_name) as endpoint:
            yield endpoint
        return
    yield _running(server)


def connect(endpoint: Endpoint, *, timeout: float = 20.0) -> Any:
    """A `carla.Client` whose server has answered with the client's own version.

    Raises:
        CarlaMissing, ServerAbsent, ServerVersionMismatch: Each names the remedy.
    """
    try:
        import carla
    except ImportError as error:
        raise CarlaMissing.here() from error
    # the client object never recovers from a closed port, so look before constructing it
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=5.0).close()
    except OSError as error:
        raise ServerAbsent.at(endpoint.host, endpoint.port, error.strerror or str(error)) from error
    client = carla.Client(endpoint.host, endpoint.port)
    client.set_timeout(timeout)
    try:
        version = client.get_server_version()
    except RuntimeError as error:
        raise ServerAbsent.at(endpoint.host, endpoint.port, "the port is open but no version came") from error
    if version != client.get_client_version():
        raise ServerVersionMismatch.at(
            endpoint.host, endpoint.port, server=version, client=client.get_client_version()
        )
    return client


def _running(server: str) -> Endpoint:
    host, colon, port = server.rpartition(":")
    if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
        raise DrivingError(f"unknown server {server!r}; use embedded or HOST:PORT, such as 127.0.0.1:2000")
    return Endpoint(host, int(port))


@contextlib.contextmanager
def _embedded(map_name: str) -> Iterator[Endpoint]:
    """A server process of our own on a free loopback port; it ends with this process, however that ends."""
    command = [
        sys.executable,
        "-m",
        "driving.cli",
        "serve",
        "--port",
        "0",
        "--exit-with-stdin",
        "--map",
        map_name,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to handle, not the server's
        )
        try:
            yield _await_ready(process, log)
        finally:
            _stop(process)


def _await_ready(process: subprocess.Popen[bytes], log: IO[bytes]) -> Endpoint:
    output = process.stdout
    if output is None:
        raise ServerFailed("the embedded server has no output to read")
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        readable, _, _ = select.select([output], [], [], 0.5)
        if readable:
            words = output.readline().decode(errors="replace").split()
            if len(words) == 2 and words[0] == "ready":
                return _running(words[1])
        if process.poll() is not None:
            raise ServerFailed(f"the embedded server ended with code {process.returncode}: {_tail(log)}")
    raise ServerFailed(f"the embedded server was not ready after {START_LIMIT:.0f} s: {_tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(timeout=3.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _tail(log: IO[bytes], lines: int = 3) -> str:
    log.seek(0)
    text = log.read().decode(errors="replace").strip().splitlines()
    return " | ".join(text[-lines:]) or "it said nothing"
