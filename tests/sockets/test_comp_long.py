"""What is offered at the cursor, and that it is of use."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettui.model.socket_filter import FIELDS, Is, fields
from nettui.sockets.completion import FIELD_HELP, MOST, SAVED, Completion, complete
from nettui.sockets.language import FilterError, parse
from tests.sockets.test_language import MEANINGS, SERVICES
from tests.sockets.test_language import SAVED as SAVED_FILTERS

KNOWN = {
    "process": ("java", "nginx", "my proc", "tcpserver"),
    "unit": ("nginx.service", "shop.service"),
    "user": ("app", "root"),
    "iface": ("eth0", "wg0"),
    "port": ("8080", "443", "https"),
    "addr": ("10.0.3.17", "2001:db8::1"),
    "src": ("192.0.2.2",),
    SAVED: tuple(SAVED_FILTERS),
}

MORE = "..."


@pytest.mark.parametrize(
    ("typed", "before", "options"),
    [
        # Typed, with the cursor at `|`; what stays before what is replaced; the options.
        ("sta|", "", ["state:"]),
        ("ST|", "", ["state:"]),
        ("p|", "", ["port:", "process:", "pid:", "proto:", "dst:"]),
        ("a and (-pr|", "a and (-", ["process:", "proto:"]),
        ("rt|", "", ["rtt>"]),
        ("peer|", "", ["dst:"]),
        ("cl|", "", ["state:close-wait", "state:closing", "state:closed"]),
        ("tc|", "", ["proto:tcp", "proto:tcp4", "proto:tcp6", "process:tcpserver"]),
        ("my|", "", ['process:"my proc"']),
        ("a an|", "a ", ["and"]),
        ("state:|", "state:", ["close-wait", "time-wait", "established", "listen", MORE]),
        ("state:CLOSE_|", "state:", ["close-wait", "closed"]),
        ("state:wait|", "state:", ["close-wait", "time-wait", "fin-wait1", "fin-wait2"]),
        ("state:close-wait,t|", "state:close-wait,", ["time-wait", "established", "listen", MORE]),
        ("state:close-wait, |x", "state:close-wait, ", ["time-wait", "established", MORE]),
        ("state:cl| and port:80", "state:", ["close-wait", "closing", "closed"]),
        ("state:l|,all", "state:", ["listen", "last-ack", "close-wait", "established", "closing", "closed"]),
        ("proto:t|", "proto:", ["tcp", "tcp4", "tcp6", "mptcp", "mptcp4", "mptcp6"]),
        ("process:|", "process:", ["java", "nginx", '"my proc"', "tcpserver"]),
        ("comm:ng|", "comm:", ["nginx"]),
        ('process:"my |', "process:", ['"my proc"']),
        ("unit:ser|", "unit:", ["nginx.service", "shop.service"]),
        ("sport:|", "sport:", ["8080", "443", "https"]),
        ("port>4|", "port>", ["443"]),
        ("src:|", "src:", ["192.0.2.2"]),
        ("dst:2|", "dst:", ["2001:db8::1"]),
        ("rtt>|", "rtt>", ["200ms"]),
        ("@|", "@", ["leak", "mine", "blank", "bad"]),
        ("a @m|", "a @", ["mine"]),
    ],
)
def test_what_is_offered(typed: str, before: str, options: list[str]) -> None:
    text, cursor = typed.replace("|", ""), typed.index("|")
    found = complete(text, cursor, KNOWN)
    assert found is not None
    assert text[:found.start] == before
    assert text[found.end:found.end + 1] in ("", " ", ",")
    if options[-1] == MORE:
        assert found.options[:len(options) - 1] == tuple(options[:-1])
        assert len(found.options) >= len(options)
    else:
        assert found.options == tuple(options)


@pytest.mark.parametrize(
    "typed", ["zork:|", "pid:|", "text:ja|", '"ja|', "process:java|", "qqq|", "sta|:listen", "@zork|", "state:listen|"]
)
def test_where_there_is_nothing_to_offer(typed: str) -> None:
    assert complete(typed.replace("|", ""), typed.index("|"), KNOWN) is None


def test_at_the_beginning_of_a_term_there_are_all_fields() -> None:
    names = [*(help.example[:len(name) + 1] for name, help in FIELD_HELP.items())]
    joined = [*names, "and", "or", "not"]
    for typed, expected in {
        "": [*names, "not"], "a ": joined, "(a) ": joined, "a and ": [*names, "not"], "(": [*names, "not"],
        "-": [*names, "not"],
    }.items():
        assert complete(typed, len(typed), KNOWN) == Completion(len(typed), len(typed), tuple(expected))


def test_there_are_never_too_many() -> None:
    found = complete("process:", 8, {"process": [f"worker{number}" for number in range(10_000)]})
    assert found is not None
    assert found.options == tuple(f"worker{number}" for number in range(MOST))


def test_every_field_is_explained_by_an_example_that_works() -> None:
    assert set(FIELD_HELP) == set(FIELDS)
    for name, help in FIELD_HELP.items():
        found = fields(parse(help.example, services=SERVICES))
        assert name in found or found == {"sport", "dport"} or found == {"src", "sport"}
        assert help.words and len(help.words) <= 70
    assert parse(FIELD_HELP["text"].example) == Is("text", "=", "10.0.3.")


@settings(max_examples=6000, deadline=None)
@given(st.sampled_from(list(MEANINGS)) | st.text(max_size=20), st.integers(0, 40), st.data())
def test_what_is_taken_makes_a_filter_or_the_beginning_of_one(text: str, cursor: int, data: st.DataObject) -> None:
    cursor = min(cursor, len(text))
    found = complete(text, cursor, KNOWN)
    if found is None:
        return
    assert 0 <= found.start <= cursor <= found.end <= len(text)
    option = data.draw(st.sampled_from(found.options))
    assert option != text[found.start:found.end]
    try:
        parse(text[:cursor], SAVED_FILTERS, SERVICES)
    except FilterError as error:
        if not error.unfinished:
            return
    if option not in ("and", "or"):
        completed = text[:found.start] + option
        try:
            parse(completed, SAVED_FILTERS, SERVICES)
        except FilterError as error:
            assert error.unfinished or "@b" in completed, completed
