"""The rules as sentences, for the people whom they are about."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from wallet.rules.limits import Caps, GiftRules
from wallet.rules.multipliers import HOURS, PLAIN, Multiplier, times
from wallet.rules.ruleset import GOODS_ALONE, Rules
from wallet.rules.stamps import STAMPS_PER_SALE_MAX, StampRules
from wallet.rules.tiers import TierLevel, TierRules
from wallet.values import LineKind, Phrase

NO_REWARDS: Mapping[str, str] = MappingProxyType({})


def terms(
    rules: Rules, *, currency: str, point_name_plural: str, rewards: Mapping[str, str] = NO_REWARDS
) -> list[Phrase]:
    """The rules as sentences, in the order in which a customer asks: what do I get, on what, when is it more, what else
    is there, from when, how long, what if I bring something back.

    `rewards`: the names of the program's rewards by their slugs; a reward that is not there is called by its slug.
    """
    named = {"name": point_name_plural}
    said = list[Phrase]()
    if rules.points:
        said.append(Phrase("term_earn", {"points": rules.points, "per_minor": rules.per_minor, "currency": currency}))
        said.extend(_kinds(rules.earning_kinds))
    said.extend(_exclusions(rules))
    if rules.minimum_minor:
        said.append(Phrase("term_minimum", {"minimum_minor": rules.minimum_minor, "currency": currency}))
    if rules.points and rules.per_minor > 1:
        said.append(Phrase("term_remainder_carried" if rules.carry_remainder else "term_remainder_dropped"))
    if rules.tiers:
        said.extend(_tiers(rules.tiers, currency, point_name_plural))
    said.extend(_multipliers(rules))
    said.extend(_bonuses(rules))
    said.extend(_caps(rules.caps))
    if rules.stamps:
        said.extend(_stamps(rules.stamps, rewards))
    if rules.gives_points:
        said.extend(_times(rules, point_name_plural))
        said.append(Phrase("term_refund", named))
        if rules.returns_debt:
            said.append(Phrase("term_debt", named))
    if rules.stamps:
        said.append(Phrase("term_stamps_refund"))
    if rules.reviews:
        said.append(Phrase("term_review"))
    if rules.gives_points:
        said.extend(_gifts(rules.gifts, point_name_plural))
    return said


def _kinds(kinds: frozenset[LineKind]) -> list[Phrase]:
    if kinds == GOODS_ALONE:
        return [Phrase("term_goods_alone")]
    excluded = [kind for kind in LineKind if kind not in kinds]
    return [Phrase(f"term_excluded_{kind.value.lower()}") for kind in excluded]


def _exclusions(rules: Rules) -> Iterator[Phrase]:
    if rules.excluded_categories:
        yield Phrase("term_excluded_categories", {"categories": ", ".join(rules.excluded_categories)})
    if rules.excluded_skus:
        yield Phrase("term_excluded_articles", {"articles": len(rules.excluded_skus)})


def _multipliers(rules: Rules) -> Iterator[Phrase]:
    """Each multiplier: what it does, then what has to hold for it, then how all of them combine."""
    for multiplier in rules.multipliers:
        name = {"multiplier": multiplier.name}
        conditions = list(_conditions(multiplier))
        yield Phrase("term_multiplier", {**name, "times": times(multiplier.hundredths)})
        yield from conditions
        if len({_topic(condition) for condition in conditions}) > 1:
            yield Phrase("term_multiplier_all", name)
    of_level = rules.tiers is not None and any(level.hundredths > PLAIN for level in rules.tiers.levels)
    if len(rules.multipliers) + of_level > 1:
        yield Phrase("term_best_counts")


def _conditions(multiplier: Multiplier) -> Iterator[Phrase]:
    name = {"multiplier": multiplier.name}
    if multiplier.categories:
        yield Phrase("term_multiplier_categories", {**name, "categories": ", ".join(multiplier.categories)})
    if multiplier.skus:
        code = "term_multiplier_articles_too" if multiplier.categories else "term_multiplier_articles"
        yield Phrase(code, {**name, "articles": len(multiplier.skus)})
    if multiplier.weekdays:
        yield Phrase("term_multiplier_days", {**name, "weekdays": ",".join(map(str, multiplier.weekdays))})
    if (multiplier.from_hour, multiplier.until_hour) != (0, HOURS):
        hours = {"from_hour": multiplier.from_hour, "until_hour": multiplier.until_hour}
        yield Phrase("term_multiplier_hours", {**name, **hours})
    if multiplier.tiers:
        yield Phrase("term_multiplier_levels", {**name, "levels": ", ".join(multiplier.tiers)})
    if multiplier.first_purchase:
        yield Phrase("term_multiplier_first", name)
    if multiplier.birthday:
        yield Phrase("term_multiplier_birthday", name)


def _topic(condition: Phrase) -> str:
    """The goods of a multiplier are one condition, however many sentences say them."""
    return condition.code.removesuffix("_articles_too").removesuffix("_articles").removesuffix("_categories")


def _bonuses(rules: Rules) -> Iterator[Phrase]:
    bonuses = rules.bonuses
    if bonuses.joining:
        yield Phrase("term_bonus_joining", {"points": bonuses.joining})
    if bonuses.first_purchase:
        yield Phrase("term_bonus_first_purchase", {"points": bonuses.first_purchase})
    if bonuses.visit:
        yield Phrase("term_bonus_visit", {"points": bonuses.visit, "hours": bonuses.visit_hours})
    if bonuses.first_purchase or bonuses.visit:
        yield Phrase("term_bonuses_added")


def _caps(caps: Caps) -> Iterator[Phrase]:
    if caps.per_sale is not None:
        yield Phrase("term_cap_sale", {"most_points": caps.per_sale})
    if caps.per_day is not None:
        yield Phrase("term_cap_day", {"most_points": caps.per_day})
    if caps.per_month is not None:
        yield Phrase("term_cap_month", {"most_points": caps.per_month})


def _stamps(stamps: StampRules, rewards: Mapping[str, str]) -> Iterator[Phrase]:
    if stamps.per == "item":
        yield Phrase("term_stamp_item", {"most": STAMPS_PER_SALE_MAX})
    elif stamps.cooldown_hours:
        yield Phrase("term_stamp_visit", {"hours": stamps.cooldown_hours})
    else:
        yield Phrase("term_stamp_purchase")
    if stamps.categories:
        yield Phrase("term_stamp_categories", {"categories": ", ".join(stamps.categories)})
    if stamps.skus:
        code = "term_stamp_articles_too" if stamps.categories else "term_stamp_articles"
        yield Phrase(code, {"articles": len(stamps.skus)})
    yield Phrase("term_stamps_full", {"stamps": stamps.needed, "reward": rewards.get(stamps.reward, stamps.reward)})


def _tiers(tiers: TierRules, currency: str, name: str) -> Iterator[Phrase]:
    if tiers.window == "calendar":
        code = "term_levels_spend_year" if tiers.basis == "spend" else "term_levels_points_year"
        yield Phrase(code, {"name": name})
    else:
        code = "term_levels_spend" if tiers.basis == "spend" else "term_levels_points"
        yield Phrase(code, {"months": tiers.months, "name": name})
    for level in tiers.levels:
        yield from _level(level, tiers, currency)
    if tiers.grace_days:
        yield Phrase("term_level_kept_longer", {"days": tiers.grace_days})
    else:
        yield Phrase("term_level_kept")


def _level(level: TierLevel, tiers: TierRules, currency: str) -> Iterator[Phrase]:
    if tiers.basis == "spend":
        yield Phrase("term_level_spend", {"level": level.name, "least_minor": level.least, "currency": currency})
    else:
        yield Phrase("term_level_points", {"level": level.name, "least_points": level.least})
    if level.hundredths > PLAIN:
        yield Phrase("term_level_times", {"level": level.name, "times": times(level.hundredths)})
    for perk in level.perks:
        yield Phrase("term_level_perk", {"level": level.name, "perk": perk.rstrip(" .")})


def _times(rules: Rules, name: str) -> Iterator[Phrase]:
    """From when points can be spent, and until when."""
    if rules.pending_days:
        yield Phrase("term_pending", {"days": rules.pending_days, "name": name})
    else:
        yield Phrase("term_at_once", {"name": name})
    if rules.expiry_months:
        code = "term_expiry_month_end" if rules.expiry_to_month_end else "term_expiry"
        yield Phrase(code, {"months": rules.expiry_months, "name": name})
    for date in rules.expiry_dates:
        yield Phrase("term_expiry_date", {"expiry_day": str(date), "name": name})
    if rules.expiry_least_days:
        yield Phrase("term_expiry_least", {"days": rules.expiry_least_days, "name": name})
    if rules.inactivity_months:
        yield Phrase("term_inactivity", {"months": rules.inactivity_months, "name": name})
    if not rules.lapses:
        yield Phrase("term_no_expiry", {"name": name})
    elif rules.notice_days:
        yield Phrase("term_notice", {"days": rules.notice_days, "name": name})


def _gifts(gifts: GiftRules, name: str) -> list[Phrase]:
    if not (gifts.per_day and gifts.recipients_per_day):
        return [Phrase("term_no_gifts", {"name": name})]
    limits = [
        Phrase("term_gift_limits", {"gifts": gifts.per_day, "recipients": gifts.recipients_per_day}),
    ]
    if gifts.per_recipient_per_day is not None:
        limits.append(Phrase("term_gift_mailbox", {"gifts": gifts.per_recipient_per_day}))
    if gifts.new_account_days:
        facts = {"days": gifts.new_account_days, "gifts": gifts.for_account_of(0).per_day}
        limits.append(Phrase("term_gift_new_account", facts))
    return [
        Phrase("term_gift", {"min_points": gifts.min_points, "max_points": gifts.max_points}),
        *limits,
        Phrase("term_gift_return", {"days": gifts.return_days}),
    ]
