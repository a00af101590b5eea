"""The state of a TokenLoader: where the order stands, counted in rows, and the recipe it belongs to.

    {"version": 3, "epoch": 0, "row": 4096, "tokens": 8388608, "weights_at": 0,
     "sources": {"": [0, 1, 106, 0, 0]}, "mixture": null, "recipe": {...}}

It is the same on every rank and does not mention ranks or batch sizes: rows are numbered globally, so a job
with another number of ranks or another batch size goes on with the next row. A source's numbers are its epoch, its
window, the row in that window, its credit (`corpus.kernels.deal`), and 1 if it has come to its end. `mixture` is the
hash of its weights, or null. The mixture may be another one when the state is loaded: every source goes on where it
stood, one that is new begins at its start, and one that is left out is kept for later.
"""

from typing import Any

from corpus.errors import StateError
from corpus.loader.dealer import Position, position_of
from corpus.loader.mixture import Mixture
from corpus.loader.order import DocumentOrder, streams_of
from corpus.loader.token_index import Runs

STATE_VERSION = 3

_COUNTS = ("epoch", "row", "tokens", "weights_at")
_KEYS = {"version", "sources", "mixture", "recipe", *_COUNTS}


def check_state(state: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Refuse a state of another version or another recipe.

    Args:
        state: as `TokenLoader.state_dict` gave it.
        recipe: of the loader that is to take it.

    Raises:
        StateError: naming every field that differs, with both values.
    """
    if state.get("version") != STATE_VERSION:
        raise StateError(
            f"the state has version {state.get('version')!r}, this loader reads {STATE_VERSION}; "
            "resume with the siku that wrote it, or start the epoch again"
        )
    if set(state) != _KEYS:
        raise StateError(f"the state has keys {sorted(state)}, expected {sorted(_KEYS)}; is it a loader's state?")
    for key in _COUNTS:
        if not isinstance(state[key], int) or state[key] < 0:
            raise StateError(f"the state's {key} is {state[key]!r}, expected a whole number from 0")
    for name, numbers in state["sources"].items():
        sound = len(numbers) == 5 and all(isinstance(number, int) for number in numbers)
        if not sound or min(numbers[:3]) < 0:
            raise StateError(
                f"the state's source {name!r} is {numbers!r}, expected [epoch, window, row, credit, ended]"
            )
    saved = state["recipe"]
    changed = [
        f"{key} was {saved.get(key)!r} and is {recipe.get(key)!r}"
        for key in sorted(saved.keys() | recipe.keys())
        if saved.get(key) != recipe.get(key)
    ]
    if changed:
        raise StateError(
            f"the state belongs to another recipe: {'; '.join(changed)}. "
            "Give the loader the old values, or start without the state"
        )


def position_in(state: dict[str, Any], orders: list[DocumentOrder], mixture: Mixture | None, runs: Runs) -> Position:
    """Where a loader goes on that takes a state, which `check_state` has let pass.

    Args:
        orders: of each source of the loader.
        mixture: of the loader.
        runs: of its folder.

    Raises:
        StateError: the state has a mixture and the loader none, or the other way round; it stands where there is
            nothing; names of the mixture share documents with others of the state.
    """
    if (state["mixture"] is None) != (mixture is None):
        raise StateError(
            "the state was made " + ("without" if mixture else "with") + " a mixture and the loader has "
            f"{'one' if mixture else 'none'}: their rows have nothing to do with each other. "
            "Give the loader what it had, or start without the state"
        )
    position = position_of(state, [order.stream.name for order in orders])
    for order, (_, window, *_) in zip(orders, position.sources, strict=True):
        if window >= max(1, order.num_windows):
            raise StateError(
                f"the state stands in window {window} of {order.stream.name!r}, which has {order.num_windows}; "
                "is it a state of these tokens?"
            )
    if mixture is None:
        if set(state["sources"]) != {""} or position.sources[0][0] != state["epoch"]:
            raise StateError(f"the state has sources {state['sources']} in epoch {state['epoch']}; is it whole?")
        return position
    _check_names(state, mixture, runs)
    if state["mixture"] == mixture.fingerprint():
        return position
    # new weights hold from here on, and nobody owes anybody
    sources = tuple((*numbers[:3], 0, numbers[4]) for numbers in position.sources)
    return Position(position.num_rows, position.num_tokens, position.num_tokens, sources)


def _check_names(state: dict[str, Any], mixture: Mixture, runs: Runs) -> None:
    try:
        known = Mixture(dict.fromkeys({**mixture.weights, **state["sources"]}, 1.0))
        streams_of(runs, known.entries())
    except ValueError as error:
        raise StateError(f"the mixture does not go with the state's: {error}; keep the names as they were") from error
