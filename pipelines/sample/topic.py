"""A topic: what its people do, what troubles them, what they hope for, and the sentences only it can say."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One subject of articles in one language; every list is written `a|b|c`, patterns one a line."""

    name: str
    people: str
    activity: str
    trouble: str
    gain: str
    place: str
    patterns: str

    def slots(self) -> dict[str, str]:
        """The five lists a general pattern may ask for, by slot name."""
        return {slot: getattr(self, slot) for slot in ("people", "activity", "trouble", "gain", "place")}
