"""What `trim` cut of one document, for `siku explain`."""

import json
from pathlib import Path
from typing import Any

from pipelines.inspect import find_documents
from pipelines.lookup import find_ledger_row
from pipelines.stage import FOLDERS, current_stages

_RULES = ("lines", "paragraphs", "sentences", "substrings")
_MOST_CHARS = 60


def trimmed(work: Path, id: str) -> str:
    """Lines of text: what became of the document, how much was cut, and each cut; "" where `trim` did not meet it.

    Example: "trimmed: kept, 21 characters cut\\n  lines 0 to 20: 'Home | About | Login'".
    """
    ledger = find_ledger_row(work, FOLDERS["trim"], id) if "trim" in current_stages(work) else None
    if ledger is None:
        return ""
    note = ledger["detail"].partition("; ")[2]
    cut: dict[str, Any] = json.loads(note) if note else {}
    head = f"trimmed: {ledger['outcome']}, {cut.get('cut_chars', 0):,} characters cut"
    reasons = [f"  {row['rule']}: {row['value']:,.4g} against {row['threshold']:,.4g}" for row in ledger["reasons"]]
    if not cut:
        return head
    text = find_documents(work, {id}, ["id", "text"], FOLDERS["select"])[id]["text"]
    cuts = [
        f"  {rule} {start:,} to {end:,}: {_shortened(text[start:end])}"
        for rule in _RULES
        for start, end in cut.get(rule, [])
    ]
    return "\n".join([head, *reasons, *cuts])


def _shortened(text: str) -> str:
    return repr(text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…")
