"""The till's API: every root field, and the resolver behind it."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers import look_ups, operations, pos_nodes, refunds, sales, terminals, visits
from resolvers.refusals import HANDLERS
from schema.checkout import CheckoutResult, SettleOfflineResult
from schema.enrolment import EnrolResult
from schema.gift_card import MemberGiftCard
from schema.look_up import LookUpResult
from schema.node import Node
from schema.operation import Operation, Today
from schema.quote import QuoteResult
from schema.refund import RefundResult
from schema.reward import Reward
from schema.sale import Sale
from schema.scalars import SCALARS
from schema.terminal import ActivateTerminalResult, RefreshTerminalSessionResult, Terminal
from schema.visit import MemberCard, ScanResult, Visit
from schema.voucher import Voucher


@strawberry.type
class Query:
    terminal: Terminal = strawberry.field(resolver=terminals.terminal)
    sale: Sale | None = strawberry.field(resolver=sales.sale, description="By id or by receipt number of this store.")
    today: Today = strawberry.field(resolver=operations.today, description="The day at this store's counter.")
    operations: list[Operation] = strawberry.field(
        resolver=operations.operations,
        description="What this store did lately with the card of an open visit: the last 20 sales of 30 days, "
        "the newest first. Empty once the visit is over.",
    )
    node: Node | None = strawberry.field(resolver=pos_nodes.node)


@strawberry.type
class Mutation:
    activate_terminal: ActivateTerminalResult = strawberry.mutation(
        resolver=terminals.activate_terminal,
        description="Turns the code that the merchant was given (8 letters, 15 minutes, once) "
        "into this terminal's own credential.",
    )
    refresh_terminal_session: RefreshTerminalSessionResult = strawberry.mutation(
        resolver=terminals.refresh_terminal_session
    )
    scan: ScanResult = strawberry.mutation(
        resolver=visits.scan,
        description="Reads a customer's code. The code is used up; the visit it opens is good for 15 minutes.",
    )
    quote: QuoteResult = strawberry.mutation(
        resolver=sales.quote, description="What a checkout with the same input would do. Writes nothing."
    )
    checkout: CheckoutResult = strawberry.mutation(
        resolver=sales.checkout,
        description="Records the sale: uses the code up, earns, all in one transaction. "
        "The POS says what was bought; the server decides what it earns.",
    )
    refund: RefundResult = strawberry.mutation(
        resolver=refunds.refund,
        description="Takes back a sale, whole or by line: what it earned is taken back, what it spent is given back.",
    )
    settle_offline: SettleOfflineResult = strawberry.mutation(
        resolver=sales.settle_offline,
        description="Uploads sales made while offline, oldest first; each is judged on its own.",
    )
    enrol: EnrolResult = strawberry.mutation(
        resolver=visits.enrol, description="Gets or makes the card of a customer who has no app yet."
    )
    enrol_by_phone: EnrolResult = strawberry.mutation(
        resolver=visits.enrol_by_phone,
        description="The same by a telephone number alone. Such a customer gets no mail, and cannot sign in "
        "until a till has enrolled them with both.",
    )
    look_up: LookUpResult = strawberry.mutation(
        resolver=look_ups.look_up, description="By phone or email, exact match only, masked, counted."
    )


pos_schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[MemberCard, MemberGiftCard, Reward, Sale, Terminal, Visit, Voucher],
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    exception_handlers=HANDLERS,
)
