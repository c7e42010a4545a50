"""Which simulator an environment uses: started here, in a container, or running already."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Iterator
from typing import Protocol

from driving.endpoint import ASK_EVERY, Endpoint, accepts, answered_world
from driving.errors import DrivingError, ServerAbsent
from driving.forked_process import ForkedProcess, can_fork
from driving.process_server import ProcessServer, launcher

START_LIMIT = 600.0  # s: the very first start compiles the renderer, on a busy machine for minutes
EMBEDDED = (
    *(sys.executable, "-m", "driving.cli", "serve", "--port", "0", "--exit-with-stdin"),
    *("--threads", "1"),  # worlds are many and share the cores
    "--no-navigation",  # nobody here has walkers led by AI, and clients would keep its mesh as a file
)
"""The embedded server where it cannot be forked."""
CARLA_IMAGE = "carlasim/carla:0.9.16"
CHOICES = "embedded, docker, docker@ADAPTER or HOST:PORT, such as 127.0.0.1:2000"
log = logging.getLogger(__name__)


class Server(Protocol):
    """A simulator with a life: what supervision needs of it."""

    ours: bool
    """We start it, so we may stop it."""

    def start(self) -> Endpoint:
        """Have it answer. Raises DrivingError, with the last lines of its log where there is one."""

    def alive(self) -> bool:
        """Its process, container or port is there; it may yet answer nothing."""

    def resident(self) -> int:
        """Memory that it holds, bytes; 0 if nobody knows."""

    def log(self) -> str:
        """The last that it said, as one line."""

    def stop(self, *, graceful: bool) -> None:
        """End it if it is ours; twice does no harm."""


class RunningServer:
    """A server that somebody else runs: never stopped, never restarted, only asked again."""

    ours = False

    def __init__(self, endpoint: Endpoint, *, start_limit: float = START_LIMIT) -> None:
        self.endpoint, self._start_limit = endpoint, start_limit
        self._was_up = False

    def start(self) -> Endpoint:
        """Make sure that it answers; one that did before is given time to come again.

        Raises:
            ServerAbsent: It does not answer, and never did.
            DrivingError: It did not come again within the limit.
        """
        deadline = time.monotonic() + self._start_limit
        told = False
        while True:
            try:
                answered_world(self.endpoint)
            except ServerAbsent as error:
                if not self._was_up:
                    raise
                if time.monotonic() > deadline:
                    waited = f"{self.endpoint} did not come again in {self._start_limit:.0f} s"
                    raise DrivingError(f"{waited} (limits.start); the last: {error}") from error
                if not told:
                    log.warning("waiting up to %.0f s for %s", self._start_limit, self.endpoint)
                    told = True
                time.sleep(ASK_EVERY)
            else:
                self._was_up = True
                return self.endpoint

    def alive(self) -> bool:
        """Its port is open."""
        return accepts(self.endpoint)

    def resident(self) -> int:
        """Nobody knows."""
        return 0

    def log(self) -> str:
        """It is somebody else's."""
        return f"see the log of the server at {self.endpoint}"

    def stop(self, *, graceful: bool) -> None:
        """It is not ours to stop."""


def server_named(name: str, *, start_limit: float = START_LIMIT, image: str = CARLA_IMAGE) -> Server:
    """The server that a setting names; nothing is started yet.

    Args:
        name: `embedded` is a process of our own, forked from a warm one where the system can; `docker` a
            container of our own, drawing with the GPU's first Vulkan adapter, `docker@1` with its second;
            `HOST:PORT` runs already.
        start_limit: Seconds until a server of ours must answer.
        image: Of the container.

    Raises:
        DrivingError: The name is none of these.
    """
    if name == "embedded":
        launch = ForkedProcess if can_fork() else launcher(EMBEDDED)
        return ProcessServer(launch, start_limit=start_limit)
    kind, at, adapter = name.partition("@")
    if kind == "docker" and (not at or (adapter.isascii() and adapter.isdigit())):
        from driving.container_server import ContainerServer  # the SDK is an optional extra

        return ContainerServer(image, adapter=int(adapter or 0), start_limit=start_limit)
    try:
        return RunningServer(Endpoint.of(name), start_limit=start_limit)
    except DrivingError as error:
        raise DrivingError(f"unknown server {name!r}; use {CHOICES}") from error


@contextlib.contextmanager
def serving(name: str) -> Iterator[Endpoint]:
    """An endpoint that answers, for as long as the context lasts; as `server_named`."""
    server = server_named(name)
    try:
        yield server.start()
    finally:
        server.stop(graceful=True)
