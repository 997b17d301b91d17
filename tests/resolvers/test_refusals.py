"""Every mutation × every refusal: said as data where the mutation's union has its type, a fault of ours elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args, get_type_hints

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

import auth.errors
import wallet.errors
from resolvers.refusals import ERROR_TYPES, HANDLERS
from resolvers.root_customer import Mutation as CustomerMutation
from resolvers.root_pos import Mutation as PosMutation
from schema.confirmation import ConfirmationNotUsable
from schema.errors import UserError
from schema.ids import VoucherKey, decode
from schema.scalars import SCALARS
from tests.factories import Shop
from tests.resolvers.api import Api
from tests.resolvers.mailing import gift_key, sent_gift
from tests.resolvers.rewarding import claimed
from tests.resolvers.world import Person
from tests.wallet.counter import Member
from tests.wallet.sales.till import quote, receipt, visit
from wallet.database import Conn
from wallet.errors import Refusal
from wallet.rewards import Reward
from wallet.values import Minor, Money, Phrase, Points

SAID = "__typename ... on UserError { message }"

NEVER_IN_A_RESOLVER = {auth.errors.TokenRejected, wallet.errors.PeriodTooLong}
"""Refused at the door, before any document is read; or said by a field of a card, which no mutation has."""

NO_REFUSAL = {ConfirmationNotUsable}
"""Said by its resolver without an exception: there is nothing to roll back."""


def kinds(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every refusal that the code has, wherever it is defined."""
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


RESULTS: Mapping[str, Any] = {
    name: result
    for mutation in (CustomerMutation, PosMutation)
    for name, result in get_type_hints(mutation, include_extras=True).items()
}
"""The result of each mutation of both APIs."""


def errors_of(result: Any) -> set[type[UserError]]:
    members = get_args(get_args(result)[0])
    return {member for member in members if issubclass(member, UserError)}


def test_every_refusal_has_a_type_or_never_meets_a_resolver() -> None:
    assert set(kinds()) == set(ERROR_TYPES) | NEVER_IN_A_RESOLVER


def test_every_type_of_error_that_a_mutation_promises_can_happen() -> None:
    promised = {error for result in RESULTS.values() for error in errors_of(result)}
    assert promised == set(ERROR_TYPES.values()) | NO_REFUSAL


@pytest.fixture
async def refusals(phone: Api, asha: Person, coffee: Reward, shop: Shop, conn: Conn) -> Mapping[type[Refusal], Refusal]:
    """One of each kind."""
    customer = await visit(conn, shop, Member(asha.customer_id, asha.card_id), now=phone.now)
    quoted = await quote(conn, shop.terminal, customer, receipt(100), now=phone.now)
    gift = gift_key(await sent_gift(phone, asha))
    voucher = decode((await claimed(phone, asha, coffee))["id"])
    assert isinstance(voucher, VoucherKey)
    found: list[Refusal] = [
        wallet.errors.NotFound(),
        wallet.errors.InvalidInput.of("name", "blank"),
        wallet.errors.IdempotencyKeyReused(),
        wallet.errors.TooManyAttempts(phone.now),
        wallet.errors.CodeInvalid(),
        wallet.errors.CodeExpired(phone.now),
        wallet.errors.CodeAlreadyUsed(phone.now),
        wallet.errors.LineAlreadyRefunded(["1", "2"]),
        wallet.errors.InsufficientPoints(needed=Points(2), available=Points(1)),
        wallet.errors.GiftLimitReached(Phrase("gifts_not_offered"), None),
        wallet.errors.GiftNotOpen(gift.merchant_id, gift.gift_id),
        wallet.errors.GiftNotClaimable(),
        wallet.errors.RedeemCodeNeeded(),
        wallet.errors.QuoteChanged(quoted),
        wallet.errors.RewardUnavailable([Phrase("reward_points_missing", {"points": 2})]),
        wallet.errors.VoucherNotUsable(asha.merchant_id, voucher.voucher_id),
        wallet.errors.OperatorUnknown(),
        wallet.errors.GiftCardNotUsable(Phrase("gift_card_blocked", {"last4": "1234"})),
        wallet.errors.InsufficientValue(needed=Money(Minor(2), "INR"), available=Money(Minor(1), "INR")),
        auth.errors.SessionEnded(),
        auth.errors.SignInCodeRejected(3),
        auth.errors.ActivationCodeRejected(),
        auth.errors.BirthdayAlreadySet(),
    ]
    return {type(refusal): refusal for refusal in found}


@pytest.mark.parametrize("name", RESULTS)
async def test_a_mutation_says_the_refusals_of_its_union_and_no_other(
    name: str, phone: Api, refusals: Mapping[type[Refusal], Refusal]
) -> None:
    assert set(refusals) == set(ERROR_TYPES)
    for kind, refusal in refusals.items():
        # given the mutation's own result, and a resolver that is refused
        api = replace(phone, schema=refused_by(name, RESULTS[name], refusal))
        # when it is called
        result = await api.schema.execute(f"mutation {{ {camel(name)} {{ {SAID} }} }}", None, api.context())
        # then it is said as data if the union has the type, and is an error that the edge masks if not
        if ERROR_TYPES[kind] in errors_of(RESULTS[name]):
            assert not result.errors
            assert result.data is not None
            answer = result.data[camel(name)]
            assert answer["__typename"] == ERROR_TYPES[kind].__name__
            assert answer["message"]
        else:
            assert [error.original_error for error in result.errors or []] == [refusal]
            assert result.data is None


@pytest.mark.parametrize(
    ("name", "wait", "said"),
    [
        ("sign_in", timedelta(0), "Too many tries. Please try again in 1 minute."),
        ("sign_in", timedelta(seconds=61), "Too many tries. Please try again in 2 minutes."),
        ("sign_in", timedelta(minutes=119), "Too many tries. Please try again in 119 minutes."),
        ("sign_in", timedelta(minutes=119, seconds=1), "Too many tries. Please try again in 2 hours."),
        ("sign_in", timedelta(minutes=120), "Too many tries. Please try again in 2 hours."),
        ("sign_in", timedelta(minutes=120, seconds=1), "Too many tries. Please try again in 3 hours."),
        ("sign_in", timedelta(days=1), "Too many tries. Please try again in 24 hours."),
        (
            "scan",
            timedelta(minutes=15),
            "Too many wrong codes were typed. Scan the QR code, or type again in 15 minutes.",
        ),
        ("scan", timedelta(hours=3), "Too many wrong codes were typed. Scan the QR code, or type again in 3 hours."),
    ],
)
async def test_when_to_try_again_is_rounded_up_to_what_people_count_in(
    name: str, wait: timedelta, said: str, phone: Api
) -> None:
    refusal = wallet.errors.TooManyAttempts(phone.now + wait)
    schema = refused_by(name, RESULTS[name], refusal)

    result = await schema.execute(f"mutation {{ {camel(name)} {{ {SAID} }} }}", None, phone.context())

    assert result.data == {camel(name): {"__typename": "TooManyAttempts", "message": said}}


def refused_by(name: str, result: Any, refusal: Refusal) -> strawberry.Schema:
    """A schema whose one mutation, of this name and result, is refused like this."""

    async def resolver() -> Any:
        raise refusal

    resolver.__annotations__["return"] = result
    mutation = strawberry.type(
        type("Mutation", (), {"__annotations__": {name: result}, name: strawberry.mutation(resolver=resolver)})
    )
    query = strawberry.type(type("Query", (), {"__annotations__": {"here": bool}, "here": True}))
    config = StrawberryConfig(scalar_map=SCALARS)
    return strawberry.Schema(query=query, mutation=mutation, config=config, exception_handlers=HANDLERS)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
