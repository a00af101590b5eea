"""A publisher's record -> url, title, timestamp, text, and everything else as JSON.

Publishers name the text differently. Without an explicit mapping the first of these forms that has text wins:
`text`; `content` (with the title in front in WuDao's form, as its readers do); `raw_content`
(ChineseWebText); `data`; `instruction` / `input` / `output` (Alpaca); `prompt` / `response`. A record is
never lost: without a text field it is unreadable "no_text_field", with an empty one dropped "empty_text".

Of a record with a field for an answer, the last of the two forms or what a mapping calls `answer`, it is noted how much
of the text is the prompt: instruction and input, `prompt_chars`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from corpus.errors import InputError
from corpus.extract.charset import decode
from corpus.sources.record import Record, dropped, unreadable

TARGETS = ("text", "answer", "title", "url", "timestamp")

_TEXT_FIELDS = ("text", "content", "raw_content", "data")
_JOINED_FIELDS = (
    ("instruction", "input", "output"),
    ("instruction", "input", "response"),
    ("prompt", "response"),
    ("instruction",),  # prompts without an answer
)
_DEFAULTS = {
    "title": ("title",),
    "url": ("url", "uri", "source_url", "meta.url", "metadata.url"),
    "timestamp": ("timestamp", "date", "date_download", "created", "meta.timestamp", "metadata.timestamp"),
}
_NO_INPUT = {"<noinput>", "n/a", "<no input>", "noinput"}
_WUDAO_KEYS = ("dataType", "uniqueKey", "titleUkey")
_BLANK_LINE = "\n\n"


@dataclass(frozen=True)
class FieldMap:
    """Which of the publisher's fields give what; dotted names reach into objects."""

    text: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()  # joined behind `text`
    title: tuple[str, ...] = _DEFAULTS["title"]
    url: tuple[str, ...] = _DEFAULTS["url"]
    timestamp: tuple[str, ...] = _DEFAULTS["timestamp"]


def field_map(fields: Mapping[str, str | list[str]] | None) -> FieldMap:
    """Check a user's mapping.

    Raises:
        InputError: where it names a target other than `TARGETS`, or no field, or an answer to nothing.
    """
    checked: dict[str, tuple[str, ...]] = {}
    for target, names in (fields or {}).items():
        names = (names,) if isinstance(names, str) else tuple(names)
        if target not in TARGETS or not names or not all(isinstance(name, str) and name for name in names):
            raise InputError(
                f"fields={dict(fields or {})!r}: {target!r} -> {names!r} is not understood; "
                f"map one of {list(TARGETS)} to a field name or a list of field names"
            )
        checked[target] = names
    if "answer" in checked and "text" not in checked:
        raise InputError(
            f"fields={dict(fields or {})!r} has an `answer` and no `text`; map the prompt's fields to `text`"
        )
    return FieldMap(**checked)


def map_record(offset: int, record: dict[str, Any], fields: FieldMap) -> Record:
    """The RAW row of a publisher's record.

    Example: `{"content": "汉", "url": "u", "lang": "zh"}` -> text "汉", url "u", meta `{"lang":"zh"}`.
    """
    found, text, prompt_chars = _explicit_text(record, fields) if fields.text else _default_text(record)
    used = set(found)
    extras: dict[str, Any] = {}
    for target in ("title", "url", "timestamp"):
        extras[target] = None
        for name in getattr(fields, target):
            value = _lookup(record, name)
            if name not in found and isinstance(value, (str, int, float)) and value != "":
                extras[target] = str(value)
                used.add(name)
                break
    extras["meta"] = _meta(record, used)
    if not found:
        wanted = f"none of {list(fields.text)}" if fields.text else "no text field that is known"
        keys = ", ".join(map(str, list(record)[:20]))
        return unreadable(offset, "no_text_field", f"{wanted}; the keys are: {keys}"[:500], **extras)
    if not text or text.isspace():
        return dropped(offset, "empty_text", f"{' + '.join(found)} is empty or no string", **extras)
    title = extras["title"]
    is_wudao = found == ("content",) and any(key in record for key in _WUDAO_KEYS)
    if is_wudao and title and not text.startswith(title):
        text = f"{title}\n{text}"
    return Record(offset, text=text, prompt_chars=prompt_chars, **extras)


_Found = tuple[tuple[str, ...], str | None, int | None]


def _explicit_text(record: dict[str, Any], fields: FieldMap) -> _Found:
    found, answers = (
        tuple(name for name in names if _lookup(record, name) is not None or name in record)
        for names in (fields.text, fields.answer)
    )
    return (*found, *answers), _join(record, (*found, *answers)), _prompt_chars(record, found) if answers else None


def _default_text(record: dict[str, Any]) -> _Found:
    """The fields that give the text, the text, its prompt; an empty field only where no form has text."""
    empty: tuple[str, ...] = ()
    for names in ((name,) for name in _TEXT_FIELDS):
        if names[0] in record:
            text = _as_text(record[names[0]])
            if text and not text.isspace():
                return names, text, None
            empty = empty or names
    for names in _JOINED_FIELDS:
        if names[0] not in record or names[-1] not in record:
            continue
        found = tuple(name for name in names if name in record)
        if text := _join(record, found):
            return found, text, _prompt_chars(record, found[:-1]) if len(names) > 1 else None
        empty = empty or found
    return empty, None, None


def _prompt_chars(record: dict[str, Any], names: tuple[str, ...]) -> int:
    return len(_join(record, names) or "")


def _join(record: dict[str, Any], names: tuple[str, ...]) -> str | None:
    parts = [_as_text(_lookup(record, name)) for name in names]
    kept = [part for part in parts if part and not _is_no_input(part)]
    return _BLANK_LINE.join(kept) or None


def _is_no_input(part: str) -> bool:
    return part.isspace() or (len(part) < 100 and part.strip().lower() in _NO_INPUT)


def _as_text(value: Any) -> str | None:
    if isinstance(value, bytes):  # a binary column of a Parquet file
        return decode(value)[0]
    return value if isinstance(value, str) else None


def _lookup(record: dict[str, Any], name: str) -> Any:
    """The value of a field; a dotted name that is no key of its own reaches into nested objects."""
    if name in record or "." not in name:
        return record.get(name)
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _meta(record: dict[str, Any], used: set[str]) -> str | None:
    rest = {str(key): value for key, value in record.items() if key not in used}
    if not rest:
        return None
    try:
        return orjson.dumps(rest, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # an integer beyond 64 bits, or deeper nesting than orjson allows
        return json.dumps(rest, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
