"""Links to what a gift would look like. A draft is kept nowhere: it stands in the link, sealed, for an hour."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth import base64url
from auth.secrets import CannotOpen, SecretBox

CONTEXT = "gift draft"
GOOD_FOR = timedelta(hours=1)
TOKEN_LENGTH_MAX = 4096
"""A draft of the longest texts in any script makes a shorter one."""

Facts = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Sealed:
    token: str
    expires_at: datetime


def seal(box: SecretBox, facts: Facts, *, locale: str, now: datetime) -> Sealed:
    """A token that says nothing to anybody else."""
    expires_at = now + GOOD_FOR
    said = json.dumps({**facts, "locale": locale, "until": int(expires_at.timestamp())}, ensure_ascii=False)
    return Sealed(base64url.encode(box.seal(said.encode(), CONTEXT)), expires_at)


def open_(box: SecretBox, token: str, *, now: datetime) -> Facts | None:
    """What was sealed; None for any text that `seal` did not make, or made more than an hour ago."""
    if len(token) > TOKEN_LENGTH_MAX:
        return None
    sealed = base64url.decode(token)
    if sealed is None:
        return None
    try:
        facts: Facts = json.loads(box.open(sealed, CONTEXT))
    except CannotOpen:
        return None
    return facts if int(facts.pop("until") or 0) > now.timestamp() else None
