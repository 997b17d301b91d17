"""Carries out one operation of a document that was read before, by graphql-core, with strawberry's resolvers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass

import structlog
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution import create_source_event_stream, map_source_to_response_event

from infra.edge.calls import Calls
from infra.edge.documents import Document, Documents
from infra.edge.executor import Executor, NewContext, StockExecutor, is_awaitable
from infra.edge.plans import Plans
from infra.edge.refusals import BAD_USER_INPUT, TIMEOUT, RequestRefused, bad_document, refused

Events = AsyncGenerator[ExecutionResult, None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Engine:
    """Executes documents of one schema. Without `calls` there are no short ways: everything goes as in graphql-core."""

    schema: GraphQLSchema
    documents: Documents
    timeout_seconds: float
    suggestions: bool
    calls: Calls | None

    async def execute(
        self, document: Document, variables: Mapping[str, object], new_context: NewContext
    ) -> ExecutionResult:
        """The result of a query or mutation. Raises RequestRefused for bad variables, or when it takes too long."""
        executor = self._executor(document, variables, new_context)
        limit = asyncio.timeout(self.timeout_seconds)
        try:
            async with limit:
                outcome = executor.execute_operation()
                result = await outcome if is_awaitable(outcome) else outcome
        except TimeoutError:
            if not limit.expired():
                raise
            raise too_slow(self.timeout_seconds) from None
        assert isinstance(result, ExecutionResult)
        return result

    async def subscribe(
        self, document: Document, variables: Mapping[str, object], new_context: NewContext
    ) -> Events | ExecutionResult:
        """The results to come, or the errors for which there will be none. Raises RequestRefused for bad variables."""
        executor = self._executor(document, variables, new_context)
        limit = asyncio.timeout(self.timeout_seconds)
        try:
            async with limit:
                outcome = create_source_event_stream(executor)
                source = await outcome if is_awaitable(outcome) else outcome
        except TimeoutError:
            if not limit.expired():
                raise
            raise too_slow(self.timeout_seconds) from None
        if isinstance(source, ExecutionResult):
            return source
        assert isinstance(source, AsyncIterable)
        return map_source_to_response_event(executor, source)

    def _executor(self, document: Document, variables: Mapping[str, object], new_context: NewContext) -> StockExecutor:
        executor = self._short(document, variables) or self._stock(document, variables)
        self.documents.check_variables(document, executor.variable_values.coerced)
        executor.new_context = new_context
        executor.context_value = new_context()
        return executor

    def _short(self, document: Document, variables: Mapping[str, object]) -> Executor | None:
        """None for variables that graphql-core must look at, and where there are to be no short ways."""
        if self.calls is None or document.variables is None:
            return None
        try:
            values = document.variables.read(variables)
        except Exception:
            # The stock path meets the same thing again, and words it.
            return None
        fragments = dict(document.fragments)
        executor = Executor(
            self.schema,
            {name: details.definition for name, details in fragments.items()},
            fragments,
            None,
            None,
            document.operation,
            values,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            middleware_manager=self.calls,
            is_awaitable=is_awaitable,
            hide_suggestions=not self.suggestions,
        )
        executor.use(document.plans or Plans())
        return executor

    def _stock(self, document: Document, variables: Mapping[str, object]) -> StockExecutor:
        kind = StockExecutor if self.calls is None else Executor
        try:
            executor = kind.build(
                self.schema,
                document.node,
                raw_variable_values=dict(variables),
                middleware=self.calls,
                is_awaitable=is_awaitable,
                hide_suggestions=not self.suggestions,
            )
        except Exception as error:
            # A scalar that stumbles over a value has not accepted it. The value is the client's.
            log.warning("graphql.scalar_failed", exception=type(error).__name__)
            raise bad_document(BAD_USER_INPUT, [GraphQLError("The variables cannot be used.")]) from error
        if isinstance(executor, list):
            raise bad_document(BAD_USER_INPUT, executor)
        assert isinstance(executor, StockExecutor)
        if isinstance(executor, Executor):
            executor.use(document.plans or Plans())
        return executor


def too_slow(seconds: float) -> RequestRefused:
    return refused(
        408, TIMEOUT, f"The operation was given up after {seconds:g} s. Repeat it with the same idempotency key."
    )
