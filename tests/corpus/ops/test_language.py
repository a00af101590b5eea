"""Script evidence decides what it can and leaves the rest to the model, real or pretended."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import zstandard

from corpus import models
from corpus.errors import ModelMissingError, RecipeError
from corpus.ops.language import UNKNOWN, identify, load_model

DATA = Path(__file__).parents[4] / "shared/data/lid"


class Stub:
    """A model that says the same of every text."""

    def __init__(self, *ranked: tuple[str, float]) -> None:
        self.ranked, self.seen = ranked, []

    def predict(self, texts: list[str], k: int) -> tuple[list[list[str]], list[np.ndarray]]:
        self.seen += texts
        labels = [f"__label__{name}" for name, _ in self.ranked[:k]]
        return [labels] * len(texts), [np.array([p for _, p in self.ranked[:k]], np.float32)] * len(texts)


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("今天天气很好", "ja", "zh"),
        ("新聞報導", "yue", "zh"),
        ("今天天气很好", "en", "zh"),
        ("今日はいい天気ですね", "zh", "ja"),
        ("カラオケ", "zh", "ja"),
        ("오늘은 날씨가 좋습니다", "ja", "ko"),
        ("大韓民國의 首都는 서울", "zh", "ko"),
        ("我爱の奶茶店今天开张了，大家快来排队买一杯尝尝看吧", "ja", "zh"),
        ("A long English sentence that quotes 中国 once.", "en", "en"),
        ("用 React 和 TypeScript 写组件", "zh", "zh"),
        ("Ein Satz auf Deutsch", "de", "de"),
        ("plain words", "zh", "zh"),  # no CJK letter at all: the model alone answers
        ("1234 -- 5678", "en", UNKNOWN),
        ("", "en", UNKNOWN),
        (None, "en", UNKNOWN),
    ],
)
def test_script_overrules_only_where_it_is_certain(text: str | None, said: str, expected: str) -> None:
    language, score = identify(pa.array([text], pa.large_string()), Stub((said, 0.6)))
    assert language.to_pylist() == [expected]
    assert 0 <= score[0].as_py() <= 1


def test_score_is_the_models_for_the_label_reported_or_the_share_of_the_script() -> None:
    text = pa.array(["今天abcd", "ok"], pa.large_string())  # Han 2 of 6 letters
    _, score = identify(text, Stub(("yue", 0.5), ("zh", 0.1)))
    assert score.to_pylist() == pytest.approx([1 / 3, 0.5])
    _, score = identify(text, Stub(("yue", 0.5), ("zh", 0.45)))
    assert score.to_pylist() == pytest.approx([0.45, 0.5])


def test_the_model_sees_one_line_and_only_the_beginning() -> None:
    stub = Stub(("en", 0.9))
    identify(pa.array(["ab\r\ncd" + "é" * 50, "x"], pa.large_string()), stub, max_chars=8)
    assert stub.seen == ["ab cdéé", "x"]
    with pytest.raises(RecipeError, match="max_chars"):
        identify(pa.array(["a"], pa.large_string()), stub, max_chars=0)


def test_no_documents() -> None:
    language, score = identify(pa.array([], pa.large_string()), Stub(("en", 1.0)))
    assert (len(language), len(score)) == (0, 0)


def real_model():
    try:
        return load_model(models.find("lid.176.ftz"))
    except ModelMissingError as error:
        pytest.skip(f"no language model: {str(error).splitlines()[0]}")


@pytest.mark.parametrize(
    ("file", "label", "least"),
    [
        ("sentences/zh", "zh", 0.99),
        ("sentences/ja", "ja", 0.99),
        ("sentences/ko", "ko", 0.99),
        ("sentences/en", "en", 0.998),
        ("sentences/de", "de", 0.996),
        ("word-pairs/zh", "zh", 0.90),
        ("yue-common_voice", "zh", 0.99),
    ],
)
def test_accuracy_on_labelled_sentences(file: str, label: str, least: float) -> None:
    path = DATA / f"{file}.txt.zst"
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(path.read_bytes())).read()
    lines = [line for line in content.decode().split("\n") if line.strip()]
    assert len(lines) > 200
    language, _ = identify(pa.array(lines, pa.large_string()), real_model())
    assert np.mean([found == label for found in language.to_pylist()]) >= least
