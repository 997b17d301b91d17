import strawberry

from schema.context import Info
from schema.field import described
from schema.ids import ProgramKey, encode
from schema.node import Node
from schema.scalars import CurrencyCode
from schema.translations import PointNames
from wallet import cards, programs


@strawberry.type
class Program(Node):
    slug: str
    name: str
    merchant_name: str
    currency: CurrencyCode
    point_name: str = strawberry.field(description="What one point is called, e.g. bean / beans.")
    point_name_plural: str
    program: strawberry.Private[programs.Program]

    @described("The rules as plain sentences, made from the rules themselves.")
    def terms(self, info: Info) -> list[str]:
        names = point_names(self.program)
        return [info.context.say.say(phrase, names) for phrase in self.program.terms()]

    @classmethod
    def from_domain(cls, program: programs.Program) -> "Program":
        return cls(
            id=encode(ProgramKey(program.merchant_id, program.program_id)),
            slug=program.slug,
            name=program.name,
            merchant_name=program.merchant_name,
            currency=CurrencyCode(program.currency),
            point_name=program.point_name,
            point_name_plural=program.point_name_plural,
            program=program,
        )


def point_names(of: programs.Program | cards.Card) -> PointNames:
    """What the program, or the program of the card, calls its points."""
    return PointNames(of.point_name, of.point_name_plural)
