"""Every Arrow schema of Siku, in the order in which a document meets them.

RAW         what a reader in `corpus.sources` yields: one row a record of a raw file, readable or not
DOCUMENTS   what `extract` writes: text, where it came from, language, quality, signals
DUPLICATES  what `dedup` writes: one decision and its evidence a document, row by row beside DOCUMENTS
LEDGER      what became of each record in a stage, with every failing rule and its value
SELECTED    what `select` writes: DOCUMENTS plus the cluster size
TOKENS      what `tokenize` writes: one row a document
TOKEN_BATCHES  where the record batches of TOKENS are in their files, and what is in them

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
        ("prompt_chars", pa.int32()),  # code points of `text` that are the prompt; null where there is no answer field
    ]
)

_COUNT, _SHARE = pa.int32(), pa.float32()

# A signal is a number computed from a text: its type and what it is. Names are RedPajama-V2's (rps_doc_*) where it has
# the signal, https://github.com/togethercomputer/RedPajama-Data. `frac` is in [0, 1]. Tokens are words and marks, words
# the tokens that are not mere marks; each Han character is a word. `corpus.kernels.signals.naive` says it exactly.
SIGNALS: dict[str, tuple[pa.DataType, str]] = {
    "num_chars": (_COUNT, "code points"),
    "frac_han": (_SHARE, "Han characters by letters"),
    "frac_kana": (_SHARE, "hiragana and katakana by letters"),
    "frac_hangul": (_SHARE, "hangul by letters"),
    "frac_latin": (_SHARE, "Latin letters by letters"),
    "frac_uppercase": (_SHARE, "upper-case letters by letters"),
    "frac_alphanumeric": (_SHARE, "letters and digits by code points"),
    "frac_digits": (_SHARE, "digits by code points that are not white space"),
    "frac_special_chars": (_SHARE, "punctuation, symbols, digits and white space by code points"),
    "frac_bad_chars": (_SHARE, "U+FFFD, private use and controls by code points"),
    "frac_lenticular_brackets": (_SHARE, "【 and 】 by code points"),
    "frac_unique_chars": (_SHARE, "distinct code points by code points"),
    "num_private_use": (_COUNT, "private-use code points"),
    "num_replacement_chars": (_COUNT, "U+FFFD"),
    "num_mojibake": (_COUNT, "U+E003 to U+E7A4, □, ■ and U+FFFD"),
    "num_fullwidth_punctuation": (_COUNT, "marks of the CJK and full-width blocks"),
    "num_halfwidth_punctuation": (_COUNT, "ASCII marks"),
    "num_traditional_chars": (_COUNT, "characters that only traditional text has"),
    "num_simplified_chars": (_COUNT, "characters that only simplified text has"),
    "rps_doc_curly_bracket": (_SHARE, "{ and } by code points"),
    "rps_doc_word_count": (_COUNT, "words; each Han character is one"),
    "num_words_and_marks": (_COUNT, "tokens"),
    "rps_doc_mean_word_length": (_SHARE, "code points a word, of words that are not Han characters"),
    "rps_doc_symbol_to_word_ratio": (_SHARE, "max of '#' and ellipses, each by tokens"),
    "rps_doc_frac_no_alph_words": (_SHARE, "tokens without a letter by tokens"),
    "rps_doc_frac_all_caps_words": (_SHARE, "words in capitals by words"),
    "rps_doc_frac_unique_words": (_SHARE, "distinct words by words"),
    "rps_doc_unigram_entropy": (_SHARE, "entropy of the words, in nats"),
    "rps_doc_stop_word_fraction": (_SHARE, "English and Chinese stop words by words"),
    "num_distinct_stop_words": (_COUNT, "different stop words"),
    "rps_doc_num_sentences": (_COUNT, "sentence ends: . ! ? 。 ！ ？ … runs count once"),
    "rps_doc_lorem_ipsum": (_SHARE, "'lorem ipsum' by code points"),
    "num_lines": (_COUNT, "non-empty lines"),
    "rps_doc_frac_lines_end_with_ellipsis": (_SHARE, "lines"),
    "frac_lines_start_with_bullet": (_SHARE, "lines"),
    "frac_lines_end_with_punctuation": (_SHARE, "lines that end in terminal punctuation"),
    "frac_lines_end_with_read_more": (_SHARE, "lines that end in 展开, 更多 or 。。。"),
    "frac_short_lines": (_SHARE, "lines of at most 30 code points"),
    "newline_to_word_ratio": (_SHARE, "line ends by tokens"),
    "mean_line_chars": (_SHARE, "code points a line"),
    "max_line_chars": (_COUNT, "code points of the longest line"),
    "num_long_lines": (_COUNT, "lines of at least 200 code points"),
    "c4_num_sentences": (_COUNT, "sentences in the lines that C4's code keeps"),
    "c4_paper_num_sentences": (_COUNT, "sentences in the lines that C4's paper keeps"),
    "c4_num_curly_lines": (_COUNT, "lines for whose { C4's code drops the page"),
    "c4_num_lorem_ipsum_lines": (_COUNT, "lines for whose lorem ipsum C4's code drops the page"),
    "c4_zh_num_lines": (_COUNT, "lines that C4-zh keeps: 5 code points and more, ending in 。！？……” or ："),
    "frac_words_in_refinedweb_lines": (_SHARE, "words in lines that RefinedWeb removes, by words"),
    "frac_dup_lines": (_SHARE, "lines with a letter or digit that repeat an earlier one"),
    "frac_chars_in_dup_lines": (_SHARE, "code points of those lines, by all code points"),
    "frac_dup_paragraphs": (_SHARE, "paragraphs with a letter or digit that repeat an earlier one"),
    "frac_chars_in_dup_paragraphs": (_SHARE, "code points of those paragraphs, by all code points"),
    **{f"rps_doc_frac_chars_top_{n}gram": (_SHARE, f"code points in the most frequent {n}-gram") for n in (2, 3, 4)},
    **{
        f"rps_doc_frac_chars_dupe_{n}grams": (_SHARE, f"code points in repeated {n}-grams") for n in (5, 6, 7, 8, 9, 10)
    },
    "frac_chars_dupe_13chars": (_SHARE, "code points in repeated 13-grams of characters, mostly-Han text only"),
    "frac_repeated_char_3grams": (_SHARE, "ROOTS' repetition of character 3-grams, mostly-Han text only"),
}

# Measured beside that kernel: by a list of terms, `corpus.ops.spam_terms`, and on the URL, `corpus.ops.url_signals`.
TERM_SIGNALS: dict[str, tuple[pa.DataType, str]] = {
    "spam_terms_per_1000_chars": (_SHARE, "terms of spam by thousands of code points"),
    "ad_terms_per_1000_chars": (_SHARE, "terms of advertising by thousands of code points"),
}
URL_SIGNALS: dict[str, tuple[pa.DataType, str]] = {
    "url_num_chars": (_COUNT, "characters of the URL; 0 without one, as the other three"),
    "url_frac_digits": (_SHARE, "digits by characters of the URL"),
    "url_num_host_labels": (_COUNT, "labels of the host: www.example.com has 3"),
    "url_num_hyphens": (_COUNT, "hyphens in the host"),
}
RULE_SIGNALS = SIGNALS | TERM_SIGNALS | URL_SIGNALS  # every column that a rule may read

DOCUMENTS = pa.schema(
    [
        ("id", pa.string()),  # xxh3-128 of (raw file's hash, record number), 32 hex digits: the same anywhere
        ("source", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("timestamp", pa.string()),
        ("text", pa.large_string()),
        ("meta", pa.string()),
        ("prompt_chars", pa.int32()),  # code points at the beginning of `text` that are the prompt, what stands between
        # it and the answer not counted; 0 without a prompt, null where the record has no field for an answer
        ("origin_file", pa.string()),
        ("origin_offset", pa.int64()),
        ("language", pa.string()),  # ISO 639-1 where there is one, else as the model names it
        ("language_score", pa.float32()),
        ("zh_variety", pa.string()),  # "cmn", "yue" or "lzh"; null where language is not "zh"
        ("han_script", pa.string()),  # "hans", "hant" or "mixed"; null where not "zh", or no character tells
        (
            "code_switch_ratio",
            pa.float32(),
        ),  # words outside the language's script, by words: docs/language.md
        ("quality", pa.float32()),
        *((name, dtype) for name, (dtype, _) in RULE_SIGNALS.items()),
    ]
)

DUPLICATES = pa.schema(
    [
        ("id", pa.string()),
        ("kept_id", pa.string()),  # null: this document stays; may be of an earlier run (`dedup.against`)
        ("level", pa.string()),  # one of DUPLICATE_LEVELS; null: this document stays
        (
            "jaccard",
            pa.float64(),
        ),  # exact Jaccard of the folded shingle sets of this and the kept document, or what else
        # `dedup.measure` says; null at level "url", which says nothing of the text
        ("cluster_size", pa.int32()),  # documents in the group of the kept document, itself counted
    ]
)

DUPLICATE_LEVELS = ("url", "exact", "near")

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


def tokens_schema(vocab_size: int, *, loss_spans: bool = False) -> pa.Schema:
    """TOKENS for a vocabulary: uint16 where every id fits, uint32 otherwise.

    Args:
        vocab_size: number of ids, so the largest id is `vocab_size - 1`.
        loss_spans: with the column that says what is trained on.
    """
    dtype = pa.uint16() if vocab_size <= 1 << 16 else pa.uint32()
    fields = [
        ("id", pa.string()),
        ("source", pa.string()),
        ("language", pa.string()),
        ("num_tokens", pa.int32()),  # can be read without touching `tokens`
        ("tokens", pa.large_list(pa.field("item", dtype, nullable=False))),
    ]
    if loss_spans:  # pairs (begin, end) of places in `tokens`, rising and disjoint: trained on; null: all of it
        fields.append(("loss_spans", pa.large_list(pa.field("item", pa.int32(), nullable=False))))
    return pa.schema(fields)


# A row for each record batch of the parts of `tokens/`, in order. `_at` is a byte position in the part's file.
TOKEN_BATCHES = pa.schema(
    [
        ("part", pa.int32()),  # its place in the manifest's `parts`
        ("rows", pa.int32()),
        ("num_tokens", pa.int64()),
        ("token_bytes", pa.int8()),  # 2 or 4, as in the part's schema
        ("source", pa.dictionary(pa.int32(), pa.string())),  # the same in every row of the batch, as is `language`
        ("language", pa.dictionary(pa.int32(), pa.string())),
        ("begin", pa.int64()),  # the bytes that a loader needs: `num_tokens`, `tokens`, `loss_spans`
        ("num_bytes", pa.int64()),
        ("lengths_at", pa.int64()),  # the values of `num_tokens`
        ("offsets_at", pa.int64()),  # the list offsets of `tokens`, int64 [rows + 1]
        ("tokens_at", pa.int64()),  # the values of `tokens`
        ("loss_validity_at", pa.int64()),  # the bitmap of `loss_spans`; -1: no row is null, or there is no such column
        ("loss_offsets_at", pa.int64()),  # -1: there is no column `loss_spans`
        ("loss_values_at", pa.int64()),
        ("num_loss_values", pa.int64()),  # two a span
        ("xxh3", pa.uint64()),  # of the bytes from `begin`
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
