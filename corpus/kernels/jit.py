"""The decorators that kernels are compiled with.

Both leave numba's reference counting out: a kernel gets all its arrays from the caller and makes none, and a count
around every call that takes an array is an atomic addition, several times the price of looking at a byte. `inner` is
for functions that only kernels call: without a way in from Python they compile faster.

They compile under `NUMBA_DISABLE_JIT=1` too: a kernel reads bare pointers, which no interpreter can.

`raw` is an array's bare pointer. Indexing one has no wrap-around for negative places, which is three instructions at
every access of an array, and only one register is taken up by it. `prefetch` asks for a place of one ahead of its use:
where places are at random in a table larger than the caches, most of the time is waiting for them.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils, config, sigutils
from numba.core.caching import NullCache
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic as _intrinsic
from numba.np import arrayobj

__all__ = ["inner", "intrinsic", "kernel", "object_code", "prefetch", "raw"]

intrinsic: Callable[..., Any] = _intrinsic  # what is called has one parameter less than what is defined


def _njit(*signature: Any, **options: Any) -> Callable[[Any], Any]:
    """numba's `njit`, whatever `NUMBA_DISABLE_JIT` says."""

    def decorate(function: Any) -> Any:
        disabled, config.DISABLE_JIT = config.DISABLE_JIT, 0
        try:
            return numba.njit(*signature, **options)(function)
        finally:
            config.DISABLE_JIT = disabled

    return decorate


kernel: Callable[..., Any] = functools.partial(_njit, cache=True, nogil=True, _nrt=False, no_cfunc_wrapper=True)
inner: Callable[..., Any] = functools.partial(kernel, no_cpython_wrapper=True)


@intrinsic
def raw(typingctx, array):
    """The pointer to an array's first element: `raw(array)[place]`, of a contiguous array, never checked."""

    def codegen(context, builder, signature, args):
        return cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen


@intrinsic
def prefetch(typingctx, pointer, place):
    """Have `pointer[place]`, of a `raw` array, brought into the cache to be changed; any place may be given."""

    def codegen(context, builder, signature, args):
        address, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        declared = ir.FunctionType(ir.VoidType(), [address, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, declared, "llvm.prefetch.p0")
        for_writing, keep, data = number(1), number(3), number(1)
        builder.call(function, [builder.bitcast(builder.gep(args[0], [args[1]]), address), for_writing, keep, data])
        return context.get_dummy_value()

    return types.none(pointer, place), codegen


def object_code(function: Callable[..., Any], signature: str) -> tuple[str, bytes]:
    """A kernel's machine code with an entry that takes the addresses of NumPy's array objects.

    Returns:
        The entry's symbol and an object file. The entry is called as numba calls its functions: an address for the
        result, one for an exception, then the arguments, an array as `id(array)`; it returns 0.
    """
    types_given, _ = sigutils.normalize_signature(signature)
    scope: dict[str, Any] = {"kernel": function}
    passed: list[str] = []
    for place, given in enumerate(types_given):
        scope[f"view{place}"] = _view_of(given) if isinstance(given, types.Array) else None
        passed.append(f"view{place}(a{place})" if isinstance(given, types.Array) else f"a{place}")
    names = ", ".join(f"a{place}" for place in range(len(types_given)))
    exec(f"def entry({names}):\n    return kernel({', '.join(passed)})", scope)
    taken = tuple(types.int64 if isinstance(given, types.Array) else given for given in types_given)
    options = {"nogil": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    with _without_cache(function):
        entry = _njit(taken, **options)(scope["entry"])
    compiled = entry.overloads[taken]
    if compiled.signature.return_type not in (types.none, types.int64):
        raise ValueError(f"{function} returns {compiled.signature.return_type}, expected int64 or nothing")
    return compiled.fndesc.llvm_func_name, compiled.library._get_compiled_object()


@contextlib.contextmanager
def _without_cache(function: Any) -> Iterator[None]:
    """Compile a function and those it calls from their sources: numba's cache of one does not see the others change."""
    called, waiting = set[Any](), [function]
    while waiting:
        one = waiting.pop()
        if one not in called:
            called.add(one)
            known = one.py_func.__globals__
            names = one.py_func.__code__.co_names
            waiting += [known[name] for name in names if isinstance(known.get(name), Dispatcher)]
    caches = [(one, one._cache) for one in called]
    try:
        for one, _ in caches:
            one._cache = NullCache()
        yield
    finally:
        for one, cache in caches:
            one._cache = cache


def _view_of(array_type: Any) -> Callable[[int], Any]:
    """A function for kernels that takes an array object's address as the array, without counting a reference.

    `PyArrayObject_fields` is part of NumPy's binary interface: behind the object's head the address of the data, the
    number of dimensions, the address of the shape.
    """

    @intrinsic
    def view(typingctx, address):
        def codegen(context, builder, signature, args):
            def word(offset, llvm_type):
                place = builder.add(args[0], context.get_constant(types.int64, object.__basicsize__ + offset))
                return builder.load(builder.inttoptr(place, llvm_type.as_pointer()))

            intp = context.get_value_type(types.intp)
            data = word(0, context.get_data_type(array_type.dtype).as_pointer())
            shape_at = word(16, intp.as_pointer())
            shape = [builder.load(cgutils.gep(builder, shape_at, place)) for place in range(array_type.ndim)]
            size = context.get_abi_sizeof(context.get_data_type(array_type.dtype))
            item_bytes = context.get_constant(types.intp, size)
            strides = [item_bytes]
            for length in reversed(shape[1:]):
                strides.insert(0, builder.mul(strides[0], length))
            array = context.make_array(array_type)(context, builder)
            arrayobj.populate_array(array, data=data, shape=shape, strides=strides, itemsize=item_bytes, meminfo=None)
            return array._getvalue()

        return array_type(address), codegen

    return view
