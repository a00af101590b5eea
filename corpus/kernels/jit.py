"""The decorators that kernels are compiled with.

Both leave numba's reference counting out: a kernel gets all its arrays from the caller and makes none, and a count
around every call that takes an array is an atomic addition, several times the price of looking at a byte. `inner` is
for functions that only kernels call: without a way in from Python they compile faster.

`raw` is an array's bare pointer. Indexing one has no wrap-around for negative places, which is three instructions at
every access of an array, and only one register is taken up by it.
"""

import functools
from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as _intrinsic

__all__ = ["inner", "intrinsic", "kernel", "raw"]

intrinsic: Callable[..., Any] = _intrinsic  # what is called has one parameter less than what is defined
_njit: Callable[..., Any] = numba.njit  # its stubs don't know `_nrt`

kernel: Callable[..., Any] = functools.partial(_njit, cache=True, nogil=True, _nrt=False, no_cfunc_wrapper=True)
inner: Callable[..., Any] = functools.partial(kernel, no_cpython_wrapper=True)


@intrinsic
def raw(typingctx, array):
    """The pointer to an array's first element: `raw(array)[place]`, of a contiguous array, never checked."""

    def codegen(context, builder, signature, args):
        return cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen
