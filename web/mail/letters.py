"""What the sender of a gift is told of it by mail."""

from dataclasses import dataclass
from datetime import datetime

from schema.translations import PointNames, Translator
from wallet.gifts import DeliveryProblem
from wallet.gifts.news import News
from wallet.values import GiftStatus, Money, Phrase, Points
from web.mail.render import RenderedMail, fill, minute, worth
from web.mail.templates import Templates


@dataclass(frozen=True, slots=True)
class NewsFacts:
    """What became of a gift. It was worth a `value`, a reward of this name that cost `points`, or these.

    `thanks` are the recipient's own words, plain text; `stop_link` ends such mail, where it can be ended.
    """

    news: News
    merchant_name: str
    recipient_name: str
    points: Points
    point_names: PointNames
    status: GiftStatus
    claimable_until: datetime
    value: Money | None = None
    reward_name: str | None = None
    problem: DeliveryProblem | None = None
    thanks: str | None = None
    stop_link: str | None = None


def gift_news(templates: Templates, say: Translator, facts: NewsFacts) -> RenderedMail:
    """The mail that tells a sender what became of their gift. Nothing that anybody wrote is a link in it."""
    title = _title(say, facts.news).format(recipient=facts.recipient_name)
    lines = facts.thanks.splitlines() if facts.thanks and facts.news is News.THANKED else []
    blanks: dict[str, object] = {
        "merchant": facts.merchant_name,
        "title": title,
        "sentences": [_what(say, facts), *_became(say, facts)],
        "lines": lines,
        "stop_link": facts.stop_link,
    }
    return fill(templates, "gift_news", say, title, blanks)


def _title(say: Translator, news: News) -> str:
    match news:
        case News.WAITING:
            return say.gettext("{recipient} has not claimed your gift yet")
        case News.DECLINED:
            return say.gettext("Your gift to {recipient} was declined")
        case News.RETURNED:
            return say.gettext("Your gift to {recipient} has come back")
        case News.THANKED:
            return say.gettext("Thanks for your gift to {recipient}")


def _what(say: Translator, facts: NewsFacts) -> str:
    """Which gift it is about."""
    said = worth(say, points=facts.points, names=facts.point_names, value=facts.value, reward_name=facts.reward_name)
    if facts.reward_name is not None:
        sentence = say.gettext("You sent {recipient} a gift from {merchant}: {reward}.")
    else:
        sentence = say.gettext("You sent {recipient} {amount} to spend at {merchant}.")
    return sentence.format(recipient=facts.recipient_name, merchant=facts.merchant_name, **said)


def _became(say: Translator, facts: NewsFacts) -> list[str]:
    match facts.news:
        case News.WAITING:
            return _waits(say, facts)
        case News.DECLINED:
            return [_back(say, facts)]
        case News.RETURNED:
            return [say.gettext("Nobody claimed it in time."), _back(say, facts)]
        case News.THANKED:
            return []


def _waits(say: Translator, facts: NewsFacts) -> list[str]:
    if facts.status is GiftStatus.BOUNCED:
        how = say.gettext("Its mail did not arrive.")
        if facts.problem is not None:
            how = f"{how} {say.say(Phrase(f'delivery.{facts.problem}'))}"
        what_to_do = say.gettext("In the app you can correct the address and send it again, or cancel the gift.")
    else:
        seen = facts.status is GiftStatus.VIEWED
        how = (
            say.gettext("It was opened, but not claimed.")
            if seen
            else say.gettext("Its mail has left, but nobody has opened the gift.")
        )
        what_to_do = say.gettext("In the app you can send the mail again, also to another address, or cancel the gift.")
    until = minute(say, facts.claimable_until)
    if facts.value is not None:
        then = say.gettext("It waits until {until}. After that the money goes back to where it came from.")
    else:
        then = say.gettext("It waits until {until}. After that it comes back to you.")
    return [how, then.format(until=until), what_to_do]


def _back(say: Translator, facts: NewsFacts) -> str:
    if facts.value is not None:
        amount = say.money(facts.value.amount_minor, facts.value.currency)
        sentence = say.gettext("{amount} is on its way back to where you paid from. Banks may take some days.")
        return sentence.format(amount=amount)
    return say.gettext("Back on your card: {amount}.").format(amount=say.points(facts.points, facts.point_names))
