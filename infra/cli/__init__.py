"""The command `regulars`."""

import sys

from auth.keys import KeysUnreadable
from infra.cli.app import app
from infra.cli.auditing import audit
from infra.cli.database import db, migrate
from infra.cli.keys import keys
from infra.cli.merchants import merchant, program, store, terminal
from infra.cli.schema import schema
from infra.cli.serving import demo, serve, worker
from infra.demo.walkthrough import WalkStopped
from infra.migrate import MigrationError
from infra.pool import DatabaseUnavailable
from infra.postgres.errors import PostgresError
from infra.settings import SettingsError
from schema.translations import translator
from wallet.errors import InvalidInput, NotFound

for command in (audit, demo, migrate, serve, worker):
    app.command(command)
for group in (db, keys, merchant, program, schema, store, terminal):
    app.command(group)


def main() -> None:
    """Runs the command line. What an operator can mend is said in a sentence, without a traceback; exit code 2."""
    try:
        app()
    except (SettingsError, PostgresError, MigrationError, DatabaseUnavailable, KeysUnreadable, WalkStopped) as problem:
        fail(str(problem))
    except InvalidInput as refusal:
        say = translator("en").say
        fail("\n".join(f"{problem.field}: {say(problem.phrase)}" for problem in refusal.problems))
    except NotFound:
        fail("There is no such merchant, program, store or terminal.")
    except KeyboardInterrupt:
        sys.exit(130)


def fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)
