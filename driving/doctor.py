"""Would training work here? What is looked at, what was found, and what mends it."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from driving.container_server import docker_engine, has_gpu
from driving.endpoint import answered_version
from driving.errors import DockerMissing, DrivingError
from driving.servers import CARLA_IMAGE, Server, server_named
from driving.trial import timed

OLDEST, NEWEST = (3, 10), (3, 12)  # of Python, with carla's wheels
CLIENT = "0.9.16"
PACKAGES = ("torch", "gymnasium", "numpy", "numba", "msgpack", "opencv-python", "av", "omegaconf")
LITTLE_DISK, NO_DISK = 6.0, 0.5  # GB; the crossing's A2D keeps up to 5.3 until it is finished
LITTLE_MEMORY, NO_MEMORY = 7.0, 1.0  # GB; it takes 7, most of them pictures
FEWER = "or train with fewer pictures (buffer.samples=30000)"
DIM, GLARING = 0.05, 0.85  # mean brightness of a picture that somebody can learn from by day
SLOW_TICK = 0.2  # s
OK, WARNING, FAILURE = "ok", "warning", "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    status: str  # OK, WARNING or FAILURE: training would fail
    found: str
    fix: str = ""  # of what is not OK


def examined(server: str, *, image: str = CARLA_IMAGE) -> Iterator[Finding]:
    """Look at everything that training with `server` needs, the quick things first.

    Args:
        server: As `driving.servers.server_named` takes it.
        image: Of a container.

    Raises:
        DrivingError: There is no such kind of server.
    """
    named = server_named(server, image=image)
    in_docker = server.startswith("docker")
    yield _python()
    yield _carla()
    yield _packages()
    yield _memory()
    yield _disk(Path.cwd())
    yield _loopback()
    yield _docker(needed=in_docker, image=image)
    yield _gpu(needed=in_docker)
    yield from _server(named, server)


def _python() -> Finding:
    version = sys.version_info[:2]
    found = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= version <= NEWEST:
        return Finding("Python", OK, found)
    return Finding("Python", FAILURE, found, "make the environment with Python 3.10, 3.11 or 3.12")


def _carla() -> Finding:
    try:
        importlib.import_module("carla")
        version = importlib.metadata.version("carla")
    except ImportError as error:
        fix = f"pip install carla=={CLIENT}: wheels exist for x86-64 Linux and Windows only"
        return Finding("carla client", FAILURE, str(error), fix)
    if version == CLIENT:
        return Finding("carla client", OK, version)
    return Finding("carla client", FAILURE, version, f"pip install carla=={CLIENT}")


def _packages() -> Finding:
    versions, missing = [], []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", FAILURE, f"missing: {', '.join(missing)}", "pip install -e .")
    return Finding("packages", OK, ", ".join(versions))


def _memory() -> Finding:
    free = psutil.virtual_memory().available / 1e9
    return _bounded(
        "memory",
        free,
        little=LITTLE_MEMORY,
        none=NO_MEMORY,
        fix=f"close other programs, {FEWER} or worlds (env.count)",
    )


def _disk(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "disk", FAILURE, f"{folder}: {error.strerror}", "run where you may write, or give run=FOLDER"
        )
    free = shutil.disk_usage(folder).free / 1e9
    return _bounded(
        "disk",
        free,
        little=LITTLE_DISK,
        none=NO_DISK,
        fix=f"free some space at {folder}, {FEWER}",
    )


def _bounded(name: str, gigabytes: float, *, little: float, none: float, fix: str) -> Finding:
    status = OK if gigabytes >= little else WARNING if gigabytes >= none else FAILURE
    return Finding(name, status, f"{gigabytes:.1f} GB free", "" if status == OK else fix)


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return Finding("ports", OK, f"free on loopback, such as {listener.getsockname()[1]}")
    except OSError as error:
        return Finding("ports", FAILURE, str(error), "allow listening at 127.0.0.1")


def _docker(*, needed: bool, image: str) -> Finding:
    bad = FAILURE if needed else OK
    try:
        engine = docker_engine()
    except DrivingError as error:
        reason, _, fix = str(error).partition(";")
        return Finding("Docker", bad, reason if needed else "none, and none is needed", fix.strip())
    version = engine.version().get("Version", "of an unknown version")
    tags = {tag for entry in engine.images.list() for tag in entry.tags}
    if needed and image not in tags and f"{image}:latest" not in tags:
        return Finding("Docker", FAILURE, f"engine {version}, without {image}", f"docker pull {image}")
    gpu = "hands out NVIDIA GPUs" if has_gpu(engine) else "hands out no GPU"
    return Finding("Docker", OK, f"engine {version}, {gpu}")


def _gpu(*, needed: bool) -> Finding:
    cards, adapters = _said("nvidia-smi", "-L"), _said("vulkaninfo", "--summary")
    names = [line.split("=")[1].strip() for line in adapters if "deviceName" in line]
    if cards and names:
        numbered = ", ".join(f"{number}: {name}" for number, name in enumerate(names))
        return Finding("GPU", OK, f"Vulkan adapters {numbered}")
    if cards:
        fix = "install vulkan-tools to see the adapters' numbers, which docker@NUMBER takes"
        return Finding("GPU", WARNING, cards[0], fix)
    if needed:
        fix = "CARLA itself needs an NVIDIA GPU; without one use --server embedded"
        return Finding("GPU", WARNING, "no NVIDIA GPU", fix)
    return Finding("GPU", OK, "none, and none is needed")


def _said(*command: str) -> list[str]:
    """The lines that a command printed; none if it is missing or failed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20.0, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []


def _server(server: Server, name: str) -> Iterator[Finding]:
    """Start or find the server, and drive it."""
    try:
        endpoint = server.start()
        version = answered_version(endpoint)
        yield Finding("server", OK, f"{name}: CARLA {version} answers at {endpoint}")
        pace = timed(endpoint)
    except DockerMissing:  # which is a finding already
        return
    except DrivingError as error:
        reason, _, fix = str(error).partition(";")
        yield Finding("server", FAILURE, reason, fix.strip() or "see the server's log")
        return
    finally:
        server.stop(graceful=True)
    times = f"tick {1000 * pace.tick:.1f} ms, with its picture {1000 * pace.frame:.1f} ms"
    if pace.frame > SLOW_TICK:
        yield Finding("pace", WARNING, times, "is something else using this machine or its GPU?")
    else:
        yield Finding("pace", OK, times)
    light = f"its camera's mean brightness is {pace.brightness:.0%}"
    if DIM <= pace.brightness <= GLARING:
        yield Finding("picture", OK, light)
    else:
        fix = "by day, set env.options.exposure: 1 more halves the light (11 is the default)"
        yield Finding("picture", WARNING, light, fix)
