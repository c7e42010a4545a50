"""The maps that a server has: OpenDRIVE documents by name, each read once."""

from __future__ import annotations

from collections.abc import Mapping

from driving.server.errors import WorldError
from driving.server.maps import RoadMap, read_map

LAYERED = "_Opt"  # the end of the name that CARLA gives a town whose layers can be unloaded; here all can
GENERATED_MAP = "OpenDriveMap"  # what a client loads after it has sent an OpenDRIVE document


class Atlas:
    """Maps by name."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        """Take OpenDRIVE documents by name; nothing is read yet."""
        self.documents = dict(documents)
        self._maps: dict[str, RoadMap] = {}

    def open(self, name: str) -> RoadMap:
        """The named map; a town goes by its name with and without _Opt, and has the one that is asked for.

        Raises:
            WorldError: There is no such map.
            MapError: It cannot be read.
        """
        document = self.documents.get(name, self.documents.get(_twin(name)))
        if document is None:
            raise WorldError(f"Map '{name}' not found; this server has {', '.join(sorted(self.documents))}")
        if name not in self._maps:
            self._maps[name] = read_map(name, document)
        return self._maps[name]

    def add(self, name: str, xodr: str) -> None:
        """Make a document loadable under a name.

        Raises:
            MapError: It cannot be read.
        """
        self._maps[name] = read_map(name, xodr)
        self._maps.pop(_twin(name), None)
        self.documents[name] = xodr


def _twin(name: str) -> str:
    """The other name of a town."""
    return name.removesuffix(LAYERED) if name.endswith(LAYERED) else name + LAYERED
