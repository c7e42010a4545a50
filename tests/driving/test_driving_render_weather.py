"""Weather, lamps and wet roads: what must change in a picture, by how much, and what must not."""

from __future__ import annotations

from itertools import combinations, pairwise

import carla
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from driving.server.render import Camera, Frame, Look, Scene, Weather, render
from driving.server.render.vehicle_lights import HEAD, LEFT, RIGHT, TAIL, brightness
from tests.benchmarks.bench_render import street_with_traffic

EYE, AHEAD = (8.0, 1.75, 1.35), (0.0, 0.0, 0.0)
CAMERA = Camera(160, 90, 80.0)
NIGHT, NOON = Weather(sun_altitude=-90.0), Weather(sun_altitude=50.0)
LAMPS = {number: (48.0, 36.0, 20.0) for number in range(1, 2000)}  # every thing that is a lamp
CAR = Look("vehicle", "vehicle.tesla.model3", "car", 4.8, 1.85, 1.49, (170, 24, 28), 14)
ADULT = Look("walker", "walker.pedestrian.0001", "", 0.4, 0.4, 1.86, (160, 160, 160), 12)
FIELDS = (
    "cloudiness", "precipitation", "precipitation_deposits", "wind_intensity", "sun_azimuth_angle",
    "sun_altitude_angle", "fog_density", "fog_distance", "fog_falloff", "wetness", "scattering_intensity",
    "mie_scattering_scale", "rayleigh_scattering_scale", "dust_storm",
)  # fmt: skip


@pytest.fixture(scope="module")
def traffic() -> Scene:
    return street_with_traffic()


@pytest.fixture
def plain() -> Scene:
    return Scene((), ())


def picture(scene: Scene, weather: Weather, *, camera: Camera = CAMERA) -> Frame:
    scene.set_weather(weather)
    return render(scene, camera, EYE, AHEAD)


def light(frame: Frame, mask: NDArray[np.bool_]) -> float:
    return float(frame.bgra[mask][:, :3].mean())


def presets() -> dict[str, Weather]:
    found = {name: getattr(carla.WeatherParameters, name) for name in dir(carla.WeatherParameters)}
    return {
        name: Weather.of([getattr(item, field) for field in FIELDS])
        for name, item in found.items()
        if isinstance(item, carla.WeatherParameters)
    }


def test_all_presets_of_the_client_can_be_told_apart_but_default_which_is_noon(traffic: Scene) -> None:
    frames = {}
    for name, weather in presets().items():
        traffic.light_street(LAMPS if weather.sun_altitude < 0.0 else {})
        frames[name] = picture(traffic, weather).bgra.astype(int)
    traffic.light_street({})
    assert len(frames) == 23
    for one, other in combinations(sorted(frames), 2):
        difference = np.abs(frames[one] - frames[other]).mean()
        if {one, other} == {"Default", "ClearNoon"}:
            assert difference < 0.5
        else:
            assert difference > 0.05, f"{one} looks like {other}"


def test_weather_changes_colours_only(traffic: Scene) -> None:
    noon = picture(traffic, NOON)
    for weather in (NIGHT, Weather(precipitation=100.0, deposits=100.0, wetness=100.0)):
        frame = picture(traffic, weather)
        near = noon.depth < 150.0
        for name in ("depth", "tag", "instance"):
            assert_array_equal(getattr(frame, name)[near], getattr(noon, name)[near])


def test_it_gets_darker_from_noon_to_midnight(traffic: Scene) -> None:
    means = [picture(traffic, Weather(sun_altitude=a)).bgra[..., :3].mean() for a in (50, 10, 2, -4, -90)]
    assert all(brighter > darker + 2 for brighter, darker in pairwise(means))


def test_street_lamps_light_the_road_below_them_by_night_and_go_out(traffic: Scene) -> None:
    dark = picture(traffic, NIGHT)
    road = (dark.tag == 1) & (dark.depth < 40.0)
    traffic.light_street(LAMPS)
    lit = picture(traffic, NIGHT)
    traffic.light_street({})
    out = picture(traffic, NIGHT)
    assert light(lit, road) > light(dark, road) + 8
    blue, _, red = (lit.bgra[road].astype(int) - dark.bgra[road]).mean(axis=0)[:3]
    assert red > blue + 3  # the light is warm
    assert_array_equal(out.bgra, dark.bgra)


def test_a_hidden_lamp_gives_no_light(traffic: Scene) -> None:
    dark = picture(traffic, NIGHT)
    traffic.hide(range(1, 2000))
    bare = picture(traffic, NIGHT)
    traffic.light_street(LAMPS)
    hidden = picture(traffic, NIGHT)
    traffic.light_street({})
    traffic.hide(())
    assert_array_equal(hidden.bgra, bare.bgra)
    assert not (hidden.tag == 3).any()
    assert_array_equal(picture(traffic, NIGHT).bgra, dark.bgra)


def test_headlights_show_a_walker_and_its_shadow_and_nothing_behind_the_car(plain: Scene) -> None:
    plain.add(1, CAR)
    plain.move(1, (6.0, 1.75, 0.0), AHEAD)
    plain.add(2, ADULT)
    plain.move(2, (22.0, 1.75, 0.93), (0.0, 90.0, 0.0))
    dark = picture(plain, NIGHT)
    plain.set_lights(1, 2 | 4)
    lit = picture(plain, NIGHT)
    walker = dark.instance == 2
    assert light(lit, walker) > light(dark, walker) + 60
    # the road right behind the walker is in its shadow, the road beside it is not
    rows, columns = np.nonzero(walker)
    behind = lit.bgra[rows.max() - 2, [int(columns.mean()), columns.max() + 5], :3].mean(axis=1)
    plain.set_lights(1, 0)
    assert_array_equal(picture(plain, NIGHT).bgra, dark.bgra)
    assert behind[1] > 30


@pytest.mark.parametrize(
    ("sort", "flags", "expected"),
    [
        (HEAD, 0, 0.0), (HEAD, 1, 0.35), (HEAD, 2, 0.8), (HEAD, 4, 1.0), (HEAD, 8, 0.0),
        (TAIL, 1, 0.4), (TAIL, 8, 1.0), (TAIL, 1 | 8, 1.0), (TAIL, 64, 0.0),
        (RIGHT, 16, 1.0), (LEFT, 16, 0.0), (LEFT, 32, 1.0),
    ],
)  # fmt: skip
def test_each_flag_lights_its_lamps(sort: int, flags: int, expected: float) -> None:
    assert brightness(sort, flags, 0.0) == expected


def test_indicators_blink_three_half_periods_a_second() -> None:
    assert [brightness(LEFT, 32, second) for second in (0.0, 0.3, 0.4, 0.6, 0.7)] == [1.0, 1.0, 0.0, 0.0, 1.0]


def test_tail_lamps_glow_red_when_braking_and_one_side_blinks(plain: Scene) -> None:
    plain.add(1, CAR)
    plain.move(1, (14.0, 1.75, 0.0), AHEAD)
    off = picture(plain, NIGHT).bgra.astype(int)
    plain.set_lights(1, 8)
    braking = picture(plain, NIGHT).bgra.astype(int) - off
    assert braking[..., 2].max() > 120
    assert braking[..., 0].max() < 60
    plain.set_lights(1, 16)
    blinking = picture(plain, NIGHT).bgra.astype(int) - off
    _, columns = np.nonzero(blinking[..., 2] > 60)
    assert columns.min() > 80  # the car stands in the middle of 160 columns: right is right
    plain.set_time(0.4)
    assert np.abs(picture(plain, NIGHT).bgra.astype(int) - off).max() < 40
    plain.set_time(0.0)


def test_a_wet_road_mirrors_what_stands_behind_it(traffic: Scene) -> None:
    dry = picture(traffic, Weather(cloudiness=90.0), camera=Camera(320, 180, 80.0))
    wet = picture(traffic, Weather(cloudiness=90.0, deposits=100.0), camera=Camera(320, 180, 80.0))
    road = (dry.tag == 1) & (dry.depth < 60.0)
    near = road & (dry.depth < 5.0)
    assert light(wet, near) < light(dry, near) - 3  # soaked asphalt is darker where one looks down on it
    assert (
        wet.bgra[road][:, :3].std() > 1.3 * dry.bgra[road][:, :3].std()
    )  # and mirrors houses and sky far off


def test_rain_falls_and_the_same_second_gives_the_same_drops(traffic: Scene) -> None:
    rain = Weather(cloudiness=90.0, precipitation=100.0)
    traffic.set_time(1.0)
    first, again = picture(traffic, rain), picture(traffic, rain)
    traffic.set_time(1.05)
    later = picture(traffic, rain)
    traffic.set_time(0.0)
    assert_array_equal(first.bgra, again.bgra)
    assert 0.005 < (np.abs(first.bgra.astype(int) - later.bgra).max(axis=2) > 4).mean() < 0.5


def test_fog_begins_where_it_should_and_stays_low_when_it_is_heavy(traffic: Scene) -> None:
    clear = picture(traffic, Weather())
    late = picture(traffic, Weather(fog_density=60.0, fog_distance=50.0))
    near = clear.depth < 45.0
    # pixels at the edge of something near may show what is far beside it
    assert (late.bgra[near] == clear.bgra[near]).all(axis=1).mean() > 0.99
    low = picture(traffic, Weather(fog_density=60.0, fog_falloff=5.0))
    high = picture(traffic, Weather(fog_density=60.0, fog_falloff=0.1))
    sky = clear.tag[:10] == 11
    assert_allclose(low.bgra[:10][sky], clear.bgra[:10][sky], atol=12)
    assert np.abs(high.bgra[:10][sky].astype(int) - clear.bgra[:10][sky]).mean() > 15
