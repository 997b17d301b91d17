"""How large a GraphQL document is, and how large it may be.

Fragments make the obvious way of measuring exponential: ninety fragments that each spread the next one twice are 2^90
selections in four kilobytes. Here every definition is walked once, by itself, and summed up as numbers that do not
depend on where it is spread; then the sums are added up along the spreads, each fragment once. So the work is linear
in the length of the document, and a number that would be astronomical stops at CEILING.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from infra.edge.pages import Paging, is_connection, is_list

CEILING = 10**12
"""Where counting stops: far above every limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for."""

    tokens: int = 1_000
    depth: int = 10
    aliases: int = 15
    directives: int = 50
    root_fields: int = 10
    page_size: int = 100
    list_size: int = 5
    """How many items a list without pages is taken to have, unless `lists` knows better."""
    lists: Mapping[str, int] = field(default_factory=dict)
    """How many items a field is taken to have, by its type and name, as in `Card.lots`."""
    cost: int = 20_000
    """How many field values the answer may have at most, each page taken to be full."""


@dataclass(slots=True)
class Size:
    """What a selection of fields comes to, its fragments included."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0
    cost: int = 0

    def add(self, part: "Size", *, depth: int, times: int) -> None:
        """Grows by a fragment that is spread `depth` levels down, below lists of `times` items in all."""
        self.depth = min(max(self.depth, depth + part.depth), CEILING)
        self.aliases = min(self.aliases + part.aliases, CEILING)
        self.directives = min(self.directives + part.directives, CEILING)
        self.cost = min(self.cost + times * part.cost, CEILING)
        if depth == 0:
            self.root_fields = min(self.root_fields + part.root_fields, CEILING)


@dataclass(frozen=True, slots=True)
class Spread:
    name: str
    depth: int
    times: int


@dataclass(slots=True)
class Summary:
    """One definition by itself, and the fragments that it spreads."""

    size: Size = field(default_factory=Size)
    spreads: list[Spread] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measure:
    """How large a document is, and how many steps it took to know."""

    size: Size
    paging: Paging
    steps: int
    exact: bool
    """Whether the cost is what it is, and not only what it is at most, because variables decide it."""

    def excesses(self, limits: Limits) -> Iterator[str]:
        """One sentence for every limit that the document does not keep."""
        size = self.size
        named = (
            ("levels of fields", size.depth, limits.depth),
            ("aliases", size.aliases, limits.aliases),
            ("directives", size.directives, limits.directives),
            ("root fields", size.root_fields, limits.root_fields),
            ("field values in the answer", size.cost if self.exact else 0, limits.cost),
        )
        for noun, found, allowed in named:
            if found > allowed:
                shown = f"{found:,}" if found < CEILING else "far more"
                yield f"The document asks for too many {noun}: {allowed:,} are allowed, this has {shown}."


class Measuring:
    """Measures one document. Cycles and undefined fragments count as nothing: validation words those errors."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        limits: Limits,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        self._schema = schema
        self._document = document
        self._limits = limits
        self._paging = Paging(limits.page_size, variables)
        self._all_known = variables is not None
        self._steps = 0

    def measure(self) -> Measure:
        fragments: dict[str, Summary] = {}
        operations: list[Summary] = []
        for definition in self._document.definitions:
            match definition:
                case FragmentDefinitionNode():
                    on = self._schema.get_type(definition.type_condition.name.value)
                    fragments[definition.name.value] = self._summarise(definition, on)
                case OperationDefinitionNode():
                    on = self._schema.get_root_type(definition.operation)
                    operations.append(self._summarise(definition, on))
                case _:
                    pass  # A type definition: validation refuses it.
        sizes = self._add_up(fragments)
        largest = Size()
        for operation in operations:
            total = self._with_spreads(operation, sizes)
            for name in Size.__slots__:
                setattr(largest, name, max(getattr(largest, name), getattr(total, name)))
        return Measure(largest, self._paging, self._steps, self._all_known or not self._paging.asked_by)

    def _summarise(
        self, definition: OperationDefinitionNode | FragmentDefinitionNode, on: GraphQLNamedType | None
    ) -> Summary:
        summary = Summary()
        size = summary.size
        size.directives = len(definition.directives or ())
        for variable in definition.variable_definitions or ():
            size.directives += len(variable.directives or ())
        waiting: list[tuple[SelectionSetNode, GraphQLNamedType | None, int, int]] = [
            (definition.selection_set, on, 0, 1)
        ]
        while waiting:
            selection_set, parent, depth, times = waiting.pop()
            for selection in selection_set.selections:
                self._steps += 1
                size.directives += len(selection.directives or ())
                if isinstance(selection, FragmentSpreadNode):
                    summary.spreads.append(Spread(selection.name.value, depth, times))
                elif isinstance(selection, FieldNode):
                    found = self._field_of(parent, selection.name.value)
                    counts = not is_introspection(parent)
                    size.depth = max(size.depth, depth + counts)
                    size.cost = min(size.cost + times * counts, CEILING)
                    size.aliases += selection.alias is not None
                    size.root_fields += depth == 0
                    below = min(times * self._items(parent, selection, found), CEILING)
                    if selection.selection_set is not None:
                        result = None if found is None else get_named_type(found.type)
                        waiting.append((selection.selection_set, result, depth + counts, below))
                elif isinstance(selection, InlineFragmentNode):
                    condition = selection.type_condition
                    inner = parent if condition is None else self._schema.get_type(condition.name.value)
                    waiting.append((selection.selection_set, inner, depth, times))
        return summary

    def _field_of(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        return self._schema.get_field(parent, name) if is_composite_type(parent) else None

    def _items(self, parent: GraphQLNamedType | None, node: FieldNode, found: GraphQLField | None) -> int:
        """How many values of the field one parent has at most."""
        if found is None or is_introspection(parent):
            return 1
        page = self._paging.size_of(node, found)
        if page is not None:
            return page
        if is_list(found.type) and is_connection(parent):
            return 1
        usual = self._limits.list_size if is_list(found.type) else 1
        return usual if parent is None else self._limits.lists.get(f"{parent.name}.{node.name.value}", usual)

    def _add_up(self, fragments: Mapping[str, Summary]) -> dict[str, Size]:
        """The size of every fragment with those that it spreads, innermost first, without recursion."""
        sizes: dict[str, Size] = {}
        for root in fragments:
            if root in sizes:
                continue
            path = [(root, iter(fragments[root].spreads))]
            on_path = {root}
            while path:
                name, spreads = path[-1]
                for spread in spreads:
                    self._steps += 1
                    inner = spread.name
                    if inner in fragments and inner not in sizes and inner not in on_path:
                        path.append((inner, iter(fragments[inner].spreads)))
                        on_path.add(inner)
                        break
                else:
                    path.pop()
                    on_path.remove(name)
                    sizes[name] = self._with_spreads(fragments[name], sizes)
        return sizes

    def _with_spreads(self, summary: Summary, sizes: Mapping[str, Size]) -> Size:
        total = Size(*(getattr(summary.size, name) for name in Size.__slots__))
        for spread in summary.spreads:
            self._steps += 1
            part = sizes.get(spread.name)
            if part is not None:
                total.add(part, depth=spread.depth, times=spread.times)
        return total


def is_introspection(type_: GraphQLNamedType | None) -> bool:
    """Whether it describes the schema. Those fields are free: they are bounded by a validation rule of their own."""
    return type_ is not None and type_.name.startswith("__")


def measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    limits: Limits,
    variables: Mapping[str, object] | None = None,
) -> Measure:
    """How large the document is. Without `variables`, a page whose size is one is taken to be as large as allowed."""
    return Measuring(schema, document, limits, variables).measure()
