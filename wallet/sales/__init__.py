"""Sales: what a till records, what it earned and why, and what it would earn."""

from wallet.sales.offers import NOTHING, Wanted
from wallet.sales.quoting import Quote, quote
from wallet.sales.receipts import Sale, SaleLine, find
from wallet.sales.recording import Recorded, checkout, replay_or
from wallet.sales.selling import SoldGiftCard
from wallet.sales.serving import CustomerRef
from wallet.sales.tenders import Tender

__all__ = [
    "NOTHING",
    "CustomerRef",
    "Quote",
    "Recorded",
    "Sale",
    "SaleLine",
    "SoldGiftCard",
    "Tender",
    "Wanted",
    "checkout",
    "find",
    "quote",
    "replay_or",
]
