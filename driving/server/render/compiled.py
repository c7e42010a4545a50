"""How the renderer's kernels are compiled: cached on disk, IEEE arithmetic, one thread.

No fast-math: the same scene gives the same bytes in every process, which the tests hold us to.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.core import cgutils
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile `function` at its first call, or load it from numba's cache beside the source."""
    compiled: Function = njit(cache=os.environ.get("NC")!="1", boundscheck=False, error_model="numpy", nogil=True)(function)
    return compiled


def inlined(function: Function) -> Function:
    """Compile `function` into its callers: a scene is passed field by field, and copying it per pixel is dear."""
    compiled: Function = njit(
        cache=os.environ.get("NC")!="1", boundscheck=False, error_model="numpy", nogil=True, forceinline=True
    )(function)
    return compiled


@intrinsic
def borrowed(typing_context: Any, array: Any) -> Any:
    """The same array without its reference count.

    Counting references atomically at every access costs ten times what shading a pixel does. Only for
    arrays that outlive the kernel: its caller's.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        return view._getvalue()

    return array(array), generate
