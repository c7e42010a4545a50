"""Debug shapes: where they land in a picture, what hides them, how long they stay."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from driving.server.actor import Actor
from driving.server.cameras import Studio
from driving.server.debug_shapes import MOST, DebugShapes
from driving.server.errors import WireError
from driving.server.world import World
from scenarios.roads import straight_road

RED, GREEN = [255, 0, 0], [0, 255, 0]
FOR_EVER, ONE_FRAME = 0.0, -1.0
EYE = (100.0, 1.75, 1.5)


@pytest.fixture(scope="module")
def studio() -> tuple[World, Studio]:
    world = World({"straight": straight_road()}, "straight")
    return world, Studio(world)


@pytest.fixture
def world(studio: tuple[World, Studio]) -> World:
    studio[0].debug_shapes = DebugShapes()
    return studio[0]


def camera(world: World, kind: str = "rgb") -> Actor:
    values = {"image_size_x": "101", "image_size_y": "101", "fov": "90"}
    return world.spawn(f"sensor.camera.{kind}", values, (EYE, (0.0, 0.0, 0.0)))


def pixels(studio: tuple[World, Studio], kind: str = "rgb") -> NDArray[np.uint8]:
    """What a camera at EYE that looks along x sees: focal length 50.5 px, axis at (50.5, 50.5)."""
    world, pictures = studio
    actor = camera(world, kind)
    picture = next(iter(pictures.pictures([actor])))
    world.destroy(actor.id)
    return picture.pixels


def line(
    a: list[float], b: list[float], thickness: float, colour: list[int] = RED, life: float = FOR_EVER
) -> list:
    return [[1, [a, b, thickness]], colour, life, False]


def red(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (picture[..., 2] > 200) & (picture[..., :2] < 60).all(axis=2)


def test_a_line_lands_where_its_ends_are_as_thick_as_it_is(studio, world):
    # 10 m ahead, from 4 m left to 4 m right at eye height: 20.2 px either side of (50.5, 50.5)
    world.debug_shapes.draw(line([110.0, -2.25, 1.5], [110.0, 5.75, 1.5], 1.0), 1, 0.0)
    rows, columns = np.nonzero(red(pixels(studio)))
    assert (columns.min(), columns.max()) == pytest.approx((30, 70), abs=1)
    assert rows.max() - rows.min() + 1 == pytest.approx(5.05, abs=1)  # 1 m at 10 m
    assert (rows.max() + rows.min()) / 2 == pytest.approx(50, abs=0.5)


def test_a_line_that_passes_the_camera_is_cut_at_it(studio, world):
    world.debug_shapes.draw(line([80.0, 3.75, 1.5], [140.0, 3.75, 1.5], 0.2), 1, 0.0)
    _, columns = np.nonzero(red(pixels(studio)))
    assert columns.max() == 100
    assert columns.min() == pytest.approx(50.5 + 50.5 * 2 / 40, abs=1.5)


def test_what_stands_before_a_shape_hides_it_but_not_on_the_display(studio, world):
    box = world.spawn("vehicle.mercedes.sprinter", {}, ((110.0, 1.75, 0.1), (0.0, 90.0, 0.0)))
    world.debug_shapes.draw(line([130.0, 1.75, 1.0], [130.0, 1.75, 2.0], 0.5), 1, 0.0)
    hidden = pixels(studio)
    world.debug_shapes.draw(
        [[6, [[130.0, 1.75, 1.0], [130.0, 1.75, 2.0], 0.5]], RED, FOR_EVER, False], 1, 0.0
    )
    above = pixels(studio)
    world.destroy(box.id)
    shown = pixels(studio)
    assert not red(hidden).any()
    assert red(above).any()
    assert red(shown).any()


def test_only_colour_cameras_see_shapes(studio, world):
    kinds = ("depth", "semantic_segmentation", "instance_segmentation", "normals")
    bare = {kind: pixels(studio, kind) for kind in kinds}
    world.debug_shapes.draw(line([110.0, -2.25, 1.5], [110.0, 5.75, 1.5], 1.0), 1, 0.0)
    for kind in kinds:
        assert (pixels(studio, kind) == bare[kind]).all()


def test_a_box_has_twelve_edges_turned_by_the_shapes_rotation(world):
    struct = [[[5.0, 6.0, 7.0], [1.0, 2.0, 3.0], [0.0, 45.0, 0.0], 0], [0.0, 90.0, 0.0], 0.1]
    world.debug_shapes.draw([[3, struct], GREEN, FOR_EVER, False], 1, 0.0)
    strokes = world.debug_shapes.strokes
    assert len(strokes) == 12
    ends = strokes[:, :6].reshape(-1, 3)
    assert ends.min(axis=0).round(6).tolist() == [3.0, 5.0, 4.0]  # x and y half sizes changed places
    assert ends.max(axis=0).round(6).tolist() == [7.0, 7.0, 10.0]
    lengths = np.linalg.norm(strokes[:, 3:6] - strokes[:, :3], axis=1).round(6)
    assert sorted(lengths.tolist()) == [2.0] * 4 + [4.0] * 4 + [6.0] * 4


def test_an_arrow_is_a_line_with_barbs_at_its_end(world):
    world.debug_shapes.draw([[2, [[[0, 0, 0], [3, 0, 0], 0.1], 0.5]], RED, FOR_EVER, False], 1, 0.0)
    strokes = world.debug_shapes.strokes
    assert strokes[0, :6].tolist() == [0, 0, 0, 3, 0, 0]
    assert (strokes[1:, :3] == [3, 0, 0]).all()
    assert strokes[1:, 3].tolist() == [2.5] * 4


def test_a_point_is_as_large_far_away_as_near(studio, world):
    areas = []
    for x, z in ((105.0, 2.5), (300.0, 41.5)):  # in one direction
        world.debug_shapes.draw([[0, [[x, 1.75, z], 1.0]], RED, FOR_EVER, False], 1, 0.0)
        areas.append(int(red(pixels(studio)).sum()))
        world.debug_shapes.clear(texts=False, shapes=True)
    assert areas[0] == pytest.approx((101 * 100 / 1280) ** 2, rel=0.4)
    assert areas[1] == pytest.approx(areas[0], rel=0.3)


def test_text_shows_and_is_cleared_apart_from_shapes(studio, world):
    bare = pixels(studio)
    world.debug_shapes.draw([[4, [[110.0, 0.0, 1.5], "HERE", False]], RED, FOR_EVER, False], 1, 0.0)
    world.debug_shapes.clear(texts=False, shapes=True)
    assert red(pixels(studio)).sum() > 10
    world.debug_shapes.clear(texts=True, shapes=False)
    assert (pixels(studio) == bare).all()


def test_a_shape_lives_for_its_simulated_time_one_frame_or_for_ever(world):
    shapes = world.debug_shapes
    for life in (0.25, ONE_FRAME, FOR_EVER):
        shapes.draw(line([0.0] * 3, [1.0] * 3, 0.1, life=life), world.frame, world.elapsed)
    counts = []
    for _ in range(7):
        world.tick(0.05)
        counts.append(len(shapes))
    assert counts == [3, 2, 2, 2, 2, 1, 1]


def test_shapes_are_bounded_in_number_and_the_oldest_give_way():
    shapes = DebugShapes()
    for number in range(MOST + 5):
        shapes.draw(line([float(number), 0.0, 0.0], [0.0, 1.0, 0.0], 0.1), 1, 0.0)
    assert len(shapes) == MOST
    assert shapes.strokes[0, 0] == 5.0


@pytest.mark.parametrize("struct", [[[9, []], RED, 0.0, False], [[0, [[0.0, 0.0], 1.0]], RED, 0.0, False]])
def test_what_is_no_shape_is_refused(struct):
    with pytest.raises((WireError, ValueError)):
        DebugShapes().draw(struct, 1, 0.0)
