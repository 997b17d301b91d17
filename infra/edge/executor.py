"""graphql-core's executor as strawberry has it, with a short way through plain objects."""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeGuard, cast

from graphql import GraphQLList, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo
from graphql.execution.collect_fields import DeferUsage, FieldDetailsList, GroupedFieldSet
from graphql.execution.incremental.incremental_executor import DeliveryGroupMap
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from infra.edge.plans import Part, Planner, Plans

NewContext = Callable[[], object]

is_awaitable = cast("Callable[[object], TypeGuard[Awaitable[object]]]", optimized_is_awaitable)


class StockExecutor(StrawberryGraphQLCoreExecutionContext):
    """One execution, each of whose events has a context of its own. Who makes it sets `new_context`."""

    new_context: NewContext

    def build_per_event_executor(self, payload: object) -> "StockExecutor":
        executor = super().build_per_event_executor(payload)
        assert isinstance(executor, StockExecutor)
        executor.context_value = self.new_context()
        return executor


class Executor(StockExecutor):
    """One execution with short ways. Who makes it calls `use`, as `build` has no way to hand plans over."""

    plans: Plans

    def use(self, plans: Plans) -> None:
        """These are the plans. What selections come to is kept with them, and found again by the next execution."""
        self.plans = plans
        self._relevant_sub_fields = plans.collected

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: object,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Sequence[DeferUsage],
    ) -> AwaitableOrValue[dict[str, object]]:
        # The very same lists every time: what is kept of them is found by their ids.
        self.plans.root = self.plans.root or grouped_field_set
        return super().execute_collected_root_fields(root_type, root_value, self.plans.root, serially, new_defer_usages)

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
        for name, attribute, as_it_is, complete in self._parts(parent_type, grouped_field_set):
            try:
                found = getattr(source_value, attribute)
                done[name] = found if type(found) in as_it_is else complete(found)
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
        known = self.plans.parts.get(id(selected))
        if known is None:
            parts = Planner(self.schema, self.collect_subfields).parts(type_, selected)
            known = self.plans.parts[id(selected)] = selected, parts
        return known[1]

    def _by_plan(
        self, type_: GraphQLList[GraphQLOutputType] | GraphQLObjectType, selected: FieldDetailsList, value: object
    ) -> object:
        """The completed value; None if the stock path must complete it."""
        key = id(type_), id(selected)
        known = self.plans.whole.get(key)
        if known is None:
            known = self.plans.whole[key] = selected, Planner(self.schema, self.collect_subfields).plan(type_, selected)
        if known[1] is None:
            return None
        _, complete = known[1]
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
