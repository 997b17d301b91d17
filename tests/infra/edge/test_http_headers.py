"""Methods, media types, lengths: what stands around a body."""

import json
from dataclasses import replace

import pytest

from tests.infra.edge.site import OPEN, Site, served
from tests.infra.edge.wire import GOOD, RESPONSE_JSON, hear, hear_several, request, say

CONTENT_TYPES = {
    "application/json": 200,
    "Application/JSON": 200,
    "application/json;charset=utf-8": 200,
    "application/json; charset=UTF-8": 200,
    'application/json; charset="utf-8"': 200,
    "  application/json  ": 200,
    "": 415,
    " ": 415,
    "application": 415,
    "application/": 415,
    "/json": 415,
    "json": 415,
    "application/jsonx": 415,
    "xapplication/json": 415,
    "application/json5": 415,
    "application/json-seq": 415,
    "application/ld+json": 415,
    "application/graphql-response+json": 415,
    "application/graphql": 415,
    "application/json; charset=utf-16": 415,
    "application/json; charset=latin-1": 415,
    "application/json; charset=": 415,
    "application/json; charset": 415,
    "application/json; charset=utf-8; charset=utf-16": 415,
    "application/json; boundary=x": 415,
    "application/json, application/json": 415,
    "application/json, text/plain": 415,
    "application/x-www-form-urlencoded": 415,
    "multipart/form-data; boundary=x": 415,
    "multipart/form-data": 415,
    "text/plain": 415,
    "text/plain; application/json": 415,
    "text/json": 415,
    "*/*": 415,
    "application/*": 415,
    "application/octet-stream": 415,
    "é/ÿ": 415,
    "a" * 5000: 415,
}

ACCEPTS = {
    "": "application/json",
    "*/*": "application/json",
    "*": "application/json",
    "application/*": "application/json",
    "application/json": "application/json",
    "APPLICATION/JSON": "application/json",
    "application/json; charset=utf-8": "application/json",
    RESPONSE_JSON: RESPONSE_JSON,
    f"{RESPONSE_JSON}; charset=utf-8": RESPONSE_JSON,
    f"{RESPONSE_JSON}, application/json": RESPONSE_JSON,
    f"application/json, {RESPONSE_JSON}": "application/json",
    f"{RESPONSE_JSON},application/json;q=0.9": RESPONSE_JSON,
    f"{RESPONSE_JSON};q=0.8,application/json;q=0.9": "application/json",
    f"application/json;q=0.1, {RESPONSE_JSON};q=0.2": RESPONSE_JSON,
    f"{RESPONSE_JSON};q=0, */*": "application/json",
    "application/json;q=0, */*": RESPONSE_JSON,
    f"*/*;q=0.1, {RESPONSE_JSON}": RESPONSE_JSON,
    f"text/html, {RESPONSE_JSON};q=0.5": RESPONSE_JSON,
    "text/html, */*;q=0.8": "application/json",
    "text/html": None,
    "text/*": None,
    "image/png, text/plain": None,
    "application/xml": None,
    "application/json;q=0": None,
    f"application/json;q=0, {RESPONSE_JSON};q=0.0": None,
    "*/*;q=0": None,
    "application/json;q=high": None,
    "application/json;q=-1": None,
    "application/json;q=²": None,
    "json": None,
    ",,,": None,
    ";": None,
    "/": None,
    "x" * 5000: None,
}

BAD_QUERY_STRINGS = {
    "": "no query",
    "query": "empty",
    "query=": "empty",
    "query=%00": "NUL",
    "query=%ff": "not UTF-8",
    "query=%ed%a0%80": "half a surrogate pair",
    "query=%c0%80": "overlong",
    "query={__typename}&query={__typename}": "twice",
    "query={__typename}&variables=1": "number",
    "query={__typename}&variables=[]": "list",
    "query={__typename}&variables=text": "no JSON",
    "query={__typename}&variables=%22text%22": "text",
    "query={__typename}&variables={": "open",
    "query={__typename}&variables={}{}": "two values",
    "query={__typename}&variables=NaN": "NaN",
    "query={__typename}&variables=" + "[" * 3000: "deep",
    "query={__typename}&variables={%22a%22:%22%5Cu0000%22}": "NUL in a variable",
    "query={__typename}&variables={%22a%22:%22%5Cud800%22}": "half a pair in a variable",
    "query={__typename}&extensions=[]": "list",
    "query={__typename}&extensions=x": "no JSON",
    "query={__typename}&operationName=Other": "no such operation",
    "query={": "open",
    "query=subscription{countdown}": "subscription",
    "query=query+A{__typename}query+B{__typename}&operationName=A": "two operations",
    "&".join(f"a{n}=1" for n in range(21)): "too many",
    "query={viewr{name}}": "unknown field",
    "=&=&=": "no names",
}


@pytest.mark.parametrize(("content_type", "status"), CONTENT_TYPES.items(), ids=lambda value: str(value)[:40])
def test_only_json_in_utf_8_is_read(site: Site, content_type: str, status: int) -> None:
    with site.raw() as connection:
        reply = say(connection, request(GOOD, headers={"Content-Type": content_type}))
        after = say(connection, request(GOOD))
    assert (reply.status, after.status) == (status, 200)


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTS.items(), ids=lambda value: str(value)[:40])
def test_the_answer_is_of_the_type_that_the_client_likes_best(site: Site, accept: str, media_type: str | None) -> None:
    with site.raw() as connection:
        reply = say(connection, request(GOOD, headers={"Accept": accept}))
        after = say(connection, request(GOOD))
    expected = (406, "application/json") if media_type is None else (200, media_type)
    assert (reply.status, reply.headers["content-type"]) == (expected[0], f"{expected[1]}; charset=utf-8")
    assert after.status == 200


@pytest.mark.parametrize("query_string", BAD_QUERY_STRINGS, ids=BAD_QUERY_STRINGS.get)
def test_a_malformed_query_string_is_answered_and_the_connection_lives_on(site: Site, query_string: str) -> None:
    with site.raw() as connection:
        reply = say(connection, request(method="GET", target=f"/graphql?{query_string}"))
        after = say(connection, request(GOOD))
    assert (reply.status, after.status) == (400, 200)
    assert "data" not in json.loads(reply.body)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND"])
def test_other_methods_are_told_which_there_are(site: Site, method: str) -> None:
    with site.raw() as connection:
        reply = say(connection, request(method=method), method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


def test_a_mutation_by_get_is_refused_and_changes_nothing(site: Site) -> None:
    with site.raw() as connection:
        reply = say(connection, request(method="GET", target='/graphql?query=mutation{rename(name:"x"){__typename}}'))
    assert (reply.status, reply.headers["allow"], reply.codes) == (405, "POST", ["BAD_REQUEST"])
    assert site.world.renamed == []


def test_an_empty_operation_name_in_a_url_is_none(site: Site) -> None:
    with site.raw() as connection:
        reply = say(connection, request(method="GET", target="/graphql?query={__typename}&operationName=&variables="))
    assert (reply.status, reply.body) == (200, b'{"data":{"__typename":"Query"}}')


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, identity", "x"])
def test_a_compressed_body_is_not_read(site: Site, encoding: str) -> None:
    with site.raw() as connection:
        reply = say(connection, request(GOOD, headers={"Content-Encoding": encoding}))
        after = say(connection, request(GOOD))
    assert (reply.status, after.status) == (415, 200)


def test_an_announced_body_over_the_limit_is_refused_before_it_is_sent(site: Site) -> None:
    with site.raw() as connection:
        reply = say(connection, request(length=str(64 * 1024 + 1)))
        end = connection.recv(1)
    assert (reply.status, reply.codes, reply.headers["connection"], end) == (413, ["BAD_REQUEST"], "close", b"")


@pytest.mark.parametrize("length", ["9" * 19, "99999999999999999"])
def test_an_absurd_length_is_refused(site: Site, length: str) -> None:
    with site.raw() as connection:
        reply = say(connection, request(length=length))
    assert reply.status == 413


def test_a_body_of_the_very_limit_is_read(site: Site) -> None:
    body = GOOD + b" " * (64 * 1024 - len(GOOD))
    with site.raw() as connection:
        reply = say(connection, request(body))
    assert reply.status == 200


def test_a_body_in_chunks_is_read_no_further_than_the_limit(site: Site) -> None:
    with site.raw() as connection:
        connection.sendall(request(headers={"Transfer-Encoding": "chunked"}))
        for _ in range(65):
            connection.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        reply = hear(connection)
    assert (reply.status, reply.codes) == (413, ["BAD_REQUEST"])


def test_a_body_in_chunks_of_one_byte_is_read(site: Site) -> None:
    chunks = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in GOOD)
    with site.raw() as connection:
        reply = say(connection, request(chunks + b"0\r\n\r\n", headers={"Transfer-Encoding": "chunked"}))
        after = say(connection, request(GOOD))
    assert (reply.status, after.status) == (200, 200)


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with served(replace(OPEN, body_seconds=0.1)) as site, site.raw() as connection:
        connection.sendall(request(GOOD)[:-5])
        reply = hear(connection)
    assert (reply.status, reply.codes, reply.headers["connection"]) == (408, ["BAD_REQUEST"], "close")


def test_a_client_that_goes_away_in_the_middle_hurts_nobody(site: Site) -> None:
    with site.raw() as connection:
        connection.sendall(request(GOOD)[:-5])
    with site.raw() as connection:
        assert say(connection, request(GOOD)).status == 200


def test_a_url_over_the_limit_is_refused() -> None:
    with served(replace(OPEN, body_bytes=1000)) as site, site.raw() as connection:
        reply = say(connection, request(method="GET", target="/graphql?query={__typename}" + "&" * 1000))
    assert reply.status == 414


def test_requests_in_one_packet_are_answered_in_order(site: Site) -> None:
    with site.raw() as connection:
        connection.sendall(request(b"null") + request(GOOD) + request(b"["))
        statuses = hear_several(connection, 3)
    assert statuses == [400, 200, 400]
