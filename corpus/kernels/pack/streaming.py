"""Writing past the caches: copies and counts whose stores do not first read what they overwrite.

What is larger than a core's caches is gone from them before anybody reads it, and a plain store to it first loads the
line. A non-temporal store of a whole line does not: 2.7 in place of 3.9 ns a token into 6 MB used in turns with four
more such pieces; where the memory is in the cache it is the slower one (2.5 against 1.7).
Imported by `numba_cpu` alone.
"""

from llvmlite import ir
from numba import types

from corpus.kernels.jit import inner, intrinsic

_LINE = 64  # bytes


def _store_line(builder, out, place, values):
    lanes = builder.bitcast(builder.gep(out, [place]), values.type.as_pointer())
    store = builder.store(values, lanes)
    store.align = _LINE
    store.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))


def _line_of(pointer_type):
    """The LLVM type of a line of what a pointer points to."""
    bits = pointer_type.dtype.bitwidth
    return ir.VectorType(ir.IntType(bits), 8 * _LINE // bits)


@intrinsic
def _lanes(typingctx, out):
    """Elements a line."""

    def codegen(context, builder, signature, args):
        return ir.Constant(ir.IntType(64), _line_of(signature.args[0]).count)

    return types.int64(out), codegen


@intrinsic
def _to_line(typingctx, out, place):
    """Elements from `place` to where a line begins, 0 if one begins there."""

    def codegen(context, builder, signature, args):
        word, line = ir.IntType(64), _line_of(signature.args[0])
        item_bytes = _LINE // line.count
        address = builder.ptrtoint(builder.gep(args[0], [args[1]]), word)
        return builder.udiv(builder.and_(builder.neg(address), ir.Constant(word, _LINE - 1)), word(item_bytes))

    return types.int64(out, types.int64), codegen


@intrinsic
def _copy_line(typingctx, out, place, tokens, token):
    """A line of tokens from `tokens[token]` on."""

    def codegen(context, builder, signature, args):
        line, bits = _line_of(signature.args[0]), signature.args[2].dtype.bitwidth
        given = ir.VectorType(ir.IntType(bits), line.count)
        values = builder.load(builder.bitcast(builder.gep(args[2], [args[3]]), given.as_pointer()))
        values.align = bits // 8
        _store_line(builder, args[0], args[1], builder.zext(values, line) if given != line else values)
        return context.get_dummy_value()

    return types.void(out, types.int64, tokens, types.int64), codegen


@intrinsic
def _count_line(typingctx, out, place, first):
    """A line of `first`, `first + 1` ..."""

    def codegen(context, builder, signature, args):
        line = _line_of(signature.args[0])
        first = args[2] if line.element == args[2].type else builder.trunc(args[2], line.element)
        undefined = ir.Constant(line, ir.Undefined)
        values = builder.insert_element(undefined, first, ir.IntType(32)(0))
        values = builder.shuffle_vector(values, undefined, ir.VectorType(ir.IntType(32), line.count)([0] * line.count))
        _store_line(builder, args[0], args[1], builder.add(values, line(list(range(line.count)))))
        return context.get_dummy_value()

    return types.void(out, types.int64, types.int64), codegen


@intrinsic
def wait_for_stores(typingctx):
    """Have everything written before what other threads see next; streamed stores keep no order of themselves."""

    def codegen(context, builder, signature, args):
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), codegen


@inner()
def copy_tokens(out, place, tokens, token, count, stream):
    """`out[place + i] = tokens[token + i]` for i below `count`, of `raw` arrays; past the caches if `stream`."""
    done = 0
    if stream:
        done = min(count, _to_line(out, place))
        for i in range(done):
            out[place + i] = tokens[token + i]
        while done + _lanes(out) <= count:
            _copy_line(out, place + done, tokens, token + done)
            done += _lanes(out)
    for i in range(done, count):
        out[place + i] = tokens[token + i]


@inner()
def count_up(out, place, first, count, stream):
    """`out[place + i] = first + i` for i below `count`, of a `raw` array; past the caches if `stream`."""
    done = 0
    if stream:
        done = min(count, _to_line(out, place))
        for i in range(done):
            out[place + i] = first + i
        while done + _lanes(out) <= count:
            _count_line(out, place + done, first + done)
            done += _lanes(out)
    for i in range(done, count):
        out[place + i] = first + i
