"""The one table at the edge: what the domain and identity refuse, as the member of the mutation's union that says so.

A refusal leaves the resolver as an exception, so the transaction has been rolled back by the time it is said. One that
is no member of the mutation's union is a fault of ours: it stays an exception, is masked and logged.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from strawberry.types.field import StrawberryField
from strawberry.types.nodes import SelectedField

import auth.errors
import wallet.errors
from auth.viewers import as_customer
from resolvers.context import Info
from schema.context import CardWanted
from schema.customer import BirthdayAlreadySet
from schema.errors import FieldProblem, IdempotencyKeyReused, InvalidInput, NotFound, TooManyAttempts, UserError
from schema.gift import Gift, GiftLimitReached, GiftNotClaimable, GiftNotOpen, InsufficientPoints
from schema.gift_card import GiftCardNotUsable, InsufficientValue
from schema.ids import CardKey, CustomerKey, GiftKey, ProgramKey, VoucherKey, decode
from schema.money import Money
from schema.operator import OperatorUnknown
from schema.phrases import PHRASES
from schema.program import point_names
from schema.quote import Quote, QuoteChanged, RedeemCodeNeeded
from schema.refund import LineAlreadyRefunded
from schema.reward import RewardUnavailable
from schema.session import SessionEnded
from schema.sign_in import SignInCodeRejected
from schema.terminal import ActivationCodeRejected
from schema.translations import PointNames
from schema.visit import CodeAlreadyUsed, CodeExpired, CodeInvalid
from schema.voucher import Voucher, VoucherNotUsable
from wallet import values
from wallet.errors import Refusal
from wallet.values import Phrase

HOURS_FROM_MINUTES = 120

ERROR_TYPES: Mapping[type[Refusal], type[UserError]] = {
    wallet.errors.NotFound: NotFound,
    wallet.errors.InvalidInput: InvalidInput,
    wallet.errors.IdempotencyKeyReused: IdempotencyKeyReused,
    wallet.errors.TooManyAttempts: TooManyAttempts,
    wallet.errors.CodeInvalid: CodeInvalid,
    wallet.errors.CodeExpired: CodeExpired,
    wallet.errors.CodeAlreadyUsed: CodeAlreadyUsed,
    wallet.errors.LineAlreadyRefunded: LineAlreadyRefunded,
    wallet.errors.InsufficientPoints: InsufficientPoints,
    wallet.errors.GiftLimitReached: GiftLimitReached,
    wallet.errors.GiftNotOpen: GiftNotOpen,
    wallet.errors.GiftNotClaimable: GiftNotClaimable,
    wallet.errors.RedeemCodeNeeded: RedeemCodeNeeded,
    wallet.errors.QuoteChanged: QuoteChanged,
    wallet.errors.RewardUnavailable: RewardUnavailable,
    wallet.errors.VoucherNotUsable: VoucherNotUsable,
    wallet.errors.OperatorUnknown: OperatorUnknown,
    wallet.errors.GiftCardNotUsable: GiftCardNotUsable,
    wallet.errors.InsufficientValue: InsufficientValue,
    auth.errors.SessionEnded: SessionEnded,
    auth.errors.SignInCodeRejected: SignInCodeRejected,
    auth.errors.ActivationCodeRejected: ActivationCodeRejected,
    auth.errors.BirthdayAlreadySet: BirthdayAlreadySet,
}


class SaidAsData:
    """A strawberry.ExceptionHandler: one kind of refusal becomes its error type, where a union has that type."""

    def __init__(self, refusal: type[Refusal], error: type[UserError]) -> None:
        self.exception_type = refusal
        self.error_type = error

    async def handle(self, exception: Refusal, *, field: StrawberryField, info: Info) -> UserError:
        return await error_of(exception, info)


async def error_of(refusal: Refusal, info: Info) -> UserError:
    """The refusal in the reader's language."""
    match refusal:
        case wallet.errors.GiftNotOpen(merchant_id=merchant_id, gift_id=gift_id):
            gift = Gift.from_domain(await info.context.loaders.gift(GiftKey(merchant_id, gift_id)))
            return GiftNotOpen(message=_say(info, "gift_not_open"), gift=gift)
        case wallet.errors.GiftLimitReached(phrase=phrase, retry_at=retry_at):
            return GiftLimitReached(message=await _said(info, phrase), retry_at=retry_at)
        case wallet.errors.GiftNotClaimable():
            return GiftNotClaimable(message=_say(info, "gift_not_claimable"))
        case wallet.errors.InvalidInput(problems=problems):
            said = [FieldProblem(field=p.field, message=await _said(info, p.phrase)) for p in problems]
            return InvalidInput(message=_say(info, "invalid_input"), problems=said)
        case auth.errors.SessionEnded():
            return SessionEnded(message=_say(info, "session_ended"))
        case auth.errors.SignInCodeRejected(attempts_left=0):
            return SignInCodeRejected(message=_say(info, "sign_in_code_spent"), attempts_left=0)
        case auth.errors.SignInCodeRejected(attempts_left=left):
            return SignInCodeRejected(message=_say(info, "sign_in_code_rejected", attempts=left), attempts_left=left)
        case auth.errors.ActivationCodeRejected():
            return ActivationCodeRejected(message=_say(info, "activation_code_rejected"))
        case auth.errors.BirthdayAlreadySet():
            return BirthdayAlreadySet(message=_say(info, "birthday_already_set"))
        case _:
            return await _error_of_spending(refusal, info)


async def _error_of_spending(refusal: Refusal, info: Info) -> UserError:
    """What is told of points to be spent, of rewards and of vouchers."""
    match refusal:
        case wallet.errors.InsufficientPoints(needed=needed, available=available):
            phrase = Phrase("insufficient_points", {"needed_points": needed, "available_points": available})
            return InsufficientPoints(message=await _said(info, phrase), needed=needed, available=available)
        case wallet.errors.RedeemCodeNeeded():
            return RedeemCodeNeeded(message=_say(info, "redeem_code_needed"))
        case wallet.errors.QuoteChanged(quote=quote):
            return QuoteChanged(message=_say(info, "quote_changed"), quote=Quote.from_domain(quote, info.context.say))
        case wallet.errors.RewardUnavailable(reasons=reasons):
            why = [await _said(info, reason) for reason in reasons]
            return RewardUnavailable(message=_say(info, "reward_unavailable"), reasons=why)
        case wallet.errors.VoucherNotUsable(merchant_id=merchant_id, voucher_id=voucher_id, takes_nothing_off=vain):
            voucher = await info.context.loaders.voucher(VoucherKey(merchant_id, voucher_id))
            message = _say(info, "voucher_takes_nothing_off" if vain else "voucher_not_usable")
            return VoucherNotUsable(message=message, voucher=Voucher.from_domain(voucher))
        case wallet.errors.GiftCardNotUsable(phrase=phrase):
            return GiftCardNotUsable(message=await _said(info, phrase))
        case wallet.errors.InsufficientValue(needed=needed, available=available):
            return _insufficient_value(info, needed, available)
        case _:
            return _error_of_any(refusal, info)


def _insufficient_value(info: Info, needed: values.Money, available: values.Money) -> InsufficientValue:
    facts = {"needed_minor": needed.amount_minor, "available_minor": available.amount_minor}
    return InsufficientValue(
        message=_say(info, "insufficient_value", **facts, currency=needed.currency),
        needed=Money.from_domain(needed),
        available=Money.from_domain(available),
    )


def _error_of_any(refusal: Refusal, info: Info) -> UserError:
    """What customers and tills alike are told, and what tills are told of codes and sales."""
    match refusal:
        case wallet.errors.NotFound():
            return NotFound(message=_say(info, "not_found"))
        case wallet.errors.IdempotencyKeyReused():
            return IdempotencyKeyReused(message=_say(info, "key_reused"))
        case wallet.errors.TooManyAttempts(retry_at=retry_at):
            return TooManyAttempts(message=_too_many(info, retry_at), retry_at=retry_at)
        case wallet.errors.CodeInvalid():
            return CodeInvalid(message=_say(info, "code_invalid"))
        case wallet.errors.CodeExpired(expired_at=expired_at):
            return CodeExpired(message=_say(info, "code_expired"), expired_at=expired_at)
        case wallet.errors.CodeAlreadyUsed(used_at=used_at):
            return CodeAlreadyUsed(message=_say(info, "code_already_used"), used_at=used_at)
        case wallet.errors.LineAlreadyRefunded(line_ids=line_ids):
            message = _say(info, "line_already_refunded", lines=", ".join(line_ids), line_count=len(line_ids))
            return LineAlreadyRefunded(message=message, line_ids=list(line_ids))
        case wallet.errors.OperatorUnknown(retry_at=datetime() as retry_at):
            return OperatorUnknown(message=_say(info, "operator_locked", minutes=_minutes(info, retry_at)))
        case wallet.errors.OperatorUnknown(missing=missing):
            return OperatorUnknown(message=_say(info, "operator_missing" if missing else "operator_unknown"))
        case _:
            raise refusal


def _say(info: Info, code: str, **facts: str | int) -> str:
    """The words for this very mutation where it has its own: "not found" should say what was looked for."""
    here = f"{code}.{info.field_name}"
    return info.context.say.say(Phrase(here if here in PHRASES else code, facts))


async def _said(info: Info, phrase: Phrase) -> str:
    """The phrase, with what the program at hand calls its points if it speaks of points."""
    names = await _point_names(info) if PHRASES[phrase.code].names_points else None
    return info.context.say.say(phrase, names)


async def _point_names(info: Info) -> PointNames | None:
    """What the till's program calls its points, or that of the card in a customer's input; None if it names no card.

    Read here, so that only a refusal costs a statement.
    """
    terminal = info.context.terminal
    if terminal is not None:
        return point_names(await info.context.loaders.program(ProgramKey(terminal.merchant_id, terminal.program_id)))
    asked = info.selected_fields[0]
    assert isinstance(asked, SelectedField), "what is resolved is a field"
    key = decode(asked.arguments.get("input", {}).get("cardId", ""))
    viewer = as_customer(info.context.viewer)
    if viewer is None or not isinstance(key, CardKey):
        return None
    return point_names(await info.context.loaders.card(CardWanted(CustomerKey(viewer.customer_id), key)))


def _too_many(info: Info, retry_at: datetime) -> str:
    """When to try again, rounded up: in minutes, and in hours once there are two."""
    minutes = _minutes(info, retry_at)
    if minutes < HOURS_FROM_MINUTES:
        return _say(info, "too_many_attempts", minutes=minutes)
    return _say(info, "too_many_attempts_hours", hours=math.ceil((retry_at - info.context.now) / timedelta(hours=1)))


def _minutes(info: Info, retry_at: datetime) -> int:
    return max(1, math.ceil((retry_at - info.context.now) / timedelta(minutes=1)))


HANDLERS = tuple(SaidAsData(refusal, error) for refusal, error in ERROR_TYPES.items())
