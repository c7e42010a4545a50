"""Recordings: their files, what they tell, and that a replay shows what was recorded."""

from __future__ import annotations

import msgpack
import numpy as np
import pytest
from crossing import CROSSING
from ticking import waiting_world

from driving.server import commands, handling
from driving.server.calls import Desk, answer
from driving.server.errors import WorldError
from driving.server.publish import Publisher
from driving.server.recorder import Recorder
from driving.server.recording_file import FORMAT, place, read
from driving.server.recording_info import info
from driving.server.recording_report import blocked, collisions, duration_of
from driving.server.settings import Settings
from driving.server.world import World

CAR, CHILD, CAMERA = "vehicle.lincoln.mkz_2017", "walker.pedestrian.0011", "sensor.camera.rgb"
DELTA = 0.05


@pytest.fixture
def world():
    return waiting_world(delta=DELTA)


@pytest.fixture
def desk(world, tmp_path):
    return Desk(world, 2001, Publisher(world, 2001).rays, world.tick, tmp_path)


def call(desk, name, *arguments):
    """A call's value; its error is raised."""
    (envelope,) = answer(desk, name, arguments)
    if envelope[0] == 1:
        return envelope[1]
    assert envelope == [False], envelope
    return None


def ride(desk, ticks=40):
    """Record a hero's ride into a child, with a lamp lit half way; returns the car and its places by tick."""
    world = desk.world
    car = world.spawn(CAR, {"role_name": "hero"}, ((20.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    child = world.spawn(CHILD, {"is_invincible": "false"}, ((32.0, 1.75, 0.55), (0.0, 0.0, 0.0)))
    world.spawn(CAMERA, {}, ((1.5, 0.0, 1.5), (0.0, 0.0, 0.0)), parent=car.id)
    commands.drive(world, car.id, (0.6, 0.0, 0.0, False, False, False, 0))
    handling.set_velocity(world, car.id, (8.0, 0.0, 0.0))
    call(desk, "start_recorder", "ride.log", True)
    places = [float(world.body(car.id)["x"])]
    for tick in range(ticks):
        if tick == ticks // 2:
            commands.set_lights(world, car.id, 2)
        world.tick()
        places.append(float(world.body(car.id)["x"]))
    call(desk, "stop_recorder")
    return car, child, places


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "etc+passwd"),
        ("/etc/passwd", "etc+passwd"),
        ("C:\\x\\passwd", "C+x+passwd"),
        ("passwd", "passwd"),
        ("a/../passwd", "a+passwd"),
        ("..passwd", "passwd"),
    ],
)
def test_a_recording_lies_inside_the_folder_whatever_its_name_says(tmp_path, name, file):
    assert place(tmp_path, name) == tmp_path / file


def test_recordings_of_one_name_in_two_folders_are_two_files(desk, tmp_path):
    first, second = (call(desk, "start_recorder", f"/tmp/{folder}/run.log") for folder in "xy")
    assert first != second
    assert {file.name for file in tmp_path.iterdir()} == {"tmp+x+run.log", "tmp+y+run.log"}
    long = [place(tmp_path, f"/tmp/{letter}{'x' * 300}/run.log") for letter in "ab"]
    assert long[0] != long[1]
    assert {len(each.name) for each in long} == {100}


@pytest.mark.parametrize("name", ["", "..", "/", "///", "a/..", "\0"])
def test_a_name_without_a_letter_is_refused(tmp_path, name):
    with pytest.raises(WorldError, match="needs a name"):
        place(tmp_path, name)


def test_a_long_or_strange_name_becomes_a_short_plain_one(tmp_path):
    assert len(place(tmp_path, "x" * 5000).name) == 100
    told = str(place(tmp_path, "/tmp/x/run.log"))  # as `start_recorder` tells the client
    assert str(place(tmp_path, told)) == told
    assert place(tmp_path, "mein Ausflug*?.log").name == "mein_Ausflug__.log"


def test_a_recording_reads_back_as_the_motion_it_was_made_of(desk, tmp_path):
    car, child, places = ride(desk)
    head, frames = read(tmp_path / "ride.log")
    frames = list(frames)
    assert head.map == "straight"
    assert len(frames) == 41
    times = [frame.time for frame in frames]
    np.testing.assert_allclose(times, np.arange(41) * DELTA, atol=1e-9)
    shown = [float(frame.motion[frame.ids.tolist().index(car.id), 0]) for frame in frames]
    np.testing.assert_allclose(shown, places, atol=1e-4)
    spectator = desk.world.spectator.id
    assert [created[0] for created in frames[0].created] == [spectator, car.id, child.id, child.id + 1]
    assert [frame.lamps for frame in frames if frame.lamps] == [[[car.id, 2]]]


def test_a_replay_moves_a_new_car_as_the_old_one_moved(desk):
    car, _child, places = ride(desk)
    for actor in [*desk.world.of_kind("vehicle"), *desk.world.of_kind("walker")]:
        desk.world.destroy(actor.id)
    text = call(desk, "replay_file", "ride.log", 0.0, 0.0, 0, False)
    assert "Replaying from 0 s to 2 s" in text
    assert desk.world.actor(car.id).blueprint.id == CAR  # by its old id
    assert not list(desk.world.of_kind("sensor"))
    shown = [float(desk.world.body(car.id)["x"])]
    for _ in range(40):
        desk.world.tick()
        shown.append(float(desk.world.body(car.id)["x"]))
    np.testing.assert_allclose(shown, places, atol=1e-3)
    assert desk.world.actor(car.id).lights == 2
    desk.world.tick()
    assert desk.world.body(car.id)["simulated"] == 1.0  # it is over, and physics goes on


def test_a_replay_uses_who_is_there_and_takes_out_who_came_with_it(desk):
    car, child, places = ride(desk)
    desk.world.destroy(child.id)
    call(desk, "replay_file", "ride.log", 0.0, 0.0, 0, True)
    assert float(desk.world.body(car.id)["x"]) == pytest.approx(places[0], abs=1e-3)
    assert len(list(desk.world.of_kind("vehicle"))) == 1
    call(desk, "stop_replayer", False)
    assert car.id in desk.world.actors
    assert child.id not in desk.world.actors


@pytest.mark.parametrize(("start", "first"), [(1.0, 20), (-0.5, 30)])
def test_a_replay_starts_where_it_is_told_and_runs_at_its_factor(desk, start, first):
    car, _, places = ride(desk)
    call(desk, "set_replayer_time_factor", 0.5)
    call(desk, "replay_file", "ride.log", start, 0.25, 0)
    assert float(desk.world.body(car.id)["x"]) == pytest.approx(places[first], abs=1e-3)
    desk.world.tick()
    half_way = (places[first] + places[first + 1]) / 2
    assert float(desk.world.body(car.id)["x"]) == pytest.approx(half_way, abs=1e-3)
    for _ in range(9):
        desk.world.tick()
    assert desk.world.replay.over


def test_the_hero_is_ignored_if_asked_and_the_spectator_follows_if_asked(desk):
    car, child, places = ride(desk)
    call(desk, "set_replayer_ignore_hero", True)
    call(desk, "replay_file", "ride.log", 0.0, 0.0, child.id)
    place_now = float(desk.world.body(car.id)["x"])
    assert place_now == pytest.approx(places[-1])
    spectator = desk.world.body(desk.world.spectator.id)
    assert float(spectator["x"]) == pytest.approx(32.0 - 10.0)
    call(desk, "set_replayer_ignore_hero", False)
    call(desk, "set_replayer_ignore_spectator", False)
    handling.teleport(desk.world, desk.world.spectator.id, (99.0, 0.0, 5.0))
    call(desk, "replay_file", "ride.log", 0.0, 0.0, 0)
    assert float(spectator["x"]) == 0.0  # where it was recorded


def test_reports_name_arrivals_collisions_and_who_stood_still(desk, tmp_path):
    car, child, _ = ride(desk)
    text = info(tmp_path / "ride.log", everything=False)
    assert f" Create {car.id}: {CAR} (1) at (2000, 175, 0)\n  role_name = hero\n" in text
    assert f" Create {desk.world.spectator.id}: spectator (0) at (0, 0, 1000)" in text
    assert f" Parenting {child.id + 1} with {car.id} (parent)" in text
    assert f" Collision id 0 between {car.id} (hero)  with {child.id}\n" in text
    assert text.endswith("\n\nFrames: 41\nDuration: 2 seconds\n")
    assert "animations" not in text
    hit = collisions(tmp_path / "ride.log", "v", "w")
    assert f"h w   {car.id:6} {CAR}" in hit
    assert CHILD not in collisions(tmp_path / "ride.log", "w", "w")
    assert CHILD in collisions(tmp_path / "ride.log", "a", "a")
    still = blocked(tmp_path / "ride.log", 0.5, 100.0)
    assert CHILD in still
    assert CAR not in still
    assert duration_of(tmp_path / "ride.log") == pytest.approx(2.0)


def test_everything_is_told_as_carlas_tools_parse_it(tmp_path):
    """Row by row as scenario_runner's metrics_parser.py cuts it: at spaces, with brackets and commas."""
    world = World({"crossing": CROSSING}, "crossing")
    world.change_settings(Settings(synchronous=True, fixed_delta=DELTA))
    desk = Desk(world, 2001, Publisher(world, 2001).rays, world.tick, tmp_path)
    car = world.spawn(CAR, {}, ((-40.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    child = world.spawn(CHILD, {}, ((-20.0, -8.0, 0.55), (0.0, 90.0, 0.0)))
    commands.drive(world, car.id, (0.5, -0.25, 0.0, True, False, False, 0))
    commands.walk(world, child.id, (0.0, 1.0, 0.0), 1.5)
    commands.set_lights(world, car.id, 3)
    call(desk, "start_recorder", "all.log")
    for _ in range(4):
        world.tick()
    call(desk, "stop_recorder")
    first, *_, last = call(desk, "show_recorder_file_info", "all.log", True).split("Frame ")[1:]
    lights = list(world.lights.by_actor)
    assert [row.split()[:4] for row in first.split("\n") if "traffic_light (3)" in row] == [
        ["Create", f"{light}:", "traffic.traffic_light", "(3)"] for light in lights
    ]
    rows = [row.split(" ") for row in last.split("\n")]
    assert rows[0] == ["5", "at", "0.2", "seconds"]
    positions = rows.index(["", "Positions:", "3"])
    places = {int(row[3]): row[4:] for row in rows[positions + 1 : positions + 4]}
    body = world.body(child.id)
    label, *place, turn, roll, pitch, yaw = places[child.id]
    assert (label, turn, roll, pitch, yaw) == ("Location:", "Rotation:", "(0,", "0,", "90)")
    metres = [float(part.strip("(,)")) / 100.0 for part in place]
    assert metres == pytest.approx([body[name] for name in "xyz"], abs=1e-3)
    states = rows.index(["", "State", "traffic", "lights:", str(len(lights))])
    assert [row[2:8:2] for row in rows[states + 1 : states + 1 + len(lights)]] == [
        ["Id:", "state:", "frozen:"] for _ in lights
    ]
    told = {int(row[3]): row for row in rows[states + 1 : states + 1 + len(lights)]}
    for actor_id, light in world.lights.by_actor.items():
        assert int(told[actor_id][5]) == light.state
        assert float(told[actor_id][9]) == pytest.approx(light.elapsed, abs=1e-4)
    text = "\n".join(" ".join(row) for row in rows)
    control = "Steering: -0.25 Throttle: 0.5 Brake: 0 Handbrake: 1 Gear: 1"
    assert f" Vehicle animations: 1\n  Id: {car.id} {control}\n Walker animations: 1\n" in text
    assert f"  Id: {child.id} speed: 1.5\n Vehicle light animations: 1\n" in text
    assert f"  Id: {car.id} Position LowBeam\n Dynamic actors: 2\n" in text


def test_what_is_no_recording_says_so(desk, tmp_path):
    assert call(desk, "show_recorder_file_info", "none.log", False) == "File none.log not found on server\n"
    (tmp_path / "text.log").write_text("hello")
    assert "text.log is no recording" in call(desk, "show_recorder_collisions", "text.log", "a", "a")
    head = msgpack.packb([FORMAT, "straight", "now"])
    (tmp_path / "bad.log").write_bytes(head + msgpack.packb([0.0, [], [], b"abcd", b"", [], [], [], [], []]))
    assert "bad.log is damaged" in call(desk, "replay_file", "bad.log", 0.0, 0.0, 0)
    (tmp_path / "empty.log").write_bytes(head)
    assert "has no frames" in call(desk, "replay_file", "empty.log", 0.0, 0.0, 0)
    other = msgpack.packb([FORMAT, "Town99", "now"])
    (tmp_path / "other.log").write_bytes(other + msgpack.packb([0.0, [], [], b"", b"", [], [], [], [], []]))
    assert "Map 'Town99' not found" in call(desk, "replay_file", "other.log", 0.0, 0.0, 0)


def test_a_file_that_is_damaged_further_on_ends_the_replay_and_not_the_world(desk, tmp_path):
    head = msgpack.packb([FORMAT, "straight", "now"])
    good = msgpack.packb([0.0, [], [], b"\1\0\0\0", bytes(64), [], [], [], [], []])
    strange = msgpack.packb([0.04, [["x"]], [], b"\1\0\0\0", bytes(64), [], [], [], [], []])
    (tmp_path / "bad.log").write_bytes(head + good * 3 + strange + good)
    assert "not understood" in str(answer(desk, "replay_file", ("bad.log", 0.0, 9.0, 0)))
    assert desk.world.replay is None
    late = msgpack.packb([0.2, [], [], b"\1\0\0\0", bytes(64), [], [], [], [], []])
    (tmp_path / "bad.log").write_bytes(head + good + late + strange.replace(b"\xa1x", b"\xa1y") + late)
    assert "Replaying" in call(desk, "replay_file", "bad.log", 0.0, 9.0, 0)
    for _ in range(10):
        desk.world.tick()
    assert desk.world.replay.over


def test_a_recording_that_was_cut_off_ends_before_the_cut(desk, tmp_path):
    ride(desk)
    whole = (tmp_path / "ride.log").read_bytes()
    (tmp_path / "ride.log").write_bytes(whole[:-7])
    assert len(list(read(tmp_path / "ride.log")[1])) == 40


def test_a_disk_that_is_full_ends_the_recording_and_not_the_world(world, tmp_path, caplog):
    (tmp_path / "full.log").symlink_to("/dev/full")  # every write: no space left
    world.recorder = Recorder(world, tmp_path / "full.log")
    for _ in range(400):
        world.spawn(CHILD, {}, ((3.0 * len(world.actors), 8.0, 0.55), (0.0, 0.0, 0.0)))
        world.tick()
        if "ends: No space left on device" in caplog.text:
            break
    else:
        raise AssertionError("nothing was written")
    world.tick()
    world.end_recording()


def test_any_text_that_a_client_sends_is_recorded_and_read_back(desk, tmp_path):
    call(desk, "start_recorder", "texts.log", True)
    desk.world.spawn(CAR, {"role_name": "\udc80"}, ((20.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    desk.world.tick()
    call(desk, "stop_recorder")
    _, frames = read(tmp_path / "texts.log")
    _, (_, _, values, *_) = [created for frame in frames for created in frame.created]
    assert values == {"role_name": "\udc80"}


def test_a_full_file_ends_and_the_world_goes_on(world, tmp_path, monkeypatch):
    monkeypatch.setattr("driving.server.recorder.MOST_BYTES", 1000)
    world.spawn(CAR, {}, ((20.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    world.recorder = Recorder(world, tmp_path / "full.log")
    for _ in range(100):
        world.tick()
    assert 1000 < (tmp_path / "full.log").stat().st_size < 2000
    assert len(list(read(tmp_path / "full.log")[1])) > 1


def test_loading_a_map_ends_recording_and_replay(desk):
    ride(desk)
    call(desk, "replay_file", "ride.log", 0.0, 0.0, 0)
    call(desk, "start_recorder", "more.log", False)
    desk.world.load("")
    assert desk.world.recorder is None
    assert desk.world.replay is None
    desk.world.tick()
