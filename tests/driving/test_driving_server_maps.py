"""OpenDRIVE read into CARLA's frame; where a curve has a closed form, against it."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving.server.errors import MapError
from driving.server.maps import DASH, GAP, KERB, read_map
from driving.server.reference_line import Cubics, ReferenceLine
from scenarios.roads import straight_road

ROAD = """<OpenDRIVE><header><geoReference>+proj=tmerc +lat_0=49.0 +lon_0=8.0</geoReference></header>
<road length="100" id="1" junction="{junction}" rule="{rule}">
<type s="0" type="town"><speed max="{limit}" unit="mph"/></type>
<planView><geometry s="0" x="10" y="20" hdg="0" length="100">{shape}</geometry></planView>
<elevationProfile><elevation s="0" a="1" b="0.05" c="0" d="0"/></elevationProfile>
<lanes><laneSection s="0">
<left><lane id="2" type="sidewalk"><width sOffset="0" a="2" b="0" c="0" d="0"/></lane>
<lane id="1" type="driving"><width sOffset="0" a="3" b="0.01" c="0" d="0"/></lane></left>
<center><lane id="0" type="none">
<roadMark sOffset="0" type="solid broken" color="yellow" width="0.2"/></lane></center>
<right><lane id="-1" type="driving"><width sOffset="0" a="4" b="0" c="0" d="0"/>
<roadMark sOffset="0" type="none"/><roadMark sOffset="40" type="broken" width="0.1"/></lane></right>
</laneSection></lanes></road></OpenDRIVE>"""
LINE = "<line/>"


def road(shape=LINE, junction="-1", rule="RHT", limit="30"):
    return read_map("test", ROAD.format(shape=shape, junction=junction, rule=rule, limit=limit))


def line_of(shape, length=20.0, heading=0.0):
    text = f'<geometry s="0" x="0" y="0" hdg="{heading}" length="{length}">{shape}</geometry>'
    return ReferenceLine([ElementTree.fromstring(text)])


def test_y_is_mirrored_and_a_climbing_road_climbs():
    strips = {strip.kind: strip for strip in road().strips if strip.left[0, 1] > -21.0}
    right = strips["driving"]
    np.testing.assert_allclose(right.left[[0, -1]], [[10, -20, 1], [110, -20, 6]])
    np.testing.assert_allclose(right.right[[0, -1]], [[10, -16, 1], [110, -16, 6]])


def test_left_lanes_widen_as_their_polynomial_says_and_pavements_stand_on_their_kerb():
    left, pavement = road().strips[:2]
    assert (left.kind, pavement.kind) == ("driving", "sidewalk")
    np.testing.assert_allclose(left.left[[0, -1], 1], [-23, -24])
    np.testing.assert_allclose(pavement.right[[0, -1], 1], [-23, -24])
    np.testing.assert_allclose(pavement.left[[0, -1], 2], [1 + KERB, 6 + KERB])


def test_markings_keep_colour_width_side_and_start():
    solid, broken, edge = road().marks
    assert (solid.colour, solid.width, solid.dash, solid.gap) == ("yellow", 0.2, 0.0, 0.0)
    assert (broken.dash, broken.gap) == (DASH, GAP)
    np.testing.assert_allclose([solid.points[0, 1], broken.points[0, 1]], [-20.2, -19.8])
    np.testing.assert_allclose(edge.points[[0, -1], :2], [[50, -16], [110, -16]])


def test_spawn_points_stand_in_their_lane_and_face_with_the_traffic():
    points = road().spawn_points
    assert {round(rotation[1]) % 360 for _, rotation in points} == {0, 180}
    for (x, y, z), (_, yaw, _) in points:
        centre = -18.0 if abs(yaw) < 1 else -20 - (3 + 0.01 * (x - 10)) / 2
        assert y == pytest.approx(centre)
        assert 0.2 < z - (1 + 0.05 * (x - 10)) < 0.5


def test_where_traffic_keeps_left_spawn_points_face_the_other_way():
    assert all(abs(yaw) > 179 for (_, y, _), (_, yaw, _) in road(rule="LHT").spawn_points if y > -20)


def test_junctions_have_no_spawn_points_and_no_paint():
    junction = road(junction="5")
    assert junction.spawn_points == junction.marks == ()
    assert junction.strips


def test_speed_limit_and_origin_are_read():
    assert road().speed_limit == pytest.approx(48.3)
    assert road(limit="no limit").speed_limit == 30.0
    assert road().origin == (49.0, 8.0)


def test_an_arc_stays_on_its_circle():
    curvature = 0.05
    x, y, heading = line_of(f'<arc curvature="{curvature}"/>').sample(np.linspace(0, 20, 41))
    np.testing.assert_allclose(np.hypot(x, y - 1 / curvature), 1 / curvature, atol=1e-9)
    assert heading[-1] == pytest.approx(1.0)


def test_a_spiral_of_constant_curvature_is_the_arc():
    s = np.linspace(0, 20, 41)
    spiral = line_of('<spiral curvStart="0.05" curvEnd="0.05"/>').sample(s)
    np.testing.assert_allclose(spiral, line_of('<arc curvature="0.05"/>').sample(s), atol=2e-3)


def test_a_spiral_turns_by_its_mean_curvature():
    _, _, heading = line_of('<spiral curvStart="0" curvEnd="0.1"/>').sample(np.array([20.0]))
    assert heading[0] == pytest.approx(1.0)


def test_a_parametric_quarter_circle_ends_where_the_circle_does():
    bezier = 0.5523  # control points of the cubic that nearly is a quarter of the unit circle
    u = f'aU="0" bU="{3 * bezier}" cU="{3 - 6 * bezier}" dU="{3 * bezier - 2}"'
    v = f'aV="0" bV="0" cV="{3 * (1 - bezier)}" dV="{3 * bezier - 2}"'
    x, y, heading = line_of(f"<paramPoly3 {u} {v}/>", length=math.pi / 2).sample(np.array([0.0, math.pi / 2]))
    np.testing.assert_allclose([x[-1], y[-1]], [1.0, 1.0], atol=1e-9)
    assert heading[-1] == pytest.approx(math.pi / 2, abs=0.08)


def test_a_cubic_is_as_long_as_it_says_whatever_its_slope():
    x, y, heading = line_of('<poly3 a="0" b="1" c="0" d="0"/>').sample(np.array([10.0, 20.0]))
    np.testing.assert_allclose([x, y], [[10 / math.sqrt(2), 20 / math.sqrt(2)]] * 2, atol=1e-6)
    np.testing.assert_allclose(heading, math.pi / 4)


def test_a_border_is_a_lanes_outer_edge():
    lanes = '<width sOffset="0" a="4" b="0" c="0" d="0"/>\n<roadMark sOffset="0" type="none"/>'
    assert lanes in ROAD
    text = ROAD.replace(lanes, '<border sOffset="0" a="-5" b="0" c="0" d="0"/>')
    strips = read_map("test", text.format(shape=LINE, junction="-1", rule="RHT", limit="30")).strips
    right = [strip for strip in strips if strip.kind == "driving"][-1]
    np.testing.assert_allclose(right.right[[0, -1], 1], [-15, -15])


def test_what_is_ignored_and_what_the_client_cannot_bear_is_logged(caplog):
    leaning = '<lateralProfile><superelevation s="0" a="0.1" b="0" c="0" d="0"/></lateralProfile><lanes>'
    text = ROAD.replace("<lanes>", leaning).format(shape=LINE, junction="5", rule="RHT", limit="30")
    read_map("test", text)
    assert "ignored superelevation of road 1" in caplog.text
    assert "TrafficManager may crash on road 1" in caplog.text
    caplog.clear()
    road()
    assert not caplog.text


@given(st.lists(st.tuples(*[st.floats(-3, 3)] * 5), min_size=1, max_size=4), st.floats(-5, 5))
def test_cubics_are_their_last_started_piece(pieces, at):
    started = sorted(piece for piece in pieces if piece[0] <= at) or [min(pieces)]
    start, a, b, c, d = started[-1]
    u = at - start
    expected = a + b * u + c * u**2 + d * u**3
    assert Cubics(pieces)(np.array([at]))[0] == pytest.approx(expected, abs=1e-6)


def test_the_default_street_has_its_two_lanes_beside_the_x_axis():
    street = read_map("straight", straight_road())
    centres = {
        round(float((strip.left + strip.right)[0, 1] / 2), 3)
        for strip in street.strips
        if strip.kind == "driving"
    }
    assert centres == {-1.75, 1.75}
    assert street.speed_limit == 36.0


@pytest.mark.parametrize("text", ["", "carla", "<OpenDRIVE/>", "<OpenDRIVE><road id='1'/></OpenDRIVE>"])
def test_what_is_no_map_is_refused_by_name(text):
    with pytest.raises(MapError, match="map 'broken'"):
        read_map("broken", text)


def test_an_unknown_geometry_names_the_known_ones():
    with pytest.raises(MapError, match="line, arc, spiral, poly3, paramPoly3"):
        road("<clothoid/>")


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        ("nan", "some of its coordinates are no numbers"),
        ("inf", "are no numbers"),
        ("4e8", "0 km; this server"),
    ],
)
def test_a_map_that_is_nowhere_or_too_large_is_refused(x, reason):
    """Ground for it would end the server for every client."""
    road = straight_road()
    begin, end = road.index("<road "), road.index("</road>") + len("</road>")
    other = road[begin:end].replace(' x="', f' x="{x}" was="', 1)
    with pytest.raises(MapError, match=f"map 'far' .*{reason}"):
        read_map("far", road[:end] + other + road[end:])
