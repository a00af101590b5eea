"""Kernels as machine code in a file: compiled once by numba, and called without importing it.

Importing numba takes 0.3 to 0.4 s and loading each of its cached functions 50 to 100 ms, more than a training job's
whole start is allowed. So `compiled` names a kernel instead of importing it. The first process on a machine imports
the kernel's module, has numba compile it for the signatures given and keeps the object code; every later one loads
that by LLVM's loader (llvmlite) and calls it by ctypes, which releases the GIL.

    _fill = compiled("corpus.kernels.row_plan.numba_cpu:fill", "int64(int32[::1], uint16[::1], int64)")
    num_rows = _fill(lengths, tokens, 2048)

The kernel is a function decorated with `jit.inner` (or `kernel`): its arrays come from the caller, are C-contiguous
and not checked again; it makes none, raises nothing, and returns an int64 or nothing. Its module imports numba, so
nobody imports that module but `compiled`.

The code is kept in `$NUMBA_CACHE_DIR`, else in `__pycache__` beside this file, else, where that may not be written, in
the user's cache folder. It is made anew when any file of `corpus/kernels` or of the kernel's own folder has changed,
for another processor, Python or llvmlite.
"""

import ctypes
import functools
import hashlib
import importlib
import json
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

__all__ = ["compiled"]

_KERNELS = Path(__file__).parent
_ROOT = _KERNELS.parent.parent
_ARGUMENT = re.compile(r"([a-z]+[0-9]+)(\[::1\]|\[:, ?::1\]|\[:, ?:, ?::1\])?$")
_SCALARS = {"int64": ctypes.c_int64, "uint64": ctypes.c_uint64, "float64": ctypes.c_double}
_lock = threading.RLock()
_engine: Any = None  # LLVM's, one a process; it owns the code


def compiled(kernel: str, *signatures: str) -> Callable[..., int]:
    """The kernel `"module:function"` as a function, loaded or compiled when it is first called.

    Args:
        kernel: where it is defined.
        signatures: in numba's notation, `"int64(uint16[::1], float64[:, ::1], int64)"`; scalars are int64, uint64 or
            float64. Which one is called is decided by the types of the arrays.

    Returns:
        A function of the same arguments. It gives the kernel's int64, or 0.

    Raises:
        ValueError: a signature that cannot be read (here); arrays of types that no signature has, or that are not
            contiguous (when called).
    """
    return _Compiled(kernel, [_Signature(text) for text in signatures])


class _Signature:
    """One signature: for each argument its type and its dimensions, 0 for a scalar."""

    def __init__(self, text: str) -> None:
        match = re.match(r"(int64|void)\((.*)\)$", text)
        found = [_ARGUMENT.match(part) for part in re.split(r", *(?![^\[]*\])", match[2])] if match else []
        self.arguments = [(one[1], one[2].count(":") - 1 if one[2] else 0) for one in found if one]
        scalars = [name for name, dimensions in self.arguments if not dimensions]
        if not found or not all(found) or not set(scalars) <= set(_SCALARS):
            raise ValueError(f"signature {text!r} is not like 'int64(uint16[::1], int64[:, ::1], int64)'")
        self.text = text
        self.key = tuple(np.dtype(name).char * dimensions for name, dimensions in self.arguments if dimensions)
        types = [ctypes.c_int64 if dimensions else _SCALARS[name] for name, dimensions in self.arguments]
        # before them: where the result and an exception would go
        self.prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *types)


class _Compiled:
    """See `compiled`."""

    def __init__(self, kernel: str, signatures: list[_Signature]) -> None:
        self.kernel, self.signatures = kernel, signatures
        self._functions: dict[tuple[str, ...], Any] = {}

    def __call__(self, *arguments: Any) -> int:
        passed: list[Any] = []
        key: list[str] = []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                key.append(argument.dtype.char * argument.ndim)
                if not argument.flags.c_contiguous:
                    raise ValueError(f"{self.kernel}: array {len(key)} of {len(arguments)} arguments is not contiguous")
                passed.append(id(argument))  # `jit.object_code` reads address and shape out of the object
            else:
                passed.append(argument)
        function = self._functions.get(tuple(key)) or self._find(tuple(key))
        result = ctypes.c_int64(0)
        status = function(ctypes.addressof(result), ctypes.addressof(result), *passed)
        if status:
            raise RuntimeError(f"{self.kernel} ended with status {status}; a kernel must not raise")
        return result.value

    def _find(self, key: tuple[str, ...]) -> Any:
        with _lock:
            if not self._functions:
                codes = _load_or_compile(self.kernel, [signature.text for signature in self.signatures])
                for signature, (symbol, code) in zip(self.signatures, codes, strict=True):
                    self._functions[signature.key] = signature.prototype(_address(symbol, code))
        if key not in self._functions:
            given = ", ".join(f"{np.dtype(one[0])} {len(one)}-d" for one in key)
            known = "; ".join(signature.text for signature in self.signatures)
            raise ValueError(f"{self.kernel} was given arrays of {given}; it is compiled for {known}")
        return self._functions[key]


def _load_or_compile(kernel: str, signatures: list[str]) -> list[tuple[str, bytes]]:
    """The symbol and object code of each signature, from the file, or from numba and then into the file."""
    key = _key(kernel, signatures)
    name = f"{kernel.replace(':', '.')}.{hashlib.blake2b(str(signatures).encode(), digest_size=4).hexdigest()}.code"
    for folder in _folders():
        codes = _read(folder / name, key)
        if codes is not None:
            return codes
    module, function = kernel.split(":")
    jit = importlib.import_module("corpus.kernels.jit")
    compile_ = jit.object_code
    codes = [compile_(getattr(importlib.import_module(module), function), text) for text in signatures]
    for folder in _folders():
        if _write(folder / name, key, codes):
            break
    return codes


def _key(kernel: str, signatures: list[str]) -> str:
    """Changes with the kernels' sources, the processor, Python and llvmlite."""
    own = (_ROOT / kernel.split(":")[0].replace(".", "/")).parent
    folders = [_KERNELS] if own.is_relative_to(_KERNELS) else [_KERNELS, own]
    sources = [_sources(str(folder)) for folder in folders]
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    facts = (signatures, sources, processor, sys.version, llvmlite.__version__)
    return hashlib.blake2b(repr(facts).encode()).hexdigest()[:32]


@functools.cache
def _sources(folder: str) -> list[tuple[str, str]]:
    """Place and hash of every module in a folder, as this process found them."""
    found: list[tuple[str, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                digest = hashlib.blake2b(Path(entry.path).read_bytes(), digest_size=16).hexdigest()
                found.append((entry.path.removeprefix(str(_ROOT)), digest))
            elif entry.is_dir() and entry.name != "__pycache__":
                found += _sources(entry.path)
    return sorted(found)


def _folders() -> list[Path]:
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return [Path(given)]
    user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return [_KERNELS / "__pycache__", Path(user) / "siku"]


def _read(path: Path, key: str) -> list[tuple[str, bytes]] | None:
    """What `_write` wrote, or None if it is not there, of another key, or cut short."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        about = json.loads(head)
    except (OSError, ValueError):
        return None
    if not isinstance(about, dict) or about.get("key") != key or about.get("hash") != _hash(body):
        return None
    ends = np.cumsum(about["bytes"]).tolist()
    spans = zip(about["symbols"], [0, *ends], ends, strict=False)
    return [(symbol, body[begin:end]) for symbol, begin, end in spans]


def _write(path: Path, key: str, codes: list[tuple[str, bytes]]) -> bool:
    body = b"".join(code for _, code in codes)
    head = {"key": key, "symbols": [symbol for symbol, _ in codes], "bytes": [len(code) for _, code in codes]}
    beside = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(json.dumps(head | {"hash": _hash(body)}).encode() + b"\n" + body)
        os.replace(beside, path)
    except OSError:  # a read-only place: the next folder, or compiling once more in the next process
        return False
    return True


def _hash(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _address(symbol: str, code: bytes) -> int:
    """Hand object code to LLVM's loader."""
    global _engine
    if _engine is None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine()
        _engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    _engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    _engine.finalize_object()
    return _engine.get_function_address(symbol)
