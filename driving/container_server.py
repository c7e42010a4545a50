"""A server as a container of our own: started through the Docker SDK, watched, removed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import time
import weakref
from typing import Any

import psutil

from driving.endpoint import ASK_EVERY, Endpoint, answered_world
from driving.errors import DockerMissing, DrivingError, ServerAbsent, ServerFailed

OWNER = "a2d.driving.owner"
"""Label of our containers: host, process and its start, so that a later one can tell whose are left over."""
PORTS = 3  # calls, streams and the third that CARLA opens, in a row, the same within and without
FIRST_PORT, LAST_PORT, STRIDE = 20_000, 32_000, 4
START_TRIES = 5  # of finding ports that nobody takes meanwhile
LAST_LINES = 5
LOG_LIMIT = {"max-size": "10m", "max-file": "1"}
GPU_ENVIRONMENT = {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "all"}
"""What CARLA's documentation has containers told, so that the driver's Vulkan is among what they get."""


class ContainerServer:
    """One container from an image that takes CARLA's command line; published on loopback only."""

    ours = True

    def __init__(self, image: str, *, adapter: int, start_limit: float) -> None:
        """Describe the container; nothing runs yet.

        Args:
            image: Such as `carlasim/carla:0.9.16`; never pulled from here, it has many gigabytes.
            adapter: Number of the Vulkan adapter that draws (CARLA ignores CUDA_VISIBLE_DEVICES).
            start_limit: Seconds until it must answer.
        """
        self._image, self._adapter, self._start_limit = image, adapter, start_limit
        self._container: Any = None
        self._last_log = "it said nothing"
        self._removal: weakref.finalize[Any, Any] | None = None

    @property
    def id(self) -> str | None:
        """The running container's."""
        return None if self._container is None else str(self._container.id)

    def start(self) -> Endpoint:
        """Start a container and wait until it has answered a call.

        Raises:
            DockerMissing: No SDK, or no engine.
            ServerFailed: It ended or did not answer within the limit; with the last lines of its log.
            DrivingError: There is no such image.
        """
        self.stop(graceful=False)
        engine = docker_engine()
        deadline = time.monotonic() + self._start_limit
        try:
            remove_orphans(engine)
            endpoint = self._run(engine)
        except _engine_errors() as error:
            self.stop(graceful=False)
            raise ServerFailed(f"the Docker engine does not answer anymore: {_short(error)}") from error
        while time.monotonic() < deadline:
            with contextlib.suppress(ServerAbsent):
                answered_world(endpoint, timeout=2.0)
                return endpoint
            if not self.alive():
                self.stop(graceful=False)
                raise ServerFailed(f"the container of {self._image} ended: {self._last_log}")
            time.sleep(ASK_EVERY)
        self.stop(graceful=False)
        raise ServerFailed(
            f"the container of {self._image} gave no answer in {self._start_limit:.0f} s: {self._last_log}"
        )

    def alive(self) -> bool:
        """The container runs, or is paused; it may yet answer nothing."""
        if self._container is None:
            return False
        with contextlib.suppress(*_engine_errors()):
            self._container.reload()
            return self._container.status in ("running", "paused")
        return False

    def resident(self) -> int:
        """Memory that the container holds, without the files that the kernel could drop; bytes."""
        if self._container is None:
            return 0
        with contextlib.suppress(*_engine_errors(), KeyError):
            memory = self._container.stats(stream=False, one_shot=True)["memory_stats"]
            return int(memory["usage"]) - int(memory.get("stats", {}).get("total_inactive_file", 0))
        return 0

    def log(self) -> str:
        """The last lines that it wrote, as one."""
        if self._container is not None:
            with contextlib.suppress(*_engine_errors()):
                lines = self._container.logs(tail=LAST_LINES).decode(errors="replace").split("\n")
                self._last_log = " | ".join(line.strip() for line in lines if line.strip()) or self._last_log
        return self._last_log

    def stop(self, *, graceful: bool) -> None:
        """Stop and remove the container; twice does no harm."""
        self.log()  # still to be had afterwards
        container, self._container = self._container, None
        if container is None:
            return
        if graceful:
            with contextlib.suppress(*_engine_errors()):
                container.stop(timeout=5)
        if self._removal is not None:
            self._removal()

    def _run(self, engine: Any) -> Endpoint:
        from docker import errors

        for _ in range(START_TRIES):
            port = _free_ports()
            try:
                self._container = engine.containers.create(**self._options(engine, port))
                # whatever ends this process but a kill takes the container along
                self._removal = weakref.finalize(self, _remove, self._container)
                self._container.start()
            except errors.ImageNotFound as error:
                raise DrivingError(f"no image {self._image} here; docker pull {self._image}") from error
            except errors.APIError as error:
                self.stop(graceful=False)
                text = str(error.explanation or error)
                if "already" in text and ("allocated" in text or "in use" in text):
                    continue  # somebody took the port meanwhile
                raise ServerFailed(f"the Docker engine refused to start {self._image}: {text}") from error
            return Endpoint("127.0.0.1", port)
        raise ServerFailed(f"no {PORTS} free ports in a row after {START_TRIES} tries")

    def _options(self, engine: Any, port: int) -> dict[str, Any]:
        from docker.types import DeviceRequest, LogConfig

        flags = [
            "-RenderOffScreen",
            "-nosound",
            f"-carla-rpc-port={port}",
            f"-graphicsadapter={self._adapter}",
        ]
        options: dict[str, Any] = {
            "image": self._image,
            "command": ["bash", "CarlaUE4.sh", *flags],
            "detach": True,
            "init": True,
            "labels": {OWNER: _me()},
            "log_config": LogConfig(type="json-file", config=LOG_LIMIT),
            "ports": {f"{p}/tcp": ("127.0.0.1", p) for p in range(port, port + PORTS)},
            "security_opt": ["no-new-privileges"],
        }
        if has_gpu(engine):
            options["device_requests"] = [DeviceRequest(driver="nvidia", count=-1, capabilities=[["gpu"]])]
            options["environment"] = GPU_ENVIRONMENT
        return options


def docker_engine() -> Any:
    """A client of the engine that DOCKER_HOST names, or of this machine's.

    Raises:
        DockerMissing: No SDK, or no engine answers.
    """
    try:
        from docker import errors, from_env  # not `import docker`: that would find our folder of this name
    except ImportError as error:
        raise DockerMissing(
            "the Docker SDK is not installed; pip install 'a2d-driving[docker]', "
            "or use a server that runs already (HOST:PORT), or the embedded one"
        ) from error
    try:
        engine = from_env(timeout=60)
        engine.ping()
    except (errors.DockerException, OSError) as error:
        raise DockerMissing(
            f"no Docker engine answers ({_short(error)}); start it, or join the group `docker`"
        ) from error
    return engine


def has_gpu(engine: Any) -> bool:
    """The engine can hand a container an NVIDIA GPU."""
    return "nvidia" in engine.info().get("Runtimes", {}) or shutil.which("nvidia-smi") is not None


def remove_orphans(engine: Any) -> int:
    """Remove containers of ours whose process on this machine was killed; how many there were."""
    removed = 0
    for container in engine.containers.list(all=True, filters={"label": OWNER}, ignore_removed=True):
        if _is_orphan(container.labels.get(OWNER, "")):
            _remove(container)
            removed += 1
    return removed


def _is_orphan(owner: str) -> bool:
    host, _, rest = owner.partition("/")
    number, _, started = rest.partition("/")
    if host != socket.gethostname() or not number.isdigit():
        return False  # of another machine, which shares the engine with us: nothing is known of it
    try:
        return f"{psutil.Process(int(number)).create_time():.2f}" != started
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def _me() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def _free_ports() -> int:
    """The first of PORTS ports in a row that nobody listens at; processes begin to look at different ones."""
    places = (LAST_PORT - FIRST_PORT) // STRIDE
    for place in range(places):
        port = FIRST_PORT + STRIDE * ((os.getpid() + place) % places)
        if all(_is_free(candidate) for candidate in range(port, port + PORTS)):
            return port
    raise ServerFailed(f"no {PORTS} free ports in a row between {FIRST_PORT} and {LAST_PORT}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def _remove(container: Any) -> None:
    with contextlib.suppress(*_engine_errors()):
        container.remove(force=True, v=True)


def _engine_errors() -> tuple[type[Exception], ...]:
    """What the SDK raises if a container is gone or its engine is; lost connections are OSErrors."""
    from docker import errors

    return errors.DockerException, OSError


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
