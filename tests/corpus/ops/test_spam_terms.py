"""The built-in vocabulary tells sellers from reporters, in both scripts, and measures a share."""

import numpy as np
import pyarrow as pa
import pytest

from corpus.errors import RecipeError
from corpus.ops.spam_terms import parse_terms, spam_signals, spam_vocabulary
from corpus.schema import TERM_SIGNALS

SPAM = [
    "澳门新葡京娱乐城真人荷官在线发牌，注册送彩金，提款秒到，备用网址请收藏。",
    "澳門新葡京娛樂城真人荷官在線發牌，註冊送彩金，提款秒到，備用網址請收藏。",
    "专业代开发票，增值税发票代开，无抵押贷款秒到账。",
    "Best online casino 2024: no deposit bonus, FREE SPINS and slots online!",
    "Buy Viagra at our Online Pharmacy, no prescription needed.",
]
NEWS = [
    "最高人民法院昨日发布关于办理赌博刑事案件的司法解释，明确网络赌博的定罪标准，并要求各地严厉打击跨境赌博犯罪。",
    "税务局提醒市民，索取发票是消费者的权利，商家不得拒绝开具。贷款利率本月下调，银行表示将支持小微企业。",
    "The court upheld the state's gambling statute on Tuesday and fined the operator of two casinos for late reports.",
    "Doctors warned that the drug interacts with nitrates and should be taken only as prescribed.",
]


def test_spam_is_far_above_news():
    signals = spam_signals(pa.array(SPAM + NEWS, pa.large_string()))
    assert list(signals) == list(TERM_SIGNALS)
    spam = signals["spam_terms_per_1000_chars"]
    assert (spam[: len(SPAM)] > 1).all(), spam
    assert (spam[len(SPAM) :] == 0).all(), spam
    assert (signals["ad_terms_per_1000_chars"][len(SPAM) :] == 0).all()


def test_a_ratio_of_characters():
    text = pa.array(["加微信" + "好" * 997, "buy now", "", None], pa.large_string())
    np.testing.assert_allclose(spam_signals(text)["ad_terms_per_1000_chars"], [1, 1, 0, 0], rtol=1e-6)
    long = pa.array(["加微信" * 2 + "好" * 3994], pa.large_string())
    np.testing.assert_allclose(spam_signals(long)["ad_terms_per_1000_chars"], [0.5], rtol=1e-6)


def test_the_list_is_of_a_size_to_be_read():
    groups = spam_vocabulary().groups
    assert groups == ("spam", "ad")
    assert 100 <= len(spam_vocabulary().terms) <= 270


def test_parsing():
    assert parse_terms("\ufeff# c\n[a]\nx y \n\n[b]\nz\n[a]\nw", "f") == {"a": ["x y", "w"], "b": ["z"]}
    assert parse_terms("[bracket]\nx # no comment", "f", "g") == {"g": ["[bracket]", "x # no comment"]}
    with pytest.raises(RecipeError, match="line 2: term 'x'"):
        parse_terms("# c\nx", "f")
