"""What text may be: everything PostgreSQL can store and UTF-8 can write."""

import re

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether it has neither NUL nor half of a surrogate pair."""
    if text.isascii():
        return "\0" not in text
    return UNSTORABLE.search(text) is None


def is_storable_throughout(value: object) -> bool:
    """Whether every text in a JSON value is, its keys included."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if not is_storable(part):
                return False
        elif isinstance(part, dict):
            waiting.extend(part.keys())
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return True
