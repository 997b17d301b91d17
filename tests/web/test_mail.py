"""The mails as they are read: in every language, as text and as HTML, and nothing of the sender's leads anywhere."""

import re
from datetime import UTC, date, datetime, timedelta
from html import escape

import pytest

from schema.translations import LANGUAGES, PointNames, translator
from wallet.gifts import DeliveryProblem
from wallet.gifts.news import News
from wallet.values import GiftStatus, Minor, Money, Points
from web.mail import letters, render, templates
from web.mail.letters import NewsFacts
from web.mail.render import DisputeFacts, EnrolmentFacts, ExpiringFacts, GiftFacts, Picture, RefundFacts, RenderedMail
from web.mail.templates import MAILS, Templates

NOW = datetime(2026, 12, 22, 9, 30, tzinfo=UTC)
LINK = "https://regulars.example/g/" + "A" * 43
NAMES = PointNames("bean", "beans")

HREF = re.compile(r'href="([^"]*)"')
LOADED = re.compile(r"(?:src|background)\s*=\s*[\"']|url\(|@import|<script|<link", re.IGNORECASE)


@pytest.fixture(scope="module")
def loaded() -> Templates:
    return templates.load()


def gift_facts(
    *,
    sender: str = "Meera Nair",
    recipient: str = "Ravi",
    message: str | None = "Happy birthday!\nHave a coffee on me.",
    points: int = 125_000,
) -> GiftFacts:
    return GiftFacts(
        sender_name=sender,
        recipient_name=recipient,
        message=message,
        points=Points(points),
        point_names=NAMES,
        merchant_name="Bean There",
        claimable_until=NOW,
        link=LINK,
        stop_link=f"{LINK}/stop",
    )


def expiring_facts() -> ExpiringFacts:
    days = [(date(2026, 12, 31), Points(40)), (date(2027, 1, 2), Points(1))]
    return ExpiringFacts("Bean There", "Bean <Club>", NAMES, Points(1_200), days, "https://regulars.example/n/C/stop")


def news_facts(
    news: News,
    *,
    recipient: str = "Ravi",
    status: GiftStatus = GiftStatus.SENT,
    value: Money | None = None,
    reward_name: str | None = None,
    problem: DeliveryProblem | None = None,
    thanks: str | None = None,
) -> NewsFacts:
    return NewsFacts(
        news=news,
        merchant_name="Bean There",
        recipient_name=recipient,
        points=Points(0 if value else 1_200),
        point_names=NAMES,
        status=status,
        claimable_until=NOW,
        value=value,
        reward_name=reward_name,
        problem=problem,
        thanks=thanks,
        stop_link="https://regulars.example/n/C/stop" if news is News.WAITING else None,
    )


def dispute_facts() -> DisputeFacts:
    amount, left = Money(Minor(50_000), "INR"), Money(Minor(12_345), "INR")
    return DisputeFacts("Bean There", amount, left, "stripe", "pi_<1>", NOW)


def refund_facts() -> RefundFacts:
    return RefundFacts("Bean There", Money(Minor(50_000), "INR"), "stripe", "pi_<1>", NOW)


def every_mail(loaded: Templates, tag: str) -> list[RenderedMail]:
    say = translator(tag, "Asia/Kolkata")
    enrolment = EnrolmentFacts("Bean There", "Bean Club", NAMES, "https://regulars.example/confirm/" + "B" * 43)
    return [
        render.sign_in(loaded, say, brand="Regulars", code="482913", good_for=timedelta(minutes=10)),
        render.gift(loaded, say, gift_facts()),
        letters.gift_news(loaded, say, news_facts(News.WAITING)),
        render.enrolment(loaded, say, enrolment),
        render.expiring(loaded, say, expiring_facts()),
        render.dispute(loaded, say, dispute_facts()),
        render.refund_failed(loaded, say, refund_facts()),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_can_be_said_in_every_language(loaded: Templates, language: str) -> None:
    mails = every_mail(loaded, language)

    assert len(mails) == len(MAILS)
    for mail in mails:
        assert mail.language == language
        assert f'<html lang="{language}" dir="ltr"' in mail.html
        assert mail.subject
        assert mail.text.strip()
        for text in (mail.subject, mail.text, mail.html):
            assert "{{" not in text
            assert "%(" not in text


def test_gift_mail_says_who_sent_what_where_and_until_when(loaded: Templates) -> None:
    mail = render.gift(loaded, translator("en-IN", "Asia/Kolkata"), gift_facts())

    assert mail.subject == "Meera Nair sent you a gift at Bean There"
    assert mail.text.splitlines()[:12] == [
        "Hello Ravi, a gift for you",
        "",
        "Meera Nair sent you 1,25,000 beans to spend at Bean There.",
        "",
        "> Happy birthday!",
        "> Have a coffee on me.",
        "",
        "See your gift:",
        LINK,
        "",
        "It waits for you until 22 December 2026, 3:00\u202fpm. After that it goes back to Meera Nair.",
        "",
    ]


def test_merchant_is_told_what_is_disputed_and_what_is_blocked(loaded: Templates) -> None:
    mail = render.dispute(loaded, translator("en-IN", "Asia/Kolkata"), dispute_facts())

    assert mail.subject == "A payment of ₹500 is disputed"
    assert "On 22 December 2026 the bank of a customer" in mail.text
    assert "What was left on the gift card, ₹123.45, is blocked" in mail.text
    assert "(Stripe). The payment is called pi_<1> there." in mail.text
    assert "pi_&lt;1&gt;" in mail.html


def test_merchant_is_told_what_is_still_owed_and_where_to_send_it_back(loaded: Templates) -> None:
    mail = render.refund_failed(loaded, translator("en-IN", "Asia/Kolkata"), refund_facts())

    assert mail.subject == "A refund of ₹500 did not arrive"
    assert "On 22 December 2026 we learned" in mail.text
    assert "₹500 is still owed to them." in mail.text
    assert "(Stripe). The payment is called pi_<1> there." in mail.text
    assert "pi_&lt;1&gt;" in mail.html


def test_one_point_is_one(loaded: Templates) -> None:
    mail = render.gift(loaded, translator("en"), gift_facts(points=1))

    assert "sent you 1 bean to spend" in mail.text


def test_gift_without_words_has_no_place_for_them(loaded: Templates) -> None:
    mail = render.gift(loaded, translator("en"), gift_facts(message=None))

    assert "> " not in mail.text
    assert 'class="words"' not in mail.html


def test_only_our_own_links_are_links_and_nothing_is_loaded(loaded: Templates) -> None:
    # given a sender whose words would be a link if they got the chance
    hostile = "evil.example https://evil.example <a href='https://evil.example'>x</a>"
    mail = render.gift(loaded, translator("en"), gift_facts(sender=hostile, recipient=hostile, message=hostile))

    # then the HTML leads to the gift and to the way out, and shows the words as words
    assert set(HREF.findall(mail.html)) == {LINK, f"{LINK}/stop"}
    assert escape(hostile, quote=True).replace("&#x27;", "&#39;") in mail.html
    assert LOADED.search(mail.html) is None


def test_no_mail_loads_anything_from_anywhere(loaded: Templates) -> None:
    for mail in every_mail(loaded, "en"):
        assert LOADED.search(mail.html) is None
        assert all(link.startswith("https://regulars.example/") for link in HREF.findall(mail.html))


def test_picture_of_the_merchant_comes_with_the_mail_and_says_what_it_shows(loaded: Templates) -> None:
    picture = Picture("cid:design", 'Two <cups> "of" coffee')

    mail = render.gift(loaded, translator("en"), gift_facts(), picture=picture)

    [shown] = re.findall(r"<img[^>]*>", mail.html)
    assert 'src="cid:design"' in shown
    assert 'alt="Two &lt;cups&gt; &#34;of&#34; coffee"' in shown
    assert "<img" not in render.gift(loaded, translator("en"), gift_facts()).html
    assert mail.text == render.gift(loaded, translator("en"), gift_facts()).text


def test_text_that_looks_like_a_blank_stays_text(loaded: Templates) -> None:
    hostile = "{{ link }} {% if x %} %(sender)s {sender} %s"

    mail = render.gift(loaded, translator("hi"), gift_facts(sender=hostile, recipient=hostile, message=hostile))

    assert f"> {hostile}" in mail.text
    assert hostile in mail.subject
    assert hostile in mail.html


def test_code_is_in_the_mail_and_not_in_the_subject(loaded: Templates) -> None:
    mail = render.sign_in(
        loaded, translator("en"), brand="Regulars", code="482913", good_for=timedelta(minutes=9, seconds=59)
    )

    assert "482913" not in mail.subject
    assert mail.text.splitlines()[0] == "Your sign-in code: 482913"
    assert "482913" in mail.html
    assert HREF.findall(mail.html) == []


@pytest.mark.parametrize(
    ("seconds", "said"), [(600, "10 minutes"), (599, "10 minutes"), (569, "9 minutes"), (150, "3 minutes")]
)
def test_mail_says_the_nearest_minute(loaded: Templates, seconds: int, said: str) -> None:
    mail = render.sign_in(loaded, translator("en"), brand="R", code="000000", good_for=timedelta(seconds=seconds))

    assert f"It is good for {said}" in mail.text


def test_last_minute_is_one_minute(loaded: Templates) -> None:
    mail = render.sign_in(loaded, translator("en"), brand="R", code="000000", good_for=timedelta(seconds=20))

    assert "It is good for one minute" in mail.text


def test_enrolment_mail_has_the_link_that_confirms(loaded: Templates) -> None:
    mail = every_mail(loaded, "en")[3]

    assert mail.subject == "Your card at Bean There"
    assert HREF.findall(mail.html) == ["https://regulars.example/confirm/" + "B" * 43]
    assert "https://regulars.example/confirm/" + "B" * 43 in mail.text.splitlines()


def test_enrolment_mail_to_who_has_confirmed_has_the_same_news_and_no_link(loaded: Templates) -> None:
    mail = render.enrolment(loaded, translator("en"), EnrolmentFacts("Bean There", "Bean Club", NAMES, None))

    assert mail.subject == "Your card at Bean There"
    assert HREF.findall(mail.html) == []
    assert mail.text.splitlines() == [
        "Welcome to Bean Club",
        "",
        "You have a card at Bean There now. Every time you show it at the counter, you collect beans.",
        "",
        "You find the card in the app, where you sign in with this e-mail address.",
        "",
        "You were enrolled at the counter. If that was not you, you can ignore this mail.",
    ]
    assert all(line in mail.html for line in mail.text.splitlines())
    assert "Confirm" not in mail.html
    assert "password" not in mail.html


def test_reminder_says_what_goes_when_and_where_to_stop_it(loaded: Templates) -> None:
    mail = render.expiring(loaded, translator("en-IN"), expiring_facts())

    assert mail.subject == "Use them in time: 41 beans at Bean There"
    assert mail.text.splitlines() == [
        "Still yours: 41 beans",
        "",
        "On your Bean <Club> card they can be used for a while yet:",
        "",
        "- 40 beans, until the end of 31 December 2026",
        "- 1 bean, until the end of 2 January 2027",
        "",
        "After that they are gone. You have 1,200 beans in all; what you spend is taken from these first.",
        "",
        "You get this mail because you have a Bean <Club> card.",
        "",
        "No more of these reminders:",
        "https://regulars.example/n/C/stop",
    ]
    assert "Bean &lt;Club&gt;" in mail.html
    assert "<Club>" not in mail.html
    assert HREF.findall(mail.html) == ["https://regulars.example/n/C/stop"]


def test_reminder_of_a_gift_says_so_and_has_a_link(loaded: Templates) -> None:
    mail = render.gift(loaded, translator("en-IN", "Asia/Kolkata"), gift_facts(), reminder=True)

    assert mail.subject == "Meera Nair's gift still waits for you at Bean There"
    assert mail.text.splitlines()[0] == "Hello Ravi, your gift is still here"
    assert LINK in mail.text.splitlines()
    assert "It waits for you until 22 December 2026, 3:00\u202fpm." in mail.text


def test_sender_is_told_that_a_gift_waits_until_when_and_what_to_do(loaded: Templates) -> None:
    mail = letters.gift_news(loaded, translator("en-IN", "Asia/Kolkata"), news_facts(News.WAITING))

    assert mail.subject == "Ravi has not claimed your gift yet"
    assert mail.text.splitlines() == [
        "Ravi has not claimed your gift yet",
        "",
        "You sent Ravi 1,200 beans to spend at Bean There.",
        "",
        "Its mail has left, but nobody has opened the gift.",
        "",
        "It waits until 22 December 2026, 3:00\u202fpm. After that it comes back to you.",
        "",
        "In the app you can send the mail again, also to another address, or cancel the gift.",
        "",
        "You get this mail because you sent a gift at Bean There.",
        "",
        "No more of these reminders:",
        "https://regulars.example/n/C/stop",
    ]
    assert HREF.findall(mail.html) == ["https://regulars.example/n/C/stop"]


MONEY = Money(Minor(50_000), "INR")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (news_facts(News.WAITING, status=GiftStatus.VIEWED), "It was opened, but not claimed."),
        (
            news_facts(News.WAITING, status=GiftStatus.BOUNCED, problem=DeliveryProblem.MAILBOX_FULL),
            "Its mail did not arrive. ",
        ),
        (news_facts(News.WAITING, status=GiftStatus.BOUNCED), "you can correct the address and send it again"),
        (news_facts(News.WAITING, value=MONEY), "After that the money goes back to where it came from."),
        (news_facts(News.WAITING, reward_name="Masala tea"), "You sent Ravi a gift from Bean There: Masala tea."),
        (news_facts(News.DECLINED), "Back on your card: 1,200 beans."),
        (news_facts(News.RETURNED, value=MONEY), "₹500 is on its way back to where you paid from."),
        (news_facts(News.RETURNED, reward_name="Masala tea"), "Back on your card: 1,200 beans."),
        (news_facts(News.THANKED, thanks="So kind.\nThank you!"), "> So kind.\n> Thank you!"),
    ],
)
def test_sender_is_told_what_became_of_a_gift(loaded: Templates, facts: NewsFacts, said: str) -> None:
    mail = letters.gift_news(loaded, translator("en-IN", "Asia/Kolkata"), facts)

    assert said in mail.text
    assert "Ravi" in mail.subject
    assert (facts.stop_link in HREF.findall(mail.html)) is (facts.news is News.WAITING)


def test_words_of_a_recipient_are_words(loaded: Templates) -> None:
    hostile = "{{ link }} {amount} {0.__class__} %(sender)s https://evil.example <a href='https://evil.example'>x</a>"
    facts = news_facts(News.THANKED, recipient=hostile, thanks=hostile)

    mail = letters.gift_news(loaded, translator("hi"), facts)

    assert f"> {hostile}" in mail.text
    assert hostile in mail.subject
    assert HREF.findall(mail.html) == []
