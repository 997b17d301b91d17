"""The command `regulars`."""

import sys

from auth.keys import KeysUnreadable
from infra.cli.app import app, fail
from infra.migrate import MigrationError
from infra.pool import DatabaseUnavailable
from infra.postgres.errors import PostgresError
from infra.settings import SettingsError
from wallet.errors import GiftCardNotUsable, InsufficientValue, InvalidInput, NotFound
from wallet.values import Phrase

COMMANDS = (
    ("audit", "auditing", "Prove the ledger's laws on the live database, at one moment, without blocking anybody."),
    ("brand", "looks", "What a program looks like: its colour and its logo."),
    ("db", "database", "The database by hand."),
    ("demo", "serving", "Start a shop with customers in it, API, worker and mailbox included."),
    ("documents", "documents", "The GraphQL documents that a server knows, and in production alone executes."),
    ("gift-card", "gift_cards:gift_card", "Stored money value."),
    ("gift-design", "gift_designs:gift_design", "The pictures that senders of gifts choose from."),
    ("keys", "keys", "The keys that sign access tokens, check-in codes and statements."),
    ("mail", "mail", "What comes back of our mail, and who is not written to."),
    ("merchant", "merchants", "Businesses."),
    ("migrate", "database", "Bring the database up to this code. Safe to run from several places at once."),
    ("operator", "operators", "The people at a merchant's tills."),
    ("outbox", "outbox", "Work that failed too often and waits for you to decide."),
    ("payments", "payments:payments_app", "Payments of gifts of money, and the providers that took them."),
    ("poster", "posters:print_poster", "A poster for the counter, with the code that opens the program's page."),
    ("program", "merchants", "Loyalty schemes and their rules."),
    ("report", "reports", "What the books say."),
    ("review", "reviews", "Sales that look odd, whose points wait for the merchant."),
    ("reward", "rewards", "What members can buy with points or stamps."),
    ("schema", "schema", "The published API."),
    ("serve", "serving", "Serve the API. With --with-worker one process does everything, enough for a shop."),
    ("statement", "statements", "Statements that customers have taken away."),
    ("store", "merchants", "Shops."),
    ("terminal", "merchants", "Tills."),
    ("worker", "serving", "Send the mails, let points activate and expire, return gifts that nobody claimed."),
)
"""Each with the module that has it and what is said of it in the list. It is imported when it is asked for: a server
takes seconds to load, and most commands do without."""

for name, module, said in COMMANDS:
    app.command(f"infra.cli.{module if ':' in module else f'{module}:{name}'}", name=name, help=said)


def main() -> None:
    """Runs the command line. What an operator can mend is said in a sentence, without a traceback; exit code 2."""
    try:
        app()
    except (SettingsError, PostgresError, MigrationError, DatabaseUnavailable, KeysUnreadable) as problem:
        fail(str(problem))
    except InvalidInput as refusal:
        fail("\n".join(f"{problem.field}: {in_words(problem.phrase)}" for problem in refusal.problems))
    except GiftCardNotUsable as refusal:
        fail(in_words(refusal.phrase))
    except InsufficientValue as refusal:
        fail(f"The gift card holds {refusal.available.amount_minor} {refusal.available.currency} (minor units).")
    except NotFound:
        fail("There is no such merchant, program, store, terminal, operator, reward, sale or gift card.")
    except KeyboardInterrupt:
        sys.exit(130)


def in_words(phrase: Phrase) -> str:
    from schema.translations import translator

    return translator("en").say(phrase)
