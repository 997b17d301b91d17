"""What happened on a card in a time, in a form that anybody can check: every entry as it was hashed, and what stood
before and after. Whoever signs it (auth) makes it something to take away.
"""

from wallet.statements.checking import Flaw, Wrong, check
from wallet.statements.collecting import ENTRIES_MAX, collect, compare
from wallet.statements.facts import FORMAT, Facts, Line, Stand, StatementUnreadable, Written, from_json, to_json

__all__ = [
    "ENTRIES_MAX",
    "FORMAT",
    "Facts",
    "Flaw",
    "Line",
    "Stand",
    "StatementUnreadable",
    "Written",
    "Wrong",
    "check",
    "collect",
    "compare",
    "from_json",
    "to_json",
]
