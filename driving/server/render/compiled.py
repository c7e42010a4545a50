"""How the renderer's kernels are compiled: cached on disk, IEEE arithmetic, one thread.

No fast-math: the same scene gives the same bytes in every process, which the tests hold us to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit
from numba.core import cgutils
from numba.cpython.unsafe import numbers
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

_SOURCES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()


def kernel(function: Function) -> Function:
    """Compile `function` at its first call, or load it from numba's cache beside the source."""
    return _compiled(function, inline=False)


def inlined(function: Function) -> Function:
    """Compile `function` into its callers: handing a scene over, field by field, per pixel is dear."""
    return _compiled(function, inline=True)


def _borrowed(typing_context: Any, array: Any) -> Any:
    """The same array without its reference count.

    Counting references atomically at every access costs several times what shading a pixel does. Only for
    arrays that outlive the kernel: its caller's.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        return view._getvalue()

    return array(array), generate


borrowed: Any = intrinsic(_borrowed)

trailing_zeros: Any = numbers.trailing_zeros
"""How many zeros a number other than 0 ends with in binary: one instruction."""


def _compiled(function: Function, *, inline: bool) -> Function:
    """Compile, with a cache that is void when any module of this package changes.

    Numba alone looks at the kernel's own file, not at those of the functions compiled into it, and would
    run stale code: https://numba.readthedocs.io/en/stable/developer/caching.html
    """
    compiled: Any = njit(cache=True, boundscheck=False, error_model="numpy", nogil=True, forceinline=inline)(
        function
    )
    index = _cache_index(compiled)
    if index is not None:
        index._source_stamp = (_SOURCES, index._source_stamp)
    return compiled


def _cache_index(compiled: Any) -> Any:
    return getattr(getattr(compiled, "_cache", None), "_cache_file", None)
