"""The table of calls: what it says of itself."""

from __future__ import annotations

import subprocess
import sys

from driving.server.calls import CALLS, support
from driving.server.calls.names import NAMES


def test_no_call_is_supported_that_a_client_cannot_make():
    assert set(CALLS) <= set(NAMES)
    assert len(NAMES) == len(set(NAMES)) == 128


def test_what_a_call_does_is_said_by_the_table_itself():
    table = support()
    assert table["tick_cue"] == "done"
    assert table["set_actor_autopilot"] == "accepted without effect"
    assert table["enable_carsim"] == "not supported"
    assert [name for name, status in table.items() if status != "not supported"] == [
        name for name in NAMES if name in CALLS
    ]


def test_the_command_prints_a_line_for_every_call_and_ends():
    command = [sys.executable, "-m", "driving.cli", "serve", "--calls"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == list(NAMES)
    assert "not supported" in lines[-1]
