"""What is wrong with a gift as it was typed, before anything is looked up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.baskets import text_problems
from wallet.errors import Problem
from wallet.gifts.plain_text import MESSAGE_LENGTH, NAME_LENGTH, clean, clean_name, has_link, is_plain, over_long
from wallet.ledger.value import Mint
from wallet.values import GiftCardId, Minor, Phrase, Points, RewardId

CLOCK_SKEW = timedelta(minutes=2)
"""How far behind a phone's clock may be before `now` is the past."""

AHEAD_MAX = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Worth:
    """What is given: exactly one of these."""

    points: Points | None = None
    value_minor: Minor | None = None
    reward_id: RewardId | None = None


@dataclass(frozen=True, slots=True)
class Purse:
    """The sender's own gift card that the money comes out of, and what makes the number of the gift's."""

    gift_card_id: GiftCardId
    mint: Mint


def problems_of(
    *, recipient_name: str, message: str | None, deliver_at: datetime | None, now: datetime
) -> list[Problem]:
    """What is wrong with a gift's texts and moment, as they were typed: nothing, if they can be sent as they are."""
    typed = (("recipientName", recipient_name, NAME_LENGTH), ("message", message or "", MESSAGE_LENGTH))
    problems = [
        Problem(field, Phrase("too_long", {"most": most})) for field, text, most in typed if over_long(text, most=most)
    ]
    if not problems:
        problems += words_problems("recipientName", clean_name(recipient_name), most=NAME_LENGTH, lines=False)
        problems += words_problems("message", clean(message or "") or None, most=MESSAGE_LENGTH, lines=True)
    return problems if deliver_at is None else [*problems, *moment_problems(deliver_at, now=now)]


def moment_problems(deliver_at: datetime, *, now: datetime) -> list[Problem]:
    """What is wrong with the moment at which a mail is to leave."""
    if deliver_at < now - CLOCK_SKEW:
        return [Problem("deliverAt", Phrase("in_past"))]
    if deliver_at > now + AHEAD_MAX:
        return [Problem("deliverAt", Phrase("too_far_ahead", {"latest_at": (now + AHEAD_MAX).isoformat()}))]
    return []


def worth_problems(worth: Worth, purse: Purse | None) -> list[Problem]:
    """What is wrong with what is given, and out of what."""
    said = [each for each in (worth.points, worth.value_minor, worth.reward_id) if each is not None]
    if len(said) != 1:
        return [Problem("points", Phrase("one_worth"))]
    return [Problem("giftCardId", Phrase("gift_card_gives_money"))] if purse and worth.value_minor is None else []


def words_problems(field: str, text: str | None, *, most: int, lines: bool) -> list[Problem]:
    """What is wrong with a text once it is cleaned: blank, too long, unprintable, with a link in it."""
    if text is None:
        return []
    if problems := text_problems(field, text.replace("\n", " ") if lines else text, most=most):
        return problems
    if not is_plain(text, lines=lines):
        return [Problem(field, Phrase("unprintable"))]
    return [Problem(field, Phrase("has_link"))] if has_link(text) else []
