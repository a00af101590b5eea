"""Every Arrow schema of Siku, in the order in which a document meets them.

RAW         what a reader in `corpus.sources` yields: one row a record of a raw file, readable or not
DOCUMENTS   what `extract` writes: text, where it came from, language, quality, signals
DUPLICATES  what `dedup` writes: one decision and its evidence a document, row by row beside DOCUMENTS
LEDGER      what became of each record in a stage, with every failing rule and its value
SELECTED    what `select` writes: DOCUMENTS plus the cluster size
TOKENS      what `tokenize` writes: one row a document

`text` is `large_string` because one batch may pass 2 GiB. Scores are float32 in [0, 1]; counts are int32.
"""

import pyarrow as pa
import xxhash

from corpus.errors import SchemaError

SCHEMA_VERSION = 1

RAW = pa.schema(
    [
        ("offset", pa.int64()),  # bytes into the decompressed file; for Parquet and Arrow, the row number
        ("outcome", pa.string()),  # "document", "dropped" (not a document, e.g. a WARC request) or "unreadable"
        ("reason", pa.string()),  # of a dropped or unreadable record: a short code such as "json_invalid"
        ("detail", pa.string()),  # ... and one line for people
        ("url", pa.string()),
        ("title", pa.string()),
        ("timestamp", pa.string()),  # as the publisher wrote it; WARC-Date for web pages
        ("text", pa.large_string()),  # null where the record is a page that `extract` still has to read
        ("html", pa.large_binary()),  # the page's bytes, content-encoding undone, charset not yet decoded
        ("charset", pa.string()),  # declared by the HTTP header; null where none is
        ("meta", pa.string()),  # the publisher's other fields, as JSON
    ]
)

# A signal is a number computed from a document. Names are RedPajama-V2's (rps_doc_*) where it has the signal,
# https://github.com/togethercomputer/RedPajama-Data. `frac` is in [0, 1]. Words are white-space separated runs,
# and each Han character counts as a word of its own.
SIGNALS: dict[str, tuple[pa.DataType, str]] = {
    "num_chars": (pa.int32(), "code points"),
    "rps_doc_word_count": (pa.int32(), "words; each Han character is one"),
    "rps_doc_num_lines": (pa.int32(), "non-empty lines"),
    "rps_doc_num_sentences": (pa.int32(), "sentence ends: . ! ? 。 ！ ？ … runs count once"),
    "rps_doc_mean_word_length": (pa.float32(), "code points a white-space word (Latin text only)"),
    "rps_doc_symbol_to_word_ratio": (pa.float32(), "max of '#' and ellipses, each by words"),
    "rps_doc_frac_lines_end_with_ellipsis": (pa.float32(), "lines"),
    "rps_doc_frac_lines_start_with_bullet": (pa.float32(), "lines"),
    "rps_doc_frac_no_alph_words": (pa.float32(), "words without a letter"),
    "rps_doc_stop_word_count": (pa.int32(), "occurrences of the language's stop words"),
    "frac_lines_end_with_punctuation": (pa.float32(), "lines that end in terminal punctuation"),
    "frac_short_lines": (pa.float32(), "lines of at most 30 code points"),
    "newline_to_word_ratio": (pa.float32(), "line ends by words"),
    "frac_dup_lines": (pa.float32(), "lines with a letter or digit that repeat an earlier one"),
    "frac_chars_in_dup_lines": (pa.float32(), "code points of those lines, by all code points"),
    **{
        f"rps_doc_frac_chars_top_{n}gram": (pa.float32(), f"code points in the most frequent word {n}-gram")
        for n in (2, 3, 4)
    },
    **{
        f"rps_doc_frac_chars_dupe_{n}grams": (pa.float32(), f"code points in repeated word {n}-grams")
        for n in (5, 6, 7, 8, 9, 10)
    },
    "frac_han": (pa.float32(), "Han characters by letters"),
    "frac_kana": (pa.float32(), "hiragana and katakana by letters"),
    "frac_hangul": (pa.float32(), "hangul by letters"),
    "rps_doc_frac_unique_words": (pa.float32(), "distinct words by words"),
    "frac_digits": (pa.float32(), "digits by code points that are not white space"),
    "frac_bad_chars": (pa.float32(), "U+FFFD, private use and controls by code points"),
}

DOCUMENTS = pa.schema(
    [
        ("id", pa.string()),  # xxh3-128 of (raw file's hash, record number), 32 hex digits: the same anywhere
        ("source", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("timestamp", pa.string()),
        ("text", pa.large_string()),
        ("meta", pa.string()),
        ("origin_file", pa.string()),
        ("origin_offset", pa.int64()),
        ("language", pa.string()),  # ISO 639-1 where there is one, else as the model names it
        ("language_score", pa.float32()),
        ("quality", pa.float32()),
        *((name, dtype) for name, (dtype, _) in SIGNALS.items()),
    ]
)

DUPLICATES = pa.schema(
    [
        ("id", pa.string()),
        ("kept_id", pa.string()),  # null: this document stays
        ("level", pa.string()),  # "exact" or "near"; null: this document stays
        ("jaccard", pa.float64()),  # exact Jaccard of the folded shingle sets of this and the kept document
        ("cluster_size", pa.int32()),  # documents in the group of the kept document, itself counted
    ]
)

REASON = pa.struct([("rule", pa.string()), ("value", pa.float64()), ("threshold", pa.float64())])

LEDGER = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("origin_file", pa.string()),
        ("origin_offset", pa.int64()),
        ("outcome", pa.string()),  # "kept", "dropped" or "unreadable"
        ("reasons", pa.list_(REASON)),  # every failing rule, not the first
        ("detail", pa.string()),
    ]
)

SELECTED = DOCUMENTS.append(pa.field("cluster_size", pa.int32()))


def tokens_schema(vocab_size: int) -> pa.Schema:
    """TOKENS for a vocabulary: uint16 where every id fits, uint32 otherwise.

    Args:
        vocab_size: number of ids, so the largest id is `vocab_size - 1`.
    """
    dtype = pa.uint16() if vocab_size <= 1 << 16 else pa.uint32()
    return pa.schema(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("language", pa.string()),
            ("num_tokens", pa.int32()),  # can be read without touching `tokens`
            ("tokens", pa.large_list(pa.field("item", dtype, nullable=False))),
        ]
    )


def check_schema(batch: pa.RecordBatch, required: pa.Schema, where: str) -> None:
    """Refuse a batch that lacks a column of `required` or has it in another type.

    Raises:
        SchemaError: naming the column, the type found and the type expected.
    """
    for field in required:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            raise SchemaError(f"{where}: column {field.name!r} is missing; it has {batch.schema.names}")
        found = batch.schema.field(index).type
        if found != field.type:
            raise SchemaError(f"{where}: column {field.name!r} is {found}, expected {field.type}")


def document_id(file_hash: str, record_number: int) -> str:
    """The id of record `record_number` (from 0, unreadable ones counted) of a raw file: 32 hex digits.

    It depends on the file's bytes and not on its name or place, so a moved corpus keeps its ids.

    Args:
        file_hash: xxh3-64 of the raw file's bytes, 16 hex digits.
        record_number: the record's place in the file.
    """
    return xxhash.xxh3_128_hexdigest(f"{file_hash}:{record_number}".encode())
