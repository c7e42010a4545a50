"""Navigation meshes: where walkers may walk, in the bytes that the client's walker AI reads.

The street has pavements from |y| = 6.3 to 9.3; of them 1.1 m at the kerb and 0.3 m at the houses are left
free: bands from 7.4 to 9.0. A crosswalk leads over it from x = 58 to 62.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest
from ticking import synchronous

from driving.server.blueprints import WALKER_AI
from driving.server.detour import CROSSWALK, SIDEWALK, Mesh, encoded
from driving.server.errors import WorldError
from driving.server.maps import read_map
from driving.server.walkways import navigation_file, navigation_name, walkways
from driving.server.world import World
from scenarios.roads import straight_road

LENGTH, INNER, OUTER = 600.0, 7.4, 9.0
ZEBRA = """<objects><object id="9" name="" type="crosswalk" s="60" t="0" zOffset="0" hdg="1.5707963267948966"
 orientation="none" length="12" width="4"/></objects>"""
POSE = ((10.0, 8.2, 1.0), (0.0, 0.0, 0.0))


def street(*, zebra=True):
    text = straight_road()
    return text.replace("</lanes>", f"</lanes>{ZEBRA}", 1) if zebra else text


def area_of(mesh, kind):
    total = 0.0
    for corners, area in zip(mesh.polygons, mesh.areas, strict=True):
        x, y, _ = mesh.vertices[list(corners)].T
        signed = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
        assert signed < 0.0  # clockwise, or the client takes its area for none
        total -= signed if area == kind else 0.0
    return total


def islands(mesh):
    """How many parts the mesh has between which there is no way."""
    beyond = {}
    for number, corners in enumerate(mesh.polygons):
        for edge in zip(corners, (*corners[1:], corners[0]), strict=True):
            beyond.setdefault(frozenset(edge), []).append(number)
    part = list(range(len(mesh.polygons)))
    for numbers in beyond.values():
        for number in numbers[1:]:
            old, new = part[number], part[numbers[0]]
            part = [new if each == old else each for each in part]
    return len(set(part))


def test_walkers_have_the_pavements_beside_trees_and_lamps():
    mesh = walkways(read_map("straight", street(zebra=False)))
    assert area_of(mesh, SIDEWALK) == pytest.approx(2 * LENGTH * (OUTER - INNER), rel=1e-3)
    assert set(np.abs(mesh.vertices[:, 1]).round(3)) == {INNER, OUTER}
    assert set(mesh.vertices[:, 2]) == {0.12}
    assert islands(mesh) == 2


def test_a_crosswalk_joins_the_pavements_at_common_edges():
    mesh = walkways(read_map("straight", street()))
    assert islands(mesh) == 1
    assert area_of(mesh, CROSSWALK) == pytest.approx(4.0 * 2 * INNER)
    assert area_of(mesh, SIDEWALK) == pytest.approx(2 * LENGTH * (OUTER - INNER), rel=1e-3)


def test_a_crosswalk_is_read_from_corners_in_its_own_or_the_roads_frame():
    local = '<outline><cornerLocal u="6" v="2" z="0"/><cornerLocal u="6" v="-2" z="0"/>'
    local += '<cornerLocal u="-6" v="-2" z="0"/><cornerLocal u="-6" v="2" z="0"/></outline></object>'
    along = "".join(f'<cornerRoad s="{s}" t="{t}"/>' for s, t in ((58, 6), (62, 6), (62, -6), (58, -6)))
    given = [street()] + [
        street().replace('width="4"/>', f'width="4">{outline}')
        for outline in (local, f"<outlines><outline>{along}</outline></outlines></object>")
    ]
    for text in given:
        (outline,) = read_map("straight", text).crosswalks
        assert sorted(map(tuple, outline.round(6).tolist())) == [
            (58, -6, 0), (58, 6, 0), (62, -6, 0), (62, 6, 0)
        ]  # fmt: skip


def test_the_file_holds_what_its_headers_say():
    square = np.array([[0.0, 0.0, 0.5], [0.0, 1.0, 0.5], [1.0, 1.0, 0.5], [1.0, 0.0, 0.5], [2.0, 0.0, 0.5]])
    mesh = Mesh(square, [(0, 1, 2, 3), (3, 2, 4)], [SIDEWALK, CROSSWALK])
    content = encoded(mesh)
    magic, version, tiles = struct.unpack_from("<3i", content)
    assert (magic, version, tiles) == (0x4D534554, 1, 1)
    reference, size = struct.unpack_from("<Ii", content, 40)
    assert reference >> 16 == 1  # its salt; 0 would be no tile
    assert len(content) == 48 + size
    polygons, vertices, links, details, _, triangles, *_ = struct.unpack_from("<9i", content, 48 + 24)
    assert (polygons, vertices, links, details, triangles) == (2, 5, 2, 2, 3)
    assert size == 100 + 12 * 5 + 32 * 2 + 12 * 2 + 12 * 2 + 4 * 3
    first = struct.unpack_from("<I6H6HHBB", content, 48 + 100 + 12 * 5)
    assert first == (0xFFFFFFFF, 0, 1, 2, 3, 0, 0, 0, 0, 2, 0, 0, 0, 0b10, 4, SIDEWALK)
    assert encoded(Mesh(square, [], [])) == b""


def test_a_map_without_pavements_has_no_walker_ai_and_says_so():
    bare = straight_road().replace('type="sidewalk"', 'type="shoulder"')
    world = World({"bare": bare, "straight": street()}, "bare")
    with pytest.raises(WorldError, match="no navigation mesh for walker AI: this map has no pavements"):
        world.spawn(WALKER_AI, {}, POSE)
    assert navigation_name(world.map) == ""
    world.load("straight")
    child = world.spawn("walker.pedestrian.0011", {}, POSE)
    world.spawn(WALKER_AI, {}, POSE, parent=child.id)
    without = World({"straight": street()}, "straight", navigation=False)
    with pytest.raises(WorldError, match="--no-navigation"):
        without.spawn(WALKER_AI, {}, POSE)


def test_files_of_other_content_have_other_names():
    """A client keeps a file by its name for ever."""
    one, other = (read_map("straight", street(zebra=zebra)) for zebra in (True, False))
    assert navigation_name(one) == navigation_name(read_map("straight", street()))
    assert navigation_name(one) != navigation_name(other)
    assert navigation_file(one) != navigation_file(other)


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
def test_a_walker_led_by_the_clients_ai_crosses_at_the_crosswalk(client_of, serve, tmp_path):
    carla = pytest.importorskip("carla")
    path = tmp_path / "street.xodr"
    path.write_text(street())
    client = client_of("127.0.0.1", serve(str(path), navigation=True), timeout=60.0)
    client.set_files_base_folder(str(tmp_path / "kept"))
    world = synchronous(client.get_world(), delta=0.1)
    for _ in range(50):
        found = world.get_random_location_from_navigation()
        assert 0.0 <= found.x <= LENGTH
        assert INNER - 1e-3 <= abs(found.y) <= OUTER + 1e-3
    library = world.get_blueprint_library()
    start, goal = carla.Location(50.0, 8.2, 1.1), carla.Location(68.0, -8.2, 0.12)
    walker = world.spawn_actor(library.find("walker.pedestrian.0002"), carla.Transform(start))
    guide = world.spawn_actor(library.find("controller.ai.walker"), carla.Transform(), walker)
    world.tick()
    guide.start()
    guide.go_to_location(goal)
    guide.set_max_speed(3.0)
    seen = []
    for _ in range(250):
        world.tick()
        seen.append(walker.get_location())
        if abs(seen[-1].y - goal.y) < 1.0 and abs(seen[-1].x - goal.x) < 1.5:
            break
    else:
        pytest.fail(f"it came to {seen[-1]}")
    on_the_road = [place for place in seen if abs(place.y) < 6.3]
    assert on_the_road
    assert all(57.5 < place.x < 62.5 for place in on_the_road)
    assert all(place.z == pytest.approx(0.93 + 0.06, abs=0.12) for place in seen[5:])  # on its feet
    guide.stop()
    guide.destroy()
    walker.destroy()
