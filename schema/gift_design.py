"""A merchant's picture for the mail and the page of a gift."""

import strawberry

from schema.context import Info
from schema.ids import GiftDesignKey, encode
from schema.node import Node
from wallet import gifts

PATH = "/gift-designs/"


@strawberry.type
class GiftDesign(Node):
    alt_text: str = strawberry.field(description="What is told to whoever does not see the picture.")

    @strawberry.field
    def image_url(self, info: Info) -> str:
        return f"{info.context.public_url}{PATH}{self.id}"

    @classmethod
    def from_domain(cls, design: gifts.Design) -> "GiftDesign":
        key = GiftDesignKey(design.key.merchant_id, design.key.design_id)
        return cls(id=encode(key), alt_text=design.alt_text)
