"""The two published schemas: what is committed is what is served, and nothing of the contract is missing in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeDefinitionNode,
    TypeExtensionNode,
    build_ast_schema,
    build_schema,
    extend_schema,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
    parse,
    print_ast,
)

from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema

SDL = Path(__file__).parents[2] / "schema"
CONTRACTS = Path(__file__).parent / "contract"
SCHEMAS = {"customer": customer_schema, "pos": pos_schema}

PARTS = ("{}.graphql", "rewards.{}.graphql", "gifts.{}.graphql")
"""The contract of an audience: what came first, and what extends it."""

ANSWERS = {"sendGift": 2}
"""How many members of a result are no refusals, where it is not one: what is paid with money waits for it."""

OPTIONAL_NOW = {"SendGiftInput.points"}
"""What had to be said before there was a choice: whoever still says it is understood."""

BORROWED = {
    "DateTime",
    "UUID",
    "Points",
    "CurrencyCode",
    "Money",
    "Node",
    "UserError",
    "InvalidInput",
    "FieldProblem",
    "NotFound",
    "IdempotencyKeyReused",
    "TooManyAttempts",
    "InsufficientPoints",
    "GiftCardState",
    "GiftCardNotUsable",
    "InsufficientValue",
    "Reward",
    "RewardKind",
    "RewardOffer",
    "RewardUnavailable",
    "StampProgress",
    "TierProgress",
    "Voucher",
    "VoucherNotUsable",
    "VoucherState",
}
"""What the tills' contract uses as it stands in the customers'."""


@pytest.mark.parametrize("audience", SCHEMAS)
def test_committed_sdl_is_what_is_served(audience: str) -> None:
    """Where it is not: `regulars schema print customer > schema/customer.graphql`, and the same for pos."""
    assert (SDL / f"{audience}.graphql").read_text() == SCHEMAS[audience].as_str() + "\n"


@pytest.mark.parametrize("audience", SCHEMAS)
def test_everything_in_the_contract_is_served_as_it_stands_there(audience: str) -> None:
    assert list(differences(contract(audience), served(audience))) == []


@pytest.mark.parametrize("audience", SCHEMAS)
def test_every_mutation_gives_one_success_or_an_error_with_a_message(audience: str) -> None:
    schema = served(audience)
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        union = schema.get_type(str(field.type).rstrip("!"))
        assert isinstance(union, GraphQLUnionType), name
        errors = [member for member in union.types if "UserError" in names(member.interfaces)]
        assert len(errors) == len(union.types) - ANSWERS.get(name, 1) > 0, name


def test_every_difference_from_a_contract_is_seen() -> None:
    # given a schema that keeps nothing of its contract
    asked = build_schema(
        '"Says." type Query { a(first: Int! = 20): Int! b: Int } input I { x: Int! = 1 } enum E { A B } union U = Query'
        " interface N { id: ID! } type T implements N { id: ID! } scalar S"
    )
    given = build_schema(
        "type Query { a(first: Int! = 10, more: Int!): Int } input I { x: Int! = 2 y: Int! } enum E { A } union U = T"
        " type T { id: ID! }"
    )
    # when they are compared
    found = sorted(differences(asked, given))
    # then each difference is named
    assert found == [
        "E.B is missing",
        "I.x: default 1, not 2",
        "I.y is required",
        "N is missing",
        "Query.a(first): default 20, not 10",
        "Query.a(more) is required",
        "Query.a: Int!, not Int",
        "Query.b is missing",
        "Query: 'Says.', not None",
        "S is missing",
        "T is no N",
        "U may not be Query",
    ]


def served(audience: str) -> GraphQLSchema:
    return build_schema(SCHEMAS[audience].as_str())


def contract(audience: str) -> GraphQLSchema:
    said = definitions(audience)
    if audience == "pos":
        shared = definitions("customer")
        said += [node for node in shared if isinstance(node, TypeDefinitionNode) and node.name.value in BORROWED]
    extensions = tuple(node for node in said if isinstance(node, TypeExtensionNode))
    types = tuple(node for node in said if not isinstance(node, TypeExtensionNode))
    return extend_schema(build_ast_schema(DocumentNode(definitions=types)), DocumentNode(definitions=extensions))


def definitions(audience: str) -> list[DefinitionNode]:
    parts = [parse((CONTRACTS / part.format(audience)).read_text()) for part in PARTS]
    return [node for part in parts for node in part.definitions]


def differences(asked: GraphQLSchema, given: GraphQLSchema) -> Iterator[str]:
    """What the contract asks for and the schema does not give. More may be given, nothing more may be required."""
    for name, wanted in asked.type_map.items():
        if is_introspection_type(wanted) or is_specified_scalar_type(wanted):
            continue
        found = given.type_map.get(name)
        if found is None:
            yield f"{name} is missing"
        elif type(found) is not type(wanted):
            yield f"{name}: {type(wanted).__name__}, not {type(found).__name__}"
        else:
            yield from type_differences(wanted, found)


def type_differences(wanted: GraphQLNamedType, found: GraphQLNamedType) -> Iterator[str]:
    if wanted.description not in (None, found.description):
        yield f"{wanted}: {wanted.description!r}, not {found.description!r}"
    match wanted, found:
        case GraphQLObjectType() | GraphQLInterfaceType(), GraphQLObjectType() | GraphQLInterfaceType():
            for interface in names(wanted.interfaces) - names(found.interfaces):
                yield f"{wanted} is no {interface}"
            yield from field_differences(wanted, found)
        case GraphQLInputObjectType(), GraphQLInputObjectType():
            if wanted.is_one_of and not found.is_one_of:
                yield f"{wanted} is not @oneOf"
            yield from value_differences(f"{wanted}.{{}}", wanted.fields, found.fields)
            for extra in found.fields.keys() - wanted.fields.keys():
                if is_required_input_field(found.fields[extra]):
                    yield f"{wanted}.{extra} is required"
        case GraphQLEnumType(), GraphQLEnumType():
            for value in wanted.values.keys() - found.values.keys():
                yield f"{wanted}.{value} is missing"
        case GraphQLUnionType(), GraphQLUnionType():
            for member in names(wanted.types) - names(found.types):
                yield f"{wanted} may not be {member}"


def field_differences(
    wanted: GraphQLObjectType | GraphQLInterfaceType, found: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[str]:
    for name, field in wanted.fields.items():
        other: GraphQLField | None = found.fields.get(name)
        if other is None:
            yield f"{wanted}.{name} is missing"
            continue
        if str(other.type) != str(field.type):
            yield f"{wanted}.{name}: {field.type}, not {other.type}"
        if field.description not in (None, other.description):
            yield f"{wanted}.{name}: {field.description!r}, not {other.description!r}"
        yield from value_differences(f"{wanted}.{name}({{}})", field.args, other.args)
        for extra in other.args.keys() - field.args.keys():
            if is_required_argument(other.args[extra]):
                yield f"{wanted}.{name}({extra}) is required"


def value_differences(
    place: str,
    wanted: dict[str, GraphQLArgument] | dict[str, GraphQLInputField],
    found: dict[str, GraphQLArgument] | dict[str, GraphQLInputField],
) -> Iterator[str]:
    for name, value in wanted.items():
        other = found.get(name)
        if other is None:
            yield f"{place.format(name)} is missing"
            continue
        optional_now = place.format(name) in OPTIONAL_NOW and str(value.type) == f"{other.type}!"
        if str(other.type) != str(value.type) and not optional_now:
            yield f"{place.format(name)}: {value.type}, not {other.type}"
        if default(other) != default(value):
            yield f"{place.format(name)}: default {default(value)}, not {default(other)}"
        if value.description not in (None, other.description):
            yield f"{place.format(name)}: {value.description!r}, not {other.description!r}"


def default(value: GraphQLArgument | GraphQLInputField) -> str | None:
    assert value.ast_node is not None
    return print_ast(value.ast_node.default_value) if value.ast_node.default_value else None


def names(types: tuple[GraphQLInterfaceType, ...] | tuple[GraphQLObjectType, ...]) -> set[str]:
    return {type_.name for type_ in types}
