"""Lookups as text and as JSON."""

import json
from typing import Any

import jsonschema
import pytest

from nettui.model.lookup import HostsEntry, Lookup, Outcome, Record
from nettui.reports.dns import SCHEMA_FILE, dns_json, dns_text, provenance

ALIAS = Lookup(
    typed="https://www.example.com/", question="www.example.com", type="A", outcome=Outcome.ANSWER,
    message="www.example.com is an alias of edge.example.net, which has 2 A records",
    asked_at=1_700_000_000.25, server="192.0.2.53", port=53, transport="tcp", rcode="NOERROR", authoritative=False,
    elapsed=0.0142, chain=("edge.example.net",),
    records=(
        Record(name="www.example.com", type="CNAME", ttl=86400, data="edge.example.net."),
        Record(name="edge.example.net", type="A", ttl=38, data="203.0.113.7"),
        Record(name="edge.example.net", type="A", ttl=38, data="203.0.113.8"),
    ),
    hosts=(
        HostsEntry(address="10.0.0.7", names=("www.example.com", "www"), line=12),
        HostsEntry(address="10.0.0.170", names=("www.example.com",), line=13),
    ),
)  # fmt: skip
MAIL = Lookup(
    typed="example.com.", question="example.com", type="MX", outcome=Outcome.ANSWER,
    message="example.com has 1 MX record", asked_at=0, server="2001:db8::53", port=5353, rcode="NOERROR",
    authoritative=True, elapsed=0.0004,
    records=(Record(name="example.com", type="MX", ttl=60, data="10 mx.example.com."),),
)  # fmt: skip
FAILED = Lookup(
    typed="example.com", question="example.com", type="A", outcome=Outcome.SERVER_FAILURE, message="192.0.2.1 failed",
    asked_at=0, server="192.0.2.1", port=53, rcode="SERVFAIL", authoritative=False, elapsed=1.5,
)  # fmt: skip
SILENT = Lookup(
    typed="example.com", question="example.com", type="A", outcome=Outcome.TIMEOUT,
    message="no answer from 192.0.2.1 in 2 s", asked_at=0, server="192.0.2.1", port=53,
)  # fmt: skip
UNSENT = Lookup(
    typed="a..b", question="a..b", type="A", outcome=Outcome.BAD_NAME, message="“a..b” cannot be a name", asked_at=0
)
ALL = (ALIAS, MAIL, FAILED, SILENT, UNSENT)


def test_the_text_tells_the_hosts_file_first_then_the_answer_then_who_gave_it() -> None:
    assert dns_text([ALIAS, MAIL, SILENT]) == """\
www.example.com  A  (https://www.example.com/)
  10.0.0.7    www.example.com www  (/etc/hosts line 12, before DNS)
  10.0.0.170  www.example.com  (/etc/hosts line 13, before DNS)
  www.example.com is an alias of edge.example.net, which has 2 A records
    www.example.com   86,400 s  CNAME  edge.example.net.
    edge.example.net      38 s  A      203.0.113.7
    edge.example.net      38 s  A      203.0.113.8
  192.0.2.53#53, not authoritative, over TCP, 14 ms

example.com  MX
  example.com has 1 MX record
    60 s  MX  10 mx.example.com.
  2001:db8::53#5353, authoritative, 0.4 ms

example.com  A
  no answer from 192.0.2.1 in 2 s
"""


def test_a_response_code_is_told_where_it_says_more_than_the_message() -> None:
    assert provenance(FAILED) == "192.0.2.1#53, not authoritative, SERVFAIL, 1.5 s"
    assert provenance(SILENT) == provenance(UNSENT) == ""


def test_the_json_holds_every_field_and_obeys_the_schema() -> None:
    document = json.loads(dns_json(ALL))
    _validator().validate(document)
    alias = document["lookups"][0]
    assert alias["asked_at"] == "2023-11-14T22:13:20.250+00:00"
    assert (alias["elapsed_seconds"], alias["chain"], alias["outcome"]) == (0.0142, ["edge.example.net"], "answer")
    assert alias["records"][1] == {"name": "edge.example.net", "type": "A", "ttl": 38, "data": "203.0.113.7"}
    assert alias["hosts"][0] == {
        "address": "10.0.0.7", "names": ["www.example.com", "www"], "source": "/etc/hosts", "line": 12,
    }  # fmt: skip
    unsent = document["lookups"][4]
    assert [unsent[name] for name in ("server", "port", "transport", "rcode", "authoritative")] == [None] * 5


def test_the_schema_is_strict_and_knows_every_outcome() -> None:
    validator = _validator()
    assert set(validator.schema["$defs"]["lookup"]["properties"]["outcome"]["enum"]) == {str(o) for o in Outcome}
    for name in ("outcome", "records", "authoritative", "hosts"):
        document = json.loads(dns_json([ALIAS]))
        del document["lookups"][0][name]
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(document)
    document = json.loads(dns_json([ALIAS]))
    document["lookups"][0]["records"][0]["ttl"] = "86400"
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)


def test_no_lookups() -> None:
    assert dns_text([]) == ""
    _validator().validate(json.loads(dns_json([])))


def _validator() -> Any:
    schema = json.loads(SCHEMA_FILE.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)
