"""The fingerprint of an operation's input, by which a repeated key is told from a reused one."""

import hashlib
import json
from collections.abc import Mapping, Sequence

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]


def of(operation: str, facts: Mapping[str, Json]) -> bytes:
    """SHA-256 (32 bytes) over the operation's name and its input as JSON with sorted keys.

    The facts are what the caller said (ids as text, moments as RFC 3339), never what was looked up, so that the same
    request has the same fingerprint for ever.
    """
    said = json.dumps([operation, facts], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(said.encode()).digest()
