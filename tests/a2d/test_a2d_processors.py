"""What a process can do for its own time."""

import subprocess
import sys

import pytest

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
