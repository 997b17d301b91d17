"""How long the limiter takes lists to be: all those of both APIs are known, by the maxima of those who read them."""

import pytest
from graphql import get_named_type, is_composite_type, is_interface_type, is_object_type, parse
from strawberry import Schema

from auth.sessions import LISTED_MAX
from infra.edge.endpoint import Options
from infra.edge.limits import measure
from infra.edge.lists import LIST_SIZES
from infra.edge.pages import is_connection, is_list
from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema
from wallet.lots import LOTS_MAX
from wallet.operations import MOST
from wallet.rewards.reading import VOUCHERS_MAX
from wallet.sales.selling import SOLD_MAX
from wallet.sales.tenders import TENDERS_MAX

SCHEMAS = pytest.mark.parametrize("schema", [customer_schema, pos_schema], ids=["customer", "pos"])


def lists_of(schema: Schema) -> set[str]:
    """The lists of objects that come without pages."""
    return {
        f"{type_.name}.{name}"
        for type_ in schema._schema.type_map.values()
        if (is_object_type(type_) or is_interface_type(type_)) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if is_list(field.type) and is_composite_type(get_named_type(field.type)) and not is_connection(type_)
    }


def test_every_list_of_both_apis_is_known_and_nothing_else() -> None:
    assert lists_of(customer_schema) | lists_of(pos_schema) | {"Card.statement"} == set(LIST_SIZES)


def test_they_are_as_long_as_whoever_reads_them_lets_them_be() -> None:
    assert LIST_SIZES["Card.lots"] == LOTS_MAX
    assert LIST_SIZES["Card.vouchers"] == LIST_SIZES["MemberCard.vouchers"] == VOUCHERS_MAX
    assert LIST_SIZES["Customer.sessions"] == LISTED_MAX
    assert LIST_SIZES["Query.operations"] == MOST
    assert LIST_SIZES["Sale.tenders"] == LIST_SIZES["Quote.tenders"] == TENDERS_MAX
    assert LIST_SIZES["SaleRecorded.giftCardsSold"] == SOLD_MAX


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ viewer { cards { lots { points remaining } } } }", 2 + 5 + 5 * 100 * 2),
        ("{ viewer { cards { a: lots { points } b: lots { points } } } }", 2 + 5 * 2 + 2 * 5 * 100),
        ('{ viewer { cards { statement(from: "a", to: "b") { jws } } } }', 2 + 5 + 5 * 1_500),
        ("{ viewer { cards { history(first: 3) { edges { cursor } } } } }", 2 + 5 + 5 * 3 + 5 * 3),
    ],
)
def test_what_a_document_costs_follows_from_it(text: str, cost: int) -> None:
    assert measure(customer_schema._schema, parse(text), Options().limits).size.cost == cost
