"""Compiled kernels are dropped when what they were compiled of has changed, also in another file."""

from __future__ import annotations

import subprocess
import sys

import pytest

from driving.server.kernel_cache import drop_stale

STARTED = """
import sys
from driving.server.motion_tables import standard_tables
from driving.server.serve import Server
from scenarios.roads import straight_road
server = Server("127.0.0.1", 0, {"straight": straight_road()}, "straight", motion=standard_tables())
server.start()
print(*sorted(name for name in sys.modules if name.startswith("scipy.linalg")))
"""


def test_kernels_are_dropped_when_a_file_that_theirs_imports_has_changed(tmp_path):
    (tmp_path / "physics.py").write_text("from driving.server.model import GRIP\n@njit\ndef advance(): ...")
    model, other = tmp_path / "model.py", tmp_path / "other.py"
    model.write_text("GRIP = 9")
    other.write_text("")
    kernel = tmp_path / "__pycache__" / "physics.advance-1.py311.nbi"
    assert drop_stale(tmp_path)  # of unknown origin
    kernel.write_text("compiled")
    assert not drop_stale(tmp_path)
    other.write_text("has nothing to do with it")
    assert not drop_stale(tmp_path)
    assert kernel.exists()
    model.write_text("GRIP = 13")
    assert drop_stale(tmp_path)
    assert not kernel.exists()


@pytest.mark.slow
def test_a_server_loads_no_kernel_before_it_is_warm_and_so_no_algebra_that_it_never_calls():
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
