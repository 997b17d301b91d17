"""Which sentences follow from the rules, in which order, and that every number of the rules is in one of them."""

from dataclasses import replace

from hypothesis import given

from schema.translations import LANGUAGES, PointNames, translator
from tests.wallet import drawn
from wallet.rules import (
    Bonuses,
    Caps,
    GiftRules,
    MonthDay,
    Multiplier,
    ReviewRules,
    Rules,
    StampRules,
    TierLevel,
    TierRules,
    terms,
)
from wallet.values import LineKind, Minor, Phrase, Points

BEANS = PointNames("bean", "beans")
REFUND = (
    "When you bring goods back, the beans they earned are taken back. If you have spent some already, others on your"
    " card are taken instead, as far as there are any."
)
GIFTS = ["term_gift", "term_gift_limits", "term_gift_return"]


def said(rules: Rules, **rewards: str) -> list[Phrase]:
    return terms(rules, currency="INR", point_name_plural="beans", rewards={"free-coffee": "A coffee", **rewards})


def codes(rules: Rules) -> list[str]:
    return [phrase.code for phrase in said(rules)]


def facts(rules: Rules) -> dict[str, dict[str, str | int]]:
    return {phrase.code: dict(phrase.facts) for phrase in said(rules)}


def in_english(rules: Rules) -> list[str]:
    return [translator("en-IN").say(phrase, BEANS) for phrase in said(rules)]


def test_terms_of_the_simplest_rules() -> None:
    assert codes(Rules()) == [
        "term_earn",
        "term_goods_alone",
        "term_remainder_dropped",
        "term_at_once",
        "term_no_expiry",
        "term_refund",
        *GIFTS,
    ]


def test_terms_state_what_they_stated_before_there_was_more() -> None:
    rules = Rules(
        points=Points(3),
        per_minor=Minor(5000),
        earning_kinds=frozenset({LineKind.DEPOSIT, LineKind.ITEM}),
        minimum_minor=Minor(10000),
        carry_remainder=True,
        pending_days=14,
        expiry_months=12,
        notice_days=0,
        gifts=GiftRules(
            Points(5),
            Points(50),
            per_day=2,
            recipients_per_day=1,
            per_recipient_per_day=3,
            new_account_days=7,
            return_days=7,
        ),
    )

    assert [(phrase.code, dict(phrase.facts)) for phrase in said(rules)] == [
        ("term_earn", {"points": 3, "per_minor": 5000, "currency": "INR"}),
        ("term_excluded_shipping", {}),
        ("term_excluded_fee", {}),
        ("term_excluded_tip", {}),
        ("term_excluded_gift_card_sale", {}),
        ("term_minimum", {"minimum_minor": 10000, "currency": "INR"}),
        ("term_remainder_carried", {}),
        ("term_pending", {"name": "beans", "days": 14}),
        ("term_expiry", {"name": "beans", "months": 12}),
        ("term_refund", {"name": "beans"}),
        ("term_gift", {"min_points": 5, "max_points": 50}),
        ("term_gift_limits", {"gifts": 2, "recipients": 1}),
        ("term_gift_mailbox", {"gifts": 3}),
        ("term_gift_new_account", {"days": 7, "gifts": 2}),
        ("term_gift_return", {"days": 7}),
    ]


def test_rules_with_everything_are_said_in_the_order_in_which_a_customer_asks() -> None:
    rules = Rules(
        points=Points(1),
        per_minor=Minor(10_000),
        excluded_categories=("tobacco", "lottery"),
        excluded_skus=("8901", "8902"),
        multipliers=(
            Multiplier("Double Tuesdays", 200, weekdays=(2,), from_hour=9, until_hour=12),
            Multiplier("Fresh bread", 150, categories=("bread", "cake"), skus=("77",)),
            Multiplier("Golden birthday", 300, tiers=("Gold",), birthday=True),
            Multiplier("Welcome", 200, first_purchase=True),
        ),
        bonuses=Bonuses(Points(100), Points(50), Points(5), visit_hours=20),
        caps=Caps(Points(500), Points(800), Points(5000)),
        stamps=StampRules("item", 10, "free-coffee", categories=("coffee",)),
        tiers=TierRules(
            (TierLevel("Silver", 500, 125, ("Free delivery.",)), TierLevel("Gold", 2000, 150)), months=12, grace_days=30
        ),
        expiry_dates=(MonthDay(6, 30), MonthDay(12, 31)),
        expiry_least_days=30,
        pending_days=14,
        returns_debt=True,
        review=ReviewRules(sales_per_day=5),
    )

    assert in_english(rules) == [
        "You get 1 bean for every ₹100 you spend.",
        "Goods earn; delivery, fees, tips, deposits and gift cards do not.",
        "Nothing is earned on: tobacco, lottery.",
        "2 articles are left out and earn nothing.",
        "What is left over below the next step is not carried to your next purchase.",
        "Your level depends on the beans you earned in the last 12 months.",
        "Silver begins at 500 beans.",
        "Silver: your money counts 1.25 times.",
        "Silver brings: Free delivery.",
        "Gold begins at 2,000 beans.",
        "Gold: your money counts 1.5 times.",
        "A level that you do not reach again falls by one 30 days after its time is over.",
        "Double Tuesdays: your money counts 2 times.",
        "Double Tuesdays holds on: Tuesday.",
        "Double Tuesdays holds from 9:00 to 12:00.",
        "For Double Tuesdays, all of this must hold at once.",
        "Fresh bread: your money counts 1.5 times.",
        "Fresh bread is for: bread, cake.",
        "Fresh bread is for 1 chosen article as well.",
        "Golden birthday: your money counts 3 times.",
        "Golden birthday is for members of: Gold.",
        "Golden birthday is for your birthday.",
        "For Golden birthday, all of this must hold at once.",
        "Welcome: your money counts 2 times.",
        "Welcome is for your first purchase.",
        "Where several of these fit, the best one counts; they do not multiply each other.",
        "You get 100 beans for joining.",
        "Your first purchase brings 50 beans more.",
        "A visit with a purchase brings 5 beans more, again after 20 hours.",
        "A bonus is added to what a purchase earns and is never multiplied.",
        "One purchase earns at most 500 beans, bonuses not counted.",
        "The purchases of one day earn at most 800 beans, bonuses not counted.",
        "The purchases of one month earn at most 5,000 beans, bonuses not counted.",
        "You get a stamp for every item you pay for, at most 100 in one purchase.",
        "Stamps are for: coffee.",
        "10 stamps bring you: A coffee. Stamps beyond them count for the next one.",
        "You can spend your beans 14 days after the purchase.",
        "Your beans expire every year at the end of 30 June.",
        "Your beans expire every year at the end of 31 December.",
        "What you could spend for less than 30 days by then stays until the next such date.",
        "We write to you 14 days before your beans expire.",
        REFUND,
        "What is missing then is taken from the beans you earn next.",
        "When you bring goods back, their stamps are taken back.",
        "If a purchase is unusual, the shop may look at it before you can spend what it earned.",
        "You can send from 1 up to 10,000 beans as a gift.",
        "In one day: at most 10 gifts, to at most 5 people.",
        "A gift that nobody claims comes back to you after 30 days.",
    ]


def test_stamps_alone_say_nothing_of_points() -> None:
    stamps = StampRules("visit", 8, "free-coffee", cooldown_hours=12)

    assert codes(Rules(points=Points(0), stamps=stamps, minimum_minor=Minor(5000))) == [
        "term_minimum",
        "term_stamp_visit",
        "term_stamps_full",
        "term_stamps_refund",
    ]


def test_a_reward_that_is_not_there_is_called_by_its_slug() -> None:
    rules = Rules(points=Points(0), stamps=StampRules("item", 8, "free-cake", skus=("A",)))

    assert facts(rules)["term_stamps_full"] == {"stamps": 8, "reward": "free-cake"}
    assert facts(rules)["term_stamp_articles"] == {"articles": 1}


def test_one_multiplier_alone_has_nothing_to_be_better_than() -> None:
    double = Multiplier("Double", 200)
    plain, times = TierRules((TierLevel("Silver", 500),)), TierRules((TierLevel("Silver", 500, 125),))

    assert "term_best_counts" not in codes(Rules(multipliers=(double,), tiers=plain))
    assert "term_best_counts" not in codes(Rules(tiers=times))
    assert "term_best_counts" in codes(Rules(multipliers=(double,), tiers=times))
    assert "term_best_counts" in codes(Rules(multipliers=(double, replace(double, name="Other"))))


def test_each_way_to_expire_has_its_sentence() -> None:
    def expiry(rules: Rules) -> list[str]:
        return [code for code in codes(rules) if code.startswith(("term_expiry", "term_inactivity", "term_no_expiry"))]

    assert expiry(Rules()) == ["term_no_expiry"]
    assert expiry(Rules(expiry_months=1)) == ["term_expiry"]
    assert expiry(Rules(expiry_months=1, expiry_to_month_end=True)) == ["term_expiry_month_end"]
    assert expiry(Rules(expiry_dates=(MonthDay(12, 31),))) == ["term_expiry_date"]
    assert expiry(Rules(inactivity_months=6)) == ["term_inactivity"]
    assert "term_notice" not in codes(Rules())
    assert "term_notice" not in codes(Rules(expiry_months=1, notice_days=0))


def test_each_way_to_a_level_has_its_sentence() -> None:
    def levels(tiers: TierRules) -> list[str]:
        return [code for code in codes(Rules(tiers=tiers)) if code.startswith("term_level")]

    silver = (TierLevel("Silver", 500),)
    assert levels(TierRules(silver)) == ["term_levels_points", "term_level_points", "term_level_kept"]
    assert levels(TierRules(silver, "spend")) == ["term_levels_spend", "term_level_spend", "term_level_kept"]
    assert levels(TierRules(silver, "points", "calendar"))[0] == "term_levels_points_year"
    assert levels(TierRules(silver, "spend", "calendar"))[0] == "term_levels_spend_year"


def test_terms_speak_of_no_remainder_where_there_can_be_none() -> None:
    assert not {"term_remainder_dropped", "term_remainder_carried"} & set(codes(Rules(per_minor=Minor(1))))


def test_terms_say_that_gifts_are_off() -> None:
    for gifts in (GiftRules(per_day=0), GiftRules(recipients_per_day=0)):
        assert "term_no_gifts" in codes(Rules(gifts=gifts))
        assert "term_gift" not in codes(Rules(gifts=gifts))


def test_days_are_named_in_each_language() -> None:
    tuesday = Phrase("term_multiplier_days", {"multiplier": "Double", "weekdays": "2,5"})
    last_day = Phrase("term_expiry_date", {"name": "beans", "expiry_day": "12-31"})

    assert translator("en").say(tuesday) == "Double holds on: Tuesday, Friday."
    assert translator("hi").say(tuesday) == "Double इन दिनों है: मंगलवार, शुक्रवार।"
    assert "31 ธันวาคม" in translator("th").say(last_day)
    assert "31 December" in translator("en-GB").say(last_day)


@given(drawn.whole_rules())
def test_any_rules_can_be_said_in_every_language(rules: Rules) -> None:
    for phrase in said(rules):
        for language in LANGUAGES:
            assert "{" not in translator(language).say(phrase, BEANS)
