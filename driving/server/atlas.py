"""The maps that a server has: OpenDRIVE documents by name, each read once."""

from __future__ import annotations

from collections.abc import Mapping

from driving.server.errors import WorldError
from driving.server.maps import RoadMap, read_map

GENERATED_MAP = "OpenDriveMap"  # what a client loads after it has sent an OpenDRIVE document


class Atlas:
    """Maps by name."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        """Take OpenDRIVE documents by name; nothing is read yet."""
        self.documents = dict(documents)
        self._maps: dict[str, RoadMap] = {}

    def open(self, name: str) -> RoadMap:
        """The named map.

        Raises:
            WorldError: There is no such map.
            MapError: It cannot be read.
        """
        if name not in self.documents:
            raise WorldError(f"Map '{name}' not found; this server has {', '.join(sorted(self.documents))}")
        if name not in self._maps:
            self._maps[name] = read_map(name, self.documents[name])
        return self._maps[name]

    def add(self, name: str, xodr: str) -> None:
        """Make a document loadable under a name.

        Raises:
            MapError: It cannot be read.
        """
        self._maps[name] = read_map(name, xodr)
        self.documents[name] = xodr
