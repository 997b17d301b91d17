"""What the outside can see is committed, so that a change of it is a visible diff."""

from infra import snapshot
from tests.database import Database


def test_the_schema_file_is_what_the_migrations_make(database: Database) -> None:
    assert snapshot.FILE.read_text(encoding="utf-8") == snapshot.of(database.owner_dsn), (
        "The migrations make another database than infra/schema.sql says: run `regulars db snapshot`."
    )


def test_a_dump_says_nothing_of_the_program_that_wrote_it() -> None:
    dump = """--
-- PostgreSQL database dump
--

\\restrict aB3xYz

-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: cards; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.cards (
    card_id uuid NOT NULL
);


--
-- PostgreSQL database dump complete
--

\\unrestrict aB3xYz
"""

    assert snapshot.normalised(dump) == f"{snapshot.HEAD}\nCREATE TABLE public.cards (\n    card_id uuid NOT NULL\n);\n"
