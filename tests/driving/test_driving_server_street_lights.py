"""Street lamps through the official client's LightManager, and on their own."""

from __future__ import annotations

import queue
import time

import carla
import numpy as np
import pytest
from ticking import synchronous

from driving.server.render.street import lay_out
from driving.server.street_lights import AT_ONE_METRE, FULL, StreetLights
from driving.server.world import World
from scenarios.roads import straight_road

STREET = carla.LightGroup.Street
NIGHT = carla.WeatherParameters.ClearNight


@pytest.fixture(scope="module")
def world(client_of, serve):
    client = client_of("127.0.0.1", serve("straight"))
    world = synchronous(client.get_world(), delta=0.05)
    yield world
    settings = world.get_settings()
    settings.synchronous_mode = False
    world.apply_settings(settings)


@pytest.fixture
def camera(world):
    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    blueprint.set_attribute("image_size_x", "64")
    blueprint.set_attribute("image_size_y", "36")
    camera = world.spawn_actor(blueprint, carla.Transform(carla.Location(12.0, 1.75, 1.5)))
    images = queue.Queue()
    camera.listen(images.put)

    def take() -> float:
        """Mean brightness of red, and of blue, after a tick."""
        frame = world.tick()
        while (image := images.get(timeout=10.0)).frame < frame:
            pass
        pixels = np.frombuffer(image.raw_data, np.uint8).reshape(36, 64, 4)[20:].astype(float)
        return pixels[..., 2].mean(), pixels[..., 0].mean()

    yield take
    camera.destroy()
    world.set_weather(carla.WeatherParameters.ClearNoon)
    world.tick()


def burning(world, manager, expected: int) -> int:
    """How many lamps burn as the client knows it, once it has asked the server again."""
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        world.tick()
        found = len(manager.get_turned_on_lights(STREET))
        if found == expected:
            return found
    return found


def test_the_lamps_of_the_street_are_lights_and_follow_dusk_and_dawn(world):
    manager = world.get_lightmanager()
    lamps = manager.get_all_lights(STREET)
    assert len(lamps) == len(manager.get_all_lights(carla.LightGroup.NONE)) == 44
    assert all(5.0 < lamp.location.z < 7.0 for lamp in lamps)
    assert sorted({round(lamp.location.y, 1) for lamp in lamps}) == [-5.3, 5.3]
    assert not any(lamp.is_on for lamp in lamps)
    world.set_weather(NIGHT)
    assert burning(world, manager, 44) == 44
    world.set_weather(carla.WeatherParameters.ClearNoon)
    assert burning(world, manager, 0) == 0


def test_clients_colour_dim_and_switch_lamps_off(world, camera):
    manager = world.get_lightmanager()
    world.set_weather(NIGHT)
    assert burning(world, manager, 44) == 44
    lamps = manager.get_all_lights(STREET)
    warm = camera()
    manager.set_color(lamps, carla.Color(40, 110, 255))
    camera()
    blue = camera()
    manager.set_intensity(lamps, FULL / 4)
    camera()
    dim = camera()
    manager.turn_off(lamps)
    camera()
    off = camera()
    assert warm[0] > warm[1]
    assert blue[1] > blue[0] + 10
    assert off[1] + 3 < dim[1] < blue[1] - 3
    assert burning(world, manager, 0) == 0


def test_with_the_day_night_cycle_off_lamps_stay_as_they_are(world):
    manager = world.get_lightmanager()
    manager.set_day_night_cycle(False)
    world.set_weather(NIGHT)
    assert burning(world, manager, 0) == 0
    manager.set_day_night_cycle(True)
    world.set_weather(carla.WeatherParameters.ClearNoon)
    world.set_weather(NIGHT)
    assert burning(world, manager, 44) == 44
    world.set_weather(carla.WeatherParameters.ClearNoon)
    world.tick()


def test_a_lamp_of_full_intensity_gives_its_colour_at_one_metre():
    lights = StreetLights(World({"straight": straight_road()}, "straight").place.street.placed, -10.0)
    lamp = lights.lamps[0]
    lights.read(
        [[lamp.id, [9.0, 9.0, 9.0], FULL / 2, 2, [255, 0, 0], True], [10**6, [0] * 3, 1.0, 2, [0] * 3, True]]
    )
    assert lights.shining()[lamp.id] == pytest.approx((AT_ONE_METRE / 2, 0.0, 0.0))
    assert lights.lamps[0].place == lamp.place
    assert len(lights.shining()) == len(lights.lamps) == 44


def test_a_street_without_pavement_has_no_lamps():
    assert StreetLights(lay_out((), (), seed=0).placed, -10.0).structs() == []
