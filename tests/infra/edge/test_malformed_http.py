"""Whatever a client sends, it gets an answer below 500 that says what was wrong, and can go on as if nothing was."""

import json

import pytest

from tests.infra.edge.site import Site
from tests.infra.edge.wire import GOOD, RESPONSE_JSON, request, say

ODD_VALUES: dict[str, object] = {
    "true": True,
    "false": False,
    "zero": 0,
    "minus-one": -1,
    "fraction": 1.5,
    "huge-float": 1e308,
    "past-64-bits": 2**70,
    "empty-list": [],
    "list": ["{ __typename }"],
    "list-of-objects": [{"a": 1}],
    "nested-list": [[[[]]]],
    "object": {"kind": "Document"},
    "deep-object": {"a": {"b": {"c": {}}}},
    "text": "text",
    "empty-text": "",
}

NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "space": b" ",
    "newlines": b"\n\n\n",
    "nul": b"\x00",
    "nuls": b"\x00" * 1000,
    "nan": b"NaN",
    "infinity": b"Infinity",
    "minus-infinity": b"-Infinity",
    "nan-inside": b'{"query":"{ __typename }","variables":{"a":NaN}}',
    "undefined": b"undefined",
    "none": b"None",
    "python-true": b"True",
    "minus": b"-",
    "plus-one": b"+1",
    "leading-zero": b"01",
    "hex": b"0x10",
    "dot-five": b".5",
    "five-dot": b"5.",
    "bare-exponent": b"1e",
    "float-out-of-range": b'{"query":"{ __typename }","variables":{"a":1e999}}',
    "int-of-5000-digits": b'{"query":"{ __typename }","variables":{"a":' + b"9" * 5000 + b"}}",
    "minus-int-of-5000-digits": b'{"query":"{ __typename }","variables":{"a":-' + b"9" * 5000 + b"}}",
    "open-brace": b"{",
    "open-bracket": b"[",
    "close-brace": b"}",
    "brace-bracket": b"{]",
    "open-text": b'"',
    "key-alone": b'{"query"',
    "key-colon": b'{"query":',
    "no-value": b'{"query":}',
    "no-key": b'{:"a"}',
    "unquoted-key": b'{query:"{ __typename }"}',
    "single-quotes": b"{'query':'{ __typename }'}",
    "comma-behind": b'{"query":"{ __typename }",}',
    "comma-before": b'{,"query":"{ __typename }"}',
    "two-commas": b'{"query":"{ __typename }",,"variables":null}',
    "two-values": b'{"query":"{ __typename }"}{"query":"{ __typename }"}',
    "value-and-text": b'{"query":"{ __typename }"} x',
    "comment": b'{"query":"{ __typename }"/* hello */}',
    "line-comment": b'// hello\n{"query":"{ __typename }"}',
    "raw-newline-in-text": b'{"query":"{\n__typename }"}',
    "raw-tab-in-text": b'{"query":"{\t__typename }"}',
    "raw-nul-in-text": b'{"query":"{ echo(text: \\"\x00\\") }"}',
    "bad-escape": b'{"query":"\\x41"}',
    "short-escape": b'{"query":"\\u12"}',
    "escape-at-end": b'{"query":"\\',
    "half-pair-high": b'{"query":"{ echo(text: \\"\\ud800\\") }"}',
    "half-pair-low": b'{"query":"{ echo(text: \\"\\udc00\\") }"}',
    "half-pair-in-variables": b'{"query":"query($t: String!){ echo(text: $t) }","variables":{"t":"\\ud83d"}}',
    "half-pair-in-key": b'{"query":"{ __typename }","variables":{"\\ud83d":1}}',
    "pair-in-wrong-order": b'{"query":"{ __typename }","variables":{"t":"\\udc00\\ud800"}}',
    "lone-ff": b"\xff",
    "lone-80": b"\x80",
    "cut-utf-8": b'{"query":"\xf0\x9f\x98"}',
    "overlong-utf-8": b'{"query":"\xc0\x80"}',
    "surrogate-utf-8": b'{"query":"\xed\xa0\x80"}',
    "past-unicode-utf-8": b'{"query":"\xf5\x80\x80\x80"}',
    "latin-1": '{"query":"{ __typename } # é"}'.encode("latin-1"),
    "utf-16": '{"query":"{ __typename }"}'.encode("utf-16"),
    "utf-16-le": '{"query":"{ __typename }"}'.encode("utf-16-le"),
    "utf-32": '{"query":"{ __typename }"}'.encode("utf-32"),
    "byte-order-mark": b'\xef\xbb\xbf{"query":"{ __typename }"}',
    "form": b"query=%7B+__typename+%7D",
    "graphql": b"{ __typename }",
    "xml": b"<query>{ __typename }</query>",
    "yaml": b"query: '{ __typename }'",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="query"\r\n\r\n{ __typename }\r\n--x--',
    "gzip": bytes.fromhex("1f8b0800000000000003ab562a2c4d2daa54b252a8ae55502a2c4d2daa54d2514a2c4acd2c"),
    "pickle": b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00K\x01.",
    "lists-30000-deep": b"[" * 30_000,
    "closed-lists-30000-deep": b"[" * 30_000 + b"]" * 30_000,
    "objects-10000-deep": b'{"a":' * 10_000,
    "closed-objects-10000-deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "variables-10000-deep": b'{"query":"{ __typename }","variables":{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
    "unknown-member-10000-deep": b'{"query":"{ __typename }","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "one-quote-per-byte": b'"' * 5_000,
    "backslashes": b'{"query":"' + b"\\" * 5_001 + b'"}',
    "random-bytes": bytes(range(256)),
}

NO_REQUEST: dict[str, object] = {
    "null": None,
    **{f"body-{name}": value for name, value in ODD_VALUES.items() if not isinstance(value, dict)},
    "empty-object": {},
    "batch": [{"query": "{ __typename }"}, {"query": "{ __typename }"}],
    "batch-of-nulls": [None, None],
    "batch-of-lists": [[]],
    "no-query": {"variables": {}},
    "misspelt-query": {"qeury": "{ __typename }"},
    "upper-case-query": {"QUERY": "{ __typename }"},
    "null-query": {"query": None},
    "document-id-alone": {"documentId": "sha256:00"},
    "persisted-query-alone": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}},
    **{
        f"document-id-{name}": {"query": "{ __typename }", "documentId": value}
        for name, value in ODD_VALUES.items()
        if value is not None
    },
    **{
        f"persisted-query-{name}": {"query": "{ __typename }", "extensions": {"persistedQuery": value}}
        for name, value in ODD_VALUES.items()
        if value is not None
    },
    **{
        f"persisted-hash-{name}": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": value}}}
        for name, value in ODD_VALUES.items()
    },
    **{f"query-{name}": {"query": value} for name, value in ODD_VALUES.items() if not isinstance(value, str)},
    **{
        f"operation-name-{name}": {"query": "{ __typename }", "operationName": value}
        for name, value in ODD_VALUES.items()
        if not isinstance(value, str)
    },
    **{
        f"variables-{name}": {"query": "{ __typename }", "variables": value}
        for name, value in ODD_VALUES.items()
        if not isinstance(value, dict)
    },
    **{
        f"extensions-{name}": {"query": "{ __typename }", "extensions": value}
        for name, value in ODD_VALUES.items()
        if not isinstance(value, dict)
    },
    "operation-name-of-none": {"query": "{ __typename }", "operationName": "Other"},
    "operation-name-of-another": {"query": "query A { __typename }", "operationName": "B"},
    "operation-name-nul": {"query": "{ __typename }", "operationName": "\x00"},
    "two-operations": {"query": "query A { __typename } query B { __typename }", "operationName": "A"},
    "two-mutations": {
        "query": 'mutation A { rename(name: "a") { __typename } } mutation B { rename(name: "b") { __typename } }'
    },
    "no-operation": {"query": "fragment F on Query { __typename }"},
    "type-definition": {"query": "type Query { a: Int }"},
    "subscription": {"query": "subscription { countdown }"},
}

BAD_TEXTS: dict[str, object] = {
    "nul-in-variable": {"query": "query($t: String!) { echo(text: $t) }", "variables": {"t": "a\x00b"}},
    "nul-in-unused-variable": {"query": "{ __typename }", "variables": {"t": "\x00"}},
    "nul-in-variable-name": {"query": "{ __typename }", "variables": {"\x00": 1}},
    "nul-deep-in-variables": {"query": "{ __typename }", "variables": {"a": [{"b": ["\x00"]}]}},
    "nul-in-literal": {"query": '{ echo(text: "a\\u0000b") }'},
    "nul-in-literal-by-braces": {"query": '{ echo(text: "a\\u{0}b") }'},
    "nul-in-block-literal": {"query": '{ echo(text: """a\x00b""") }'},
    "nul-in-plain-literal": {"query": '{ echo(text: "a\x00b") }'},
    "nul-in-default": {"query": 'query($t: String = "\\u0000") { echo(text: $t) }'},
    "nul-in-list": {"query": '{ matching(filter: {either: [{text: "\\u0000"}]}) }'},
    "page-of-101": {"query": "{ entries(first: 101) { id } }"},
    "page-of-minus-one": {"query": "{ entries(first: -1) { id } }"},
    "page-of-1000-digits": {"query": "{ entries(first: " + "9" * 1_000 + ") { id } }"},
    "page-of-5000-digits": {"query": "{ entries(first: " + "9" * 5_000 + ") { id } }"},
    "page-of-101-by-variable": {"query": "query($n: Int!) { entries(first: $n) { id } }", "variables": {"n": 101}},
    "page-of-minus-one-by-variable": {"query": "query($n: Int) { entries(first: $n) { id } }", "variables": {"n": -1}},
    "page-of-101-by-default": {"query": "query($n: Int = 101) { entries(first: $n) { id } }"},
    "page-in-fragment": {
        "query": "{ viewer { ...F } } fragment F on Customer { cards { history(first: 500) { edges { cursor } } } }"
    },
    "no-variable": {"query": "query($t: String!) { echo(text: $t) }"},
    "null-variable": {"query": "query($t: String!) { echo(text: $t) }", "variables": {"t": None}},
    "number-for-text": {"query": "query($t: String!) { echo(text: $t) }", "variables": {"t": 1}},
    "list-for-text": {"query": "query($t: String!) { echo(text: $t) }", "variables": {"t": ["a"]}},
    "text-for-number": {"query": "query($n: Int!) { double(number: $n) }", "variables": {"n": "1"}},
    "fraction-for-number": {"query": "query($n: Int!) { double(number: $n) }", "variables": {"n": 1.5}},
    "true-for-number": {"query": "query($n: Int!) { double(number: $n) }", "variables": {"n": True}},
    "past-32-bits": {"query": "query($n: Int!) { double(number: $n) }", "variables": {"n": 2**31}},
    "past-64-bits": {"query": "query($n: Int!) { double(number: $n) }", "variables": {"n": 2**70}},
    "no-such-input-field": {"query": "query($f: Filter!) { matching(filter: $f) }", "variables": {"f": {"x": 1}}},
    "one-of-two": {"query": "query($r: Reference!) { find(ref: $r) }", "variables": {"r": {"id": "1", "code": "2"}}},
    "one-of-none": {"query": "query($r: Reference!) { find(ref: $r) }", "variables": {"r": {}}},
    "one-of-null": {"query": "query($r: Reference!) { find(ref: $r) }", "variables": {"r": {"id": None}}},
}

BAD_DOCUMENTS: dict[str, str] = {
    "empty": "",
    "space": "   ",
    "comment": "# nothing",
    "open-brace": "{",
    "empty-braces": "{ }",
    "text": "hello",
    "closed-twice": "{ __typename }}",
    "bad-number": "{ double(number: 01) }",
    "open-text": '{ echo(text: "a) }',
    "newline-in-text": '{ echo(text: "a\nb") }',
    "half-pair": '{ echo(text: "\\ud800") }',
    "half-pair-by-braces": '{ echo(text: "\\u{d800}") }',
    "past-unicode": '{ echo(text: "\\u{110000}") }',
    "control-character": "{ \x07 }",
    "nul": "{ \x00 }",
    "emoji-name": "{ 😀 }",
    "anonymous-fragment": "fragment on Query { __typename }",
    "unknown-field": "{ viewr { name } }",
    "unknown-argument": '{ echo(texts: "a") }',
    "no-argument": "{ echo }",
    "argument-twice": '{ echo(text: "a", text: "b") }',
    "unknown-type": "query($a: Nope) { __typename }",
    "unknown-variable": "{ echo(text: $t) }",
    "unused-variable": "query($t: String) { __typename }",
    "variable-twice": "query($t: String!, $t: String!) { echo(text: $t) }",
    "unknown-fragment": "{ ...F }",
    "unused-fragment": "{ __typename } fragment F on Query { __typename }",
    "fragment-twice": "{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }",
    "fragment-on-itself": "{ ...F } fragment F on Query { ...F }",
    "fragments-in-a-ring": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "fragment-on-nothing": "{ ...F } fragment F on Nope { __typename }",
    "fragment-on-a-leaf": "{ ...F } fragment F on String { __typename }",
    "leaf-with-braces": '{ echo(text: "a") { length } }',
    "object-without-braces": "{ viewer }",
    "unknown-directive": "{ __typename @nope }",
    "directive-twice": "{ __typename @skip(if: true) @skip(if: true) }",
    "skip-without-if": "{ __typename @skip }",
    "conflict": "{ a: double(number: 1) a: double(number: 2) }",
    "int-of-5000-digits": "{ double(number: " + "9" * 5_000 + ") }",
    "float-of-5000-digits": "{ double(number: 1." + "9" * 5_000 + ") }",
    "float-out-of-range": "{ double(number: 1e99999) }",
    "enum-for-text": "{ echo(text: HELLO) }",
    "object-for-text": "{ echo(text: {a: 1}) }",
    "one-of-two": '{ find(ref: {id: "1", code: "2"}) }',
    "one-of-null": "{ find(ref: {id: null}) }",
    "one-of-unknown-variable": "{ find(ref: {id: $id}) }",
    "one-of-nullable-variable": "query($id: ID) { find(ref: {id: $id}) }",
    "one-of-in-fragment-first": "fragment F on Query { find(ref: {id: $id}) } query($id: ID) { ...F }",
    "stream": "{ entries @stream(initialCount: 1) { id } }",
    "defer": "{ ... @defer { __typename } }",
    "two-root-subscriptions": "subscription { countdown waiting }",
    "subscription-without-fields": "subscription { __typename }",
}

FRAGMENT_BOMB = (
    "query { ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(90))
    + " fragment F90 on Query { __typename }"
)

TOO_LARGE: dict[str, str] = {
    "fragment-bomb": FRAGMENT_BOMB,
    "levels": "{ a " * 11 + "}" * 11,
    "tokens": "{ " + "__typename " * 1_000 + "}",
    "comments": "#\n" * 1_001 + "{ __typename }",
    "nesting": "{ a " * 199 + "}" * 199,
    "deeper-nesting": "{ a " * 400 + "}" * 400,
    "list-nesting": "{ echo(text: " + "[" * 300 + "]" * 300 + ") }",
    "aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(16)) + " }",
    "directives": "{ __typename " + "@skip(if: false) " * 51 + "}",
    "root-fields": "{ " + "__typename " * 11 + "}",
    "cost": "{ viewer { cards { history(first: 100) { edges { node { "
    + "id kind points balanceAfter " * 15
    + "} } } } } }",
}


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


CASES = [
    *[pytest.param(body, 400, {"BAD_REQUEST"}, id=f"not-json-{name}") for name, body in NOT_JSON.items()],
    *[
        pytest.param(encoded(value), 400, {"BAD_REQUEST", "GRAPHQL_VALIDATION_FAILED"}, id=f"no-request-{name}")
        for name, value in NO_REQUEST.items()
    ],
    *[
        pytest.param(encoded(value), 400, {"BAD_USER_INPUT"}, id=f"bad-text-{name}")
        for name, value in BAD_TEXTS.items()
    ],
    *[
        pytest.param(
            encoded({"query": text}),
            400,
            {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "BAD_REQUEST"},
            id=f"bad-document-{name}",
        )
        for name, text in BAD_DOCUMENTS.items()
    ],
    *[
        pytest.param(encoded({"query": text}), 400, {"QUERY_TOO_COMPLEX"}, id=f"too-large-{name}")
        for name, text in TOO_LARGE.items()
    ],
]


def test_the_table_of_bodies_is_long() -> None:
    assert len(CASES) >= 200


@pytest.mark.parametrize(("body", "status", "codes"), CASES)
def test_a_malformed_body_is_answered_and_the_connection_lives_on(
    site: Site, body: bytes, status: int, codes: set[str]
) -> None:
    # given
    before = (list(site.world.renamed), list(site.world.seen_texts))
    with site.raw() as connection:
        # when
        refused = say(connection, request(body))
        accepted = say(connection, request(GOOD))
    # then
    answer = json.loads(refused.body)
    assert (refused.status, set(refused.codes) - codes) == (status, set())
    assert "data" not in answer
    assert refused.headers["content-type"] == f"{RESPONSE_JSON}; charset=utf-8"
    assert (accepted.status, accepted.body) == (200, b'{"data":{"__typename":"Query"}}')
    assert (site.world.renamed, site.world.seen_texts) == before
