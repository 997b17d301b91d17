"""What happened on a card in a time, to take away: signed for whoever checks it, and as text for who reads it."""

from collections.abc import Iterator, Mapping

import strawberry

from auth.statements import SignedStatement
from schema.context import Info
from schema.field import described
from schema.sentences import Sentence, says
from schema.translations import PointNames, Translator, translator
from wallet.statements import Facts, Line, Stand
from wallet.values import EntryKind, Phrase

ACTIVE = says("to spend {change} → {after}")
PENDING = says("pending {change} → {after}")
RESERVED = says("set aside {change} → {after}")

KINDS: Mapping[EntryKind, Sentence] = {
    EntryKind.EARNED: says("Earned"),
    EntryKind.BONUS: says("Bonus"),
    EntryKind.ACTIVATED: says("Now to spend"),
    EntryKind.REDEEMED: says("Spent on rewards"),
    EntryKind.RETURNED: says("Given back"),
    EntryKind.REFUNDED: says("Taken back"),
    EntryKind.EXPIRED: says("Expired"),
    EntryKind.ADJUSTED: says("Corrected"),
    EntryKind.REVERSED: says("Undone"),
    EntryKind.GIFT_SENT: says("Gift sent"),
    EntryKind.GIFT_RETURNED: says("Gift came back"),
    EntryKind.GIFT_RECEIVED: says("Gift received"),
    EntryKind.GIFT_SETTLED: says("Gift claimed"),
    EntryKind.VOUCHER_USED: says("Voucher used"),
    EntryKind.VOUCHER_REOPENED: says("Voucher usable again"),
    EntryKind.CHANGED: says("No points moved"),
}


@strawberry.type
class Statement:
    jws: str = strawberry.field(
        description="A JWS (EdDSA, typ statement+jws) with a key of /.well-known/jwks.json. "
        "Check it with `regulars statement verify`."
    )
    facts: strawberry.Private[Facts]

    @described("The same in the reader's language, with the hours of the merchant.")
    def text(self, info: Info) -> str:
        return text_of(self.facts, translator(info.context.say.tag, self.facts.timezone))

    @classmethod
    def from_domain(cls, signed: SignedStatement) -> "Statement":
        return cls(jws=signed.jws, facts=signed.facts)


def text_of(facts: Facts, say: Translator) -> str:
    """The statement for a person, a line an entry and its reasons below it."""
    names = PointNames(facts.point_name, facts.point_name_plural)
    card: dict[str, str | int] = {
        "last4": facts.number_last4,
        "program": facts.program_name,
        "merchant": facts.merchant_name,
    }
    lines = [say.say(Phrase("statement_title", card)), f"{say.moment(facts.since)} – {say.moment(facts.until)}", ""]
    lines += [_stand("statement_opening", facts.opening, say, names), ""]
    for entry in facts.entries:
        lines += _entry(entry.read(), say, names)
    if not facts.entries:
        lines.append(say.say(Phrase("statement_empty")))
    lines += ["", _stand("statement_closing", facts.closing, say, names)]
    return "\n".join(lines)


def _stand(code: str, stand: Stand, say: Translator, names: PointNames) -> str:
    points = {"active_points": stand.active, "pending_points": stand.pending, "reserved_points": stand.reserved}
    return say.say(Phrase(code, points), names)


def _entry(line: Line, say: Translator, names: PointNames) -> Iterator[str]:
    changes = (
        (ACTIVE, line.points, line.active_after),
        (PENDING, line.pending_points, line.pending_after),
        (RESERVED, line.reserved_points, line.reserved_after),
    )
    said = [
        say.gettext(words.text).format(change=_signed(change, say), after=say.number(after))
        for words, change, after in changes
        if change
    ]
    what = say.gettext(KINDS[line.kind].text)
    yield f"{say.moment(line.occurred_at)}  {what}{': ' if said else ''}{', '.join(said)}"
    for reason in line.reasons:
        yield f"    {say.say(reason, names)}"


def _signed(change: int, say: Translator) -> str:
    return f"+{say.number(change)}" if change > 0 else say.number(change)
