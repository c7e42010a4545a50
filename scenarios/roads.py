"""Roads as OpenDRIVE text, so that every CARLA server, embedded or real, can build them."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

LANE_WIDTH = 3.5
PARKING_WIDTH = 2.8
SIDEWALK_WIDTH = 3.0


@dataclass(frozen=True, slots=True)
class Bend:
    """Where a street leaves the straight, at an even curvature."""

    start: float  # m along the street
    length: float  # m
    curvature: float  # 1/m, positive to the right


@dataclass(frozen=True, kw_only=True)
class Street:
    """A two-way street that begins along +x of the CARLA frame; traffic keeps right.

    A place on it is a station (m along its middle line) and how far right of that line it is (m). The
    middle line begins at the origin, so on a straight street the two are CARLA's x and y (y points right),
    and a driver heading along +x has its lane centre at y = +lane_width / 2.
    """

    length: float = 600.0  # m
    bends: tuple[Bend, ...] = ()  # in order, not touching
    lane_width: float = LANE_WIDTH  # m
    parking_width: float = PARKING_WIDTH  # m, one parking lane on each side
    sidewalk_width: float = SIDEWALK_WIDTH  # m

    @property
    def lane_centre(self) -> float:
        """Lateral position of the lane that runs along +x; m, CARLA frame."""
        return self.lane_width / 2

    @property
    def kerb(self) -> float:
        """How far from the middle line the pavements begin; m."""
        return self.lane_width + self.parking_width

    def pose(self, station: float, right: float) -> tuple[float, float, float]:
        """A place on the street, and which way the street runs there, in CARLA's frame.

        Returns:
            x, y in m and yaw in rad.
        """
        stretch = [piece for piece in self._pieces if piece.start <= station or piece.start == 0.0][-1]
        x, y, yaw = stretch.after(station - stretch.start)
        return x - right * math.sin(yaw), y + right * math.cos(yaw), yaw

    def locate(self, x: float, y: float) -> tuple[float, float]:
        """Station of a place and how far right of the middle line it is (m): the inverse of `pose`."""
        if not self.bends:
            return x, y
        found = [piece.locate(x, y) for piece in self._pieces]
        return min(found, key=lambda place: (place[2], abs(place[1])))[:2]

    def heading(self, station: float) -> float:
        """Which way the street runs; rad in CARLA's frame."""
        return self.pose(station, 0.0)[2] if self.bends else 0.0

    def curvature(self, station: float) -> float:
        """How the street bends; 1/m, positive to the right."""
        inside = [bend for bend in self.bends if bend.start <= station < bend.start + bend.length]
        return inside[0].curvature if inside else 0.0

    @property
    def opendrive(self) -> str:
        """The street as an OpenDRIVE 1.4 document."""
        return _DOCUMENT.format(
            length=f"{self.length:.3f}",
            half=f"{self.length / 2 + 10:.3f}",
            geometry="".join(piece.geometry for piece in self._pieces),
            left=_side(self, sign=1),
            right=_side(self, sign=-1),
        )

    @functools.cached_property
    def _pieces(self) -> tuple[_Piece, ...]:
        """The street's stretches in order."""
        pieces, at, x, y, yaw = [], 0.0, 0.0, 0.0, 0.0
        for bend in (*self.bends, Bend(self.length, 0.0, 0.0)):
            for length, curvature in ((bend.start - at, 0.0), (bend.length, bend.curvature)):
                if length > 0.0:
                    piece = _Piece(at, length, curvature, x, y, yaw)
                    pieces.append(piece)
                    x, y, yaw = piece.after(length)
                    at += length
        return tuple(pieces)


def straight_road() -> str:
    """The default street as OpenDRIVE text: what `driving serve --map straight` shows."""
    return Street().opendrive


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of even curvature, from where and which way it begins; CARLA's frame."""

    start: float  # m along the street
    length: float  # m
    curvature: float  # 1/m, positive to the right
    x: float  # m
    y: float  # m
    yaw: float  # rad

    @property
    def geometry(self) -> str:
        """The stretch in OpenDRIVE, whose y and angles run the other way."""
        kind = f'<arc curvature="{_plain(-self.curvature)}"/>' if self.curvature else "<line/>"
        begins = (
            f's="{_plain(self.start)}" x="{_plain(self.x)}" y="{_plain(-self.y)}" hdg="{_plain(-self.yaw)}"'
        )
        return f'\n      <geometry {begins} length="{self.length:.3f}">{kind}</geometry>'

    def after(self, distance: float) -> tuple[float, float, float]:
        """x, y and yaw so far along the stretch (m), or along its straight continuation before it."""
        turn = self.curvature * distance
        if abs(turn) < 1e-12:
            chord, half = distance, 0.0
        else:
            chord, half = 2 * math.sin(turn / 2) / self.curvature, turn / 2
        return (
            self.x + chord * math.cos(self.yaw + half),
            self.y + chord * math.sin(self.yaw + half),
            self.yaw + turn,
        )

    def locate(self, x: float, y: float) -> tuple[float, float, float]:
        """Station, how far right, and by how much the place lies before or behind the stretch; all m."""
        forward = math.cos(self.yaw) * (x - self.x) + math.sin(self.yaw) * (y - self.y)
        right = -math.sin(self.yaw) * (x - self.x) + math.cos(self.yaw) * (y - self.y)
        if self.curvature:
            way = math.copysign(1.0, self.curvature)
            radius = 1.0 / abs(self.curvature)
            angle = math.atan2(forward, radius - way * right)
            right = way * (radius - math.hypot(forward, radius - way * right))
            forward = angle * radius
        inside = min(max(forward, 0.0), self.length)
        return self.start + forward, right, abs(forward - inside)


def _plain(number: float) -> str:
    return f"{number:.12g}" if number else "0"


def _side(street: Street, *, sign: int) -> str:
    lanes = (
        ("driving", street.lane_width, "solid"),
        ("parking", street.parking_width, "none"),
        ("sidewalk", street.sidewalk_width, "none"),
    )
    return "".join(
        _LANE.format(id=sign * number, kind=kind, width=f"{width:.3f}", mark=mark)
        for number, (kind, width, mark) in sorted(enumerate(lanes, start=1), key=lambda item: -sign * item[0])
    )


_LANE = """
          <lane id="{id}" type="{kind}" level="false">
            <width sOffset="0" a="{width}" b="0" c="0" d="0"/>
            <roadMark sOffset="0" type="{mark}" weight="standard" color="standard" width="0.15"/>
          </lane>"""

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<OpenDRIVE>
  <header revMajor="1" revMinor="4" name="street" version="1.0"
          north="20" south="-20" east="{half}" west="-{half}">
    <geoReference><![CDATA[+proj=tmerc +lat_0=52.5 +lon_0=13.4 +k=1 +x_0=0 +y_0=0]]></geoReference>
  </header>
  <road name="street" length="{length}" id="1" junction="-1">
    <type s="0" type="town"><speed max="36" unit="km/h"/></type>
    <planView>{geometry}
    </planView>
    <elevationProfile><elevation s="0" a="0" b="0" c="0" d="0"/></elevationProfile>
    <lanes>
      <laneSection s="0">
        <left>{left}
        </left>
        <center>
          <lane id="0" type="none" level="false">
            <roadMark sOffset="0" type="broken" weight="standard" color="standard" width="0.15"/>
          </lane>
        </center>
        <right>{right}
        </right>
      </laneSection>
    </lanes>
  </road>
</OpenDRIVE>
"""
