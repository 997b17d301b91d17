"""A short way for what a client sends: from JSON to the values of variables, and from those to what resolvers take.

Both ways are made once for each type. They never word an error: whatever they do not expect they leave to
graphql-core, or to strawberry, which meet the same thing again and word it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

INT_MAX = 2**31 - 1

Read = Callable[[Any], Any]
"""Turns a value of JSON into what graphql-core makes of it. Raises for what graphql-core must look at."""


class Unexpected(Exception):
    """The stock path must look at this value."""


class VariableReader:
    """Reads the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        """Raises Unexpected if only the stock path can read them."""
        self._variables = [signed(schema, node) for node in operation.variable_definitions or ()]
        self._readers = [reader_of(variable.type, ()) for variable in self._variables]

    def read(self, given: Mapping[str, object]) -> VariableValues:
        """What graphql-core's get_variable_values would make of them. Raises for what it must look at."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for variable, read in zip(self._variables, self._readers, strict=True):
            name = variable.name
            if name in given:
                value = given[name]
                sources[name] = VariableValueSource(variable, value)
                coerced[name] = read(value)
            else:
                sources[name] = VariableValueSource(variable)
                if variable.default is not None:
                    put_default(coerced, name, variable)
                elif is_non_null_type(variable.type):
                    raise Unexpected
        return VariableValues(sources, coerced)


def signed(schema: GraphQLSchema, node: Any) -> GraphQLVariableSignature:
    signature = get_variable_signature(schema, node)
    if not isinstance(signature, GraphQLVariableSignature):
        raise Unexpected
    return signature


def put_default(coerced: dict[str, Any], name: str, described: GraphQLInputField | GraphQLVariableSignature) -> None:
    value = coerce_default_value(described)
    if value is not Undefined:
        coerced[name] = value


def reader_of(type_: GraphQLInputType, within: Sequence[GraphQLInputObjectType]) -> Read:
    """Raises Unexpected for a type that holds itself: how deep a value goes is for the stock path to judge."""
    if is_non_null_type(type_):
        return not_null(reader_of(type_.of_type, within))
    if is_list_type(type_):
        return list_of(reader_of(type_.of_type, within))
    if is_input_object_type(type_):
        if type_ in within:
            raise Unexpected
        return object_of(type_, (*within, type_))
    if not is_leaf_type(type_):
        raise Unexpected
    as_it_is = str if type_ is GraphQLString else bool if type_ is GraphQLBoolean else None
    return leaf_of(type_.coerce_input_value, as_it_is, is_int=type_ is GraphQLInt)


def not_null(inner: Read) -> Read:
    def read(value: Any) -> Any:
        if value is None:
            raise Unexpected
        return inner(value)

    return read


def list_of(item: Read) -> Read:
    def read(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not list:
            raise Unexpected
        return [item(each) for each in value]

    return read


def leaf_of(coerce: Read, as_it_is: type | None, *, is_int: bool) -> Read:
    def read(value: Any) -> Any:
        if value is None or type(value) is as_it_is:
            return value
        if is_int and type(value) is int and -INT_MAX <= value <= INT_MAX:
            return value
        coerced = coerce(value)
        if coerced is Undefined:
            raise Unexpected
        return coerced

    return read


def object_of(type_: GraphQLInputObjectType, within: Sequence[GraphQLInputObjectType]) -> Read:
    fields = [
        (name, field.out_name or name, reader_of(field.type, within), field, is_required_input_field(field))
        for name, field in type_.fields.items()
    ]
    out_type = type_.out_type

    def read(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not dict:
            raise Unexpected
        left = len(value)
        found: dict[str, Any] = {}
        for name, out_name, inner, field, required in fields:
            if name in value:
                found[out_name] = inner(value[name])
                left -= 1
            elif required:
                raise Unexpected
            elif field.default is not None or field.default_value is not Undefined:
                put_default(found, out_name, field)
        if left or (type_.is_one_of and (len(value) != 1 or None in found.values())):
            raise Unexpected
        return out_type(found)

    return read
