from tests.factories import Shop, make_shop
from tests.resolvers.api import Api
from wallet.database import Conn
from wallet.rules import GiftRules, Rules
from wallet.values import Minor, Points

PROGRAM = "query ($slug: String!) { program(slug: $slug) { id slug name currency pointName pointNamePlural terms } }"


async def test_anybody_reads_the_rules_as_sentences(anybody: Api, conn: Conn) -> None:
    # given a program with rules of every kind
    rules = Rules(
        points=Points(1),
        per_minor=Minor(10_000),
        minimum_minor=Minor(25_050),
        carry_remainder=True,
        pending_days=7,
        expiry_months=12,
        gifts=GiftRules(min_points=Points(5), max_points=Points(100_000)),
    )
    shop = await make_shop(conn, now=anybody.now, rules=rules)
    # when its poster is opened
    program = (await anybody(PROGRAM, slug=shop.slug))["program"]
    # then the rules are there, in the order in which a customer asks
    assert (program["pointName"], program["pointNamePlural"], program["currency"]) == ("bean", "beans", "INR")
    assert program["terms"] == [
        "You get 1 bean for every ₹100 you spend.",
        "Goods earn; delivery, fees, tips, deposits and gift cards do not.",
        "A purchase earns from ₹250.50 upwards.",
        "What is left over below the next step counts with your next purchase, as long as this rate applies.",
        "You can spend your beans 7 days after the purchase.",
        "Your beans expire 12 months after you can first spend them.",
        "We write to you 14 days before your beans expire.",
        (
            "When you bring goods back, the beans they earned are taken back. If you have spent some already, others on"
            " your card are taken instead, as far as there are any."
        ),
        "You can send from 5 up to 1,00,000 beans as a gift.",
        "In one day: at most 10 gifts, to at most 5 people.",
        "A gift that nobody claims comes back to you after 30 days.",
        "You can send money as a gift, from ₹1 up to ₹10,000.",
        "In one day you can send gifts of ₹20,000 together at most.",
        "Your first gift of more than ₹5,000 is sent a little later, so that we can look at it.",
        "A gift of more than ₹2,000 can be claimed only with the address that it was sent to.",
        "To spend more than ₹1,000 by a gift card's number, its PIN is needed too.",
        "Money on a gift card does not expire.",
    ]


async def test_numbers_are_grouped_as_the_reader_is_used_to(anybody: Api, shop: Shop, conn: Conn) -> None:
    rules = Rules(points=Points(1), per_minor=Minor(12_345_600))
    shop = await make_shop(conn, now=anybody.now, rules=rules)
    first = {
        locale: (await anybody.speaking(locale)(PROGRAM, slug=shop.slug))["program"]["terms"][0]
        for locale in ("en", "en-IN", None)
    }
    assert first == {
        "en": "You get 1 bean for every ₹123,456 you spend.",
        "en-IN": "You get 1 bean for every ₹1,23,456 you spend.",
        None: "You get 1 bean for every ₹123,456 you spend.",
    }


async def test_an_unknown_slug_is_null(anybody: Api, shop: Shop) -> None:
    for slug in ("no-such-program", "", shop.slug.upper(), "😀"):
        assert await anybody(PROGRAM, slug=slug) == {"program": None}
