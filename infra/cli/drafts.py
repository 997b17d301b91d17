"""`regulars program replay` and `preview`: trying rules before they count. Neither writes anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from infra.cli import replays
from infra.cli.app import answer, opened
from infra.cli.auditing import one_moment
from infra.cli.basket_files import basket_in
from infra.cli.merchants import PER_MINOR, in_utc, program_of, rules_in, template_of
from infra.settings import SettingsError
from schema.translations import PointNames, translator
from wallet import baskets, earning, replaying
from wallet.baskets import Basket
from wallet.earning import Circumstances, Earning
from wallet.midnights import midnight
from wallet.programs import Program
from wallet.rules import Rules
from wallet.values import EarnStatus, Minor, Points

Days = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=3_660))]
Worth = Annotated[Decimal, Parameter(validator=validators.Number(gt=0))]
Amount = Annotated[int, Parameter(validator=validators.Number(gte=0))]


async def replay_draft(
    *,
    program: str,
    rules: Path | None = None,
    template: str | None = None,
    per_minor: int = PER_MINOR,
    days: Days = 90,
    point_minor: Worth | None = None,
    json: bool = False,
) -> None:
    """Say what a draft of the rules of a program (by its slug) would have brought of the sales of the last days.

    It is as if the draft had been published on the first of those days: what it would have cost, who would have gained
    and lost, and who looks odd under it. Nothing is written, and nobody waits.

    Parameters
    ----------
    rules
        A JSON file with the draft. `regulars program rules` prints the rules in force as such a file.
    template
        The rules of a template as the draft, with amounts that follow --per-minor.
    days
        How many days, today not counted.
    point_minor
        What a point is worth to you, in paise or cents, 0.5 for instance. Without it: the most that a point takes off
        by a reward of the program.
    """
    draft = _draft(rules, template, per_minor)
    async with opened() as (_, pool, clock), one_moment(pool, 1) as (conn,):
        now = clock()
        found = await program_of(conn, program, now)
        first = now.astimezone(found.zone).date() - timedelta(days=days)
        replayed = await replaying.replay(
            conn,
            program=found,
            draft=draft,
            since=midnight(first, found.zone),
            point_minor=Fraction(point_minor) if point_minor is not None else None,
            now=now,
        )
    if json:
        answer(replays.facts(replayed), as_json=True)
    else:
        print("\n".join(replays.sentences(replayed)))


async def preview_basket(
    *,
    program: str,
    basket: Path,
    rules: Path | None = None,
    template: str | None = None,
    per_minor: int = PER_MINOR,
    at: datetime | None = None,
    tier: str | None = None,
    first_purchase: bool = False,
    birthday: bool = False,
    carry_minor: Amount = 0,
    earned_today: Amount = 0,
    earned_this_month: Amount = 0,
    json: bool = False,
) -> None:
    """Say line by line what a basket would earn, and why, under a draft or the rules in force. Nothing is written.

    Parameters
    ----------
    basket
        A JSON file: {"lines": [{"lineId": "1", "amountMinor": 25000, "category": "coffee", "quantity": 2}]}, with the
        members that a till gives to a quote.
    rules
        A JSON file with the draft. Without it and without --template, the rules in force.
    at
        When it is bought, for multipliers by weekday and hour; now, if left out. In the merchant's time zone.
    tier
        The tier that the member has.
    carry_minor
        What the member has left over from earlier purchases, in paise or cents.
    earned_today
        The points that count already for the cap of the day; as --earned-this-month for that of the month.
    """
    async with opened() as (_, pool, clock), pool.acquire() as conn:
        now = clock()
        found = await program_of(conn, program, now)
    draft = _draft(rules, template, per_minor) if rules or template else found.rules
    if tier and not (draft.tiers and draft.tiers.level(tier)):
        raise SettingsError(f"The rules have no tier {tier}.")
    bought = basket_in(basket, currency=found.currency)
    baskets.check(bought, currency=found.currency, now=now)
    local = (in_utc(at) if at else now).astimezone(found.zone)
    given = Circumstances(
        local=local,
        tier=tier,
        first_purchase=first_purchase,
        birthday=birthday,
        visit_bonus_due=True,
        earned_today=Points(earned_today),
        earned_this_month=Points(earned_this_month),
        carry=carry_minor * 100 % draft.step,
        stamp_visit_due=True,
    )
    paid = [line.amount_minor for line in bought.lines]
    earned = earning.judge(draft, bought.lines, paid=paid, circumstances=given, currency=found.currency)
    shown = Preview(found, draft, bought, earned, local)
    if json:
        answer(shown.facts(), as_json=True)
    else:
        print("\n".join(shown.sentences()))


def _draft(rules: Path | None, template: str | None, per_minor: int) -> Rules:
    if (rules is None) == (template is None):
        raise SettingsError("Name the draft by --rules or by --template.")
    return rules_in(rules) if rules else template_of(template or "").rules(Minor(per_minor))


@dataclass(frozen=True, slots=True)
class Preview:
    """A basket, what it would earn, and how that is said."""

    program: Program
    rules: Rules
    basket: Basket
    earned: Earning
    local: datetime

    @property
    def names(self) -> PointNames:
        return PointNames(self.program.point_name, self.program.point_name_plural)

    @property
    def points(self) -> Points:
        return Points(self.earned.points + self.earned.bonus_points)

    @property
    def active_at(self) -> datetime:
        return self.rules.activates_at(self.local, self.program.zone)

    @property
    def expires_at(self) -> datetime | None:
        return self.rules.expires_at(self.active_at, self.program.zone)

    def facts(self) -> dict[str, object]:
        say = translator("en", self.program.timezone).say
        return {
            "points": self.points,
            "bonusPoints": self.earned.bonus_points,
            "cappedPoints": self.earned.capped_points,
            "stamps": self.earned.stamps,
            "carryMinor": self.earned.carry_after // 100,
            "activeAt": self.active_at.isoformat() if self.points else None,
            "expiresAt": self.expires_at.isoformat() if self.points and self.expires_at else None,
            "bonuses": [say(reason, self.names) for reason in self.earned.bonus_reasons],
            "lines": [
                {
                    "lineId": line.line_id,
                    "points": line.points,
                    "stamps": line.stamps,
                    "status": line.status.value,
                    "reason": say(line.reason, self.names),
                }
                for line in self.earned.lines
            ],
        }

    def sentences(self) -> list[str]:
        tongue = translator("en", self.program.timezone)
        said = list[str]()
        for line, earned in zip(self.basket.lines, self.earned.lines, strict=True):
            what = " ".join(each for each in (line.category, line.sku, line.description) if each)
            stamps = f", stamps: {earned.stamps}" if earned.stamps else ""
            mark = "" if earned.status is EarnStatus.EARNED else f" [{earned.status.value}]"
            said.append(
                f"{line.line_id}  {tongue.money(line.amount_minor, self.basket.currency)}  {what}".rstrip()
                + f": {tongue.points(earned.points, self.names)}{stamps}{mark}"
            )
            said.append(f"     {tongue.say(earned.reason, self.names)}")
        said.extend(tongue.say(reason, self.names) for reason in self.earned.bonus_reasons)
        said.append(f"Together {tongue.points(self.points, self.names)}, stamps: {self.earned.stamps}.")
        if self.earned.capped_points:
            said.append(f"Beyond a cap: {tongue.points(self.earned.capped_points, self.names)}.")
        if self.points:
            until = f"until {tongue.moment(self.expires_at)}" if self.expires_at else "for good"
            said.append(f"To be spent from {tongue.moment(self.active_at)} on, {until}.")
        if self.rules.carry_remainder and self.earned.carry_after:
            left = tongue.money(self.earned.carry_after // 100, self.basket.currency)
            said.append(f"{left} is carried to the next purchase.")
        return said
