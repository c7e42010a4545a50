"""A crossing as small as can be: a road along +x with two lights between x = 100 and 120, and a stop sign.

Light 7 stops traffic along +x at x = 100, light 8 traffic along -x at x = 120; they take turns.
"""

from __future__ import annotations

_ROAD = """
<road id="{id}" name="" length="{length}" junction="{junction}">
  <link><predecessor {before}/><successor {after}/></link>
  <planView><geometry s="0" x="{x}" y="0" hdg="0" length="{length}"><line/></geometry></planView>
  <lanes><laneSection s="0">
    <left><lane id="1" type="driving"><link><predecessor id="1"/><successor id="1"/></link>
      <width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></left>
    <center><lane id="0" type="none"/></center>
    <right><lane id="-1" type="driving"><link><predecessor id="-1"/><successor id="-1"/></link>
      <width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right>
  </laneSection></lanes>
  {extra}
</road>"""

_SIGNAL = (
    '<signal id="{id}" name="" s="{s}" t="{t}" zOffset="0" hOffset="{turn}" orientation="{way}" '
    'dynamic="{moves}" country="OpenDRIVE" type="{type}" subtype="-1" value="-1" '
    'height="1" width="0.5" roll="0" pitch="0">'
    '<validity fromLane="{first}" toLane="{first}"/></signal>'
)
_REFERENCE = (
    '<signalReference id="{id}" s="{s}" t="0" orientation="{way}">'
    '<validity fromLane="{lane}" toLane="{lane}"/></signalReference>'
)
_LIGHTS = "".join(
    [
        "<signals>",
        _SIGNAL.format(id=7, s=0, t=-5, turn=0, way="-", moves="yes", type=1000001, first=0),
        _SIGNAL.format(id=8, s=20, t=5, turn=3.14159265, way="+", moves="yes", type=1000001, first=0),
        _REFERENCE.format(id=7, s=0, way="-", lane=-1),
        _REFERENCE.format(id=8, s=20, way="+", lane=1),
        "</signals>",
    ]
)
_SIGN = (
    "<signals>"
    + _SIGNAL.format(id=9, s=80, t=-5, turn=0, way="-", moves="no", type=206, first=-1)
    + "</signals>"
)
_JUNCTION = """
<junction id="10" name="">
  <connection id="0" incomingRoad="1" connectingRoad="2" contactPoint="start">
    <laneLink from="-1" to="-1"/></connection>
  <connection id="1" incomingRoad="3" connectingRoad="2" contactPoint="end">
    <laneLink from="1" to="1"/></connection>
  <controller id="20" type="0" sequence="0"/><controller id="21" type="0" sequence="1"/>
</junction>"""

CROSSING = "".join(
    [
        '<?xml version="1.0"?><OpenDRIVE><header revMajor="1" revMinor="4" name="" version="1" date="" '
        'north="0" south="0" east="0" west="0"/>',
        _ROAD.format(
            id=1, length=100, junction=-1, x=0, extra="",
            before='elementType="road" elementId="4" contactPoint="end"',
            after='elementType="junction" elementId="10"',
        ).replace('<predecessor elementType="road" elementId="4" contactPoint="end"/>', ""),
        _ROAD.format(
            id=2, length=20, junction=10, x=100, extra=_LIGHTS,
            before='elementType="road" elementId="1" contactPoint="end"',
            after='elementType="road" elementId="3" contactPoint="start"',
        ),
        _ROAD.format(
            id=3, length=200, junction=-1, x=120, extra=_SIGN,
            before='elementType="junction" elementId="10"',
            after='elementType="road" elementId="4" contactPoint="end"',
        ).replace('<successor elementType="road" elementId="4" contactPoint="end"/>', ""),
        '<controller id="20" name="" sequence="0"><control signalId="7" type=""/></controller>',
        '<controller id="21" name="" sequence="1"><control signalId="8" type=""/></controller>',
        _JUNCTION,
        "</OpenDRIVE>",
    ]
)  # fmt: skip
