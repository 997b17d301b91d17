"""`regulars schema`."""

from typing import Literal

from cyclopts import App

from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema

schema = App(name="schema", help="The published API.")


@schema.command(name="print")
def print_schema(audience: Literal["customer", "pos"]) -> None:
    """Print the API of an audience as SDL, as it is committed in schema/."""
    print({"customer": customer_schema, "pos": pos_schema}[audience].as_str())
