"""Servers in containers of our own, by a Docker engine; skipped where there is none.

The image is built by `docker build --tag a2d-driving-server:0.1.0 --file docker/server.Dockerfile .`
"""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from driving.container_server import OWNER, ContainerServer, docker_engine, remove_orphans
from driving.control import Command
from driving.endpoint import answered_version
from driving.errors import DockerMissing, DrivingError, ServerFailed, ServerLost
from driving.servers import server_named
from driving.session import Session
from driving.supervision import Limits, Supervisor
from scenarios.catalogue import episodes_of
from sensors.camera import CameraSpec

pytest.importorskip("carla")
Container = pytest.importorskip(
    "docker.models.containers", reason="the Docker SDK is not installed: the extra [docker]"
).Container

IMAGE = "a2d-driving-server:0.1.0"
TINY = CameraSpec(width=16, height=8, fov=80.0, forward=1.2, up=1.45, name="front")
HELDOUT = episodes_of("child_crossing", "heldout")
SCENARIO = HELDOUT.draw(3)
BRAKE = Command(0.0, 1.0, 0.0)


@pytest.fixture(scope="module")
def engine():
    try:
        found = docker_engine()
    except DockerMissing as error:
        pytest.skip(str(error))
    if not found.images.list(name=IMAGE):
        pytest.skip(f"no image {IMAGE}: see docker/server.Dockerfile")
    return found


def ours(engine):
    return engine.containers.list(all=True, filters={"label": OWNER})


def drive(supervised, *, steps):
    supervised.begin(lambda session: session.begin(SCENARIO))
    for _ in range(steps):
        supervised.call(lambda session: session.advance(BRAKE, steer=0.0, pedal=-1.0))
        supervised.call(lambda session: session.image("front"))
    supervised.finish()


@pytest.mark.docker
@pytest.mark.slow
def test_containers_that_are_killed_or_frozen_are_replaced_and_none_is_left(engine):
    server = server_named("docker@1", start_limit=120.0, image=IMAGE)
    limits = Limits(tick=2.0, megabytes=4000)
    supervised = Supervisor(
        server, lambda endpoint: Session(endpoint, HELDOUT, delta=0.1, cameras=(TINY,)), limits=limits
    )
    try:
        for strike, cause in ((Container.kill, "died"), (Container.pause, "hung")):
            drive(supervised, steps=3)
            strike(engine.containers.get(server.id))
            with pytest.raises(ServerLost) as lost:
                supervised.call(lambda session: session.advance(BRAKE, steer=0.0, pedal=-1.0))
            assert lost.value.cause == cause
        drive(supervised, steps=3)
        assert supervised.restarts == {"died": 1, "hung": 1}
        (container,) = ours(engine)
        assert "-graphicsadapter=1" in container.attrs["Config"]["Cmd"]
        published = container.attrs["HostConfig"]["PortBindings"]
        assert {entry["HostIp"] for bound in published.values() for entry in bound} == {"127.0.0.1"}
        assert 50 * 2**20 < server.resident() < 2**30
    finally:
        supervised.close()
    assert ours(engine) == []


@pytest.mark.docker
@pytest.mark.slow
def test_a_container_whose_process_was_killed_is_removed_by_the_next_and_no_other_is(engine):
    program = (
        "import sys; from driving.container_server import ContainerServer\n"
        f"server = ContainerServer({IMAGE!r}, adapter=0, start_limit=120.0); server.start()\n"
        "print(server.id, flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    left = owner.stdout.readline().strip()
    foreign = engine.containers.create(IMAGE, labels={OWNER: "another-machine/1/1.00"})
    mine = ContainerServer(IMAGE, adapter=0, start_limit=120.0)
    try:
        endpoint = mine.start()
        assert remove_orphans(engine) == 0, "its owner lives"
        owner.kill()
        owner.communicate()
        assert remove_orphans(engine) == 1
        assert left not in {container.id for container in ours(engine)}
        assert {container.id for container in ours(engine)} == {foreign.id, mine.id}
        assert answered_version(endpoint) == "0.9.16"
    finally:
        mine.stop(graceful=True)
        foreign.remove(force=True)


@pytest.mark.docker
def test_an_image_that_is_not_here_is_never_pulled(engine):
    with pytest.raises(DrivingError, match="no image nobody/nothing:1 here; docker pull nobody/nothing:1"):
        ContainerServer("nobody/nothing:1", adapter=0, start_limit=5.0).start()


def test_without_an_engine_it_says_so(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(DockerMissing, match=r"no Docker engine answers .*start it"):
        ContainerServer("any", adapter=0, start_limit=5.0).start()


def test_an_engine_that_goes_away_is_a_server_that_failed_and_no_end_of_the_run(monkeypatch):
    def gone(*_, **__):
        raise ConnectionError("('Connection aborted.', RemoteDisconnected())")  # as `requests` raises, bare

    engine = SimpleNamespace(containers=SimpleNamespace(list=gone))
    monkeypatch.setattr("driving.container_server.docker_engine", lambda: engine)
    server = ContainerServer("any", adapter=0, start_limit=5.0)
    with pytest.raises(ServerFailed, match=r"the Docker engine does not answer anymore: .*aborted"):
        server.start()
    server._container = SimpleNamespace(reload=gone, logs=gone, stats=gone, stop=gone)
    assert not server.alive()
    assert server.resident() == 0
    server.stop(graceful=True)
