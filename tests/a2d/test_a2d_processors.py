"""What a process can do for its own time."""

import subprocess
import sys

import pytest

from a2d import processors

# allocates, fills and frees a minibatch of pictures again and again; prints the page faults of a turn
CHURN = """
import resource, sys
from a2d.processors import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def turn():
    parts = [b'x' * size for size in (28_000_000, 8_000_000, 8_000_000)]
turn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    turn()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_memory_that_comes_and_goes_is_asked_for_once():
    def faults(how):
        found = subprocess.run([sys.executable, "-c", CHURN, how], check=True, capture_output=True, text=True)
        return int(found.stdout)

    assert faults("given back") > 1000
    assert faults("kept") < 20


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("fpu avx2 avx512f avx512_bf16", True),
        ("avx2 avx512f amx_bf16 amx_tile", True),
        ("avx2 avx512f avx512_vnni", False),
        (None, False),
    ],
)
def test_a_processor_tells_whether_it_multiplies_bfloat16(tmp_path, monkeypatch, flags, found):
    told = tmp_path / "cpuinfo"
    if flags is not None:
        told.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbogomips\t: 4800.00\n")
    monkeypatch.setattr(processors, "CPUINFO", told)
    assert processors.multiplies_bfloat16.__wrapped__() is found
