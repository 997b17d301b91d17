"""Pages: arguments named `first` and `last`, which say how many items of a list are wanted."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLOutputType,
    IntValueNode,
    VariableNode,
    get_nullable_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)

PAGE_ARGUMENTS = ("first", "last")
DIGITS_MAX = 12
"""A whole number with more digits is larger than any page, and is not worth converting."""


class Paging:
    """What a document says of its pages: the sizes that cannot be, and the variables that decide the others."""

    def __init__(self, page_size: int, variables: Mapping[str, object] | None) -> None:
        self._page_size = page_size
        self._variables = variables
        self.asked_by: set[str] = set()
        """The variables that are sizes of pages."""
        self.problems: list[tuple[str, IntValueNode]] = []

    def size_of(self, node: FieldNode, field: GraphQLField) -> int | None:
        """How many items the field gives at most; None if it has no pages."""
        known = [name for name in PAGE_ARGUMENTS if name in field.args]
        if not known:
            return None
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        sizes = []
        for name in known:
            value = given.get(name)
            if isinstance(value, IntValueNode):
                sizes.append(self._literal(name, value))
            elif isinstance(value, VariableNode):
                sizes.append(self._variable(value.name.value))
            elif (default := default_of(field.args[name])) is not None:
                sizes.append(default)
        return max(sizes, default=self._page_size)

    def _literal(self, name: str, node: IntValueNode) -> int:
        size = int(node.value) if len(node.value) <= DIGITS_MAX else None
        if size is None or not 1 <= size <= self._page_size:
            self.problems.append((page_problem(f"`{name}`", self._page_size), node))
            return self._page_size
        return size

    def _variable(self, name: str) -> int:
        self.asked_by.add(name)
        value = None if self._variables is None else self._variables.get(name)
        return value if isinstance(value, int) and 1 <= value <= self._page_size else self._page_size


def page_problem(what: str, page_size: int) -> str:
    return f"{what} must be a whole number from 1 to {page_size}."


def variable_problems(names: Iterable[str], variables: Mapping[str, object], page_size: int) -> Iterator[str]:
    """One sentence for every variable that is a size of a page, and is no size that a page can have."""
    for name in sorted(names):
        value = variables.get(name)
        if isinstance(value, int) and not 1 <= value <= page_size:
            yield page_problem(f"Variable `${name}`", page_size)


def default_of(argument: GraphQLArgument) -> int | None:
    """The number that stands in when the argument is left out, if there is one."""
    value = argument.default_value if argument.default is None else argument.default.value
    return value if isinstance(value, int) else None


def is_list(type_: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(type_))


def is_connection(type_: GraphQLNamedType | None) -> bool:
    """Whether it is one page of a list, so that its own lists were counted where the page was asked for."""
    return (is_object_type(type_) or is_interface_type(type_)) and "pageInfo" in type_.fields
