"""What can go wrong in the embedded server, apart from mistakes of its own."""

from __future__ import annotations


class ServerError(Exception):
    """Base of the embedded server's errors; the message is one line with the remedy."""


class WireError(ServerError):
    """Bytes or values that a CARLA client does not send."""


class WorldError(ServerError):
    """A call that cannot be carried out; the message is what the client's user reads."""


class MapError(ServerError):
    """A text that is no usable OpenDRIVE document."""


class AddressError(ServerError):
    """The server cannot listen where it was told to."""


class MotionError(ServerError):
    """A text that is no usable set of motion tables."""
