"""The doctor finds what is wrong, names what mends it, and changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import typer

from driving import doctor
from driving.cli.doctor import doctor as command
from driving.endpoint import Endpoint
from driving.errors import DrivingError, ServerAbsent
from driving.servers import server_named
from driving.trial import Pace, timed

carla = pytest.importorskip("carla")


class Found:
    """A server that runs."""

    def start(self):
        return Endpoint("127.0.0.1", 1)

    def stop(self, *, graceful):
        pass


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
def test_where_training_works_the_doctor_says_so(capsys):
    command(server="embedded", image="")
    said = capsys.readouterr().out
    assert "training would work" in said
    for name in (
        "Python",
        "carla client",
        "memory",
        "disk",
        "ports",
        "Docker",
        "GPU",
        "server",
        "pace",
        "picture",
    ):
        assert f" {name} " in said
    assert "failure" not in said


def test_where_no_server_answers_it_names_the_fix_and_exits_1(capsys):
    with pytest.raises(typer.Exit) as ended:
        command(server="127.0.0.1:1", image="")
    assert ended.value.exit_code == 1
    said = capsys.readouterr().out
    assert "no CARLA server answers at 127.0.0.1:1" in said
    assert "-> start one, or use the embedded server" in said
    assert "training would fail: 1 of these" in said


def test_an_unknown_kind_of_server_is_refused_before_anything_is_looked_at():
    with pytest.raises(DrivingError, match="unknown server 'cloud'"):
        next(doctor.examined("cloud"))


def test_what_is_missing_is_a_failure_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "carla", None)
    monkeypatch.setitem(sys.modules, "docker", None)
    assert (doctor._carla().status, doctor._carla().fix[:11]) == (doctor.FAILURE, "pip install")
    needed = doctor._docker(needed=True, image="carlasim/carla:0.9.16")
    assert (needed.status, needed.found) == (doctor.FAILURE, "the Docker SDK is not installed")
    assert needed.fix.startswith("pip install 'a2d-driving[docker]', or")
    assert [entry.found for entry in doctor.examined("docker") if "SDK" in entry.found] == [needed.found]
    assert doctor._docker(needed=False, image="").status == doctor.OK


def test_a_folder_that_cannot_be_written_and_too_little_memory_are_failures():
    assert doctor._disk(Path("/proc")).status == doctor.FAILURE
    few = [
        doctor._bounded("memory", amount, little=4.0, none=1.0, fix="x").status
        for amount in (9.0, 4.0, 3.9, 1.0, 0.9)
    ]
    assert few == [doctor.OK, doctor.OK, doctor.WARNING, doctor.WARNING, doctor.FAILURE]


@pytest.mark.parametrize(("brightness", "status"), [(0.5, "OK"), (0.97, "WARNING"), (0.01, "WARNING")])
def test_a_camera_that_sees_glare_or_night_is_told_of(monkeypatch, brightness, status):
    monkeypatch.setattr(doctor, "answered_version", lambda endpoint: "0.9.16")
    monkeypatch.setattr(doctor, "timed", lambda endpoint: Pace(0.01, 0.02, brightness))
    *_, picture = doctor._server(Found(), "somewhere")
    assert picture.status == getattr(doctor, status)
    assert f"{brightness:.0%}" in picture.found
    assert ("env.options.exposure" in picture.fix) == (status == "WARNING")


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
def test_a_trial_leaves_the_server_as_it_was(client_of):
    server = server_named("embedded")
    try:
        endpoint = server.start()
        world = client_of(endpoint.host, endpoint.port).get_world()
        before, actors = world.get_settings(), len(world.get_actors())
        pace = timed(endpoint, ticks=3)
        assert 0.0 < pace.tick <= pace.frame < 60.0
        assert doctor.DIM < pace.brightness < doctor.GLARING
        assert world.get_settings() == before
        world.wait_for_tick()
        assert len(world.get_actors()) == actors
    finally:
        server.stop(graceful=True)
    with pytest.raises(ServerAbsent):
        timed(Endpoint("127.0.0.1", 1))
