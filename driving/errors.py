"""What can go wrong in the driving package: one class per thing that a caller may act on.

Every class is made from its message alone, so that errors cross process borders unchanged.
"""

from __future__ import annotations


class DrivingError(RuntimeError):
    """Base of this package's errors; the message is one line with the remedy."""


class ServerAbsent(DrivingError):
    """Nothing that speaks CARLA answers at an address."""

    @classmethod
    def at(cls, host: str, port: int, reason: str) -> ServerAbsent:
        """Name the address, why nothing came, and what to do."""
        return cls(
            f"no CARLA server answers at {host}:{port} ({reason}); start one, or use the embedded server"
        )


class ServerVersionMismatch(DrivingError):
    """The server and the installed client are of different releases."""

    @classmethod
    def at(cls, host: str, port: int, *, server: str, client: str) -> ServerVersionMismatch:
        """Name both versions."""
        return cls(
            f"the server at {host}:{port} is CARLA {server}, the installed client is {client}; "
            "run a server of the client's version"
        )


class ServerFailed(DrivingError):
    """A server that we started did not become ready, or one that was used stopped answering."""


class ServerDied(ServerFailed):
    """A server's process, container or port is gone."""


class ServerHung(ServerFailed):
    """A server is there and does not answer in time."""


class ServerLost(ServerFailed):
    """The server of an episode failed, and the episode with it; the next episode begins on another one."""

    def __init__(self, message: str, cause: str = "died") -> None:
        super().__init__(message)
        self.cause = cause


class DockerMissing(DrivingError):
    """There is no Docker SDK, or no engine that answers it."""


class CarlaMissing(DrivingError):
    """The `carla` package is not installed."""

    @classmethod
    def here(cls) -> CarlaMissing:
        """Say where it can be installed, and what runs without it."""
        return cls(
            "the `carla` package is not installed: it has wheels for x86-64 Linux and Windows with "
            "Python 3.10 to 3.12 only; the gridworlds run without it"
        )
