"""The kernels of packing on one CPU core, bit-equal to `naive`. `pack_cpu`, `checks` and `staging` call them.

`pack_rows` walks the segments of each row, clips each to the one or two runs of columns that this rank writes, and
writes ids, labels and positions in loops that are vectorised, past the caches where the outputs are larger than those.
24 bytes are written a token, 12 with int32 outputs.
"""

import numpy as np

from corpus.kernels.jit import kernel, raw
from corpus.kernels.pack.shapes import IGNORE_INDEX, NO_DOCUMENT
from corpus.kernels.pack.streaming import copy_tokens, count_up, wait_for_stores

_STREAMED = 1 << 22  # outputs of so many bytes are written past the caches: a core has 1 or 2 MB
SOUND, SPLITS, OUTSIDE, LONG, MANY, SPANS = range(6)  # what `find_fault` finds


@kernel()
def find_fault(num_tokens, starts, lengths, row_splits, spans, span_splits, seq_len, max_segments, fault):
    """The first fault, one of the constants above. Looks at no token.

    Args:
        spans, span_splits: empty where there are none.
        fault: out, int64 `[2]`: the row and what was found there.
    """
    start_at, length_at, split_at = raw(starts), raw(lengths), raw(row_splits)
    span_at, span_split_at = raw(spans), raw(span_splits)
    num_segments, num_rows = len(starts), len(row_splits) - 1
    fault[0], fault[1] = -1, 0
    if num_rows < 0 or split_at[0] != 0 or split_at[num_rows] != num_segments:
        return SPLITS
    if len(span_splits) and (span_split_at[0] != 0 or span_split_at[num_segments] != len(spans)):
        return SPANS
    for row in range(num_rows):
        begin, end = split_at[row], split_at[row + 1]
        fault[0] = row
        if not 0 <= begin <= end <= num_segments:
            return SPLITS
        used, filled = 0, 0
        for segment in range(begin, end):
            fault[1] = segment
            length = length_at[segment]
            if start_at[segment] < 0 or length < 0 or length > num_tokens - start_at[segment]:
                return OUTSIDE
            used += length
            filled += length > 0
            if used > seq_len:
                break
            if len(span_splits):
                first, last, behind = span_split_at[segment], span_split_at[segment + 1], np.int64(0)
                if not 0 <= first <= last <= span_split_at[num_segments]:
                    return SPANS
                for span in range(first, last):
                    span_begin, span_end = np.int64(span_at[2 * span]), np.int64(span_at[2 * span + 1])
                    if span_begin < behind or span_end <= span_begin or span_end > length:
                        return SPANS
                    behind = span_end
        if used > seq_len:
            fault[1] = used
            return LONG
        fault[1] = filled + (used < seq_len)
        if fault[1] > max_segments:
            return MANY
    return SOUND


@kernel()
def pack_rows(
    tokens,
    starts,
    lengths,
    row_splits,
    spans,
    span_splits,
    documents,
    seq_len,
    max_segments,
    pad_id,
    chunk,
    first_shift,
    second_shift,
    input_ids,
    labels,
    position_ids,
    document_ids,
    cu_seqlens,
    fault,
):
    """Check, then write every element of the outputs.

    Args:
        spans, span_splits, documents: empty where there are none; without documents `document_ids` is empty.
        chunk, first_shift, second_shift: see `columns.ColumnMap`.
        fault: out, see `find_fault`.

    Returns:
        Tokens of the longest segment, padding counted; or, less than 0, `-find_fault(...)`, and nothing is written.
    """
    wrong = find_fault(len(tokens), starts, lengths, row_splits, spans, span_splits, seq_len, max_segments, fault)
    if wrong:
        return -wrong
    token_at, start_at, length_at, split_at = raw(tokens), raw(starts), raw(lengths), raw(row_splits)
    span_at, span_split_at, document_at = raw(spans), raw(span_splits), raw(documents)
    ids, targets, positions, owners = raw(input_ids), raw(labels), raw(position_ids), raw(document_ids)
    borders, num_columns, num_borders = raw(cu_seqlens), input_ids.shape[1], cu_seqlens.shape[1]
    masked, owned = len(span_splits) > 0, len(document_ids) > 0
    num_runs = 1 + (chunk < num_columns)
    stream = 3 * input_ids.size * input_ids.itemsize >= _STREAMED
    longest = 0
    for row in range(len(row_splits) - 1):
        end, border = np.int64(0), row * num_borders
        borders[border] = 0
        border += 1
        last_segment = split_at[row + 1]
        for segment in range(split_at[row], last_segment + 1):
            begin, source = end, np.int64(0)
            padding = segment == last_segment
            if padding:
                end = seq_len
            else:
                end += length_at[segment]
                source = start_at[segment] - begin  # column t of the row is token t + source
            if begin == end:
                continue
            borders[border] = end
            border += 1
            longest = max(longest, end - begin)
            for run in range(num_runs):
                if run == 0:
                    shift, low, high = first_shift, first_shift, first_shift + chunk
                else:
                    shift, low, high = second_shift, second_shift + chunk, second_shift + num_columns
                low, high = max(low, begin), min(high, end)
                if low >= high:
                    continue
                out, position, count = row * num_columns + low - shift, low - begin, high - low
                if padding:
                    for i in range(count):
                        ids[out + i] = pad_id
                        targets[out + i] = IGNORE_INDEX
                        positions[out + i] = position + i
                    if owned:
                        for i in range(count):
                            owners[out + i] = NO_DOCUMENT
                    continue
                token = low + source
                before_next = count - (high == end)  # so many have their next token in the segment
                copy_tokens(ids, out, token_at, token, count, stream)
                count_up(positions, out, position, count, stream)
                if masked:
                    for i in range(count):
                        targets[out + i] = IGNORE_INDEX
                    for span in range(span_split_at[segment], span_split_at[segment + 1]):
                        first = max(np.int64(span_at[2 * span]) - 1 - position, 0)
                        behind = min(np.int64(span_at[2 * span + 1]) - 1 - position, before_next)
                        for i in range(first, behind):
                            targets[out + i] = token_at[token + i + 1]
                else:
                    copy_tokens(targets, out, token_at, token + 1, before_next, stream)
                    if before_next < count:
                        targets[out + before_next] = IGNORE_INDEX
                if owned:
                    for i in range(count):
                        owners[out + i] = document_at[segment]
        while border < (row + 1) * num_borders:
            borders[border] = seq_len
            border += 1
    wait_for_stores()
    return longest


@kernel()
def stage_rows(
    tokens,
    starts,
    lengths,
    row_splits,
    spans,
    span_splits,
    documents,
    seq_len,
    max_segments,
    layout,
    buffer64,
    buffer32,
    buffer_tokens,
    cu_seqlens,
    fault,
):
    """Check, then write the plan that `triton_gpu` reads, and the tokens behind it.

    Args:
        documents: empty where there are none.
        layout: `staging.Layout`'s places, int64 `[8]`; a negative place of the tokens leaves them where they are.
        buffer64, buffer32, buffer_tokens: one buffer, seen as int64, int32 and tokens.
        cu_seqlens: out, for the host.
        fault: out, see `find_fault`.

    Returns:
        Tokens of the longest segment, padding counted; or, less than 0, `-find_fault(...)`, and nothing is written.
    """
    wrong = find_fault(len(tokens), starts, lengths, row_splits, spans, span_splits, seq_len, max_segments, fault)
    if wrong:
        return -wrong
    token_at, start_at, length_at, split_at = raw(tokens), raw(starts), raw(lengths), raw(row_splits)
    span_at, span_split_at, document_at = raw(spans), raw(span_splits), raw(documents)
    words, halves, copy, borders = raw(buffer64), raw(buffer32), raw(buffer_tokens), raw(cu_seqlens)
    num_borders = cu_seqlens.shape[1]
    for place in range(len(layout)):
        words[place] = layout[place]
    to_starts, to_documents, to_splits, to_begins = layout[0], layout[1], layout[2], layout[3]
    to_span_splits, to_span_begins, to_span_ends, to_tokens = layout[4], layout[5], layout[6], layout[7]
    masked, owned, num_rows, longest = len(span_splits) > 0, len(documents) > 0, len(row_splits) - 1, 0
    place, written = 0, to_tokens
    for row in range(num_rows):
        halves[to_splits + row] = place
        if masked:
            halves[to_span_splits + row] = span_split_at[split_at[row]]
        column, border = 0, row * num_borders
        for segment in range(split_at[row], split_at[row + 1]):
            start, length = start_at[segment], length_at[segment]
            if length == 0:
                continue
            borders[border] = column
            border += 1
            words[to_starts + place] = start if to_tokens < 0 else written
            halves[to_begins + place] = column
            if owned:
                words[to_documents + place] = document_at[segment]
            if masked:
                for span in range(span_split_at[segment], span_split_at[segment + 1]):
                    halves[to_span_begins + span] = column + span_at[2 * span]
                    halves[to_span_ends + span] = column + span_at[2 * span + 1]
            if to_tokens >= 0:
                for i in range(length):
                    copy[written + i] = token_at[start + i]
                written += length
            longest = max(longest, length)
            column += length
            place += 1
        if column < seq_len:
            borders[border] = column
            border += 1
        for rest in range(border, (row + 1) * num_borders):
            borders[rest] = seq_len
        words[to_starts + place] = -1
        halves[to_begins + place] = column
        if owned:
            words[to_documents + place] = -1
        longest = max(longest, seq_len - column)
        place += 1
    halves[to_splits + num_rows] = place
    if masked:
        halves[to_span_splits + num_rows] = span_split_at[len(starts)]
    return longest
