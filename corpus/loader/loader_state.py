"""The state of a TokenLoader: where the epoch stands, counted in global rows, and the recipe it belongs to.

    {"version": 1, "epoch": 0, "row": 4096, "window": 1, "window_first_row": 3990, "recipe": {...}}

It is the same on every rank and does not mention ranks or batch sizes: rows are numbered globally, so a job
with another number of ranks or another batch size goes on with the next row. `window` and `window_first_row`
say which window holds that row, which saves planning the windows before it.
"""

from typing import Any

from corpus.errors import StateError

STATE_VERSION = 1

_KEYS = {"version", "epoch", "row", "window", "window_first_row", "recipe"}


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
    for key in ("epoch", "row", "window", "window_first_row"):
        if not isinstance(state[key], int) or state[key] < 0:
            raise StateError(f"the state's {key} is {state[key]!r}, expected a whole number from 0")
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
