"""How a replay is said: as facts for a script, as a page for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from schema.translations import Translator, translator
from wallet.replaying import MemberOutcome, PointWorth, Replay, Tally
from wallet.values import Phrase

ASSUMED = (
    "It is as if the draft had been published when the time began; tiers, stamps and money carried begin as they were.",
    "Members buy the same, pay the same and use the same vouchers.",
    "What came back is out of it on both sides; what you refused to let earn earns nothing here either.",
    "What the draft would hold for you to look at counts as if you had let it go.",
    "When points can be spent and when they expire is not counted: the figures are what was earned.",
)

ROWS = (
    ("points of purchases", "points"),
    ("  bonuses among them", "bonus_points"),
    ("points for joining", "joining_points"),
    ("beyond a cap", "capped_points"),
    ("stamps", "stamps"),
    ("full punch cards", "full_cards"),
    ("tiers reached", "tiers_reached"),
)


def facts(replayed: Replay) -> dict[str, object]:
    """All of it, named as the API names things."""
    worth = replayed.worth
    cost = {
        "given": worth.of(replayed.given.all_points),
        "draft": worth.of(replayed.draft.all_points),
        "difference": worth.of(_difference(replayed)),
    } if worth else None  # fmt: skip
    return {
        "program": replayed.program,
        "since": replayed.since.isoformat(),
        "until": replayed.until.isoformat(),
        "members": replayed.members,
        "sales": replayed.sales,
        "keptMinor": replayed.kept_minor,
        "currency": replayed.currency,
        "given": _tally(replayed.given),
        "draft": _tally(replayed.draft),
        "differencePoints": _difference(replayed),
        "pointMinor": _decimal(worth) if worth else None,
        "pointMinorByReward": worth.reward if worth else None,
        "costMinor": cost,
        "gaining": replayed.gaining,
        "losing": replayed.losing,
        "mostGained": [_member(each) for each in replayed.most_gained],
        "mostLost": [_member(each) for each in replayed.most_lost],
        "suspects": replayed.suspects,
        "mostSuspect": [{**_member(each), "reasons": _reasons(each)} for each in replayed.most_suspect],
        "oddSales": dict(replayed.odd),
        "cappedSales": replayed.capped_sales,
        "rewardMissing": replayed.reward_missing,
        "assumed": list(ASSUMED),
    }


def sentences(replayed: Replay) -> list[str]:
    """A page for a person."""
    return _Page(replayed, translator("en")).lines()


def _difference(replayed: Replay) -> int:
    return replayed.draft.all_points - replayed.given.all_points


def _decimal(worth: PointWorth) -> str:
    """E.g. 50 or 0.3333."""
    return f"{Decimal(worth.minor.numerator) / worth.minor.denominator:.4f}".rstrip("0").rstrip(".")


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "points": tally.all_points,
        "bonusPoints": tally.bonus_points,
        "joiningPoints": tally.joining_points,
        "cappedPoints": tally.capped_points,
        "stamps": tally.stamps,
        "fullCards": tally.full_cards,
        "tiersReached": tally.tiers_reached,
    }


def _member(each: MemberOutcome) -> dict[str, object]:
    return {
        "card": _masked(each),
        "sales": each.sales,
        "given": each.given.all_points,
        "draft": each.draft.all_points,
        "change": each.change,
    }


def _masked(each: MemberOutcome) -> str:
    return f"…{each.number_last4}" + (f" {each.initial}…" if each.initial else "")


def _reasons(each: MemberOutcome) -> list[Mapping[str, object]]:
    say = translator("en").say
    reasons: list[Mapping[str, object]] = [
        {"code": code, "why": say(Phrase(code)), "sales": sales} for code, sales in sorted(each.odd.items())
    ]
    if each.capped_sales:
        why = say(Phrase("capped", {"points": each.draft.capped_points}))
        reasons.append({"code": "capped", "why": why, "sales": each.capped_sales})
    return reasons


@dataclass(frozen=True, slots=True)
class _Page:
    replayed: Replay
    tongue: Translator

    def lines(self) -> list[str]:
        replayed = self.replayed
        if not replayed.sales and not replayed.members:
            return ["Nobody joined or bought anything in this time: there is nothing to replay."]
        return [*self._head(), "", *self._table(), "", *self._people(), *self._suspects(), "", *self._assumed()]

    def _head(self) -> list[str]:
        replayed, number = self.replayed, self.tongue.number
        kept = self.tongue.money(replayed.kept_minor, replayed.currency)
        time = f"Program {replayed.program}, from {replayed.since:%Y-%m-%d %H:%M} UTC until now"
        sales, members = number(replayed.sales), number(replayed.members)
        return [
            f"{time}.",
            f"Purchases: {sales}; members who bought or joined: {members}; paid for what was kept: {kept}.",
        ]

    def _table(self) -> list[str]:
        given, draft = self.replayed.given, self.replayed.draft
        rows = [("", "was given", "the draft", "difference")]
        for name, attribute in ROWS:
            was, would = getattr(given, attribute), getattr(draft, attribute)
            if was or would or attribute == "points":
                rows.append((name, self.tongue.number(was), self.tongue.number(would), self._signed(would - was)))
        return [*_aligned([*rows, *self._cost()]), *self._worth()]

    def _cost(self) -> list[tuple[str, str, str, str]]:
        worth, kept = self.replayed.worth, self.replayed.kept_minor
        if worth is None:
            return []
        was, would = worth.of(self.replayed.given.all_points), worth.of(self.replayed.draft.all_points)
        more = worth.of(_difference(self.replayed))
        rows = [("cost", self._money(was), self._money(would), ("+" if more > 0 else "") + self._money(more))]
        if kept > 0:
            rows.append(("  of what was paid", _percent(was, kept), _percent(would, kept), ""))
        return rows

    def _worth(self) -> list[str]:
        worth = self.replayed.worth
        if worth is None:
            return ["What a point is worth is not known; say it with --point-minor to see the cost."]
        by = f"the most that it takes off, by the reward {worth.reward}" if worth.reward else "as you said"
        return [f"A point is counted as {_decimal(worth)} of the minor unit of {self.replayed.currency}: {by}."]

    def _people(self) -> list[str]:
        replayed, number = self.replayed, self.tongue.number
        same = replayed.members - replayed.gaining - replayed.losing
        gaining, losing = number(replayed.gaining), number(replayed.losing)
        said = [
            f"Members who gain points: {gaining}; who lose some: {losing}; who have as many as before: {number(same)}."
        ]
        for title, members in (("Gain most:", replayed.most_gained), ("Lose most:", replayed.most_lost)):
            if members:
                said.append(title)
                said.extend(_aligned([self._change(each) for each in members]))
        return said

    def _change(self, each: MemberOutcome) -> tuple[str, str, str, str]:
        number = self.tongue.number
        was, would = number(each.given.all_points), number(each.draft.all_points)
        return (f"  {_masked(each)}", self._signed(each.change), f"{was} → {would}", f"purchases: {each.sales}")

    def _suspects(self) -> list[str]:
        replayed, number = self.replayed, self.tongue.number
        said = list[str]()
        if replayed.reward_missing:
            said.append(f"The program has no reward {replayed.reward_missing}: a full punch card would give nothing.")
        if not replayed.suspects:
            return [*said, "No purchase looks odd under the draft, and none reached a cap."]
        odd, capped = number(sum(replayed.odd.values())), number(replayed.capped_sales)
        held = f"purchases that would be held for you to look at: {odd}; that reached a cap: {capped}"
        said.append(f"Members who look odd under the draft: {number(replayed.suspects)}; {held}.")
        for each in replayed.most_suspect:
            said.append(f"  {_masked(each)}, {self._signed(each.change)} points, purchases: {each.sales}")
            said.extend(f"    {reason['sales']} × {reason['why']}" for reason in _reasons(each))
        return said

    def _assumed(self) -> list[str]:
        return ["What is assumed:", *(f"  {sentence}" for sentence in ASSUMED)]

    def _signed(self, number: int) -> str:
        return ("+" if number > 0 else "") + self.tongue.number(number)

    def _money(self, minor: int) -> str:
        return self.tongue.money(minor, self.replayed.currency)


def _percent(part: int, whole: int) -> str:
    hundredths = (part * 10_000 + whole // 2) // whole
    return f"{hundredths // 100}.{hundredths % 100:02} %"


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    return [
        (f"{row[0]:<{widths[0]}}  " + "  ".join(f"{row[at]:>{widths[at]}}" for at in (1, 2, 3))).rstrip()
        for row in rows
    ]
