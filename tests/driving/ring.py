"""A ring of road with a lane each way: two straights of 100 m and two half circles; one straight is crossed.

The first straight runs along +x at y = 0; the crossing is its part from x = 40 to 60, and has two lights.
Its connecting roads have one direction each: the client's TrafficManager crashes where one has both.
"""

from __future__ import annotations

import math

RADIUS, STRAIGHT, BEFORE, WITHIN = 20.0, 100.0, 40.0, 20.0  # m
LENGTH = 2 * STRAIGHT + 2 * math.pi * RADIUS  # m, of the middle line

_LANE = """<lane id="{id}" type="driving"><link><predecessor id="{before}"/><successor id="{after}"/></link>
<width sOffset="0" a="3.5" b="0" c="0" d="0"/>
<roadMark sOffset="0" type="solid" weight="standard" color="standard" width="0.12"/></lane>"""
_BOTH = (_LANE.format(id=1, before=1, after=1), _LANE.format(id=-1, before=-1, after=-1))
_ROAD = """<road id="{id}" name="" length="{length}" junction="{junction}">
<link>{before}{after}</link><type s="0" type="town"><speed max="30" unit="km/h"/></type>
<planView><geometry s="0" x="{x}" y="{y}" hdg="{heading}" length="{length}">{shape}</geometry></planView>
<lanes><laneSection s="0"><left>{left}</left><center><lane id="0" type="none">
<roadMark sOffset="0" type="broken" weight="standard" color="standard" width="0.12"/></lane></center>
<right>{right}</right></laneSection></lanes>{extra}</road>"""
_SIGNALS = """<signals>
<signal id="{id}" name="" s="0" t="-5" zOffset="0" hOffset="0" orientation="-" dynamic="yes"
 country="OpenDRIVE" type="1000001" subtype="-1" value="-1" height="1" width="0.5">
<validity fromLane="0" toLane="0"/></signal>
<signalReference id="{id}" s="0" t="0" orientation="-"><validity fromLane="-1" toLane="-1"/></signalReference>
</signals>"""
_JUNCTION = """<controller id="20" name="" sequence="0"><control signalId="7" type=""/></controller>
<controller id="21" name="" sequence="1"><control signalId="8" type=""/></controller>
<junction id="10" name="">
<connection id="0" incomingRoad="1" connectingRoad="2" contactPoint="start"><laneLink from="-1" to="-1"/>
</connection><connection id="1" incomingRoad="3" connectingRoad="7" contactPoint="start">
<laneLink from="1" to="-1"/></connection>
<controller id="20" type="0" sequence="0"/><controller id="21" type="0" sequence="1"/></junction>"""


def _link(kind: str, road: int, contact: str) -> str:
    """To a road's end; road 10 is the junction."""
    if road == 10:
        return f'<{kind} elementType="junction" elementId="10"/>'
    return f'<{kind} elementType="road" elementId="{road}" contactPoint="{contact}"/>'


def _road(number: int, before: int, after: int, start: tuple[float, float, float], length: float) -> str:
    """One of the ring's roads, all of which go the same way round."""
    return _ROAD.format(
        id=number, length=length, junction=-1, x=start[0], y=start[1], heading=start[2],
        before=_link("predecessor", before, "end"), after=_link("successor", after, "start"),
        shape=f'<arc curvature="{1 / RADIUS}"/>' if number in (4, 6) else "<line/>",
        left=_BOTH[0], right=_BOTH[1], extra="",
    )  # fmt: skip


def _connecting(number: int, x: float, heading: float, before: str, after: str, lane: int, light: int) -> str:
    """A lane across the junction that goes on from lane `lane` of one road to that of another."""
    return _ROAD.format(
        id=number, length=WITHIN, junction=10, x=x, y=0.0, heading=heading, before=before, after=after,
        shape="<line/>", left="", right=_LANE.format(id=-1, before=lane, after=lane),
        extra=_SIGNALS.format(id=light),
    )  # fmt: skip


RING = "".join(
    [
        '<?xml version="1.0"?><OpenDRIVE><header revMajor="1" revMinor="4" name="" version="1" date="" '
        'north="0" south="0" east="0" west="0"/>',
        _road(1, 6, 10, (0.0, 0.0, 0.0), BEFORE),
        _connecting(2, BEFORE, 0.0, _link("predecessor", 1, "end"), _link("successor", 3, "start"), -1, 7),
        _connecting(
            7, BEFORE + WITHIN, math.pi, _link("predecessor", 3, "start"), _link("successor", 1, "end"), 1, 8
        ),
        _road(3, 10, 4, (BEFORE + WITHIN, 0.0, 0.0), STRAIGHT - BEFORE - WITHIN),
        _road(4, 3, 5, (STRAIGHT, 0.0, 0.0), math.pi * RADIUS),
        _road(5, 4, 6, (STRAIGHT, 2 * RADIUS, math.pi), STRAIGHT),
        _road(6, 5, 1, (0.0, 2 * RADIUS, math.pi), math.pi * RADIUS),
        _JUNCTION,
        "</OpenDRIVE>",
    ]
)
