"""Whether a statement holds together by itself: its chain, its numbers, its sums. No database."""

from dataclasses import dataclass
from enum import StrEnum

from wallet.ledger.chain import follow, start
from wallet.statements.facts import Facts, Line, Stand, StatementUnreadable, Written


class Flaw(StrEnum):
    """What is wrong with an entry, or with what stands around them."""

    OPENING = "what the statement begins with is not how a card begins"
    UNREADABLE = "it is no entry"
    MISSING = "it is missing"
    CHANGED = "it is not what was written"
    SUMS = "it does not lead from what stood before it to what stands after it"
    CLOSING = "what the statement ends with is not what stands after it"
    LEDGER = "the ledger does not hold it as this statement does"


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first entry that is wrong, by its number on the card, and how."""

    seq: int
    flaw: Flaw


def check(facts: Facts) -> Wrong | None:
    """The first entry that was changed, dropped, added or swapped, or does not add up; None if all holds together.

    What stood before the first entry of the statement is taken as it is said, unless that is the card's first one.
    """
    opening = facts.opening
    if opening.seq == 0 and opening != Stand(
        0, 0, 0, 0, 0, start(merchant_id=facts.merchant_id, card_id=facts.card_id)
    ):
        return Wrong(0, Flaw.OPENING)
    stand = opening
    for entry in facts.entries:
        flaw, stand = _next(stand, entry)
        if flaw is not None:
            return Wrong(stand.seq, flaw)
    return None if stand == facts.closing else Wrong(stand.seq, Flaw.CLOSING)


def _next(before: Stand, entry: Written) -> tuple[Flaw | None, Stand]:
    """What stands after the entry, and what is wrong with it. Its number is then that of the stand."""
    seq = before.seq + 1
    try:
        line = entry.read()
    except StatementUnreadable:
        return Flaw.UNREADABLE, _numbered(before, seq)
    after = Stand(
        seq=line.seq,
        active=line.active_after,
        pending=line.pending_after,
        reserved=line.reserved_after,
        lifetime=line.lifetime_after,
        hash=entry.hash,
    )
    if follow(before.hash, entry.text) != entry.hash:
        # Of the one before it that is gone the hash is gone too, so a gap is told by the number alone.
        return (Flaw.MISSING if line.seq > seq else Flaw.CHANGED), _numbered(before, seq)
    if line.seq != seq or not _adds_up(before, line):
        return Flaw.SUMS, after
    return None, after


def _numbered(stand: Stand, seq: int) -> Stand:
    return Stand(seq, stand.active, stand.pending, stand.reserved, stand.lifetime, stand.hash)


def _adds_up(before: Stand, line: Line) -> bool:
    return (
        before.active + line.points == line.active_after
        and before.pending + line.pending_points == line.pending_after
        and before.reserved + line.reserved_points == line.reserved_after
    )
