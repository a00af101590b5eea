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
the user's cache folder (`cache_folder`). It is made anew when the kernel's file has changed or one of ours that it
imports, directly or not, and for another processor, Python or llvmlite. Price: 1 to 2 ms a kernel that is loaded, 0.2
to 2.5 s one that is compiled.
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
_IMPORT = re.compile(r"^ *(?:from +([\w.]+) +import +(\([^)]*\)|.*)|import +([\w., ]+))", re.MULTILINE)
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
        self.kernel, self.signatures = kernel, {signature.key: signature for signature in signatures}
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
        signature = self.signatures.get(key)
        if signature is None:
            given = ", ".join(f"{np.dtype(one[0])} {len(one)}-d" for one in key)
            known = "; ".join(signature.text for signature in self.signatures.values())
            raise ValueError(f"{self.kernel} was given arrays of {given}; it is compiled for {known}")
        with _lock:
            if key not in self._functions:
                code = _load_or_compile(self.kernel, signature.text)
                self._functions[key] = signature.prototype(_address(*code))
        return self._functions[key]


def _load_or_compile(kernel: str, signature: str) -> tuple[str, bytes]:
    """Symbol and object code, from the file, or from numba and then into the file."""
    module, function = kernel.split(":")
    key = _key(module, signature)
    name = f"{module}.{function}.{_hash(signature.encode())[:8]}.code"
    for folder in _folders():
        code = _read(folder / name, key)
        if code is not None:
            return code
    object_code = importlib.import_module("corpus.kernels.jit").object_code
    code = object_code(getattr(importlib.import_module(module), function), signature)
    for folder in _folders():
        if _write(folder / name, key, *code):
            break
    return code


def _key(module: str, signature: str) -> str:
    """Changes with the sources, the processor, Python and llvmlite."""
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    facts = (signature, _sources(module), processor, sys.version, llvmlite.__version__)
    return _hash(repr(facts).encode())


def _sources(module: str) -> list[tuple[str, str]]:
    """Name and hash of a kernel's module, of `jit`, and of all of ours that they import."""
    ours = {"corpus", module.partition(".")[0]}
    found: dict[str, str] = {}
    waiting = [module, "corpus.kernels.jit"]
    while waiting:
        name = waiting.pop()
        if name not in found and name.partition(".")[0] in ours:
            found[name], imported = _source(name)
            waiting += imported
    return sorted(found.items())


@functools.cache
def _source(module: str) -> tuple[str, list[str]]:
    """Hash and imports of a module, as this process found it; of what is none, such as a constant, nothing."""
    place = _ROOT / module.replace(".", "/")
    path = next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
    if path is None:
        return "", []
    source = path.read_bytes()
    imported: list[str] = []
    for package, names, modules in _IMPORT.findall(source.decode()):
        imported += [package, *re.findall(r"[\w.]+", modules)]
        imported += [f"{package}.{name}" for name in re.findall(r"\w+", re.sub(r"#.*", "", names))]
    return _hash(source), imported


def _folders() -> list[Path]:
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return [Path(given)]
    user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return [_KERNELS / "__pycache__", Path(user) / "siku"]


def _read(path: Path, key: str) -> tuple[str, bytes] | None:
    """What `_write` wrote, or None if it is not there, of another key, or cut short."""
    try:
        head, _, code = path.read_bytes().partition(b"\n")
        about = json.loads(head)
    except (OSError, ValueError):
        return None
    if not isinstance(about, dict) or about.get("key") != key or about.get("hash") != _hash(code):
        return None
    return about["symbol"], code


def _write(path: Path, key: str, symbol: str, code: bytes) -> bool:
    head = {"key": key, "symbol": symbol, "hash": _hash(code)}
    beside = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(json.dumps(head).encode() + b"\n" + code)
        os.replace(beside, path)
    except OSError:  # a read-only place: the next folder, or compiling once more in the next process
        return False
    return True


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


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
