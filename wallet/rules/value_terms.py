"""What a program says of money as a gift and on gift cards, as sentences, for the people whom they are about."""

from collections.abc import Iterator

from wallet.rules.limits import GiftRules
from wallet.values import Phrase


def value_terms(gifts: GiftRules, *, currency: str, months: int | None) -> Iterator[Phrase]:
    """The sentences in the order in which a sender asks, then those for who holds a gift card.

    `months`: for how long money lives on a gift card once the law has been heard; None is for ever.
    """
    if gifts.sends_value:
        yield from _sending(gifts, currency)
    yield Phrase("term_value_pin", {"pin_minor": gifts.pin_above_minor, "currency": currency})
    yield Phrase("term_value_never_expires") if months is None else Phrase("term_value_expiry", {"months": months})


def _sending(gifts: GiftRules, currency: str) -> Iterator[Phrase]:
    least, most = gifts.value_min_minor, gifts.value_max_minor
    yield Phrase("term_value_gift", {"least_minor": least, "most_minor": most, "currency": currency})
    yield Phrase("term_value_per_day", {"day_minor": gifts.value_per_day_minor, "currency": currency})
    if gifts.new_account_days:
        new = gifts.for_account_of(0).value_per_day_minor
        yield Phrase("term_value_new_account", {"days": gifts.new_account_days, "new_minor": new, "currency": currency})
    if gifts.value_hold_minor < most:
        yield Phrase("term_value_hold", {"hold_minor": gifts.value_hold_minor, "currency": currency})
    if gifts.value_mailbox_minor < most:
        yield Phrase("term_value_mailbox", {"mailbox_minor": gifts.value_mailbox_minor, "currency": currency})
