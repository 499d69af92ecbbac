"""`nettui dns`, run as a program: what it prints, and how it exits."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import jsonschema
import pytest

from nettui.commands.dns import exit_code
from nettui.dns.request import parse_request
from nettui.model.lookup import HostsEntry, Lookup, Outcome
from nettui.reports.dns import SCHEMA_FILE
from tests.dns.nameserver import NameServer, in_thread, zone

PROGRAM = "import sys; from nettui.cli import main; sys.exit(main())"
ZONE = """\
example. 3600 SOA ns.example. host.example. 1 7200 3600 86400 300
web.example. 60 A 192.0.2.7
web.example. 60 MX 10 mx.example.
1.2.0.192.in-addr.arpa. 60 PTR web.example.
big.example. 60 TXT """ + " ".join(f'"{"x" * 250}"' for _ in range(200))


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with in_thread(zone(ZONE)) as running:
        yield running


def _start(*words: str, **more: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # options passed through
        [sys.executable, "-c", PROGRAM, "dns", "--timeout", "30", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def _run(*words: str) -> tuple[int, str, str]:
    process = _start(*words)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


def _at(server: NameServer) -> str:
    return f"@127.0.0.1#{server.port}"


def test_answers_in_every_order_of_the_words(server: NameServer) -> None:
    options = ("--timeout", "9")
    for words in (
        ("web.example", "mx", "A", _at(server)),
        (_at(server), "web.example", "MX", "a"),
        (*options, "web.example", "MX", _at(server), "A"),
        ("web.example", "mX", *options, "a", _at(server)),
    ):
        code, out, err = _run(*words)
        assert (code, err) == (0, "")
        assert out.index("10 mx.example.") < out.index("192.0.2.7")


def test_a_and_aaaa_are_asked_where_no_type_is_given(server: NameServer) -> None:
    code, out, _ = _run("web.example", _at(server))
    assert code == 0
    assert "web.example has 1 A record" in out
    assert "web.example exists but has no AAAA record" in out


def test_an_address_is_reversed(server: NameServer) -> None:
    code, out, _ = _run("192.0.2.1", "MX", _at(server))
    assert (code, out.count("web.example."), out.count("MX")) == (0, 1, 0)


def test_json_obeys_the_schema_it_prints(server: NameServer) -> None:
    code, schema, _ = _run("--schema")
    assert (code, schema) == (0, SCHEMA_FILE.read_text())
    code, out, _ = _run("--json", "web.example", _at(server))
    document = json.loads(out)
    jsonschema.Draft202012Validator(json.loads(schema)).validate(document)
    assert code == 0
    assert [lookup["outcome"] for lookup in document["lookups"]] == ["answer", "no data"]


@pytest.mark.parametrize(
    ("words", "code"),
    [(("gone.example",), 1), (("web.example", "SRV"), 1), (("gone.example", "A", "@127.0.0.1#1"), 3)],
)
def test_exit_codes(server: NameServer, words: tuple[str, ...], code: int) -> None:
    if not any(word.startswith("@") for word in words):
        words = (*words, _at(server))
    got, out, err = _run(*words)
    assert (got, err) == (code, "")
    assert out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "which name?"),
        (("@127.0.0.1",), "which name?"),
        (("web.example", "XYZ"), "“XYZ” is not a record type"),
        (("web.example", "@dns.example"), "“dns.example” is not an address"),
        (("web.example", "@127.0.0.1#99999"), "“99999” is not a port"),
        (("a..b", "@127.0.0.1"), "“a..b” cannot be a name"),
        (("web.example", "@127.0.0.1", "--timeout", "0"), "--timeout is a number of seconds"),
        (("web.example", "@127.0.0.1", "--timeout", "nan"), "--timeout is a number of seconds"),
    ],
)
def test_wrong_usage_is_one_line(words: tuple[str, ...], told: str) -> None:
    code, out, err = _run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("nettui dns: ")
    assert told in err


def test_a_reader_that_has_seen_enough_is_no_error(server: NameServer) -> None:
    """The pipe is closed before anything is written into it."""
    process = _start("big.example", "TXT", "--json", _at(server))
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 0
    process.stderr.close()


def test_ctrl_c_ends_it_quietly() -> None:
    with in_thread(lambda query, transport: []) as silent:
        process = _start("web.example", "A", _at(silent), "--timeout", "60")
        deadline = time.monotonic() + 30
        while not silent.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_terminal_without_utf8_gets_escapes(server: NameServer) -> None:
    process = _start("bücher.example", "A", _at(server), env={**os.environ, "PYTHONIOENCODING": "ascii"})
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, b"")
    assert out.startswith(b"xn--bcher-kva.example  A  (b\\xfccher.example)\n")


def test_the_best_of_several_outcomes_counts() -> None:
    def lookup(outcome: Outcome, hosts: tuple[HostsEntry, ...] = ()) -> Lookup:
        return Lookup(typed="x", question="x", type="A", outcome=outcome, message="", asked_at=0, hosts=hosts)

    local = (HostsEntry(address="10.0.0.1", names=("x",)),)
    assert exit_code([lookup(Outcome.TIMEOUT), lookup(Outcome.ANSWER)]) == 0
    assert exit_code([lookup(Outcome.TIMEOUT), lookup(Outcome.NO_DATA)]) == 1
    assert exit_code([lookup(Outcome.NO_RESOLVER, local)]) == 0
    for failure in (Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.REFUSED, Outcome.SERVER_FAILURE, Outcome.NO_RESOLVER):
        assert exit_code([lookup(failure), lookup(failure)]) == 3


def test_several_servers_are_asked_in_their_order() -> None:
    name, types, servers = parse_request(["@192.0.2.1", "web", "txt", "@[2001:db8::1]:53"])
    assert (name, types, [s.address for s in servers]) == ("web", ("TXT",), ["192.0.2.1", "2001:db8::1"])


def test_nothing_heavy_is_imported_before_the_command_runs() -> None:
    code = "import sys, nettui.commands.dns; print({'dns', 'asyncio', 'textual'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code]).strip() == b"set()"
