"""What can go wrong in the driving package: one class per thing that a caller may act on."""

from __future__ import annotations


class DrivingError(RuntimeError):
    """Base of this package's errors; the message is one line with the remedy."""


class ServerAbsent(DrivingError):
    """Nothing that speaks CARLA answers at an address."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"no CARLA server answers at {host}:{port} ({reason}); start one, or use env.server=embedded"
        )


class ServerVersionMismatch(DrivingError):
    """The server and the installed client are of different releases."""

    def __init__(self, host: str, port: int, *, server: str, client: str) -> None:
        super().__init__(
            f"the server at {host}:{port} is CARLA {server}, the installed client is {client}; "
            "run a server of the client's version"
        )


class ServerFailed(DrivingError):
    """A server that we started did not become ready, or died."""


class CarlaMissing(DrivingError):
    """The `carla` package is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "the `carla` package is not installed: it has wheels for x86-64 Linux and Windows with "
            "Python 3.10 to 3.12 only; the gridworlds run without it"
        )
