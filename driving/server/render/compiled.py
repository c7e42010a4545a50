"""How the renderer's kernels are compiled: cached on disk, IEEE arithmetic, one thread.

Of fast-math only that a processor may multiply and add in one step: on one sort of processor the same scene
gives the same bytes in every process, which the tests hold us to.
Numbers written in a kernel are single precision, so that arithmetic on `float32` stays there: twice as many
of them fit a vector instruction. What meets a `float64` is computed with that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numba import njit, typeof
from numba.core import cgutils, ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.untyped_passes import IRProcessing
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


class Unchecked:
    """A kernel whose arguments have the same types at every call: they are looked at once.

    numba's look at two dozen arrays costs as much as a small picture's shading. Only for a caller that makes
    the arguments itself: nobody notices another type.
    """

    def __init__(self, compiled: Callable[..., None]) -> None:
        self._compiled: Any = compiled
        self._entry: Callable[..., None] | None = None

    def __call__(self, *arguments: Any) -> None:
        if self._entry is None:
            self._compiled(*arguments)
            self._entry = self._compiled.get_overload(tuple(typeof(item) for item in arguments))
        else:
            self._entry(*arguments)


@register_pass(mutates_CFG=False, analysis_only=False)
class _Narrow(FunctionPass):  # type: ignore[misc]  # numba is untyped
    """Makes the floating-point numbers written in a function single precision."""

    _name = "narrow_constants"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        narrowed = False
        for block in state.func_ir.blocks.values():
            for assignment in block.find_insts(ir.Assign):
                number = assignment.value
                if isinstance(number, ir.Const | ir.Global | ir.FreeVar) and type(number.value) is float:
                    number.value, narrowed = np.float32(number.value), True
        return narrowed


class _SinglePrecision(CompilerBase):  # type: ignore[misc]  # numba is untyped
    """numba's own passes, and `_Narrow` before types are inferred."""

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_Narrow, IRProcessing)
        passes.finalize()
        return [passes]


VECTOR = 8
"""Numbers in a vector instruction."""

narrow: Any = np.float32
"""A number in single precision, for kernels: to mypy its result is any number."""

whole: Any = np.int32
"""A whole number of four bytes, likewise."""

unsigned: Any = np.uint64
"""An index that does not count from the end, likewise: compiled code needs no test whether it does."""


def _compiled(function: Function, *, inline: bool) -> Function:
    """Compile, with a cache that is void when any module of this package changes.

    Numba alone looks at the kernel's own file, not at those of the functions compiled into it, and would
    run stale code: https://numba.readthedocs.io/en/stable/developer/caching.html
    """
    compiled: Any = njit(
        cache=True,
        boundscheck=False,
        error_model="numpy",
        fastmath={"contract"},
        nogil=True,
        forceinline=inline,
        pipeline_class=_SinglePrecision,
    )(function)
    index = _cache_index(compiled)
    if index is not None:
        index._source_stamp = (_SOURCES, index._source_stamp)
    return compiled


def _cache_index(compiled: Any) -> Any:
    return getattr(getattr(compiled, "_cache", None), "_cache_file", None)


@inlined
def vectors(count: int) -> int:
    """`count` rounded up to whole vectors.

    A short loop spends its time on the few numbers that fill none: it had better do some for nothing.
    """
    return (count + VECTOR - 1) // VECTOR * VECTOR


@inlined
def single(triple: Any) -> tuple[float, float, float]:
    """Three numbers in single precision."""
    return narrow(triple[0]), narrow(triple[1]), narrow(triple[2])


@inlined
def single_row(row: Any) -> tuple[float, float, float, float]:
    """Four numbers likewise, such as a row of a pose."""
    return narrow(row[0]), narrow(row[1]), narrow(row[2]), narrow(row[3])
