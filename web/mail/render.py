"""What each mail says: subject, text and HTML, in the recipient's language."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date, format_time

from schema.translations import PointNames, Translator
from wallet.values import Money, Points
from web.mail.templates import Templates


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail in one language, not yet addressed to anybody."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that comes with the mail: `source` names a part of the same mail (`cid:`, RFC 2392), so that nobody can
    see from it that the mail was read. Whoever sees no pictures reads `alt_text`.
    """

    source: str
    alt_text: str


@dataclass(frozen=True, slots=True)
class GiftFacts:
    """What the mail of a gift tells its recipient. `message` is the sender's own words, plain text. It is worth a
    `value`, a reward of this name, or else `points`.
    """

    sender_name: str
    recipient_name: str
    message: str | None
    points: Points
    point_names: PointNames
    merchant_name: str
    claimable_until: datetime
    link: str
    stop_link: str
    value: Money | None = None
    reward_name: str | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What a customer who was enrolled at a counter is told.

    `link` is where they confirm the address; None for somebody who has done so already.
    """

    merchant_name: str
    program_name: str
    point_names: PointNames
    link: str | None


@dataclass(frozen=True, slots=True)
class ExpiringFacts:
    """What a member is told of points before they expire.

    `days`: on which day for the last time they can spend how many, soonest first. `active`: all that they can spend.
    """

    merchant_name: str
    program_name: str
    point_names: PointNames
    active: Points
    days: Sequence[tuple[date, Points]]
    stop_link: str


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """What a merchant is told of a disputed payment: `left` is blocked, `ref` is its name at the `provider`."""

    merchant_name: str
    amount: Money
    left: Money
    provider: str
    ref: str
    disputed_at: datetime


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """What a merchant is told of money that was sent back and did not arrive: `owed` is what has to go back yet."""

    merchant_name: str
    owed: Money
    provider: str
    ref: str
    failed_at: datetime


def sign_in(templates: Templates, say: Translator, *, brand: str, code: str, good_for: timedelta) -> RenderedMail:
    """The mail with a sign-in code. The subject, which a locked phone shows, does not have the code."""
    subject = say.gettext("Sign in to {brand}").format(brand=brand)
    # To the nearest: a code for ten minutes is one for ten when its mail leaves a second later.
    minutes = max(1, math.floor(good_for / timedelta(minutes=1) + 0.5))
    return fill(templates, "sign_in", say, subject, {"brand": brand, "code": code, "minutes": minutes})


def gift(
    templates: Templates,
    say: Translator,
    facts: GiftFacts,
    *,
    picture: Picture | None = None,
    reminder: bool = False,
) -> RenderedMail:
    """The mail with the link of a gift, or that reminds of it. Nothing that the sender wrote is a link in it."""
    names = facts.point_names
    if reminder:
        subject = say.gettext("{sender}'s gift still waits for you at {merchant}")
    else:
        subject = say.gettext("{sender} sent you a gift at {merchant}")
    subject = subject.format(sender=facts.sender_name, merchant=facts.merchant_name)
    blanks: dict[str, object] = {
        "sender": facts.sender_name,
        "recipient": facts.recipient_name,
        "merchant": facts.merchant_name,
        **worth(say, points=facts.points, names=names, value=facts.value, reward_name=facts.reward_name),
        "lines": facts.message.splitlines() if facts.message else [],
        "until": minute(say, facts.claimable_until),
        "link": facts.link,
        "stop_link": facts.stop_link,
        "picture": picture,
        "reminder": reminder,
    }
    return fill(templates, "gift", say, subject, blanks)


def worth(
    say: Translator, *, points: Points, names: PointNames, value: Money | None, reward_name: str | None
) -> dict[str, object]:
    """What a gift is worth, as mail and page say it: a number and its unit, and both in a sentence."""
    if reward_name is not None:
        return {"number": reward_name, "unit": None, "amount": None, "reward": reward_name}
    if value is not None:
        money = say.money(value.amount_minor, value.currency)
        return {"number": money, "unit": None, "amount": money, "reward": None}
    unit = names.one if points == 1 else names.many
    return {"number": say.number(points), "unit": unit, "amount": say.points(points, names), "reward": None}


def enrolment(templates: Templates, say: Translator, facts: EnrolmentFacts) -> RenderedMail:
    """The mail that tells somebody of the card that was made for them at a counter."""
    subject = say.gettext("Your card at {merchant}").format(merchant=facts.merchant_name)
    blanks: dict[str, object] = {
        "merchant": facts.merchant_name,
        "program": facts.program_name,
        "units": facts.point_names.many,
        "link": facts.link,
    }
    return fill(templates, "enrolment", say, subject, blanks)


def expiring(templates: Templates, say: Translator, facts: ExpiringFacts) -> RenderedMail:
    """The mail that tells a member of points before they expire."""
    names = facts.point_names
    total = say.points(sum(points for _, points in facts.days), names)
    subject = say.gettext("Use them in time: {amount} at {merchant}").format(amount=total, merchant=facts.merchant_name)
    blanks: dict[str, object] = {
        "merchant": facts.merchant_name,
        "program": facts.program_name,
        "amount": total,
        "balance": say.points(facts.active, names),
        "days": [
            {"amount": say.points(points, names), "day": format_date(day, "long", locale=say.locale)}
            for day, points in facts.days
        ],
        "stop_link": facts.stop_link,
    }
    return fill(templates, "expiring", say, subject, blanks)


def dispute(templates: Templates, say: Translator, facts: DisputeFacts) -> RenderedMail:
    """The mail that tells a merchant of a disputed payment."""
    amount = say.money(facts.amount.amount_minor, facts.amount.currency)
    subject = say.gettext("A payment of {amount} is disputed").format(amount=amount)
    blanks: dict[str, object] = {
        "merchant": facts.merchant_name,
        "amount": amount,
        "left": say.money(facts.left.amount_minor, facts.left.currency),
        "day": say.date(facts.disputed_at),
        "provider": facts.provider.capitalize(),
        "ref": facts.ref,
    }
    return fill(templates, "dispute", say, subject, blanks)


def refund_failed(templates: Templates, say: Translator, facts: RefundFacts) -> RenderedMail:
    """The mail that tells a merchant of money that was sent back and did not arrive."""
    amount = say.money(facts.owed.amount_minor, facts.owed.currency)
    subject = say.gettext("A refund of {amount} did not arrive").format(amount=amount)
    blanks: dict[str, object] = {
        "merchant": facts.merchant_name,
        "amount": amount,
        "day": say.date(facts.failed_at),
        "provider": facts.provider.capitalize(),
        "ref": facts.ref,
    }
    return fill(templates, "refund_failed", say, subject, blanks)


def minute(say: Translator, moment: datetime) -> str:
    """Date and time to the minute, where the reader's shop is."""
    return f"{say.date(moment)}, {format_time(moment, 'short', tzinfo=say.timezone, locale=say.locale)}"


def fill(templates: Templates, mail: str, say: Translator, subject: str, blanks: dict[str, object]) -> RenderedMail:
    """The mail of that name, its blanks filled in."""
    blanks |= {"subject": subject, "language": say.tag, "direction": say.locale.text_direction}
    return RenderedMail(
        subject=subject,
        text=templates.fill(f"{mail}.txt", words=say.catalogue, facts=blanks),
        html=templates.fill(f"{mail}.html", words=say.catalogue, facts=blanks),
        language=say.tag,
    )
