"""Connections of the event loop: sockets that never block, with bounded buffers."""

from __future__ import annotations

import logging
import selectors
import socket
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from typing import ClassVar

from driving.server.errors import WireError
from driving.server.wire import Request, RequestReader

MOST_BUFFERED = 64 << 20  # bytes that may wait for a client that does not read
CROWDED = 16 << 20  # bytes that wait for a listener, above which it should be waited for
STALLED = 10.0  # s for which nobody waits who reads nothing at all
MOST_GATHERED = 1 << 20  # bytes of answers that leave together
CHUNK = 1 << 16  # bytes
MOST_CONNECTIONS = 512  # at a time, calls and streams together; below what a process may usually open

log = logging.getLogger(__name__)


class Connection(ABC):
    """One accepted socket and the bytes that still wait to leave through it."""

    count: ClassVar[int] = 0  # open ones in this process

    def __init__(self, sock: socket.socket, name: str, selector: selectors.BaseSelector) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = name
        self._sock, self._selector = sock, selector
        self._waiting = bytearray()
        self._moved = 0.0  # when it last took some of what waits, by the clock of `time.monotonic`
        self.open = True
        Connection.count += 1
        selector.register(sock, selectors.EVENT_READ, self)

    @property
    def busy(self) -> bool:
        """Whether earlier bytes still wait."""
        return bool(self._waiting)

    def lags(self) -> bool:
        """Whether much waits for it, and it reads on; who does not is given up."""
        if len(self._waiting) <= CROWDED:
            return False
        if time.monotonic() - self._moved < STALLED:
            return True
        self.close(f"does not read: {len(self._waiting) >> 20} MB have waited for {STALLED:.0f} s")
        return False

    def send(self, data: bytes) -> None:
        """Send now what the network takes, and the rest when it takes more."""
        if not self.open:
            return
        sent = 0
        if not self._waiting:
            try:
                sent = self._sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self.close(f"lost: {error}")
                return
            if sent == len(data):
                return
            self._selector.modify(self._sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
            self._moved = time.monotonic()
        self._waiting += memoryview(data)[sent:]
        if len(self._waiting) > MOST_BUFFERED:
            self.close(f"does not read: more than {MOST_BUFFERED >> 20} MB wait for it")

    def flush(self) -> None:
        """Send more of what waits."""
        try:
            sent = self._sock.send(memoryview(self._waiting)[: 1 << 20])
        except BlockingIOError:
            return
        except OSError as error:
            self.close(f"lost: {error}")
            return
        del self._waiting[:sent]
        self._moved = time.monotonic()
        if not self._waiting:
            self._selector.modify(self._sock, selectors.EVENT_READ, self)

    def receive(self) -> bytes:
        """What has come; empty if nothing has, or if the connection is over."""
        try:
            data = self._sock.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return b""
        except OSError as error:
            self.close(f"lost: {error}")
            return b""
        if not data:
            self.close()
        return data

    def close(self, reason: str = "") -> None:
        """Close the socket; a reason is logged."""
        if not self.open:
            return
        self.open = False
        Connection.count -= 1
        if reason:
            log.warning("%s closed: %s", self.name, reason)
        self._selector.unregister(self._sock)
        self._sock.close()
        self._waiting.clear()
        self.closed()

    @abstractmethod
    def readable(self) -> None:
        """Bytes have come."""

    @abstractmethod
    def closed(self) -> None:
        """The connection is over."""


class CallConnection(Connection):
    """A client's calls, executed in order; `hold` lets one wait."""

    def __init__(
        self,
        sock: socket.socket,
        name: str,
        selector: selectors.BaseSelector,
        *,
        execute: Callable[[CallConnection, Request], bytes | None],
        closed: Callable[[CallConnection], None],
    ) -> None:
        super().__init__(sock, name, selector)
        self._execute, self._closed = execute, closed
        self._reader = RequestReader()
        self._queue: deque[Request] = deque()
        self.managers: set[int] = set()  # ports of the TrafficManagers that this client announced

    def readable(self) -> None:
        data = self.receive()
        if not data:
            return
        try:
            self._reader.feed(data)
            self._queue.extend(self._reader)
        except WireError as error:
            self.close(str(error))
            return
        self.proceed()

    def proceed(self) -> None:
        """Execute what has arrived; a call whose answer is None waits at the head of the queue."""
        answers, size = [], 0
        while self._queue and self.open:
            answer = self._execute(self, self._queue[0])
            if answer is None:
                break
            self._queue.popleft()
            answers.append(answer)
            size += len(answer)
            if size > MOST_GATHERED:  # a thousand calls of some bytes may have answers of many megabytes
                self.send(b"".join(answers))
                answers, size = [], 0
        if answers:
            self.send(b"".join(answers))

    def closed(self) -> None:
        self._queue.clear()
        self._closed(self)


class StreamConnection(Connection):
    """A subscription: the client names a stream once, then only listens."""

    def __init__(
        self,
        sock: socket.socket,
        name: str,
        selector: selectors.BaseSelector,
        *,
        subscribe: Callable[[StreamConnection], None],
        closed: Callable[[StreamConnection], None],
    ) -> None:
        super().__init__(sock, name, selector)
        self._subscribe, self._closed = subscribe, closed
        self._named = b""
        self.stream = 0

    def readable(self) -> None:
        data = self.receive()
        if not data or self.stream:  # nothing that a client says later means anything
            return
        self._named += data[:4]
        if len(self._named) >= 4:
            self.stream = int.from_bytes(self._named[:4], "little")
            self._subscribe(self)

    def closed(self) -> None:
        self._closed(self)


def accept_all(listener: socket.socket) -> Iterator[tuple[socket.socket, str]]:
    """The connections that wait at a listener, with their clients' addresses; those too many are closed."""
    while True:
        try:
            sock, address = listener.accept()
            if Connection.count >= MOST_CONNECTIONS:
                log.warning("%s:%s refused: %d are connected already", *address[:2], MOST_CONNECTIONS)
                sock.close()
                continue
            yield sock, f"{address[0]}:{address[1]}"
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # out of file descriptors: the others go on
            log.warning("cannot accept a connection: %s", error)
            return
