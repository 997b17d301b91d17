"""A short way from a field to its resolver: what strawberry finds out at every call is found out once.

The same resolver is called with the same arguments, and what it raises is handled by the same handlers. Whatever is
not expected of an argument goes the stock way, which meets the same thing again and words it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLResolveInfo, MiddlewareManager, is_object_type
from strawberry.relay.types import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET
from strawberry.utils.await_maybe import await_maybe

from infra.edge.inputs import Unexpected
from infra.edge.plans import DEFINITION

Convert = Callable[[Any], Any]
"""Turns what graphql-core made of an argument into what its resolver takes. Raises for what strawberry must look at."""

Resolve = Callable[..., Any]
Handlers = Sequence[tuple[tuple[type[Exception], ...], Any]]
"""Which exceptions, and the strawberry.ExceptionHandler that turns them into data."""


class Calls(MiddlewareManager):
    """For graphql-core a middleware: in place of a field's resolver it has the short way to it, where there is one."""

    def __init__(self, schema: strawberry.Schema) -> None:
        super().__init__()
        self._short: dict[Resolve, Resolve] = {}
        for type_ in schema._schema.type_map.values():  # noqa: SLF001 -- strawberry has no public name for it
            for field in type_.fields.values() if is_object_type(type_) else ():
                short = short_way(schema, field)
                if short is not None and field.resolve is not None:
                    self._short[field.resolve] = short

    def __len__(self) -> int:
        return len(self._short)

    def __bool__(self) -> bool:
        return True

    def get_field_resolver(self, field_resolver: Resolve) -> Resolve:
        return self._short.get(field_resolver, field_resolver)


def short_way(schema: strawberry.Schema, field: GraphQLField) -> Resolve | None:
    """The short way to the resolver of the field; None for a field that reads an attribute, and for what is unusual."""
    definition = field.extensions.get(DEFINITION)
    if type(definition) is not StrawberryField or definition.extensions or definition.is_subscription:
        return None
    resolver, stock = definition.base_resolver, field.resolve
    if resolver is None or stock is None or not callable(resolver.wrapped_func):
        return None
    handlers: Handlers = schema.schema_converter._get_field_exception_handlers(definition)  # noqa: SLF001 -- as it does
    if handlers and not definition.is_async:
        return None
    try:
        prepare = preparation(schema, definition)
    except Unexpected:
        return None
    call: Resolve = resolver.wrapped_func
    return handled(call, prepare, stock, definition, handlers) if handlers else bare(call, prepare, stock)


Prepare = Callable[[Any, GraphQLResolveInfo[Any], Mapping[str, Any]], tuple[list[Any], dict[str, Any], Any]]
"""The positional and the named arguments of a resolver, and strawberry's info, from what a field was asked with."""


def preparation(schema: strawberry.Schema, definition: StrawberryField) -> Prepare:
    resolver, config = definition.base_resolver, schema.config
    assert resolver is not None, "a field that reads an attribute calls nothing"
    arguments = [
        (config.name_converter.from_argument(each), each.python_name, conversion(schema, each.type, ()))
        for each in definition.arguments
    ]
    takes_self, info_class = resolver.self_parameter is not None, config.info_class
    sources = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each]
    info_name = resolver.info_parameter.name if resolver.info_parameter else None

    def prepare(
        source: Any, raw_info: GraphQLResolveInfo[Any], given: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any], Any]:
        info = info_class(_raw_info=raw_info, _field=definition)
        named = {python_name: convert(given[name]) for name, python_name, convert in arguments if name in given}
        for name in sources:
            named[name] = source
        if info_name is not None:
            named[info_name] = info
        return [source] if takes_self else [], named, info

    return prepare


def bare(call: Resolve, prepare: Prepare, stock: Resolve) -> Resolve:
    def resolve(source: Any, raw_info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        try:
            positional, named, _ = prepare(source, raw_info, given)
        except Exception:
            return stock(source, raw_info, **given)
        return call(*positional, **named)

    return resolve


def handled(
    call: Resolve, prepare: Prepare, stock: Resolve, definition: StrawberryField, handlers: Handlers
) -> Resolve:
    async def resolve(source: Any, raw_info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        try:
            positional, named, info = prepare(source, raw_info, given)
        except Exception:
            return await stock(source, raw_info, **given)
        try:
            return await call(*positional, **named)
        except Exception as error:
            for kinds, handler in handlers:
                if isinstance(error, kinds):
                    said = await await_maybe(handler.handle(error, field=definition, info=info))
                    if said is None:
                        raise
                    return said
            raise

    return resolve


def conversion(schema: strawberry.Schema, type_: Any, within: Sequence[Any]) -> Convert:
    """As strawberry's convert_argument. Raises Unexpected for a type that only strawberry can convert to."""
    registry = schema.schema_converter.scalar_registry
    if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
        raise Unexpected
    if isinstance(type_, StrawberryOptional):
        return conversion(schema, type_.of_type, within)
    if isinstance(type_, StrawberryList):
        return list_of(conversion(schema, type_.of_type, within))
    if isinstance(type_, LazyType):
        return conversion(schema, type_.resolve_type(), within)
    if isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_) or is_scalar(type_, registry):
        return as_it_is
    if not has_object_definition(type_) or type_ in within:
        raise Unexpected
    return object_of(schema, type_, type_.__strawberry_definition__, (*within, type_))


def as_it_is(value: Any) -> Any:
    return value


def list_of(item: Convert) -> Convert:
    def convert(value: Any) -> Any:
        return value if value is None or value is UNSET else [item(each) for each in value]

    return convert


def object_of(
    schema: strawberry.Schema, type_: Any, definition: StrawberryObjectDefinition, within: Sequence[Any]
) -> Convert:
    if definition.from_input is not None or not definition.is_input:
        raise Unexpected
    name_of = schema.config.name_converter.from_field
    fields = [
        (name_of(field), field.python_name, conversion(schema, field.resolve_type(type_definition=definition), within))
        for field in definition.fields
    ]
    left_out: dict[str, Any] = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }

    def convert(value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        named = left_out.copy()
        for name, python_name, inner in fields:
            if name in value:
                named[python_name] = inner(value[name])
        return type_(**named)

    return convert
