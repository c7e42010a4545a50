"""What a client takes away vanishes from every camera, and comes back."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from driving.server.cameras import CAMERAS, Studio
from driving.server.world import World
from scenarios.roads import straight_road

BUILDINGS = 3
STILL = [kind for kind in CAMERAS if kind not in ("sensor.camera.optical_flow", "sensor.camera.dvs")]


def test_hidden_environment_objects_are_in_no_picture_and_shown_ones_in_all() -> None:
    world = World({"straight": straight_road()}, "straight")
    studio = Studio(world)
    values = {"image_size_x": "64", "image_size_y": "36"}
    cameras = [world.spawn(kind, values, ((100.0, 1.75, 1.5), (0.0, 0.0, 0.0))) for kind in STILL]

    def pictures() -> dict[str, np.ndarray]:
        return {one.camera.blueprint.id: one.pixels.copy() for one in studio.pictures(cameras)}

    before = pictures()
    houses = [thing.id for thing in world.place.standing if thing.label == BUILDINGS]
    world.place.show(houses, on=False)
    without = pictures()
    world.place.show(houses, on=True)
    after = pictures()
    for kind in STILL:
        assert (without[kind] != before[kind]).any(axis=2).mean() > 0.2, kind
        assert_array_equal(after[kind], before[kind])
    classes = "sensor.camera.semantic_segmentation"
    assert (before[classes][..., 2] == BUILDINGS).any()
    assert not (without[classes][..., 2] == BUILDINGS).any()
