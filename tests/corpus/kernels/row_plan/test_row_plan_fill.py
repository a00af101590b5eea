"""Best fit with split leaves less than a per mille of rows empty on the lengths of real documents."""

import json
from pathlib import Path

import numpy as np
import pytest
import zstandard

from corpus.kernels.row_plan import plan_rows

DATA = Path(__file__).parents[5] / "shared" / "data"
FILES = {
    "zh": ["ChineseWebText-2021-43", "gold-miner", "ruanyf-weekly", "classics", "vue-docs-zh", "es6tutorial"],
    "en": ["quality/en/dclm-majority_data", "pretrain-en/docs/gold-miner-untranslated"],
}
CHARS_A_TOKEN = {"zh": 1.47, "en": 3.83}  # of tokenizers with 32,000 tokens, measured on this data


def real_lengths(language: str) -> np.ndarray:
    """Tokens of the documents, as their characters tell."""
    lengths = []
    for name in FILES[language]:
        path = DATA / ("pretrain-zh" if language == "zh" else "") / f"{name}.jsonl.zst"
        with path.open("rb") as file:
            lines = zstandard.ZstdDecompressor().stream_reader(file).read().decode().strip().split("\n")
        for line in lines:
            record = json.loads(line)
            lengths.append(len(record.get("text") or record["raw_content"]) / CHARS_A_TOKEN[language])
    assert len(lengths) > 300
    return np.array(lengths).astype(np.int32)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("seq_len", [2048, 8192])
def test_best_fit_fills_rows_of_real_documents(language, seq_len):
    pool = real_lengths(language)
    lengths = np.random.default_rng(0).choice(pool, 65_536)
    for prefix_tokens in (0, 1):
        plan = plan_rows(lengths, seq_len, prefix_tokens=prefix_tokens)
        assert plan.ledger.used == lengths.sum()
        assert plan.ledger.fill > 0.999, plan.ledger
        pieces = np.bincount(plan.documents, minlength=len(lengths))
        assert (pieces[lengths <= seq_len] == (lengths[lengths <= seq_len] > 0)).all()
