"""The bytes of one JSON object -> a dict, by the fastest parser that takes them.

orjson reads nearly everything. What it refuses and Python's `json` can read is kept: NaN and Infinity,
control characters inside strings, lone surrogates (they become U+FFFD, as they have no UTF-8 form).
"""

import json
import re
from typing import Any

import orjson

_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_object(raw: bytes) -> tuple[dict[str, Any] | None, str, str]:
    """Parse one object.

    Returns:
        The object, "", "" or null, a reason ("utf8_invalid", "json_invalid", "json_not_object") and a line
        for people.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as refusal:
        try:
            value = _scrub(json.loads(raw.decode("utf-8"), strict=False))
        except UnicodeDecodeError as error:
            return None, "utf8_invalid", f"byte {error.start} of the record is not UTF-8"
        except (json.JSONDecodeError, RecursionError):
            return None, "json_invalid", str(refusal)
    if isinstance(value, dict):
        return value, "", ""
    return None, "json_not_object", f"a {type(value).__name__} where an object is expected"


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    return value
