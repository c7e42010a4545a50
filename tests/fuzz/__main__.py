"""`python -m tests.fuzz --seconds 600`: random and mutated bytes for a server; it must answer and not grow.

Prints what was sent, the longest wait of a well-behaved client and the server's memory; exits 1 if the server
died, kept that client waiting, grew, or met an error that it did not foresee.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from typing import Any, TextIO

import msgpack

from driving.server.calls.names import NAMES
from tests.embedded_servers import serving
from tests.fuzz.calm import LONGEST_WAIT, Calm, megabytes

MOST_GROWTH = 32.0  # MB after the first minute
ROUND = 40  # attacks between two looks at the server
EXTREMES = (
    0,
    1,
    -1,
    255,
    2**31,
    2**32,
    2**63 - 1,
    -(2**63),
    0.0,
    -0.5,
    1e9,
    1e308,
    float("nan"),
    float("inf"),
)
WORDS = ("", "straight", "vehicle.tesla.model3", "sensor.camera.rgb", "OpenDriveMap", "\ud800", "x" * 5000)


def main() -> None:
    """Attack a server of our own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryFile("w+") as log:
        with serving(log=log) as (port, process):
            failed = _attack(process, port, options.seconds, random.Random(options.seed))
        sys.exit(_surprises(log) or failed)


def _surprises(log: TextIO) -> int:
    """In how many ways calls failed that the server did not foresee; prints a trace of each."""
    log.seek(0)
    traces = [part.split("driving serve:")[0] for part in log.read().split("Traceback")[1:]]
    kinds = {trace.strip().splitlines()[-1]: trace for trace in traces}
    for trace in kinds.values():
        print(f"a surprise: {trace}")
    return len(kinds)


def _attack(process: subprocess.Popen[str], port: int, seconds: float, rng: random.Random) -> int:
    sent: Counter[str] = Counter()
    start = time.monotonic()
    longest, settled, calm = 0.0, 0.0, Calm(port)
    streams = calm.stream_port()
    while time.monotonic() < start + seconds:
        for _ in range(ROUND):
            sent[_strike(rng.choice((port, port, port, streams)), rng)] += 1
        began = time.monotonic()
        calm.ask("load_new_episode", "straight", True, 0)  # what attackers spawned is no growth
        calm.ask("version")
        longest = max(longest, time.monotonic() - began)
        if not settled and time.monotonic() > start + min(60.0, seconds / 4):
            settled = megabytes(process.pid)
    grown = megabytes(process.pid) - settled
    print(f"{sum(sent.values())} attacks in {seconds:.0f} s: {dict(sent)}")
    print(f"longest wait {longest:.2f} s; memory {settled:.1f} MB, then {grown:+.1f} MB")
    return int(process.poll() is not None or longest > LONGEST_WAIT or grown > MOST_GROWTH)


def _strike(port: int, rng: random.Random) -> str:
    """One connection: some bytes, perhaps a look at the answer, a rude end."""
    kind, data = rng.choice((_noise, _nonsense, _mutant))(rng)
    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST_WAIT) as sock:
        try:
            for piece in _pieces(data, rng):
                sock.sendall(piece)
            if rng.random() < 0.5:
                sock.settimeout(0.02)
                sock.recv(1 << 16)
        except OSError:  # closed on us: its good right
            return kind
    return kind


def _noise(rng: random.Random) -> tuple[str, bytes]:
    return "noise", rng.randbytes(rng.choice((1, 4, 60, 3000)))


def _nonsense(rng: random.Random) -> tuple[str, bytes]:
    return "nonsense", b"".join(_call(rng) for _ in range(rng.randint(1, 8)))


def _mutant(rng: random.Random) -> tuple[str, bytes]:
    data = bytearray(_nonsense(rng)[1])
    for _ in range(rng.randint(1, 5)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return "mutant", bytes(data[: rng.randint(1, len(data))])


def _call(rng: random.Random) -> bytes:
    arguments = [_value(rng, 3) for _ in range(rng.randint(0, 4))]
    call = [0, rng.randrange(2**32), rng.choice(NAMES), [[rng.random() < 0.5], *arguments]]
    return bytes(msgpack.packb(call, unicode_errors="surrogatepass"))


def _value(rng: random.Random, depth: int) -> Any:
    kind = rng.randrange(7 if depth else 5)
    if kind < 5:
        return (rng.choice(EXTREMES), rng.randrange(60), rng.choice(WORDS), rng.randbytes(5), None)[kind]
    return [_value(rng, depth - 1) for _ in range(rng.randint(0, 11))]


def _pieces(data: bytes, rng: random.Random) -> list[bytes]:
    cut = rng.randint(0, len(data))
    return [piece for piece in (data[:cut], data[cut:]) if piece]


if __name__ == "__main__":
    main()
