"""What the pages are wired with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from auth.secrets import SecretBox
from wallet.database import Pool
from wallet.values import CardId, MerchantId


@dataclass(frozen=True, slots=True)
class PageFacts:
    """`pool`, `clock` and `box` are asked at each request; `demo` is whether the demo's pages are there to link to, and
    `explorer` whether there is a page to ask the API by hand.

    `publish` is told of a card that a page changed, after the commit.
    """

    pool: Callable[[], Pool]
    clock: Callable[[], datetime]
    box: Callable[[], SecretBox]
    demo: bool = False
    explorer: bool = False
    publish: Callable[[MerchantId, CardId], None] = lambda _merchant_id, _card_id: None
