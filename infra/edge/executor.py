"""graphql-core's executor as strawberry has it, with a short way through plain objects."""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import TypeGuard, cast

from graphql import GraphQLList, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.incremental.incremental_executor import DeliveryGroupMap
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from infra.edge.plans import Part, Planner, Plans

NewContext = Callable[[], object]

is_awaitable = cast("Callable[[object], TypeGuard[Awaitable[object]]]", optimized_is_awaitable)


class Executor(StrawberryGraphQLCoreExecutionContext):
    """One execution. Who makes it sets `plans`, `parts` and `new_context`, as `build` has no way to."""

    plans: Plans
    parts: dict[int, tuple[GroupedFieldSet, list[Part]]]
    """Found in this execution, by the id of the selection, which is kept here so that the id stays its own."""
    new_context: NewContext

    def build_per_event_executor(self, payload: object) -> "Executor":
        executor = super().build_per_event_executor(payload)
        assert isinstance(executor, Executor)
        executor.context_value = self.new_context()
        # Each event collects its fields anew; what was found for the last event's would only pile up.
        executor.parts = {}
        executor._relevant_sub_fields = {}  # noqa: SLF001 -- the copy shares it with all other events
        return executor

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[object],
        path: Path,
        result: AsyncIterable[object] | Iterable[object],
        position_context: DeliveryGroupMap | None,
    ) -> AwaitableOrValue[list[object]]:
        completed = self._by_plan(return_type, field_details_list, result)
        if completed is not None:
            return cast("list[object]", completed)
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[object],
        path: Path,
        result: object,
        position_context: DeliveryGroupMap | None,
    ) -> AwaitableOrValue[dict[str, object]]:
        completed = self._by_plan(return_type, field_details_list, result)
        if completed is not None:
            return cast("dict[str, object]", completed)
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: object,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: DeliveryGroupMap | None,
    ) -> AwaitableOrValue[dict[str, object]]:
        done: dict[str, object] = {}
        for name, attribute, complete in self._parts(parent_type, grouped_field_set):
            try:
                done[name] = complete(getattr(source_value, attribute))
            except Exception:  # noqa: S112 -- the stock path meets the same thing again, and words it
                continue
        if not done:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        rest = {name: details for name, details in grouped_field_set.items() if name not in done}
        others = super().execute_fields(parent_type, source_value, path, rest, position_context)
        if isinstance(others, dict):
            return merged(grouped_field_set, done, others)
        return merged_later(grouped_field_set, done, others)

    def _parts(self, type_: GraphQLObjectType, selected: GroupedFieldSet) -> list[Part]:
        known = self.parts.get(id(selected))
        if known is not None:
            return known[1]
        key = (id(type_), *[id(details.node) for group in selected.values() for details in group])
        parts = self.plans.parts.get(key)
        if parts is None:
            parts = self.plans.parts[key] = Planner(self.schema, self.collect_subfields).parts(type_, selected)
        self.parts[id(selected)] = selected, parts
        return parts

    def _by_plan(
        self, type_: GraphQLList[GraphQLOutputType] | GraphQLObjectType, selected: FieldDetailsList, value: object
    ) -> object:
        """The completed value; None if the stock path must complete it."""
        key = (id(type_), *[id(details.node) for details in selected])
        try:
            complete = self.plans.whole[key]
        except KeyError:
            complete = self.plans.whole[key] = Planner(self.schema, self.collect_subfields).plan(type_, selected)
        if complete is None:
            return None
        try:
            return complete(value)
        except Exception:
            # The stock path meets the same thing again, and words it.
            return None


def merged(order: Iterable[str], done: Mapping[str, object], others: Mapping[str, object]) -> dict[str, object]:
    """The fields of both, in the order in which they were asked for."""
    return {name: done[name] if name in done else others[name] for name in order if name in done or name in others}


async def merged_later(
    order: Iterable[str], done: Mapping[str, object], others: Awaitable[Mapping[str, object]]
) -> dict[str, object]:
    return merged(order, done, await others)
