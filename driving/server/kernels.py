"""How the kernels of motion are compiled: cached on disk, and anew when any of their modules changes.

Numba alone looks at a kernel's own file, not at those of the functions compiled into it: after a change to
how walkers fall, the loop that calls it would go on with the old code.
https://numba.readthedocs.io/en/stable/developer/caching.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

_MODULES = (
    "bodies", "contact", "gait", "ground", "impact", "physics", "running_aground", "sliding", "solids",
    "vehicle_model",
)  # fmt: skip
_SOURCES = hashlib.sha256(
    b"".join(Path(__file__).with_name(f"{module}.py").read_bytes() for module in _MODULES)
).hexdigest()


def kernel(function: Function) -> Function:
    """Compile `function` at its first call, or load it from numba's cache beside the source."""
    compiled: Any = njit(cache=True)(function)
    index = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = (_SOURCES, index._source_stamp)
    return compiled
