"""The renderer: where things land in the image, how far they are, what they are, and that it repeats."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from driving.server.render import Camera, Frame, Look, Scene, UnknownActor, Weather, render
from driving.server.render.lighting import MAP_SIDE
from driving.server.render.mesh import Solid
from driving.server.render.plan import ground_of, outer_edges
from driving.server.render.scene import rotation_matrix
from driving.server.render.shadows import MAP_SPAN, MAP_STEP
from driving.server.render.texture import NOISE_SIZE, noise_levels, stripes

CAR, TRUCK, PEDESTRIAN, STATIC = 14, 15, 12, 20
ROADS, SIDEWALKS, BUILDINGS, SKY, ROAD_LINES = 1, 2, 3, 11, 24
EYE = (0.0, 0.0, 1.35)
AHEAD = (0.0, 0.0, 0.0)
CAMERA = Camera(64, 48, 90.0)  # focal length 32 px

BOX = Look("prop", "static.prop.box", "", 2.0, 2.0, 2.0, (200, 60, 60), STATIC)
VAN = Look("vehicle", "vehicle.mercedes.sprinter", "van", 5.9, 1.99, 2.56, (225, 228, 230), CAR)
CHILD = Look("walker", "walker.pedestrian.0009", "", 0.5, 0.5, 1.1, (220, 40, 40), PEDESTRIAN)


@dataclass(frozen=True)
class Strip:
    kind: str
    left: NDArray[np.float64]
    right: NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    points: NDArray[np.float64]
    width: float
    colour: str
    dash: float
    gap: float


def edge(y: float, z: float = 0.0) -> NDArray[np.float64]:
    x = np.arange(-20.0, 201.0, 2.0)
    return np.column_stack([x, np.full_like(x, y), np.full_like(x, z)])


STRIPS = (
    Strip("driving", edge(-1.75), edge(1.75)),
    Strip("driving", edge(-5.25), edge(-1.75)),
    Strip("parking", edge(1.75), edge(4.55)),
    Strip("sidewalk", edge(4.55, 0.12), edge(7.05, 0.12)),
    Strip("sidewalk", edge(-7.75, 0.12), edge(-5.25, 0.12)),
)
MARKS = (Mark(edge(-1.75), 0.15, "white", 3.0, 3.0), Mark(edge(1.75), 0.15, "white", 0.0, 0.0))


@pytest.fixture(scope="module")
def street() -> Scene:
    return Scene(STRIPS, MARKS, seed=1)


@pytest.fixture
def plain() -> Scene:
    return Scene((), ())


def seen(scene: Scene, *, rotation: tuple[float, float, float] = AHEAD, camera: Camera = CAMERA) -> Frame:
    return render(scene, camera, EYE, rotation)


def centre_of(frame: Frame, actor: int) -> tuple[float, float]:
    rows, columns = np.nonzero(frame.instance == actor)
    return float(columns.mean()), float(rows.mean())


def test_a_box_ten_metres_ahead_lands_in_the_centre_at_its_depth(plain: Scene) -> None:
    plain.add(7, BOX)
    plain.move(7, (11.0, 0.0, 0.35), AHEAD)  # its near face is 10 m away, its centre at eye height
    frame = seen(plain)
    rows, columns = np.nonzero(frame.instance == 7)
    # 2 m at 10 m with focal length 32 px: 6.4 px around the centre (32, 24).
    assert (columns.min(), columns.max()) == (29, 34)
    assert (rows.min(), rows.max()) == (21, 26)
    assert_allclose(frame.depth[24, 32], 10.0, rtol=1e-5)
    assert frame.tag[24, 32] == STATIC


def test_depth_is_measured_along_the_optical_axis(plain: Scene) -> None:
    plain.add(7, Look("prop", "static.prop.wall", "", 1.0, 40.0, 4.0, (90, 90, 90), STATIC))
    plain.move(7, (10.5, 0.0, 0.0), AHEAD)
    frame = seen(plain)
    assert_allclose(frame.depth[24], 10.0, rtol=1e-5)


def test_positive_y_is_right_in_the_image(plain: Scene) -> None:
    plain.add(7, BOX)
    plain.move(7, (11.0, 4.0, 0.35), AHEAD)
    assert centre_of(seen(plain), 7)[0] > 40


def test_yaw_ninety_looks_along_positive_y(plain: Scene) -> None:
    plain.add(7, BOX)
    plain.move(7, (0.0, 11.0, 0.35), AHEAD)
    frame = seen(plain, rotation=(0.0, 90.0, 0.0))
    assert_allclose(centre_of(frame, 7), (31.5, 23.5), atol=0.51)
    assert not (seen(plain).instance == 7).any()


def test_looking_up_moves_the_horizon_down(plain: Scene) -> None:
    level, up = seen(plain), seen(plain, rotation=(10.0, 0.0, 0.0))
    assert (up.tag == SKY).sum() > (level.tag == SKY).sum()
    # tan(10 degrees) x 32 px = 5.6 px below the centre row 24.
    assert abs(int((up.tag[:, 32] == SKY).sum()) - 29.6) <= 1.5


def test_rolling_clockwise_turns_the_image_the_other_way(plain: Scene) -> None:
    plain.add(7, BOX)
    plain.move(7, (11.0, 4.0, 0.35), AHEAD)
    # With roll 90 the camera's right points down, so what was on the right is now at the top.
    assert centre_of(seen(plain, rotation=(0.0, 0.0, 90.0)), 7)[1] < 16


@pytest.mark.parametrize(
    ("rotation", "forward", "right", "up"),
    [
        ((0.0, 0.0, 0.0), (1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ((0.0, 90.0, 0.0), (0, 1, 0), (-1, 0, 0), (0, 0, 1)),
        ((90.0, 0.0, 0.0), (0, 0, 1), (0, 1, 0), (-1, 0, 0)),
        ((0.0, 0.0, 90.0), (1, 0, 0), (0, 0, -1), (0, 1, 0)),
    ],
)
def test_rotations_follow_unreal(
    rotation: tuple[float, float, float],
    forward: tuple[int, int, int],
    right: tuple[int, int, int],
    up: tuple[int, int, int],
) -> None:
    assert_allclose(rotation_matrix(rotation), np.column_stack([forward, right, up]), atol=1e-12)


def test_a_child_behind_a_van_is_hidden_and_beside_it_is_seen(street: Scene) -> None:
    street.add(1, VAN)
    street.add(2, CHILD)
    try:
        street.move(1, (12.0, 3.0, 0.0), AHEAD)
        street.move(2, (16.0, 3.2, 0.55), (0.0, -90.0, 0.0))
        hidden = seen(street)
        street.move(2, (16.0, 0.5, 0.55), (0.0, -90.0, 0.0))
        stepped_out = seen(street)
    finally:
        street.remove(1)
        street.remove(2)
    assert (hidden.instance == 2).sum() == 0
    assert (hidden.instance == 1).sum() > 50
    assert (stepped_out.instance == 2).sum() > 0
    assert (stepped_out.tag[stepped_out.instance == 2] == PEDESTRIAN).all()
    assert (stepped_out.tag[stepped_out.instance == 1] == CAR).all()


def test_a_child_stands_out_in_the_trainees_camera(street: Scene) -> None:
    camera = Camera(96, 48, 80.0)
    empty = seen(street, camera=camera)
    street.add(2, CHILD)
    try:
        for distance, pixels in ((5.0, 25), (10.0, 6), (15.0, 2)):
            street.move(2, (distance, 0.0, 0.55), (0.0, -90.0, 0.0), stride=0.3)
            frame = seen(street, camera=camera)
            child = frame.instance == 2
            assert child.sum() >= pixels
            contrast = np.abs(frame.bgra[child].astype(int) - empty.bgra[child].astype(int)).max(axis=1)
            assert np.median(contrast) > 25
    finally:
        street.remove(2)


def test_the_street_has_its_classes(street: Scene) -> None:
    frame = render(street, Camera(160, 90, 90.0), EYE, AHEAD)
    assert {ROADS, SIDEWALKS, BUILDINGS, SKY, ROAD_LINES} <= set(np.unique(frame.tag).tolist())
    assert frame.tag[85, 80] == ROADS
    assert_allclose(frame.depth[frame.tag == SKY], 1000.0)
    # Row 85 looks 40.5 px down with focal length 80 px: the road is 1.35 x 80 / 40.5 = 2.67 m away.
    assert_allclose(frame.depth[85, 80], 1.35 * 80 / 40.5, rtol=1e-3)
    assert (frame.instance == 0).all()
    assert (frame.bgra[..., 3] == 255).all()


def test_a_distant_thing_is_drawn_at_its_place(plain: Scene) -> None:
    plain.add(
        7, Look("vehicle", "vehicle.carlamotors.european_hgv", "truck", 8.0, 2.9, 3.5, (60, 110, 160), TRUCK)
    )
    plain.move(7, (154.0, 0.0, 0.0), AHEAD)
    frame = seen(plain, camera=Camera(256, 192, 60.0))
    assert (frame.instance == 7).sum() > 4
    assert_allclose(frame.depth[frame.instance == 7], 150.0, atol=8.0)


def test_dense_fog_hides_what_is_far(plain: Scene) -> None:
    plain.add(7, BOX)
    plain.move(7, (120.0, 0.0, 0.0), AHEAD)
    assert (seen(plain).instance == 7).any()
    plain.set_weather(Weather(sun_azimuth=0.0, sun_altitude=40.0, cloudiness=80.0, fog_density=90.0))
    assert not (seen(plain).instance == 7).any()


def test_wet_asphalt_is_darker(street: Scene) -> None:
    frames = []
    for wetness in (0.0, 100.0):
        street.set_weather(Weather(sun_azimuth=90.0, sun_altitude=50.0, cloudiness=90.0, wetness=wetness))
        frames.append(render(street, CAMERA, EYE, (-30.0, 0.0, 0.0)))
    road = frames[0].tag == ROADS
    assert frames[1].bgra[road][:, :3].mean() < frames[0].bgra[road][:, :3].mean() - 3


def test_a_vehicle_darkens_the_ground_beside_it(plain: Scene) -> None:
    bare = seen(plain, rotation=(-30.0, 0.0, 0.0))
    plain.add(7, VAN)
    plain.move(7, (3.0, 1.4, 0.0), AHEAD)
    shaded = seen(plain, rotation=(-30.0, 0.0, 0.0))
    ground = shaded.instance == 0
    darkening = bare.bgra[ground].astype(int).sum(axis=1) - shaded.bgra[ground].astype(int).sum(axis=1)
    assert (darkening > 60).sum() > 10


def test_a_removed_actor_leaves_nothing_behind(plain: Scene) -> None:
    before = seen(plain)
    plain.add(7, BOX)
    plain.move(7, (11.0, 0.0, 0.0), AHEAD)
    assert (seen(plain).instance == 7).any()
    plain.remove(7)
    after = seen(plain)
    assert_array_equal(before.bgra, after.bgra)
    with pytest.raises(UnknownActor, match="no actor 7"):
        plain.move(7, (0.0, 0.0, 0.0), AHEAD)


def test_hundreds_of_actors_come_and_go(plain: Scene) -> None:
    for round_ in range(3):
        for number in range(1, 200):
            plain.add(number, BOX)
            plain.move(number, (10.0 + number, float(number % 7) - 3.0, 0.0), (0.0, 30.0 * round_, 0.0))
        assert len(np.unique(seen(plain).instance)) > 3
        for number in range(1, 200):
            plain.remove(number)
    assert (seen(plain).instance == 0).all()


def test_colours_that_came_and_went_are_forgotten(plain: Scene) -> None:
    rng = np.random.default_rng(0)
    plain.add(1, Look("vehicle", "vehicle.any", "car", 4.5, 1.8, 1.5, (10, 200, 10), CAR))
    plain.move(1, (8.0, 0.0, 0.0), AHEAD)
    before = seen(plain)
    for _ in range(1500):
        red, green, blue = (int(part) for part in rng.integers(0, 256, 3))
        plain.add(2, Look("vehicle", "vehicle.any", "car", 4.5, 1.8, 1.5, (red, green, blue), CAR))
        plain.remove(2)
    assert len(plain.stage.surfaces) < 9000
    assert_array_equal(seen(plain).bgra, before.bgra)


def test_walking_moves_the_legs(plain: Scene) -> None:
    plain.add(7, CHILD)
    camera = Camera(64, 64, 40.0)
    widths = []
    for stride in (0.0, 0.22):
        plain.move(7, (3.0, 0.0, 0.55), (0.0, 90.0, 0.0), stride=stride)
        frame = render(plain, camera, (0.0, 0.0, 0.5), AHEAD)
        rows, columns = np.nonzero(frame.instance == 7)
        low = columns[rows > rows.max() - 4]
        widths.append(low.max() - low.min())
    assert widths[1] > widths[0] + 3


@pytest.mark.parametrize("base_type", ["car", "van", "truck", "bus", "motorcycle", "bicycle"])
def test_every_vehicle_fills_its_box(plain: Scene, base_type: str) -> None:
    sizes = {
        "car": (4.5, 1.8, 1.5),
        "van": (5.9, 2.0, 2.6),
        "truck": (8.0, 2.6, 3.4),
        "bus": (10.0, 2.5, 3.1),
    }
    length, width, height = sizes.get(base_type, (2.0, 0.8, 1.6))
    plain.add(7, Look("vehicle", "vehicle.any", base_type, length, width, height, (40, 90, 160), CAR))
    plain.move(7, (20.0, 0.0, 0.0), (0.0, 90.0, 0.0))
    frame = render(plain, Camera(200, 120, 60.0), (0.0, 0.0, height / 2), AHEAD)
    rows, columns = np.nonzero(frame.instance == 7)
    scale = 100 / np.tan(np.radians(30)) / (20.0 - width / 2)
    assert_allclose(columns.max() - columns.min() + 1, length * scale, rtol=0.12)
    assert_allclose(rows.max() - rows.min() + 1, height * scale, rtol=0.25)


def test_adults_are_of_different_build(plain: Scene) -> None:
    widths = set()
    for number in range(1, 9):
        model = f"walker.pedestrian.{number:04d}"
        plain.add(number, Look("walker", model, "", 0.375, 0.375, 1.86, (90, 90, 95), PEDESTRIAN))
        plain.move(number, (4.0, 0.0, 0.93), (0.0, 180.0, 0.0))
        frame = render(plain, Camera(300, 300, 60.0), (0.0, 0.0, 0.9), AHEAD)
        columns = np.nonzero(frame.instance == number)[1]
        widths.add(int(columns.max() - columns.min()))
        plain.remove(number)
    assert max(widths) > 1.25 * min(widths)


def test_one_sees_through_a_bicycles_wheels_and_not_through_a_motorcycles(plain: Scene) -> None:
    seen_through = {}
    for base_type in ("bicycle", "motorcycle"):
        plain.add(7, Look("vehicle", "vehicle.any", base_type, 1.8, 0.7, 1.6, (40, 90, 160), CAR))
        plain.move(7, (3.0, 0.0, 0.0), (0.0, 90.0, 0.0))
        frame = render(plain, Camera(200, 200, 60.0), (0.0, 0.0, 0.5), AHEAD)
        # 0.16 m ahead of its front axle, 0.57 m right of the middle, there is neither hub nor fork
        column = 100 + round((1.8 / 2 - 0.33 + 0.16) * 173 / 3.0)
        row = 100 + round((0.5 - 0.33) * 173 / 3.0)
        seen_through[base_type] = frame.instance[row, column] == 0
        plain.remove(7)
    assert seen_through == {"bicycle": True, "motorcycle": False}


@pytest.mark.parametrize(("base_type", "tag"), [("bicycle", 19), ("motorcycle", 18)])
def test_who_rides_a_two_wheeler_is_a_rider_and_the_rest_is_not(
    plain: Scene, base_type: str, tag: int
) -> None:
    plain.add(7, Look("vehicle", "vehicle.any", base_type, 1.8, 0.7, 1.6, (40, 90, 160), tag))
    plain.move(7, (3.0, 0.0, 0.0), (0.0, 90.0, 0.0))
    frame = render(plain, Camera(200, 200, 60.0), (0.0, 0.0, 0.9), AHEAD)
    shown = frame.tag[frame.instance == 7]
    assert set(shown.tolist()) == {13, tag}  # carla.CityObjectLabel.Rider
    assert 0.2 < (shown == 13).mean() < 0.9
    column = frame.tag[:, 100][frame.instance[:, 100] == 7]
    assert column[0] == 13  # the head
    plain.remove(7)


def test_solids_face_outwards() -> None:
    for build in (
        lambda solid: solid.box([0, 0, 0], [1, 2, 3], slot=0),
        lambda solid: solid.tube([0, 0, -1], [0, 0, 1], (0.5, 0.4), slot=0, sides=8),
        lambda solid: solid.tube([-1, 0, 0], [1, 0, 0], (0.5, 0.4), slot=0, sides=8, round_ends=True),
        lambda solid: solid.ball([0, 0, 0], [1, 2, 3], slot=0, rows=5, sides=8),
    ):
        solid = Solid()
        build(solid)
        mesh = solid.mesh()
        middles = mesh.vertices[mesh.triangles[:, :3]].mean(axis=1)
        assert ((middles * mesh.facings).sum(axis=1) > 0).all()
        assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-3)


def test_striped_textures_average_to_their_duty() -> None:
    assert_allclose(stripes(0.35, 0.2, 0.5, 0.01), 1.0)
    assert_allclose(stripes(0.70, 0.2, 0.5, 0.01), 0.0)
    assert_allclose(stripes(0.20, 0.2, 0.5, 0.10), 0.5)
    assert_allclose(stripes(0.77, 0.2, 0.5, 1.0), 0.3)
    assert_allclose(stripes(5.13, 0.2, 0.5, 40.0), 0.3)


def curved_street() -> tuple[Strip, ...]:
    angle = np.linspace(0.0, 2.4, 80)

    def arc(radius: float, z: float = 0.0) -> NDArray[np.float64]:
        return np.column_stack(
            [radius * np.sin(angle), radius * (1 - np.cos(angle)) - radius + 40, np.full(80, z)]
        )

    return (Strip("driving", arc(44.0), arc(37.0)), Strip("sidewalk", arc(37.0, 0.12), arc(34.0, 0.12)))


def test_no_house_stands_on_a_road() -> None:
    strips = (*curved_street(), *STRIPS)
    scene = Scene(strips, (), seed=4)
    ground = ground_of(strips, margin=40.0)
    stage = scene.stage
    house_rows = [
        row
        for row in np.nonzero(stage.objects.levels)[0]
        if stage.surfaces[stage.objects.surface[row], 0] == 7  # facade
    ]
    assert len(house_rows) > 10
    for row in house_rows:
        first, last = stage.geometry.spans[stage.objects.mesh[row], :2]
        corners = stage.geometry.vertices[first:last]
        foot = corners[corners[:, 2] < corners[:, 2].min() + 0.01][:, :2].astype(float)
        inner = foot.mean(axis=0) + 0.9 * (foot - foot.mean(axis=0))
        assert ground.is_free(inner).all()


def test_outer_edges_are_those_with_nothing_beyond() -> None:
    ground = ground_of(STRIPS, margin=20.0)
    edges = outer_edges(STRIPS, ground)
    assert sorted({round(float(edge.points[0, 1]), 2) for edge in edges}) == [-7.75, 7.05]
    assert all(edge.kind == "sidewalk" for edge in edges)


def test_equal_seeds_give_equal_streets_and_others_differ() -> None:
    def picture(seed: int) -> NDArray[np.uint8]:
        return seen(Scene(STRIPS, MARKS, seed=seed)).bgra

    assert_array_equal(picture(5), picture(5))
    assert (picture(5) != picture(6)).any()


def test_a_shadow_that_is_too_long_to_be_drawn_fades_away() -> None:
    """A tower's shadow of 32 m is drawn for 15 m; no two neighbouring pixels of 14 cm show where it ends."""
    wide = (Strip("driving", edge(30.0), edge(-30.0)),)
    scene = Scene(wide, (), seed=1)
    scene.set_weather(Weather(sun_altitude=20.0, sun_azimuth=180.0))  # low, behind: shadows point to +x
    scene.add(1, Look("prop", "static.prop.box", "", 2.0, 2.0, 12.0, (200, 60, 60), STATIC))
    down = Camera(16, 256, float(np.degrees(2 * np.arctan(8 / 219))))  # 30 m up, 35 m from top to bottom
    frame = render(scene, down, (14.0, 0.0, 30.0), (-90.0, 0.0, 0.0))
    along = frame.bgra[:200, 8, 1].astype(int)  # the ground from x = 31.5 m to 4 m, then comes the tower
    assert along[:60].mean() > 1.25 * along[-60:].mean()  # in the sun, in the shadow
    assert np.abs(np.diff(along)).max() < 12


def test_a_street_far_from_the_origin_has_the_same_shadows() -> None:
    far = 3200.0  # m, a whole number of the map's steps; more than two bytes of 2 cm each could hold
    shift = np.array([far, 0.0, 0.0])
    moved = tuple(Strip(strip.kind, strip.left + shift, strip.right + shift) for strip in STRIPS)
    maps = [
        Scene(strips, (), seed=1).light_at(x, 0.0).shade_map.astype(int)
        for strips, x in ((STRIPS, 32.0), (moved, far + 32.0))
    ]
    assert 0.05 < (maps[0] > maps[0].min()).mean() < 0.95
    # The vertices' single precision moves edges, and heights by less than a step.
    assert (np.abs(maps[0] - maps[1]) <= 1).mean() > 0.98


def test_maps_of_neighbouring_places_hold_the_same_shadows_where_they_overlap() -> None:
    """With the sun across the street, the map's columns lie along it: 32 m are 128 of them."""
    scene = Scene(STRIPS, (), seed=2)
    scene.set_weather(Weather(sun_altitude=30.0, sun_azimuth=90.0))
    here, beyond = (
        scene.light_at(x, 0.0).shade_map.reshape(MAP_SIDE, MAP_SIDE).astype(int)
        for x in (64.0, 64.0 + MAP_STEP)
    )
    shift = round(MAP_STEP * MAP_SIDE / MAP_SPAN)
    assert 0.05 < (here > here.min()).mean() < 0.95
    assert (np.abs(here[:, :-shift] - beyond[:, shift:]) <= 1).all()


def test_a_taken_or_invalid_id_is_refused(plain: Scene) -> None:
    plain.add(7, BOX)
    with pytest.raises(ValueError, match="actor id 7 is taken"):
        plain.add(7, BOX)
    with pytest.raises(ValueError, match="actor id 0"):
        plain.add(0, BOX)


def test_impossible_cameras_and_looks_are_refused() -> None:
    with pytest.raises(ValueError, match="fov lies between"):
        Camera(10, 10, 180.0)
    with pytest.raises(ValueError, match="1 x 1 pixels"):
        Camera(0, 10, 90.0)
    with pytest.raises(ValueError, match="vehicle, walker or prop"):
        Look("tram", "tram.one", "", 1.0, 1.0, 1.0, (0, 0, 0), STATIC)
    with pytest.raises(ValueError, match="positive metres"):
        Look("prop", "static.prop.box", "", 0.0, 1.0, 1.0, (0, 0, 0), STATIC)


@pytest.mark.slow
def test_two_processes_draw_the_same_bytes() -> None:
    digests = {_digest_in_a_new_process() for _ in range(2)}
    assert digests == {_digest()}


def _digest() -> str:
    scene = Scene(STRIPS, MARKS, seed=2)
    scene.add(1, VAN)
    scene.add(2, CHILD)
    scene.move(1, (12.0, 3.0, 0.0), AHEAD)
    scene.move(2, (16.0, 0.5, 0.55), (0.0, -90.0, 0.0), stride=0.4)
    frame = render(scene, Camera(160, 90, 80.0), EYE, AHEAD)
    parts = (frame.bgra, frame.depth, frame.tag, frame.instance)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def _digest_in_a_new_process() -> str:
    here = os.path.dirname(os.path.abspath(__file__))
    code = f"import sys; sys.path.insert(0, {here!r}); import test_driving_render as t; print(t._digest())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240
    )
    return done.stdout.strip()


def test_a_texels_three_neighbours_are_stored_with_it_across_the_tiles_edge() -> None:
    levels = noise_levels(np.random.default_rng(3))
    side = int(NOISE_SIZE)
    finest = levels[: side * side].reshape(side, side)
    own = finest & 255
    assert_array_equal(finest >> 8 & 255, np.roll(own, -1, axis=1))
    assert_array_equal(finest >> 16 & 255, np.roll(own, -1, axis=0))
    assert_array_equal(finest >> 24, np.roll(own, (-1, -1), axis=(0, 1)))
    assert len(levels) == side * side * (1 + 1 / 4 + 1 / 16 + 1 / 64)


def test_a_smooth_normal_is_at_each_corner_that_of_its_vertex() -> None:
    solid = Solid()
    solid.ball([0.3, -0.2, 1.0], [1, 2, 3], slot=0, rows=5, sides=8)
    mesh = solid.mesh()
    for corner in range(3):
        place = np.column_stack([mesh.vertices[mesh.triangles[:, corner]], np.ones(len(mesh.triangles))])
        second, third = (place * mesh.bends[:, first : first + 4] for first in (0, 4))
        shares = np.column_stack([second.sum(axis=1), third.sum(axis=1)])
        assert_allclose(shares, np.tile(np.eye(3)[corner, 1:], (len(shares), 1)), atol=1e-4)
        normal = (
            mesh.bends[:, 8:11] + shares[:, :1] * mesh.bends[:, 11:14] + shares[:, 1:] * mesh.bends[:, 14:]
        )
        assert_allclose(normal, mesh.normals[mesh.triangles[:, corner]], atol=1e-3)
