"""From a document's vector to its best labels: softmax, Huffman tree, or a sigmoid for each label.

As `loss.cc` of fastText has it, with its peculiarities: 1e-5 is added before each logarithm, branches of the tree
below 1e-5 are not followed, and the sigmoid of one-vs-all is a table of 512 steps.
"""

import math

import numpy as np

from corpus.kernels.jit import inner

__all__ = ["LOSS_CODES", "best_labels"]

LOSS_CODES = {"hs": 1, "ns": 2, "softmax": 3, "ova": 4}
_TREE, _SOFTMAX = 1, 3
_LEAST = 1e-5


@inner()
def _insert(score, label, count, row, labels, scores):
    """Keep `score` among the best, the earlier of equal ones first; return how many there are."""
    k = labels.shape[1]
    if count == k:
        if score <= scores[row, k - 1]:
            return count
        count -= 1
    place = count
    while place > 0 and scores[row, place - 1] < score:
        scores[row, place], labels[row, place] = scores[row, place - 1], labels[row, place - 1]
        place -= 1
    scores[row, place], labels[row, place] = score, label
    return count + 1


@inner()
def _dot(output, row, hidden):
    """In four sums, which need not wait for one another and are added in the same order everywhere."""
    a = b = c = e = np.float32(0)
    whole = len(hidden) - len(hidden) % 4
    for d in range(0, whole, 4):
        a += output[row, d] * hidden[d]
        b += output[row, d + 1] * hidden[d + 1]
        c += output[row, d + 2] * hidden[d + 2]
        e += output[row, d + 3] * hidden[d + 3]
    for d in range(whole, len(hidden)):
        a += output[row, d] * hidden[d]
    return (a + b) + (c + e)


@inner()
def _walk_tree(output, tree, hidden, scratch, stack, row, labels, scores):
    """Depth first, left before right; a branch that cannot reach the best `k` is left out.

    fastText adds logarithms; the product of what it takes them of is the same and needs none.
    """
    num_labels, k, count = len(output), labels.shape[1], 0
    stack[0], scratch[0] = 2 * num_labels - 2, 1
    depth = 1
    while depth > 0:
        depth -= 1
        node, score = stack[depth], scratch[depth]
        if score < _LEAST or (count == k and score < scores[row, k - 1]):
            continue
        if node < num_labels:
            count = _insert(score, node, count, row, labels, scores)
            continue
        right = 1 / (1 + math.exp(-np.float64(_dot(output, node - num_labels, hidden))))
        stack[depth], scratch[depth] = tree[node - num_labels, 1], score * (right + _LEAST)
        stack[depth + 1], scratch[depth + 1] = tree[node - num_labels, 0], score * (1 - right + _LEAST)
        depth += 2


@inner()
def _table_sigmoid(x):
    if x < -8:
        return 0.0
    if x > 8:
        return 1.0
    step = int((x + np.float32(8)) * np.float32(512) / np.float32(8) / np.float32(2))
    return 1 / (1 + math.exp(8 - step * 16 / 512))


@inner()
def best_labels(loss, output, tree, hidden, scratch, stack, row, labels, scores):
    """Write the best labels and their probabilities to a row; places that stay empty keep what they hold.

    `scratch` has room for 2 numbers a label, `stack` for one more than there are labels.
    """
    if loss == _TREE:
        _walk_tree(output, tree, hidden, scratch, stack, row, labels, scores)
        return
    count, greatest, total = 0, np.float32(-np.inf), np.float64(0)
    for label in range(len(output)):
        scratch[label] = _dot(output, label, hidden)
        greatest = max(greatest, scratch[label])
    if loss == _SOFTMAX:
        for label in range(len(output)):
            scratch[label] = math.exp(np.float64(scratch[label] - greatest))
            total += scratch[label]
    for label in range(len(output)):
        chance = scratch[label] / total if loss == _SOFTMAX else _table_sigmoid(scratch[label])
        count = _insert(np.float32(chance + _LEAST), label, count, row, labels, scores)
