"""A short way through plain objects.

The stock executor spends some microseconds on every leaf of an answer: a path, an info object, a look-up of the field,
five nested calls. Where a field is a plain attribute, there is nothing for all that to do. A plan is made once for a
selection: of objects whose selected fields are all plain it builds whole answers in one loop, lists and nested objects
included; of others, the plain fields, and the rest goes the stock way.

A plan never words an error. Whatever it does not expect (an exception, a null where none may be, an awaitable, an
iterable that can be read only once) it leaves to the stock path, which meets the same thing again and deals with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, EnumMeta
from typing import cast
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from strawberry.execution import optimized_is_awaitable
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import get_strawberry_type_cast
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

DEFINITION = "strawberry-definition"
INT_MAX = 2**31 - 1
PLAIN = frozenset({str, int, bool, float, datetime, UUID})
"""Of these very types a value is neither awaitable nor an exception."""

AS_THEY_ARE: Mapping[GraphQLLeafType, frozenset[type]] = {
    GraphQLString: frozenset({str}),
    GraphQLID: frozenset({str}),
    GraphQLBoolean: frozenset({bool}),
}
"""What these types make of values of those very types is the same value."""

Complete = Callable[[object], object]
"""Turns a resolved value into what is sent. Raises for what the stock path must look at."""

Part = tuple[str, str, frozenset[type], Complete]
"""A plain field: its name in the answer, the attribute that it is, of which types a value is sent as it is, and what
completes all others."""

Plan = tuple[frozenset[type], Complete]
"""For the values of a field: those of these very types are sent as they are; what completes all others."""

NULL: frozenset[type] = frozenset({type(None)})
NOTHING: frozenset[type] = frozenset()


@dataclass(slots=True)
class Plans:
    """The plans of one document, by the ids of types, which outlive them, and of selections, which they keep."""

    whole: dict[tuple[int, int], tuple[FieldDetailsList, Plan | None]] = field(default_factory=dict)
    """What completes a value of a type with a selection; None where only the stock path can."""
    parts: dict[int, tuple[GroupedFieldSet, list[Part]]] = field(default_factory=dict)
    """The plain fields among those that are selected from an object."""
    root: GroupedFieldSet | None = None
    """What is selected from the root. Every execution goes from here, so that all meet the same selections."""
    collected: dict[tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]] = field(
        default_factory=dict
    )
    """What is selected from each type that a field can have: graphql-core's own memory, kept for longer."""


Collect = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]


class Unplanned(Exception):
    """The stock path must look at this value."""


class Planner:
    """Makes plans for the selections of one execution."""

    def __init__(self, schema: GraphQLSchema, collect: Collect) -> None:
        self._schema = schema
        self._collect = collect

    def plan(self, type_: GraphQLOutputType, selected: FieldDetailsList) -> Plan | None:
        """What completes values of the type; None if some of the selection needs more than reading attributes."""
        nullable = NOTHING if is_non_null_type(type_) else NULL
        inner = get_nullable_type(type_)
        if is_leaf_type(inner):
            return AS_THEY_ARE.get(inner, NOTHING) | nullable, leaf(inner)
        if is_list_type(inner):
            item = self.plan(inner.of_type, selected)
            return None if item is None else (nullable, items(*item))
        complete = self._object(inner, selected) if is_object_type(inner) else None
        return None if complete is None else (nullable, complete)

    def parts(self, type_: GraphQLObjectType, selected: GroupedFieldSet) -> list[Part]:
        """Those of the selected fields that are plain, in their order."""
        found = [self._part(type_, name, details) for name, details in selected.items()]
        return [part for part in found if part is not None]

    def _object(self, type_: GraphQLObjectType, selected: FieldDetailsList) -> Complete | None:
        definition = type_.extensions.get(DEFINITION)
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
            return None
        grouped = self._collect(type_, selected).grouped_field_set
        parts = self.parts(type_, grouped)
        return plain_object(parts, type_, definition.origin) if len(parts) == len(grouped) else None

    def _part(self, type_: GraphQLObjectType, name: str, details: FieldDetailsList) -> Part | None:
        field_name = details[0].node.name.value
        if field_name == "__typename":
            return name, "__class__", NOTHING, constant(type_.name)
        found = self._schema.get_field(type_, field_name)
        attribute = None if found is None else attribute_of(found)
        plan = None if found is None or attribute is None else self.plan(found.type, details)
        return None if attribute is None or plan is None else (name, attribute, *plan)


def attribute_of(found: GraphQLField) -> str | None:
    """The attribute that the field reads, if reading an attribute is all that it does."""
    definition = found.extensions.get(DEFINITION)
    if not isinstance(definition, StrawberryField) or not definition.is_basic_field or found.args:
        return None
    return definition.python_name if definition.default_resolver is getattr else None


def plain_object(parts: Sequence[Part], type_: GraphQLObjectType, origin: type) -> Complete:
    is_type_of = type_.is_type_of

    def complete(value: object) -> object:
        # strawberry's own predicate looks at the value alone; those that look at more have no plan. Of an object of
        # this very class that was cast to no other it says yes.
        if value is None or not (
            is_type_of is None
            or (type(value) is origin and get_strawberry_type_cast(value) is None)
            or is_type_of(value, None)  # type: ignore[arg-type]
        ):
            raise Unplanned
        return {
            name: found if type(found := getattr(value, attribute)) in as_it_is else inner(found)
            for name, attribute, as_it_is, inner in parts
        }

    return complete


def items(as_they_are: frozenset[type], complete_item: Complete) -> Complete:
    def complete(value: object) -> object:
        if not isinstance(value, list | tuple):
            raise Unplanned
        return [each if type(each) in as_they_are else complete_item(each) for each in value]

    return complete


def leaf(type_: GraphQLLeafType) -> Complete:
    coerce = type_.coerce_output_value

    def complete_any(value: object) -> object:
        if type(value) not in PLAIN and (
            value is None or isinstance(value, Exception) or optimized_is_awaitable(value)
        ):
            raise Unplanned
        coerced: object = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Unplanned
        return coerced

    def complete_int(value: object) -> object:
        return value if type(value) is int and -INT_MAX <= value <= INT_MAX else complete_any(value)

    definition = type_.extensions.get(DEFINITION)
    if isinstance(definition, StrawberryEnumDefinition):
        return member(definition.wrapped_cls, coerce, complete_any)
    return complete_int if type_ is GraphQLInt else complete_any


def member(enum: EnumMeta, coerce: Complete, complete_any: Complete) -> Complete:
    names = {each: coerce(each) for each in cast("type[Enum]", enum)}

    def complete(value: object) -> object:
        name = names.get(value) if isinstance(value, Enum) else None
        return complete_any(value) if name is None else name

    return complete


def constant(text: str) -> Complete:
    return lambda _value: text
