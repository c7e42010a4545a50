"""Roads as OpenDRIVE text, so that every CARLA server, embedded or real, can build them."""

from __future__ import annotations

from dataclasses import dataclass

LANE_WIDTH = 3.5
PARKING_WIDTH = 2.8
SIDEWALK_WIDTH = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A straight two-way street along +x of the CARLA frame; traffic keeps right.

    The reference line lies on the x axis, so a driver heading along +x has its lane centre at
    y = +lane_width / 2 (CARLA's y points right).
    """

    length: float = 600.0  # m
    lane_width: float = LANE_WIDTH  # m
    parking_width: float = PARKING_WIDTH  # m, one parking lane on each side
    sidewalk_width: float = SIDEWALK_WIDTH  # m

    @property
    def lane_centre(self) -> float:
        """Lateral position of the lane that runs along +x; m, CARLA frame."""
        return self.lane_width / 2

    @property
    def opendrive(self) -> str:
        """The street as an OpenDRIVE 1.4 document."""
        return _DOCUMENT.format(
            length=f"{self.length:.3f}",
            half=f"{self.length / 2 + 10:.3f}",
            left=_side(self, sign=1),
            right=_side(self, sign=-1),
        )


def straight_road() -> str:
    """The default street as OpenDRIVE text: what `driving serve --map straight` shows."""
    return Street().opendrive


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
    <planView>
      <geometry s="0" x="0" y="0" hdg="0" length="{length}"><line/></geometry>
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
