"""How long the lists of the two APIs can be that come without pages: what the limiter takes them to be.

Where those who read a list have an end to it, it is that; where there is none, as many as a large shop or a keen
customer has; and of what the request itself brought (offline sales, the lines of a receipt, problems), as many as are
usual, since whoever asks has paid for them with what they sent. Only the cost of a document follows: nothing is cut.
"""

from collections.abc import Mapping
from types import MappingProxyType

LIST_SIZES: Mapping[str, int] = MappingProxyType(
    {
        "Card.expiring": 100,
        "Card.lots": 100,
        "Card.rewards": 50,
        "Card.vouchers": 100,
        "Customer.cards": 5,
        "Customer.giftCards": 10,
        "Customer.sessions": 100,
        "Gift.events": 15,
        "InvalidInput.problems": 5,
        "MemberCard.giftCards": 10,
        "MemberCard.rewards": 50,
        "MemberCard.vouchers": 100,
        "OfflineSettled.results": 20,
        "Program.giftDesigns": 20,
        "Query.operations": 20,
        "Quote.discounts": 5,
        "Quote.lines": 20,
        "Quote.tenders": 10,
        "Sale.discounts": 5,
        "Sale.lines": 20,
        "Sale.tenders": 10,
        "SaleRecorded.giftCardsSold": 20,
        "SaleRefunded.returnedTenders": 10,
        # No list to who asks, but a thousand entries to who answers.
        "Card.statement": 1_500,
    }
)
"""By the type and the field."""
