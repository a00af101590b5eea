"""KeyedPermutation is a bijection, has an inverse, and looks like a shuffle."""

import numpy as np
import pytest

from corpus.loader import KeyedPermutation, derive_key

SIZES = [*range(1, 70), 255, 256, 257, 1000, 4095, 4097, 65536, 99991, 1_000_000]


@pytest.mark.parametrize("key", [0, 1, 2**63 + 5])
def test_it_is_a_bijection_with_an_inverse(key):
    for n in SIZES:
        permutation = KeyedPermutation(n, key)
        elements = permutation(np.arange(n))
        assert np.array_equal(np.bincount(elements, minlength=n), np.ones(n)), n
        assert np.array_equal(permutation.inverse(elements), np.arange(n)), n


def test_large_n_round_trips():
    for n in ((1 << 62), (1 << 62) - 1, (1 << 33) + 7, 10**15):
        permutation = KeyedPermutation(n, 5)
        positions = np.unique(np.random.default_rng(0).integers(0, n, 2000))
        elements = permutation(positions)
        assert elements.min() >= 0
        assert elements.max() < n
        assert len(np.unique(elements)) == len(positions)
        assert np.array_equal(permutation.inverse(elements), positions)


def test_first_elements_are_uniform_over_keys():
    """Chi-square of where position 0, the middle and the last go, over 20,000 keys; 99 degrees of freedom."""
    n, keys = 100, 20_000
    for position in (0, 49, 99):
        hits = np.array([KeyedPermutation(n, derive_key(key, 9))(np.array([position]))[0] for key in range(keys)])
        counts = np.bincount(hits, minlength=n)
        chi_square = float(((counts - keys / n) ** 2 / (keys / n)).sum())
        assert 50 < chi_square < 170  # mean 99, standard deviation 14.1


def test_neighbours_are_unrelated():
    """Correlation of adjacent pairs and of position with element, each of standard deviation 0.001."""
    n = 1_000_000
    for key in range(5):
        elements = KeyedPermutation(n, derive_key(key))(np.arange(n)).astype(np.float64)
        assert abs(np.corrcoef(elements[:-1], elements[1:])[0, 1]) < 0.005
        assert abs(np.corrcoef(np.arange(n), elements)[0, 1]) < 0.005
        gaps = np.bincount(np.clip(np.abs(np.diff(elements)), 0, 10).astype(int))[1:10]
        assert gaps.sum() < 60  # 18 expected: neighbours stay within 9 of each other that often in a shuffle


def test_low_and_high_bits_mix():
    """Every block of positions spreads over every block of elements; an LCG fails on the low bits."""
    n, blocks = 1 << 18, 64
    elements = KeyedPermutation(n, 11)(np.arange(n))
    for block_of in (lambda x: x % blocks, lambda x: x // (n // blocks)):
        table = np.zeros((blocks, blocks))
        np.add.at(table, (block_of(np.arange(n)), block_of(elements)), 1)
        expected = n / blocks**2
        chi_square = float(((table - expected) ** 2 / expected).sum())
        assert 3500 < chi_square < 4500  # 63 * 63 = 3969 degrees of freedom, standard deviation 89


def test_keys_give_other_orders():
    orders = {
        tuple(KeyedPermutation(50, derive_key(seed, epoch))(np.arange(50))) for seed in range(20) for epoch in range(20)
    }
    assert len(orders) == 400


def test_keys_depend_on_order_and_place():
    keys = {derive_key(*numbers) for numbers in [(), (0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1), (-1,), (2**64,)]}
    assert len(keys) == 8  # 2**64 and 0 are the same 64 bits


def feistel(position: int, n: int, key: int) -> int:
    """The network in plain Python integers: 8 rounds, halves of equal width, walking until below n."""
    half = max(1, ((max(n, 2) - 1).bit_length() + 1) // 2)
    word = position
    while True:
        left, right = word >> half, word % (1 << half)
        for turn in range(8):
            mixed = (right + derive_key(key, turn)) * 0xBF58476D1CE4E5B9 % 2**64
            mixed = (mixed ^ (mixed >> 32)) * 0x94D049BB133111EB % 2**64
            left, right = right, left ^ ((mixed ^ (mixed >> 29)) % (1 << half))
        word = (left << half) | right
        if word < n:
            return word


def test_it_equals_plain_python():
    for n in (1, 2, 3, 10, 1000, 2**40 + 3):
        positions = np.unique(np.linspace(0, n - 1, 50).astype(np.int64))
        expected = [feistel(int(position), n, 12345) for position in positions]
        assert KeyedPermutation(n, 12345)(positions).tolist() == expected


def test_the_order_never_changes():
    """Pins the order: if this fails, ORDER_VERSION of corpus.loader.windows must be raised."""
    assert KeyedPermutation(10, derive_key(0, 0, 1))(np.arange(10)).tolist() == [9, 6, 1, 5, 2, 0, 4, 7, 8, 3]


def test_out_of_range_is_refused():
    with pytest.raises(ValueError, match="expected 0 to"):
        KeyedPermutation(-1, 0)
    for bad in ([5], [-1]):
        with pytest.raises(IndexError, match="expected 0 to 4"):
            KeyedPermutation(5, 0)(np.array(bad))
