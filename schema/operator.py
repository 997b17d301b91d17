"""Who stands at the till."""

import strawberry

from schema.errors import UserError


@strawberry.type
class OperatorUnknown(UserError):
    pass
