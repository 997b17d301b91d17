"""A gift before it is sent, to be looked at."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.errors import InvalidInput, NotFound
from wallet.values import Points


@strawberry.input
class GiftDraftInput:
    card_id: strawberry.ID
    points: Points | None = strawberry.field(
        default=UNSET, description="Points, or valueMinor, or rewardId: exactly one."
    )
    value_minor: int | None = UNSET
    reward_id: strawberry.ID | None = UNSET
    design_id: strawberry.ID | None = UNSET
    recipient_name: str
    message: str | None = UNSET
    deliver_at: datetime | None = UNSET


@strawberry.type(description="What a gift would look like: two pages that need no sign-in and do nothing.")
class GiftDraft:
    mail_url: str
    page_url: str
    expires_at: datetime


GiftDraftResult = Annotated[GiftDraft | InvalidInput | NotFound, strawberry.union("GiftDraftResult")]
