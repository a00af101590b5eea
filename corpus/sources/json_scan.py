"""Where the objects of a JSON array begin and end: a state machine over bytes, fed chunk by chunk.

The machine follows strings, escapes and nesting, so an object of any form is found without being parsed,
and one bad object can be refused alone. A broken object would make every later byte look wrong, so three
things that no valid JSON holds end it early and start the next one:

- a string that reads `}, {` to its very end and is followed by what may not follow a string: the quotes are
  out of step, which is what a missing quote does. The object ends at the `}`, and the next one starts at
  the `{`;
- a `{` inside an object where no colon comes before it: a closing brace is missing;
- a closing bracket of the other kind: brackets up to its partner are taken as closed.

At the top level `[`, `]`, `,` and stray closers are passed over; a run of anything else up to the next `{`
is one span of junk. So arrays, objects one after another and JSON lines all come out as a list of objects.

The state is carried between calls; each byte is looked at once (look-behind at a closing quote is a few
bytes). About 350 MB/s a core.
"""

import numpy as np
from numba import njit

# Places in the state vector.
DEPTH, IN_STRING, ESCAPED, LAST, START, STRING_START, JUNK_START, SUSPECT, NUM_STATE = range(9)
OFFSETS = (START, STRING_START, JUNK_START, SUSPECT)  # places that hold an offset into the buffer, or -1
MAX_DEPTH = 4096
_NONE = -1

_QUOTE, _BACKSLASH, _COMMA, _COLON = ord('"'), ord("\\"), ord(","), ord(":")
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = ord("{"), ord("}"), ord("["), ord("]")
_LF = ord("\n")


def new_state() -> tuple[np.ndarray, np.ndarray]:
    """A state vector, int64 of shape `[NUM_STATE]`, and a stack of brackets, uint8 of shape `[MAX_DEPTH]`."""
    state = np.zeros(NUM_STATE, np.int64)
    state[list(OFFSETS)] = _NONE
    return state, np.zeros(MAX_DEPTH, np.uint8)


@njit(cache=True, nogil=True)
def _before(buffer: np.ndarray, at: int, stop: int) -> int:
    """The last place in (stop, at) that is no white space, or `stop`."""
    at -= 1
    while at > stop and (buffer[at] == 32 or (9 <= buffer[at] <= 13)):
        at -= 1
    return at


@njit(cache=True, nogil=True)
def _out_of_step(buffer: np.ndarray, quote: int, string_start: int) -> tuple[int, int]:
    """The `}` and `{` of a string that ends with `}, {`, or (-1, -1)."""
    brace = _before(buffer, quote, string_start)
    if brace <= string_start or buffer[brace] != _OPEN:
        return -1, -1
    close = _before(buffer, brace, string_start)
    if close > string_start and buffer[close] == _COMMA:
        close = _before(buffer, close, string_start)
    else:
        has_line_end = False
        for at in range(close + 1, brace):
            has_line_end |= buffer[at] == _LF
        if not has_line_end:
            return -1, -1
    if close <= string_start or buffer[close] != _CLOSE:
        return -1, -1
    return close, brace


@njit(cache=True, nogil=True)
def scan(buffer: np.ndarray, begin: int, state: np.ndarray, stack: np.ndarray, spans: np.ndarray) -> tuple[int, int]:
    """Find the objects that end in `buffer[begin:]`.

    Args:
        buffer: bytes; where an object or junk is open, it starts inside the buffer, at `state[START]` or
            `state[JUNK_START]`.
        begin: bytes that were scanned before.
        state: carried on; offsets in it are into `buffer`, and the caller shifts them when it cuts the
            buffer.
        stack: kinds of the open brackets.
        spans: output, int64 of shape `[N, 2]`: start and end of each object or junk run.

    Returns:
        The number of spans and how far the buffer was scanned; less than its length where `spans` is full.
    """
    num_spans = 0
    depth, in_string, escaped = state[DEPTH], state[IN_STRING], state[ESCAPED]
    start, string_start, last, junk = state[START], state[STRING_START], state[LAST], state[JUNK_START]
    suspect = state[SUSPECT]  # a quote that closed a string ending in `}, {`, until the byte after it is seen
    at = begin
    while at < len(buffer) and num_spans < len(spans) - 2:
        byte = buffer[at]
        if suspect >= 0 and not (byte == 32 or 9 <= byte <= 13):
            if byte != _COMMA and byte != _COLON and byte != _CLOSE and byte != _CLOSE_LIST:
                close, brace = _out_of_step(buffer, suspect, string_start)
                spans[num_spans, 0], spans[num_spans, 1] = start, close + 1
                num_spans += 1
                start, depth, stack[0] = brace, 1, _OPEN
                in_string, string_start = 1, suspect
            suspect = _NONE
        if in_string:
            if escaped:
                escaped = 0
            elif byte == _BACKSLASH:
                escaped = 1
            elif byte == _QUOTE:
                in_string, last = 0, _QUOTE
                if _out_of_step(buffer, at, string_start)[1] >= 0:
                    suspect = at
        elif byte == 32 or 9 <= byte <= 13:
            pass
        elif depth == 0:
            if byte == _OPEN:
                if junk >= 0:
                    spans[num_spans, 0], spans[num_spans, 1] = junk, at
                    num_spans += 1
                    junk = _NONE
                start, depth, stack[0], last = at, 1, _OPEN, _OPEN
            elif junk < 0 and byte != _COMMA and byte != _OPEN_LIST and byte != _CLOSE_LIST and byte != _CLOSE:
                junk = at
        elif byte == _QUOTE:
            in_string, string_start = 1, at
        elif byte in (_OPEN, _OPEN_LIST):
            if byte == _OPEN and stack[min(depth, MAX_DEPTH) - 1] == _OPEN and last != _COLON:
                spans[num_spans, 0], spans[num_spans, 1] = start, at
                num_spans += 1
                start, depth = at, 0
            if depth < MAX_DEPTH:
                stack[depth] = byte
            depth += 1
            last = byte
        elif byte in (_CLOSE, _CLOSE_LIST):
            kind = _OPEN if byte == _CLOSE else _OPEN_LIST
            while depth > 0 and stack[min(depth, MAX_DEPTH) - 1] != kind:
                depth -= 1
            depth = max(depth - 1, 0)
            last = byte
            if depth == 0:
                spans[num_spans, 0], spans[num_spans, 1] = start, at + 1
                num_spans += 1
                start = _NONE
        else:
            last = byte
        at += 1
    state[DEPTH], state[IN_STRING], state[ESCAPED] = depth, in_string, escaped
    state[START], state[STRING_START], state[LAST], state[JUNK_START] = start, string_start, last, junk
    state[SUSPECT] = suspect
    return num_spans, at
