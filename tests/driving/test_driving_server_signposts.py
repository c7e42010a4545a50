"""Traffic lights and signs are seen, met by rays and bodies, and stand beside the lanes."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from crossing import CROSSING
from numpy.testing import assert_array_equal
from ring import RING

from driving.server import handling
from driving.server.cameras import Studio
from driving.server.maps import read_map
from driving.server.ray_scene import RayScene
from driving.server.render.signage import HEAD_HALF, NO_SIGNAGE, Sign
from driving.server.render.street import lay_out
from driving.server.scenery import SEED
from driving.server.settings import Settings
from driving.server.signposts import ASIDE, CLEAR, HEAD_HEIGHT, OVER_LANES, signage_of
from driving.server.traffic_lights import GREEN, OFF, RED, YELLOW
from driving.server.world import CLEAR_NOON, World
from scenarios.roads import straight_road

POLES, HEADS, PLATES = 6, 7, 8
WIDTH, HEIGHT = 160, 90
FOCAL = WIDTH / 2  # px, at 90 degrees
GLARE = 0.6  # m
RGB, CLASSES, INSTANCES = (
    f"sensor.camera.{kind}" for kind in ("rgb", "semantic_segmentation", "instance_segmentation")
)
NIGHT = (5.0, 0.0, 0.0, 10.0, -1.0, -60.0, *CLEAR_NOON[6:])
_PAVEMENT = '<lane id="{}" type="sidewalk"><width sOffset="0" a="3" b="0" c="0" d="0"/></lane>'
PAVED = CROSSING.replace("</left>", _PAVEMENT.format(2) + "</left>").replace(
    "</right>", _PAVEMENT.format(-2) + "</right>"
)


class Set:
    """A world with a photographer."""

    def __init__(self, xodr: str = CROSSING) -> None:
        self.world = World({"crossing": xodr}, "crossing")
        self.studio = Studio(self.world)

    def sign(self, signal: str) -> Sign:
        return next(sign for sign in self.world.place.signage.signs if sign.signal == signal)

    def actor(self, signal: str) -> int:
        return next(actor.id for actor in self.world.actors.values() if actor.signal == signal)

    def show(self, signal: str, state: int) -> None:
        self.world.light(self.actor(signal)).show(state)

    def before(self, signal: str, far: float = 3.0, kind: str = RGB) -> np.ndarray:
        """What a camera sees that looks straight at a head or plate, from so many metres before it."""
        sign = self.sign(signal)
        way = math.radians(sign.yaw + 90.0)
        x, y, z = sign.place
        pose = ((x + far * math.cos(way), y + far * math.sin(way), z), (0.0, sign.yaw - 90.0, 0.0))
        values = {"image_size_x": str(WIDTH), "image_size_y": str(HEIGHT), "fov": "90"}
        camera = self.world.spawn(kind, values, pose)
        (picture,) = self.studio.pictures([camera])
        self.world.destroy(camera.id)
        return picture.pixels.astype(int)


@pytest.fixture(scope="module")
def crossing():
    return Set()


@pytest.fixture
def scene(crossing):
    crossing.world.change_weather(CLEAR_NOON)
    for signal in ("7", "8"):
        crossing.show(signal, OFF)
    return crossing


def lamp(picture, rise, far=3.0):
    """Mean blue, green and red of the pixels around a point so far above a head's middle."""
    row = round(HEIGHT / 2 - FOCAL * rise / far)
    return picture[row - 1 : row + 2, WIDTH // 2 - 1 : WIDTH // 2 + 2, :3].mean(axis=(0, 1))


@pytest.mark.parametrize("weather", [CLEAR_NOON, NIGHT], ids=["day", "night"])
def test_the_lamp_of_a_lights_state_burns_and_the_others_do_not(scene, weather):
    scene.world.change_weather(weather)
    rises = {RED: 0.36, YELLOW: 0.0, GREEN: -0.36}
    for state in (RED, YELLOW, GREEN, OFF, 4):
        scene.show("7", state)
        picture = scene.before("7")
        bright = {each: lamp(picture, rise).max() > 200 for each, rise in rises.items()}
        assert bright == {each: each == state for each in rises}
        blue, green, red = lamp(picture, rises.get(state, 0.0))
        if state == RED:
            assert red > 2 * max(green, blue)
        if state == GREEN:
            assert green > 1.3 * max(red, blue)
        if state == YELLOW:
            assert min(red, green) > 1.5 * blue


def test_a_change_of_state_changes_the_picture_near_the_head_and_nowhere_else(scene):
    scene.show("7", RED)
    red = scene.before("7", 8.0)
    scene.show("7", GREEN)
    green = scene.before("7", 8.0)
    scene.show("7", RED)
    again = scene.before("7", 8.0)
    rows, columns = np.nonzero((red != green).any(axis=2))
    assert len(rows) > 8
    reach = FOCAL / (8.0 - HEAD_HALF[1])
    assert np.abs(rows + 0.5 - HEIGHT / 2).max() <= reach * (HEAD_HALF[2] + GLARE) + 1
    assert np.abs(columns + 0.5 - WIDTH / 2).max() <= reach * (HEAD_HALF[0] + GLARE) + 1
    assert_array_equal(again, red)


def test_the_traffic_that_a_light_stops_sees_it_and_the_traffic_behind_does_not(scene):
    """Light 7 stops traffic along +x and so looks along -x; from behind no state shows."""
    assert (scene.sign("7").yaw, scene.sign("8").yaw) == pytest.approx((90.0, -90.0))
    views = []
    for state in (RED, GREEN):
        scene.show("7", state)
        views.append(scene.before("7", -5.0))
    assert_array_equal(*views)


def test_only_heads_that_changed_are_painted_anew(scene):
    scene.before("7")
    objects = scene.studio.scene().stage.objects
    before = objects.surface.copy()
    scene.show("8", YELLOW)
    scene.before("7")
    rows = np.flatnonzero(objects.surface != before)
    assert [int(objects.actor[row]) for row in rows] == [scene.actor("8")]


def test_heads_plates_and_posts_have_their_classes_and_their_actors_instances(scene):
    for signal, tag in (("7", HEADS), ("9", PLATES)):
        classes = scene.before(signal, kind=CLASSES)[..., 2]
        assert classes[HEIGHT // 2, WIDTH // 2] == tag
        assert POLES in classes[-1, WIDTH // 2 - 6 : WIDTH // 2 + 6]
        low, high = scene.before(signal, kind=INSTANCES)[HEIGHT // 2, WIDTH // 2, [1, 0]]
        assert low + 256 * high == scene.actor(signal)


@pytest.mark.parametrize(
    ("type_", "value", "shares"),
    [
        ("206", "-1", {"red": (0.6, 0.95), "white": (0.05, 0.4), "black": (0.0, 0.0)}),
        ("205", "-1", {"red": (0.3, 0.8), "white": (0.2, 0.7), "black": (0.0, 0.0)}),
        ("274", "30", {"red": (0.2, 0.6), "white": (0.2, 0.7), "black": (0.05, 0.3)}),
    ],
    ids=["stop", "yield", "speed limit"],
)
def test_plates_have_their_colours(type_, value, shares):
    text = CROSSING.replace(
        'type="206" subtype="-1" value="-1"', f'type="{type_}" subtype="-1" value="{value}"'
    )
    scene = Set(text)
    plate = scene.before("9", 1.0, CLASSES)[..., 2] == PLATES
    blue, green, red = scene.before("9", 1.0)[plate][:, :3].T
    found = {
        "red": (red > 2.5 * green) & (red > 60),
        "white": np.minimum(np.minimum(red, green), blue) > 120,
        "black": np.maximum(np.maximum(red, green), blue) < 70,
    }
    for colour, (least, most) in shares.items():
        assert least <= found[colour].mean() <= most, colour
    # an octagon fills 0.90 of the disc around it, a triangle 0.41
    rows, columns = np.nonzero(plate)
    filled = plate.sum() / (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    assert filled == pytest.approx({"206": 0.83, "205": 0.5, "274": 0.785}[type_], abs=0.05)


def test_a_ray_meets_the_post_the_head_and_the_plate(scene):
    rays = RayScene(scene.world, scene.studio)
    for signal, tag in (("7", HEADS), ("9", PLATES)):
        x, y, z = scene.sign(signal).place
        across = rays.pierce((x - 1.5, y, z), (x + 1.5, y, z))
        assert [label for _, label in across][:1] == [tag]
        foot = next(post.foot for post in scene.world.place.signage.posts if abs(post.foot[0] - x) < 0.5)
        low = rays.pierce((foot[0] - 1.5, foot[1], 1.0), (foot[0] + 1.5, foot[1], 1.0))
        ((point, label),) = low
        assert label == POLES
        assert point == pytest.approx((foot[0] - 0.08, foot[1], 1.0), abs=0.03)


def test_a_new_episode_shows_its_own_lights(scene):
    scene.show("7", GREEN)
    scene.before("7")
    old = scene.actor("7")
    scene.world.load("")
    assert scene.actor("7") != old
    scene.show("7", RED)
    picture, instances = scene.before("7"), scene.before("7", kind=INSTANCES)
    assert lamp(picture, 0.36).max() > 200 > lamp(picture, -0.36).max()
    low, high = instances[HEIGHT // 2, WIDTH // 2, [1, 0]]
    assert low + 256 * high == scene.actor("7")


def test_a_car_that_drives_at_a_post_stops_there_and_not_below_a_head():
    world = World({"crossing": CROSSING}, "crossing")
    world.change_settings(Settings(synchronous=True, fixed_delta=0.05))
    x, y, _ = next(post.foot for post in world.place.signage.posts if post.foot[0] > 150.0)
    car = world.spawn("vehicle.lincoln.mkz_2017", {}, ((x - 8.0, y, 0.0), (0.0, 0.0, 0.0)))
    handling.set_velocity(world, car.id, (10.0, 0.0, 0.0))
    labels = []
    for _ in range(40):
        world.tick()
        labels += [found.label for found in world.collisions]
    body = world.body(car.id)
    assert labels[:1] == [POLES]
    assert float(body["x"] + body["half_length"]) < x
    assert len(world.place.solids) == sum(
        thing.label not in (HEADS, PLATES) for thing in world.place.standing
    )


@pytest.mark.parametrize("xodr", [CROSSING, RING], ids=["crossing", "ring"])
def test_no_post_stands_on_a_lane_nor_where_the_map_has_vehicles_begin(xodr):
    world = World({"map": xodr}, "map")
    lanes = [polygon_of(strip) for strip in world.map.strips if strip.kind == "driving"]
    assert world.place.signage.posts
    for post in world.place.signage.posts:
        assert max(cv2.pointPolygonTest(lane, post.foot[:2], True) for lane in lanes) <= 0.01 - CLEAR
    for pose in world.map.spawn_points:
        bus = world.spawn("vehicle.mitsubishi.fusorosa", {}, pose)
        for _ in range(3):
            world.tick()
        assert not world.collisions
        world.destroy(bus.id)


def polygon_of(strip):
    """A lane's outline; a point's distance from it is negative outside."""
    return np.concatenate([strip.left[:, :2], strip.right[::-1, :2]]).astype(np.float32)[:, None]


def test_no_post_of_a_light_on_a_lane_stands_there():
    road_map = moved((100.0, 1.0), (100.0, -2.0))
    lanes = [polygon_of(strip) for strip in road_map.strips if strip.kind == "driving"]
    signage = signage_of(road_map, lambda x, y: 0.0)
    assert len(signage.posts) >= 2
    for post in signage.posts:
        assert max(cv2.pointPolygonTest(lane, post.foot[:2], True) for lane in lanes) <= 0.01 - CLEAR


def test_what_a_map_puts_nowhere_or_far_from_its_roads_is_not_drawn():
    whole = signage_of(moved(), lambda x, y: 0.0)
    some = signage_of(moved((math.nan, 0.0), (1e6, 0.0)), lambda x, y: 0.0)
    assert len(some.signs) == len(whole.signs) - 2
    assert np.isfinite([post.foot for post in some.posts]).all()


def test_a_light_that_stops_both_directions_looks_as_the_map_says():
    road_map = moved()
    light = road_map.signals[0]
    both = (light.stops[0], replace(light.stops[0], yaw=light.stops[0].yaw + 180.0))
    signals = (replace(light, stops=both), *road_map.signals[1:])
    signage = signage_of(replace(road_map, signals=signals), lambda x, y: 0.0)
    assert next(sign.yaw for sign in signage.signs if sign.signal == light.id) == light.pose[1][1]


def moved(*places):
    """The crossing's map with its first lights at other places."""
    road_map = read_map("crossing", CROSSING)
    signals = list(road_map.signals)
    for number, (x, y) in enumerate(places):
        signals[number] = replace(signals[number], pose=((x, y, 0.0), signals[number].pose[1]))
    return replace(road_map, signals=tuple(signals))


def test_a_light_too_near_to_a_lane_moves_aside_with_its_post():
    signage = signage_of(moved((100.0, 3.6)), lambda x, y: 0.25)
    head, post = signage.signs[0], signage.posts[0]
    assert post.foot[1] == pytest.approx(3.5 + CLEAR, abs=0.1)
    assert math.dist(head.place[:2], post.foot[:2]) < 0.2
    assert head.place[2] == pytest.approx(0.25 + HEAD_HEIGHT)
    assert not post.hangers


def test_lights_over_a_lane_hang_side_by_side_from_the_arm_of_a_post_beside_it():
    signage = signage_of(moved((100.0, 0.1), (100.0, 0.1)), lambda x, y: 0.0)
    first, second = signage.signs[:2]
    (post, _) = signage.posts  # the other one is the stop sign's
    assert abs(post.foot[1]) >= 3.5 + CLEAR - 0.01
    assert len(post.hangers) == 2
    assert math.dist(first.place[:2], second.place[:2]) > 2 * HEAD_HALF[0]
    assert first.place[2] - HEAD_HALF[2] > 4.5  # lorries pass below
    assert first.place[2] == OVER_LANES
    assert math.dist(first.place[:2], (100.0, 0.1)) < 0.2


def test_a_post_on_a_pavement_moves_out_of_the_walkers_way():
    """Light 7 is put in the middle of a pavement 3 m wide, on which walkers keep 1.1 m from the kerb."""
    signage = signage_of(read_map("crossing", PAVED), lambda x, y: 0.12)
    assert 3.5 + CLEAR <= signage.posts[0].foot[1] <= 3.5 + 1.1 - ASIDE
    assert not signage.posts[0].hangers


def test_a_sign_on_a_lane_is_painted_and_has_no_post():
    road_map = read_map("crossing", CROSSING.replace('s="80" t="-5"', 's="80" t="-0.5"'))
    signage = signage_of(road_map, lambda x, y: 0.0)
    assert {sign.kind for sign in signage.signs} == {"light"}


def test_a_light_that_a_map_turns_away_faces_the_traffic_that_it_stops():
    road_map = read_map("crossing", CROSSING)
    first, *others = road_map.signals
    away = replace(first, pose=(first.pose[0], (0.0, -90.0, 0.0)))
    signage = signage_of(replace(road_map, signals=(away, *others)), lambda x, y: 0.0)
    assert signage.signs[0].yaw == pytest.approx(90.0)


def test_a_map_without_signals_has_none_of_it_and_the_street_that_it_had():
    world = World({"straight": straight_road()}, "straight")
    assert world.place.signage == NO_SIGNAGE
    assert not {HEADS, PLATES} & {thing.label for thing in world.place.standing}
    plain = lay_out(world.map.strips, world.map.marks, seed=SEED)
    assert len(plain.placed) == len(world.place.street.placed)
    for one, other in zip(plain.placed, world.place.street.placed, strict=True):
        assert (one.shape.key, one.thing) == (other.shape.key, other.thing)
        assert_array_equal(one.pose, other.pose)


def test_no_tree_stands_between_a_light_and_the_drivers_whom_it_stops():
    world = World({"crossing": PAVED}, "crossing")
    trees = [placed.pose[:2, 3] for placed in world.place.street.placed if placed.shape.key[0] == "tree"]
    plain = lay_out(world.map.strips, world.map.marks, seed=SEED)
    assert 0 < len(trees) < sum(placed.shape.key[0] == "tree" for placed in plain.placed)
    lights = [sign for sign in world.place.signage.signs if sign.kind == "light"]
    for light in lights:
        assert len(light.seen_from) == 3
        for spot in light.seen_from:
            line = np.linspace(light.place[:2], spot, 50)
            assert min(np.linalg.norm(line - tree, axis=1).min() for tree in trees) > 2.4
