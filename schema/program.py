import strawberry

from schema.context import Info
from schema.field import described
from schema.gift_design import GiftDesign
from schema.ids import ProgramKey, ProgramLogoKey, encode
from schema.money import Money
from schema.node import Node
from schema.scalars import CurrencyCode
from schema.translations import PointNames
from wallet import cards, programs, values
from wallet.values import Minor, Points

LOGO_PATH = "/program-logos/"

COLOR_SAID = "The merchant's colour, or one that fits the program, as #rrggbb in lower case."
ON_COLOR_SAID = "What is read on the colour: #ffffff or #1a1a1a. Their contrast is 4.5:1 or more."
LOGO_SAID = "A path on this server. Another picture has another path. Null where there is none."


@strawberry.type(
    description="How much one gift can be, and how much and how many can be sent in 24 hours. No money: max is 0."
)
class GiftLimits:
    min_points: Points
    max_points: Points
    min: Money
    max: Money
    per_day: int
    recipients_per_day: int
    per_recipient_per_day: int | None = strawberry.field(
        description="What one mailbox is sent in 24 hours, by whomsoever. Null: no end."
    )
    max_per_day: Money
    held_above: Money = strawberry.field(description="The first gift of more waits before it is sent.")
    mailbox_above: Money = strawberry.field(
        description="A gift of more can be claimed only with the address that it was sent to."
    )
    new_account_days: int = strawberry.field(description="How long somebody is new. New members have these limits:")
    new_account_per_day: int
    new_account_max_per_day: Money

    @classmethod
    def from_domain(cls, program: programs.Program) -> "GiftLimits":
        rules = program.rules.gifts
        new = rules.for_account_of(0)
        most = min(rules.value_max_minor, rules.value_per_day_minor) if rules.sends_value else 0

        def money(amount: int) -> Money:
            return Money.from_domain(values.Money(Minor(amount), program.currency))

        return cls(
            min_points=rules.min_points,
            max_points=rules.max_points,
            min=money(rules.value_min_minor),
            max=money(most),
            per_day=rules.per_day,
            recipients_per_day=rules.recipients_per_day,
            per_recipient_per_day=rules.per_recipient_per_day,
            max_per_day=money(rules.value_per_day_minor if rules.sends_value else 0),
            held_above=money(rules.value_hold_minor),
            mailbox_above=money(rules.value_mailbox_minor),
            new_account_days=rules.new_account_days,
            new_account_per_day=new.per_day,
            new_account_max_per_day=money(new.value_per_day_minor if rules.sends_value else 0),
        )


@strawberry.type
class Program(Node):
    slug: str
    name: str
    merchant_name: str
    currency: CurrencyCode
    point_name: str = strawberry.field(description="What one point is called, e.g. bean / beans.")
    point_name_plural: str
    color: str = strawberry.field(description=COLOR_SAID)
    on_color: str = strawberry.field(description=ON_COLOR_SAID)
    logo_url: str | None = strawberry.field(description=LOGO_SAID)
    program: strawberry.Private[programs.Program]

    @described("The rules as plain sentences, made from the rules themselves.")
    def terms(self, info: Info) -> list[str]:
        names = point_names(self.program)
        return [info.context.say.say(phrase, names) for phrase in self.program.terms()]

    @described("What a sender can choose from.")
    async def gift_designs(self, info: Info) -> list[GiftDesign]:
        key = ProgramKey(self.program.merchant_id, self.program.program_id)
        return [GiftDesign.from_domain(design) for design in await info.context.loaders.gift_designs(key)]

    @strawberry.field
    def gift_limits(self) -> GiftLimits:
        return GiftLimits.from_domain(self.program)

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
            color=program.color,
            on_color=program.on_color,
            logo_url=logo_url(program),
            program=program,
        )


def logo_url(program: programs.Program) -> str | None:
    """Where the program's logo is, on this server."""
    if program.logo_id is None:
        return None
    return f"{LOGO_PATH}{encode(ProgramLogoKey(program.merchant_id, program.logo_id))}"


def point_names(of: programs.Program | cards.Card) -> PointNames:
    """What the program, or the program of the card, calls its points."""
    return PointNames(of.point_name, of.point_name_plural)
