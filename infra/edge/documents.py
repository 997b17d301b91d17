"""Documents: parsed, measured and validated once, then found again by their text."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import structlog
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    StringValueNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.error import GraphQLSyntaxError
from graphql.execution.collect_fields import FragmentDetails
from graphql.validation import NoSchemaIntrospectionCustomRule

from infra.edge.inputs import Unexpected, VariableReader
from infra.edge.limits import Limits, Measure, measure
from infra.edge.pages import variable_problems
from infra.edge.plans import Plans
from infra.edge.refusals import (
    BAD_REQUEST,
    BAD_USER_INPUT,
    ERRORS_MAX,
    PARSE_FAILED,
    TOO_COMPLEX,
    VALIDATION_FAILED,
    RequestRefused,
    bad_document,
    error_of,
    refused,
    with_code,
)
from infra.edge.rules import OWN_RULES, STANDARD_RULES
from infra.edge.texts import is_storable

CACHED_TOKENS = 50_000
"""How many tokens all remembered documents have together: a bound on memory, some half a KB a token."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Document:
    """One operation that may be executed: it parses, is valid, and keeps the limits."""

    node: DocumentNode
    operation: OperationDefinitionNode
    root_field: str
    """The first one: a name of the schema's, so a safe label where the operation's own name is not."""
    measured: Measure
    plans: Plans | None = field(compare=False)
    """Shared by all executions of the document; None if what it selects depends on variables."""
    variables: VariableReader | None = field(compare=False)
    """The short way to the values of its variables; None if only graphql-core can read them."""
    fragments: Mapping[str, FragmentDetails] = field(compare=False)

    @property
    def type(self) -> OperationType:
        return self.operation.operation

    @property
    def name(self) -> str | None:
        return None if self.operation.name is None else self.operation.name.value


class Documents:
    """Reads the documents of one schema, and remembers the good ones, the least used forgotten first."""

    def __init__(
        self, schema: GraphQLSchema, *, limits: Limits, introspection: bool, cached_tokens: int = CACHED_TOKENS
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = STANDARD_RULES if introspection else (*STANDARD_RULES, NoSchemaIntrospectionCustomRule)
        self._hide_suggestions = not introspection
        self._cached_tokens = cached_tokens
        self._remembered: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0

    def __len__(self) -> int:
        return len(self._remembered)

    def read(self, text: str, operation_name: str | None) -> Document:
        """The document's one operation, ready to be executed. Raises RequestRefused."""
        document = self._remembered.get(text)
        if document is None:
            document = self._judge(text)
            self._remember(text, document)
        else:
            self._remembered.move_to_end(text)
        if operation_name is not None and operation_name != document.name:
            raise refused(400, BAD_REQUEST, "The document has no operation of that name.")
        return document

    def check_variables(self, document: Document, variables: Mapping[str, object]) -> None:
        """The coerced variables ask for pages that may be asked for. Raises RequestRefused."""
        asked_by = document.measured.paging.asked_by
        if not asked_by:
            return
        problems = list(variable_problems(asked_by, variables, self._limits.page_size))
        if problems:
            raise RequestRefused(400, [error_of(BAD_USER_INPUT, problem) for problem in problems])
        if document.measured.size.cost > self._limits.cost:
            self._check_size(measure(self._schema, document.node, self._limits, variables))

    def _remember(self, text: str, document: Document) -> None:
        self._remembered[text] = document
        self._tokens += document.node.token_count
        while self._tokens > self._cached_tokens:
            _, forgotten = self._remembered.popitem(last=False)
            self._tokens -= forgotten.node.token_count

    def _judge(self, text: str) -> Document:
        node = self._parse(text)
        operation = self._only_operation(node)
        measured = measure(self._schema, node, self._limits)
        if measured.paging.problems:
            at = [GraphQLError(message, value) for message, value in measured.paging.problems]
            raise RequestRefused(400, [with_code(error, BAD_USER_INPUT) for error in at])
        self._check_size(measured)
        self._validate(node)
        return Document(
            node=node,
            operation=operation,
            root_field=first_field(node, operation),
            measured=measured,
            plans=None if has_conditions(node) else Plans(),
            variables=self._variable_reader(operation),
            fragments={each.name.value: FragmentDetails(each) for each in fragments_of(node)},
        )

    def _variable_reader(self, operation: OperationDefinitionNode) -> VariableReader | None:
        try:
            return VariableReader(self._schema, operation)
        except Unexpected:
            return None

    def _parse(self, text: str) -> DocumentNode:
        tokens = self._limits.tokens
        try:
            node = parse(text, max_lexical_tokens=tokens, max_comments=tokens, allow_empty_selection_sets=False)
        except GraphQLError as error:
            if not isinstance(error, GraphQLSyntaxError) or is_token_limit(error):
                raise RequestRefused(400, [with_code(error, TOO_COMPLEX)]) from error
            raise bad_document(PARSE_FAILED, [error]) from error
        if "\\u" in text or not is_storable(text):
            strings = StringChecker()
            visit(node, strings)
            if strings.errors:
                raise RequestRefused(400, [with_code(error, BAD_USER_INPUT) for error in strings.errors])
        return node

    def _only_operation(self, node: DocumentNode) -> OperationDefinitionNode:
        operations = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
        if len(operations) != 1:
            raise refused(400, BAD_REQUEST, f"A document has one operation; this one has {len(operations)}.")
        return operations[0]

    def _check_size(self, measured: Measure) -> None:
        problems = list(measured.excesses(self._limits))
        if problems:
            raise RequestRefused(400, [error_of(TOO_COMPLEX, problem) for problem in problems])

    def _validate(self, node: DocumentNode) -> None:
        try:
            errors = validate(self._schema, node, self._rules, ERRORS_MAX, self._hide_suggestions)
            errors = errors or validate(self._schema, node, OWN_RULES)
        except Exception as error:
            # A rule that stumbles over a document has not found it valid. The document is the client's.
            log.warning("graphql.rule_failed", exception=type(error).__name__)
            raise refused(400, VALIDATION_FAILED, "The document cannot be validated.") from error
        if errors:
            raise bad_document(VALIDATION_FAILED, errors)


class StringChecker(Visitor):
    """Finds the string literals that cannot be stored."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[GraphQLError] = []

    def enter_string_value(self, node: StringValueNode, *_args: object) -> None:
        if not is_storable(node.value):
            self.errors.append(GraphQLError("A text has a NUL character or half of a surrogate pair in it.", node))


class ConditionFinder(Visitor):
    """Finds @skip and @include."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_directive(self, node: DirectiveNode, *_args: object) -> None:
        self.found = self.found or node.name.value in {"skip", "include"}


def has_conditions(node: DocumentNode) -> bool:
    """Whether some of what the document selects depends on its variables."""
    finder = ConditionFinder()
    visit(node, finder)
    return finder.found


def fragments_of(node: DocumentNode) -> Iterator[FragmentDefinitionNode]:
    return (each for each in node.definitions if isinstance(each, FragmentDefinitionNode))


def first_field(node: DocumentNode, operation: OperationDefinitionNode) -> str:
    """The name of the first root field of a valid document, wherever it is spread from."""
    fragments = {each.name.value: each for each in fragments_of(node)}
    waiting: list[SelectionNode] = [*reversed(operation.selection_set.selections)]
    while waiting:
        selection = waiting.pop()
        if isinstance(selection, FieldNode):
            return selection.name.value
        if isinstance(selection, FragmentSpreadNode):
            waiting.extend(reversed(fragments[selection.name.value].selection_set.selections))
        elif isinstance(selection, InlineFragmentNode):
            waiting.extend(reversed(selection.selection_set.selections))
    return "nothing"


def is_token_limit(error: GraphQLError) -> bool:
    return "Parsing aborted" in error.message
