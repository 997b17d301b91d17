"""The code that a phone shows at the counter."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import NotFound, TooManyAttempts
from wallet import check_ins
from wallet.values import CheckInPurpose

strawberry.enum(CheckInPurpose)


@strawberry.input
class CreateCheckInCodeInput:
    card_id: strawberry.ID
    purpose: CheckInPurpose = CheckInPurpose.EARN


@strawberry.type
class CheckInCode:
    token: str = strawberry.field(description="218 digits: what the QR holds (see TOKENS.md).")
    qr_svg: str = strawberry.field(
        description="The token as an SVG QR code, version 6-M, quiet zone included, scalable, no fixed size."
    )
    short_code: str = strawberry.field(
        description="10 digits to type or read out when a scanner fails; the last one a Damm check digit."
    )
    purpose: CheckInPurpose
    expires_at: datetime
    refresh_at: datetime = strawberry.field(description="When the app should ask for the next one.")
    server_time: datetime

    @classmethod
    def from_domain(cls, minted: check_ins.Minted, *, token: str, qr_svg: str, now: datetime) -> "CheckInCode":
        return cls(
            token=token,
            qr_svg=qr_svg,
            short_code=minted.short_code,
            purpose=minted.purpose,
            expires_at=minted.expires_at,
            refresh_at=minted.refresh_at,
            server_time=now,
        )


CreateCheckInCodeResult = Annotated[
    CheckInCode | NotFound | TooManyAttempts, strawberry.union("CreateCheckInCodeResult")
]
