"""Access tokens whose signatures were checked a moment ago: a device shows the same one for ten minutes."""

from collections import OrderedDict
from datetime import datetime
from hashlib import sha256

from auth import access_tokens
from auth.access_tokens import Audience, Signed
from auth.keys import KeyRing
from auth.viewers import Customer, Terminal

REMEMBERED_MAX = 10_000


class VerifiedTokens:
    """The tokens of one API that this process was shown, the least used forgotten first.

    What a signature proves is all that is remembered. Whether it is the token's time, and whether its key verifies, is
    asked at every request; so is by a statement, elsewhere, whether its session is live. Tokens are found by their
    digest, so that none stands in the memory of the process for longer than its request.
    """

    def __init__(self, audience: Audience, *, most: int = REMEMBERED_MAX) -> None:
        self._audience = audience
        self._most = most
        self._remembered: OrderedDict[bytes, Signed] = OrderedDict()

    def __len__(self) -> int:
        return len(self._remembered)

    def recall(self, token: str) -> Signed | None:
        """The token, if it was found good before. Whether it still is, its `viewer_at` says."""
        digest = _digest(token)
        known = self._remembered.get(digest)
        if known is not None:
            self._remembered.move_to_end(digest)
        return known

    def verify(self, ring: KeyRing, *, token: str, now: datetime) -> Customer | Terminal:
        """As access_tokens.verify, and remembered. Raises TokenRejected; what was rejected is not remembered."""
        signed = access_tokens.check_signature(ring, token=token, audience=self._audience, now=now)
        viewer = signed.viewer_at(ring, now)
        self._remembered[_digest(token)] = signed
        if len(self._remembered) > self._most:
            self._remembered.popitem(last=False)
        return viewer


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
