"""A batch comes back with the annotation columns of DOCUMENTS, in order, and nothing else changed."""

import numpy as np
import pyarrow as pa
import pytest

from corpus.errors import SchemaError
from corpus.ops.annotate import ANNOTATIONS, annotate
from corpus.ops.language import Backend
from corpus.ops.spam_terms import spam_signals
from corpus.ops.url_signals import url_signals
from corpus.schema import DOCUMENTS, RULE_SIGNALS, TERM_SIGNALS, URL_SIGNALS


def english() -> Backend:
    """A model for which everything is English."""

    def rank(text: pa.Array, k: int, max_chars: int) -> tuple[np.ndarray, np.ndarray]:
        labels, scores = np.full((len(text), k), -1, np.int32), np.zeros((len(text), k), np.float32)
        labels[:, 0], scores[:, 0] = 0, 0.75
        return labels, scores

    return Backend("english", ("en",), rank)


BEFORE = pa.schema(list(DOCUMENTS)[: DOCUMENTS.get_field_index("language")])


def batch_of(*texts: str | None) -> pa.RecordBatch:
    columns = {name: [None] * len(texts) for name in BEFORE.names}
    return pa.RecordBatch.from_pydict({**columns, "text": list(texts)}, schema=BEFORE)


def test_a_document_batch_becomes_exactly_documents() -> None:
    found = annotate(batch_of("The cat sat.", "一只猫坐着。", None, ""), english())
    assert found.schema == DOCUMENTS
    assert found.column("text").to_pylist() == ["The cat sat.", "一只猫坐着。", None, ""]
    assert found.column("language").to_pylist() == ["en", "zh", "und", "und"]
    assert found.column("rps_doc_word_count").to_pylist() == [3, 5, 0, 0]
    assert found.column("zh_variety").to_pylist() == [None, "cmn", None, None]
    assert found.column("han_script").to_pylist() == [None, "hans", None, None]
    may_be_null = {"zh_variety", "han_script"}
    assert all(found.column(name).null_count == 0 for name in ANNOTATIONS if name not in may_be_null)
    assert found.column("quality").to_pylist()[2:] == [0.0, 0.0]
    found.validate(full=True)


def test_rows_do_not_depend_on_their_neighbours() -> None:
    texts = ["The cat and the dog.\n\nMore.", None, "猫和狗的故事。", "x " * 400, "1"]
    together = annotate(batch_of(*texts), english())
    for row, text in enumerate(texts):
        alone = annotate(batch_of(text), english())
        assert alone.to_pylist()[0] == together.slice(row, 1).to_pylist()[0]
    assert annotate(together.select(BEFORE.names).slice(2, 2), english()).equals(together.slice(2, 2))


def test_no_rows() -> None:
    assert annotate(batch_of(), english()).schema == DOCUMENTS


def test_the_order_is_that_of_documents() -> None:
    assert tuple(DOCUMENTS.names[DOCUMENTS.get_field_index("language") :]) == ANNOTATIONS
    assert set(RULE_SIGNALS) < set(ANNOTATIONS)


def test_the_schema_declares_what_the_ops_measure() -> None:
    measured = (spam_signals(pa.array(["a text"], pa.large_string())), url_signals(pa.array(["//a.example"])))
    for declared, found in zip((TERM_SIGNALS, URL_SIGNALS), measured, strict=True):
        assert {name: dtype for name, (dtype, _) in declared.items()} == {k: pa.array(v).type for k, v in found.items()}


def test_terms_and_urls_are_measured() -> None:
    batch = batch_of("加微信领取彩金，注册送彩金", "一只猫坐着。", None)
    place = batch.schema.get_field_index("url")
    urls = pa.array(["https://a-b.example.com/p/12", None, ""], pa.string())
    found = annotate(batch.set_column(place, batch.schema.field(place), urls), english())
    assert found.column("spam_terms_per_1000_chars").to_pylist() == [1, 0, 0]
    assert found.column("ad_terms_per_1000_chars").to_pylist() == [1, 0, 0]
    measured = [found.column(name).to_pylist() for name in URL_SIGNALS]
    assert measured == [[28, 0, 0], [pytest.approx(2 / 28), 0, 0], [3, 0, 0], [1, 0, 0]]


def test_a_batch_without_urls_measures_them_as_nothing() -> None:
    batch = batch_of("The cat sat.")
    found = annotate(batch.drop_columns(["url"]), english())
    assert [found.column(name).to_pylist() for name in URL_SIGNALS] == [[0]] * len(URL_SIGNALS)
    assert annotate(batch, english()).select(ANNOTATIONS).equals(found.select(ANNOTATIONS))


def test_bad_batches_are_refused() -> None:
    with pytest.raises(SchemaError, match="'text' is missing"):
        annotate(pa.RecordBatch.from_pydict({"a": [1]}), english())
    with pytest.raises(SchemaError, match="already"):
        annotate(annotate(batch_of("a"), english()), english())
