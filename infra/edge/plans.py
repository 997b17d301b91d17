"""A short way through plain objects.

The stock executor spends some microseconds on every leaf of an answer: a path, an info object, a look-up of the field,
five nested calls. Where a field is a plain attribute, there is nothing for all that to do. A plan is made once for a
selection: of objects whose selected fields are all plain it builds whole answers in one loop, lists and nested objects
included; of others, the plain fields, and the rest goes the stock way.

A plan never words an error. Whatever it does not expect (an exception, a null where none may be, an awaitable, an
iterable that can be read only once) it leaves to the stock path, which meets the same thing again and deals with it.
"""

from collections.abc import Callable
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
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

DEFINITION = "strawberry-definition"
INT_MAX = 2**31 - 1
PLAIN = frozenset({str, int, bool, float, datetime, UUID})
"""Of these very types a value is neither awaitable nor an exception."""

Complete = Callable[[object], object]
"""Turns a resolved value into what is sent. Raises for what the stock path must look at."""

Part = tuple[str, str, Complete]
"""A plain field: its name in the answer, the attribute that it is, and what completes its value."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of one document, by the ids of a type and of the nodes that select from it. Both outlive the plans."""

    whole: dict[tuple[int, ...], Complete | None] = field(default_factory=dict)
    """What completes a value; None where only the stock path can."""
    parts: dict[tuple[int, ...], list[Part]] = field(default_factory=dict)
    """The plain fields among those that are selected from an object."""


Collect = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]


class Unplanned(Exception):
    """The stock path must look at this value."""


class Planner:
    """Makes plans for the selections of one execution."""

    def __init__(self, schema: GraphQLSchema, collect: Collect) -> None:
        self._schema = schema
        self._collect = collect

    def plan(self, type_: GraphQLOutputType, selected: FieldDetailsList) -> Complete | None:
        """What completes values of the type; None if some of the selection needs more than reading attributes."""
        nullable = not is_non_null_type(type_)
        inner = get_nullable_type(type_)
        if is_leaf_type(inner):
            return leaf(inner, nullable=nullable)
        if is_list_type(inner):
            item = self.plan(inner.of_type, selected)
            return None if item is None else items(item, nullable=nullable)
        if is_object_type(inner):
            return self._object(inner, selected, nullable=nullable)
        return None

    def parts(self, type_: GraphQLObjectType, selected: GroupedFieldSet) -> list[Part]:
        """Those of the selected fields that are plain, in their order."""
        found = [self._part(type_, name, details) for name, details in selected.items()]
        return [part for part in found if part is not None]

    def _object(self, type_: GraphQLObjectType, selected: FieldDetailsList, *, nullable: bool) -> Complete | None:
        definition = type_.extensions.get(DEFINITION)
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
            return None
        grouped = self._collect(type_, selected).grouped_field_set
        parts = self.parts(type_, grouped)
        return plain_object(parts, type_, nullable=nullable) if len(parts) == len(grouped) else None

    def _part(self, type_: GraphQLObjectType, name: str, details: FieldDetailsList) -> Part | None:
        field_name = details[0].node.name.value
        if field_name == "__typename":
            return name, "__class__", constant(type_.name)
        found = self._schema.get_field(type_, field_name)
        attribute = None if found is None else attribute_of(found)
        complete = None if found is None or attribute is None else self.plan(found.type, details)
        return None if attribute is None or complete is None else (name, attribute, complete)


def attribute_of(found: GraphQLField) -> str | None:
    """The attribute that the field reads, if reading an attribute is all that it does."""
    definition = found.extensions.get(DEFINITION)
    if not isinstance(definition, StrawberryField) or not definition.is_basic_field or found.args:
        return None
    return definition.python_name if definition.default_resolver is getattr else None


def plain_object(parts: list[Part], type_: GraphQLObjectType, *, nullable: bool) -> Complete:
    is_type_of = type_.is_type_of

    def complete(value: object) -> object:
        if value is None and nullable:
            return None
        # strawberry's own predicate looks at the value alone; those that look at more have no plan.
        if is_type_of is not None and not is_type_of(value, None):  # type: ignore[arg-type]
            raise Unplanned
        return {name: inner(getattr(value, attribute)) for name, attribute, inner in parts}

    return complete


def items(item: Complete, *, nullable: bool) -> Complete:
    def complete(value: object) -> object:
        if value is None and nullable:
            return None
        if not isinstance(value, list | tuple):
            raise Unplanned
        return [item(each) for each in value]

    return complete


def leaf(type_: GraphQLLeafType, *, nullable: bool) -> Complete:
    coerce = type_.coerce_output_value

    def complete_any(value: object) -> object:
        if value is None and nullable:
            return None
        if type(value) not in PLAIN and (
            value is None or isinstance(value, Exception) or optimized_is_awaitable(value)
        ):
            raise Unplanned
        coerced: object = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Unplanned
        return coerced

    def complete_text(value: object) -> object:
        return value if type(value) is str else complete_any(value)

    def complete_int(value: object) -> object:
        return value if type(value) is int and -INT_MAX <= value <= INT_MAX else complete_any(value)

    def complete_bool(value: object) -> object:
        return value if type(value) is bool else complete_any(value)

    definition = type_.extensions.get(DEFINITION)
    if isinstance(definition, StrawberryEnumDefinition):
        return member(definition.wrapped_cls, coerce, complete_any)
    if type_ is GraphQLString or type_ is GraphQLID:
        return complete_text
    if type_ is GraphQLInt:
        return complete_int
    return complete_bool if type_ is GraphQLBoolean else complete_any


def member(enum: EnumMeta, coerce: Complete, complete_any: Complete) -> Complete:
    names = {each: coerce(each) for each in cast("type[Enum]", enum)}

    def complete(value: object) -> object:
        name = names.get(value) if isinstance(value, Enum) else None
        return complete_any(value) if name is None else name

    return complete


def constant(text: str) -> Complete:
    return lambda _value: text
