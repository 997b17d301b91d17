"""What the law of the merchant's country asks of stored value: for how long it must live, which a program can only
exceed, and how much may stand on one card, which it can only go below.

The time counts from when money last came onto the card. All this is of what is sold to people for money; it is no
advice on anything else that a law may ask, such as paying out small rests.
"""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet.rules.expiry import months_later
from wallet.values import Minor, Money

NEVER: None = None

LEAST_MONTHS: Mapping[str, int | None] = {
    # Consumer Law of 2010 (Competition and Consumer Act 2010, Schedule 2), section 99B: three years.
    "AU": 36,
    # A term of prescription of less than the usual 30 years (ABGB § 1478) needs a reason that gift cards do not have:
    # Oberster Gerichtshof, 18 September 2012, 7 Ob 22/12d.
    "AT": 360,
    # Most provinces forbid expiry, e.g. Ontario (Regulation 17/05, section 25.2) and Quebec (Consumer Protection Act,
    # section 187.3); the table has no provinces.
    "CA": NEVER,
    # Measures for the Administration of Single-purpose Commercial Prepaid Cards (2012), article 19: cards without a
    # name, three years; those with one do not expire.
    "CN": NEVER,
    # BGB §§ 195, 199: three years from the end of the year; a shorter term is void (Oberlandesgericht München,
    # 17 January 2008, 29 U 3193/07). Four years are never less.
    "DE": 48,
    # Consumer Protection (Gift Vouchers) Act 2019, section 3: five years.
    "IE": 60,
    # Reserve Bank of India, Master Directions on Prepaid Payment Instruments (2021): one year from the last loading.
    "IN": 12,
    # Fair Trading (Gift Card Expiry) Amendment Act 2024, in force since March 2026: three years.
    "NZ": 36,
    # Gift Check Act of 2017 (Republic Act No. 10962), section 5: no expiry.
    "PH": NEVER,
    # 12 CFR 1005.20(e)(2), Regulation E: five years from the last loading.
    "US": 60,
}
"""By country (ISO 3166-1); None is never. In a country that is not here the program says it alone."""

MOST: Mapping[str, Money] = {
    # Measures for the Administration of Single-purpose Commercial Prepaid Cards (2012), article 18: 1,000 yuan on a
    # card without a name, as those are that a till sells.
    "CN": Money(Minor(100_000), "CNY"),
    # Reserve Bank of India, Master Directions on Prepaid Payment Instruments (2021), paragraph 10.1: gift instruments
    # of 10,000 rupees at most.
    "IN": Money(Minor(1_000_000), "INR"),
}
"""By country, on one card. In a country that is not here, or in another currency, the program says it alone."""


def months_of(country: str, *, stated: int | None) -> int | None:
    """For how many months money lives: as many as the program states, and no fewer than the country asks; None is for
    ever.
    """
    least = LEAST_MONTHS.get(country, 1)
    return None if least is None or stated is None else max(least, stated)


def most_on_card(country: str, *, stated: Minor, currency: str) -> Minor:
    """What may stand on one gift card: what the program states, and no more than the country lets."""
    most = MOST.get(country)
    return stated if most is None or most.currency != currency else min(stated, most.amount_minor)


def expires_at(country: str, *, stated: int | None, loaded_at: datetime, zone: ZoneInfo) -> datetime | None:
    """When money that came onto a card at `loaded_at` lapses: at the merchant's first midnight at or after the same day
    and time so many months later; None is never.
    """
    months = months_of(country, stated=stated)
    return None if months is None else months_later(loaded_at, months, to_month_end=False, zone=zone)
