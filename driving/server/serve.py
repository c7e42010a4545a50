"""The server's sockets and its clock; what calls and messages mean is decided elsewhere."""

from __future__ import annotations

import errno
import gc
import logging
import math
import selectors
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from driving.server.attendance import Attendance
from driving.server.calls import Desk, answer
from driving.server.calls.desk import RECORDINGS
from driving.server.connections import CallConnection, Connection, StreamConnection, accept_all
from driving.server.errors import AddressError
from driving.server.gate import Gate
from driving.server.motion_tables import MotionTables
from driving.server.publish import Publisher
from driving.server.warming import warm_up
from driving.server.wire import WORLD_STREAM, Request, failure, known_stream, response
from driving.server.world import World

BACKLOG = 64
LOOK_AGAIN = 0.25  # s after which a listener that is behind is looked at though it took nothing

log = logging.getLogger(__name__)


class Server:
    """A CARLA-compatible server in this process: `start`, then `run` until `stop`."""

    def __init__(
        self,
        host: str,
        port: int,
        maps: Mapping[str, str],
        default_map: str,
        *,
        motion: MotionTables | None = None,
        recordings: Path = RECORDINGS,
        idle_exit: float | None = None,
        reset_when_empty: bool = False,
        navigation: bool = True,
        threads: int = 1,
    ) -> None:
        """Load the world; nothing listens yet.

        Args:
            host: Address to listen at.
            port: Port of the calls; 0 = any free one. Streams use the next port if it is free.
            maps: OpenDRIVE documents by name.
            default_map: The map of the first episode.
            motion: How vehicles answer their controls; default: as measured on CARLA's car.
            recordings: Where the recorder's files lie.
            idle_exit: Seconds without a client after which `run` ends; None: never.
            reset_when_empty: Begin anew when the last client is gone, instead of keeping what it left.
            navigation: Whether clients are given a navigation mesh for walker AI, which they keep as a file.
            threads: How many draw one picture.

        Raises:
            MapError: The default map cannot be read.
        """
        self.host, self.port = host, port
        self._world = World(maps, default_map, motion, navigation=navigation)
        self._recordings = recordings
        self._default_map = default_map
        self._attendance = Attendance(idle_exit)
        self._reset_when_empty = reset_when_empty
        self._selector = selectors.DefaultSelector()
        self._listening: list[socket.socket] = []
        self._subscribers: dict[int, list[StreamConnection]] = {}
        self._gate = Gate()
        self._threads = threads
        self._held: list[CallConnection] = []
        self._unseen = False  # whether the last tick's pictures are still to be taken
        self._failure = ""  # of a tick, the last
        self._stopping = False
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)

    def start(self) -> None:
        """Load every kernel and listen; `port` then names the port.

        Raises:
            AddressError: The address cannot be used.
        """
        calls = _listen(self.host, self.port)
        self.port = int(calls.getsockname()[1])
        try:
            streams = _listen(self.host, self.port + 1 if self.port < 65535 else 0)
        except AddressError:
            streams = _listen(self.host, 0)
        self._listening = [calls, streams]
        stream_port = int(streams.getsockname()[1])
        warm_up()  # before the first kernel that anything else would load
        self._publisher = Publisher(self._world, stream_port, threads=self._threads)
        self._desk = Desk(self._world, stream_port, self._publisher.rays, self._tick, self._recordings)
        self._world.place.ground  # noqa: B018  # drawn now, not in the first tick
        self._publisher.studio.scene()
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._selector.register(calls, selectors.EVENT_READ, self._accept_calls)
        self._selector.register(streams, selectors.EVENT_READ, self._accept_streams)
        gc.collect()
        gc.freeze()

    def run(self) -> None:
        """Serve until `stop` is called, or until nobody has been there for long enough."""
        due = time.monotonic()
        while not self._stopping:
            now = time.monotonic()
            if not self._world.settings.synchronous and now >= due:
                try:
                    self._tick()
                except Exception as error:  # the border: one client must not end the world of all
                    if repr(error) != self._failure:  # else it was told a tick ago
                        log.exception("the tick after frame %d failed", self._world.frame)
                    self._failure = repr(error)
                self._show()
                due = max(due + self._world.delta, now)
            for key, events in self._selector.select(self._patience(now, due)):
                self._handle(key.data, events)
                self._show()
            if not self._attendance.patience():
                log.info("ending: no client has been connected for long enough")
                break
            if self._held and not self._hold():
                self._release()
                self._show()
        self._close()

    def stop(self) -> None:
        """End `run` soon; may be called from any thread or signal handler."""
        self._stopping = True
        try:
            self._waker.send(b"\0")
        except OSError:  # it is awake or gone already
            return

    # Clock

    def _patience(self, now: float, due: float) -> float | None:
        """Seconds until something must be done though no bytes come."""
        waits = [self._attendance.patience()]
        if self._held:
            waits.append(self._hold())
        if not self._world.settings.synchronous:
            waits.append(max(due - now, 0.0))
        soonest = min(waits)
        return None if soonest == math.inf else soonest

    def _tick(self) -> None:
        """Advance the world by a frame and send its state; what sensors saw of it follows, see `_show`."""
        self._show()
        self._world.tick()
        self._send_state()
        self._unseen = True

    def _show(self) -> None:
        """Send what sensors saw of the last tick, if that is still to be done.

        Pictures are drawn when the tick is answered, as by the real server, so that its client goes on
        meanwhile; and before anything else happens to the world.
        """
        if not self._unseen:
            return
        self._unseen = False
        streams = [stream for stream in self._subscribers if stream != WORLD_STREAM]
        try:
            for stream, message in self._publisher.sensor_messages(streams) if streams else ():
                self._send(stream, message)
        except Exception:  # the border, as for calls: one sensor must not end the world
            log.exception("a sensor of frame %d failed", self._world.frame)

    def _send_state(self) -> None:
        if WORLD_STREAM in self._subscribers:
            self._send(WORLD_STREAM, self._publisher.episode_state())
        self._world.map_changed = False

    def _send(self, stream: int, message: bytes) -> None:
        for subscriber in tuple(self._subscribers.get(stream, ())):
            if subscriber.busy and not self._world.settings.synchronous:
                continue  # a slow reader misses frames, as with the real server
            subscriber.send(message)

    # Connections

    def _handle(self, target: object, events: int) -> None:
        if isinstance(target, Connection):
            if events & selectors.EVENT_WRITE and target.open:
                target.flush()
            if events & selectors.EVENT_READ and target.open:
                target.readable()
        elif callable(target):
            target()

    def _accept_calls(self) -> None:
        for sock, name in accept_all(self._listening[0]):
            self._attendance.enter()
            CallConnection(sock, name, self._selector, execute=self._execute, closed=self._client_left)

    def _accept_streams(self) -> None:
        for sock, name in accept_all(self._listening[1]):
            StreamConnection(sock, name, self._selector, subscribe=self._subscribe, closed=self._unsubscribe)

    def _subscribe(self, connection: StreamConnection) -> None:
        stream = connection.stream = known_stream(connection.stream)
        if stream != WORLD_STREAM and stream not in self._publisher.sensors:
            connection.close()  # its sensor was destroyed meanwhile, or never was
        else:
            self._subscribers.setdefault(stream, []).append(connection)
            if stream == WORLD_STREAM:  # a client that joins sees the present without a tick
                connection.send(self._publisher.episode_state())
        self._gate.arrive(stream)

    def _unsubscribe(self, connection: StreamConnection) -> None:
        listeners = self._subscribers.get(connection.stream, [])
        if connection in listeners:
            listeners.remove(connection)
        if not listeners:
            self._subscribers.pop(connection.stream, None)

    def _client_left(self, connection: CallConnection) -> None:
        if connection in self._held:
            self._held.remove(connection)
        for port in connection.managers:
            self._desk.managers.pop(port, None)
        if self._attendance.leave() and self._reset_when_empty and not self._stopping:
            log.info("the last client is gone: beginning anew")
            self._world.reset(self._default_map)
            self._send_state()
            self._drop_orphans()

    # Calls

    def _execute(self, connection: CallConnection, request: Request) -> bytes | None:
        """Answer a request, or return None to have it wait."""
        self._show()
        method, arguments = request.method, request.arguments
        if method == "tick_cue" and self._must_wait(connection):
            return None
        episode, revision = self._world.episode, self._world.revision
        managers = set(self._desk.managers)
        result = answer(self._desk, method, arguments)
        if method == "get_sensor_token":
            self._announce(arguments)
        elif method == "get_episode_settings" and self._desk.managers:
            self._gate.rest()
        elif method == "add_traffic_manager_running":
            connection.managers |= set(self._desk.managers) - managers
        if self._world.episode != episode:
            self._send_state()
        if self._world.revision != revision:
            self._drop_orphans()
        try:
            return response(request.id, result)
        except (TypeError, ValueError, OverflowError) as error:  # it holds what msgpack cannot say
            log.exception("the answer to %s cannot be sent", method)
            return response(request.id, failure(f"{method}: {error}"))

    def _announce(self, arguments: tuple[object, ...]) -> None:
        asked = arguments[0] if arguments else None
        stream = known_stream(asked) if isinstance(asked, int) else None
        if stream is not None and (stream == WORLD_STREAM or stream in self._publisher.sensors):
            self._gate.announce(stream)

    def _must_wait(self, connection: CallConnection) -> bool:
        """Whether a client's tick must wait."""
        if not self._world.settings.synchronous or not self._hold():
            return False
        if connection not in self._held:
            self._held.append(connection)
        return True

    def _hold(self) -> float:
        """For how long ticks must wait at least; s, 0 if they need not.

        For listeners that are on their way, and for those that are behind: in synchronous mode none of them
        misses a frame, as with the real server.
        """
        listeners = [each for streams in self._subscribers.values() for each in streams]
        return max(self._gate.wait(), LOOK_AGAIN * any([each.lags() for each in listeners]))

    def _release(self) -> None:
        held, self._held = self._held, []
        for connection in held:
            connection.proceed()

    def _drop_orphans(self) -> None:
        """Close the streams of sensors that are gone."""
        for stream in [s for s in self._subscribers if s != WORLD_STREAM]:
            if stream not in self._publisher.sensors:
                for connection in tuple(self._subscribers[stream]):
                    connection.close()

    def _close(self) -> None:
        self._world.end_recording()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, Connection):
                key.data.close()
        for listener in self._listening:
            listener.close()
        self._selector.close()
        self._wake.close()
        self._waker.close()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        remedy = "choose another port, or 0 for any free one"
        if getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
            remedy = "give an address of this machine, or 0.0.0.0 for all of them"
        raise AddressError(f"cannot listen at {host}:{port}: {error}; {remedy}") from error
    listener.setblocking(False)
    return listener
