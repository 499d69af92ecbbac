"""What people type, what it means, and what they are told when it means nothing."""

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nettui.model.socket_filter import FIELDS, MEASURES, AllOf, AnyOf, Filter, Is, Not, Operator
from nettui.model.text import clean
from nettui.sockets.language import ALIASES, DEPTH, LENGTH, TERMS, FilterError, parse, to_text
from nettui.sockets.values import STATES_BY_NAME
from tests.strategies import HOSTILE

SERVICES = {"http": 80, "https": 443, "http-alt": 8080, "smtp": 25}
SAVED = {"leak": "state:close-wait or idle>1h", "mine": "@leak user:app", "blank": "  ", "bad": "port:http rtt>5x"}


def state(name: str) -> Is:
    return Is("state", "=", name)


def at(field: str, port: int, sign: Operator = "=") -> Is:
    return Is(field, sign, port)


def net(field: str, text: str) -> Is:
    return Is(field, "=", ip_network(text))


def text(words: str) -> Is:
    return Is("text", "=", words)


def between(end: str, low: int, high: int) -> AllOf:
    return AllOf((at(end, low, ">="), at(end, high, "<=")))


A, B, C, D = (text(letter) for letter in "abcd")
LEAK = AnyOf((state("CLOSE_WAIT"), Is("idle", ">", 3600)))
TCP, UDP, V4, V6 = (Is("proto", "=", name) for name in ("tcp", "udp", "ipv4", "ipv6"))

MEANINGS: dict[str, Filter | None] = {
    "": None,
    " \t\n": None,
    # states
    "state:close-wait": state("CLOSE_WAIT"),
    "STATE:Close_Wait": state("CLOSE_WAIT"),
    "state:closewait": state("CLOSE_WAIT"),
    "state=estab": state("ESTABLISHED"),
    "state:listening": state("LISTEN"),
    "state:fin-wait-1": state("FIN_WAIT1"),
    "state:FIN_WAIT2": state("FIN_WAIT2"),
    "state:unconn": state("UNCONN"),
    "state:close-wait,time-wait": AnyOf((state("CLOSE_WAIT"), state("TIME_WAIT"))),
    "state:close-wait, time-wait": AnyOf((state("CLOSE_WAIT"), state("TIME_WAIT"))),
    "state:bucket": AnyOf((state("SYN_RECV"), state("TIME_WAIT"))),
    "state:listen,bucket": AnyOf((state("LISTEN"), AnyOf((state("SYN_RECV"), state("TIME_WAIT"))))),
    "state:synchronized": AnyOf(tuple(map(state, (
        "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE_WAIT", "LAST_ACK", "CLOSING",
    )))),
    "state:connected": AnyOf(tuple(map(state, (
        "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE_WAIT", "LAST_ACK",
        "CLOSING",
    )))),
    "state:big": AnyOf(tuple(map(state, (
        "LISTEN", "SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "LAST_ACK", "CLOSING", "CLOSED",
        "UNCONN",
    )))),
    # ports: a range has to hold at one end
    "port:8080": at("port", 8080),
    ":8080": at("port", 8080),
    ":https": at("port", 443),
    "sport:80,https": AnyOf((at("sport", 80), at("sport", 443))),
    "dport:HTTP-alt": at("dport", 8080),
    "port>1024": at("port", 1024, ">"),
    "port<=https": at("port", 443, "<="),
    "lport:22": at("sport", 22),
    "sport:8000-8100": between("sport", 8000, 8100),
    "port:8000-8100": AnyOf((between("sport", 8000, 8100), between("dport", 8000, 8100))),
    "port:0-65535": AnyOf((between("sport", 0, 65535), between("dport", 0, 65535))),
    # addresses
    "src:10.0.0.0/8": net("src", "10.0.0.0/8"),
    "src:10/8": net("src", "10.0.0.0/8"),
    "dst:10.1.2.3/8": net("dst", "10.0.0.0/8"),
    "peer:192.0.2.1": net("dst", "192.0.2.1/32"),
    "addr:::1": net("addr", "::1/128"),
    "addr:2001:db8::/32": net("addr", "2001:db8::/32"),
    "dst:[2001:db8::/32]": net("dst", "2001:db8::/32"),
    "dst:[2001:db8::]/32": net("dst", "2001:db8::/32"),
    "dst:::ffff:10.0.0.1": net("dst", "10.0.0.1/32"),
    "dst:::ffff:10.0.0.0/104": net("dst", "10.0.0.0/8"),
    "dst:10.0.0.1:80": AllOf((net("dst", "10.0.0.1/32"), at("dport", 80))),
    "src:10.0.0.0/8:http": AllOf((net("src", "10.0.0.0/8"), at("sport", 80))),
    "dst:[::1]:443": AllOf((net("dst", "::1/128"), at("dport", 443))),
    "dst::443": at("dport", 443),
    "src:*:80-90": between("sport", 80, 90),
    "addr:10.0.0.1:80": AnyOf((
        AllOf((net("src", "10.0.0.1/32"), at("sport", 80))), AllOf((net("dst", "10.0.0.1/32"), at("dport", 80))),
    )),
    "dst:fe80::1%eth0": AllOf((net("dst", "fe80::1/128"), Is("iface", "=", "eth0"))),
    "dst:[fe80::1%eth0]:22": AllOf((net("dst", "fe80::1/128"), at("dport", 22), Is("iface", "=", "eth0"))),
    # whose it is
    "process:Java": Is("process", "=", "java"),
    "process:java[4711]": Is("process", "=", "java[4711]"),
    'process:"tokio, (worker)"': Is("process", "=", "tokio, (worker)"),
    "pid:4711": Is("pid", "=", 4711),
    "user:app": Is("user", "=", "app"),
    "uid:1000": Is("user", "=", "1000"),
    "unit:nginx": Is("unit", "=", "nginx"),
    "iface:eth0": Is("iface", "=", "eth0"),
    "inode:4026531840": Is("inode", "=", 4026531840),
    # protocols
    "proto:tcp": TCP,
    "proto:TCP,udp": AnyOf((TCP, UDP)),
    "proto:inet6": V6,
    "proto:udp6": AllOf((UDP, V6)),
    "proto:quic": Is("proto", "=", "quic"),
    # measures
    "rtt>200ms": Is("rtt", ">", 0.2),
    "rtt > 200": Is("rtt", ">", 0.2),
    "rtt>=1.5s": Is("rtt", ">=", 1.5),
    "rtt:>300us": Is("rtt", ">", 0.0003),
    "retrans>0": Is("retrans", ">", 0),
    "recvq>0": Is("recvq", ">", 0),
    "recv-q:0": Is("recvq", "=", 0),
    "sendq>10k": Is("sendq", ">", 10_000),
    "sendq>=1.5MB": Is("sendq", ">=", 1_500_000),
    "sendq<4KiB": Is("sendq", "<", 4096),
    "idle>1h": Is("idle", ">", 3600),
    "idle>90": Is("idle", ">", 90),
    "age<10s": Is("age", "<", 10),
    "age>2d": Is("age", ">", 172_800),
    "timer<5min": Is("timer", "<", 300),
    # free text
    "Java": text("java"),
    "10.0.3.": text("10.0.3."),
    "10.0.0.1:8080": text("10.0.0.1:8080"),
    "fe80::1": text("fe80::1"),
    "abcd:ef::1": text("abcd:ef::1"),
    ":ssh": text(":ssh"),
    '"a b"': text("a b"),
    '"port:80"': text("port:80"),
    r'"say \"x\" \\"': text('say "x" \\'),
    '"and"': text("and"),
    "text:and": text("and"),
    "5\"disk": text('5"disk'),
    # joined
    "a b": AllOf((A, B)),
    "a and b AND c": AllOf((A, B, C)),
    "a or b or c": AnyOf((A, B, C)),
    "a or b c or d": AnyOf((A, AllOf((B, C)), D)),
    "a b or c and d": AnyOf((AllOf((A, B)), AllOf((C, D)))),
    "a && b || c": AnyOf((AllOf((A, B)), C)),
    "not a b": AllOf((Not(A), B)),
    "not a or b": AnyOf((Not(A), B)),
    "-a": Not(A),
    "!a": Not(A),
    "not not -a": Not(Not(Not(A))),
    "a -(b or c)": AllOf((A, Not(AnyOf((B, C))))),
    "a(b)c": AllOf((A, B, C)),
    "((a))": A,
    "(a b) c": AllOf((AllOf((A, B)), C)),
    "port!=80,443": Not(AnyOf((at("port", 80), at("port", 443)))),
    "-process:java": Not(Is("process", "=", "java")),
    "state:close-wait and (port:8080 or rtt>200ms) -process:java": AllOf((
        state("CLOSE_WAIT"), AnyOf((at("port", 8080), Is("rtt", ">", 0.2))), Not(Is("process", "=", "java")),
    )),
    # saved
    "@leak": LEAK,
    "@leak port:80": AllOf((LEAK, at("port", 80))),
    "not @mine": Not(AllOf((LEAK, Is("user", "=", "app")))),
}


@pytest.mark.parametrize("typed", MEANINGS)
def test_what_is_meant(typed: str) -> None:
    assert parse(typed, SAVED, SERVICES) == MEANINGS[typed]


def test_trees_that_differ_are_not_equal() -> None:
    """They are tuples: those of `and` and of `or` must not be taken for one another."""
    assert len({AllOf((A, B)), AnyOf((A, B)), Not(A), AllOf((A,))}) == 4


def test_all_names_of_fields_are_read() -> None:
    values = {"state": "listen", "proto": "tcp", **dict.fromkeys(("src", "dst", "addr"), "::1")}
    for name, field in {**{field: field for field in FIELDS}, **ALIASES}.items():
        found = parse(f"{name}:{values.get(field, '7')}")
        assert isinstance(found, Is)
        assert found.field == field
    for name, meant in STATES_BY_NAME.items():
        assert parse(f"state:{name}") == parse(f"state:{meant}") == state(meant)
    for field in MEASURES:
        assert parse(f"{field}>=7") == Is(field, ">=", 0.007 if field == "rtt" else 7)


SHORTEST = {
    "STATE=CLOSE_WAIT": "state:close-wait",
    "state:time-wait or state:close-wait": "state:time-wait,close-wait",
    "state:syn-recv or state:time-wait": "state:bucket",
    "not state:listening a": "not state:listen and a",
    "port!=80": "not port:80",
    "port:8000-8100,https": "port:8000-8100,443",
    "(sport>=80 sport<=90) or (dport>=80 dport<=90)": "port:80-90",
    "sport>=90 sport<=80": "sport>=90 and sport<=80",
    "port>=80 port<=90": "port>=80 and port<=90",
    "dst:[::1] dport:443": "dst:[::1]:443",
    "addr:10.0.0.1:80": "addr:10.0.0.1:80",
    "src:10/8": "src:10.0.0.0/8",
    "proto:tcp and proto:ipv6": "proto:tcp6",
    "proto:tcp4 or proto:udp": "proto:tcp4,udp",
    "rtt>0.2s": "rtt>200ms",
    "idle>90m": "idle>90m",
    "idle>7200": "idle>2h",
    "age<0": "age<0s",
    "timer<0.0015": "timer<1500us",
    "sendq>20000": "sendq>20k",
    "process:'a": "process:'a",
    'process:"=a"': 'process:"=a"',
    '"a b" "or" "-x" ":80" "@y" "a(b" "port:1"': '"a b" and "or" and "-x" and ":80" and "@y" and "a(b" and "port:1"',
    "(a or b) (c d)": "(a or b) and (c and d)",
    "a or (b or c) or d e": "a or (b or c) or d and e",
    "!(-a)": "not not a",
}


@pytest.mark.parametrize("typed", SHORTEST)
def test_how_a_filter_is_spelled(typed: str) -> None:
    assert to_text(parse(typed, services=SERVICES)) == SHORTEST[typed]


def test_nothing_is_spelled_as_nothing() -> None:
    assert to_text(None) == ""


WHERE = "an address or a network, with a port or without, such as 10.0.0.0/8, 10.0.0.1:80 or [::1]:443"
PORT = "a number from 0 to 65535, a range or a service name"
SPAN = "a time such as 200ms, 10s, 5m, 1h or 2d"
SIZE = "a whole number such as 0, 1500 or 10k"
STATE = "a state such as close-wait, or connected"

WRONG = [
    # The text with what is pointed at between ‹ and ›, the message.
    ("a ‹prot›:tcp", "unknown field “prot”: did you mean proto?"),
    ("‹zork›>1 b", "unknown field “zork”; in quotes it is searched for as text"),
    ("‹http›://x", "unknown field “http”; in quotes it is searched for as text"),
    ("state:‹clsoe-wait›", f"state: expected {STATE}, not “clsoe-wait”: did you mean close-wait?"),
    ("state:‹clo› a", f"state: expected {STATE}, not “clo”: did you mean closed?"),
    ("state:listen,‹17›", f"state: expected {STATE}, not “17”"),
    ("state‹>›listen", "state: expected a colon, not >"),
    ("src‹ <= ›10/8", "src: expected a colon, not <="),
    ("proto:‹tpc›", "proto: expected a protocol such as tcp, udp6, quic, unix or ipv4, not “tpc”: did you mean tcp?"),
    ("port:‹65536›", f"port: expected {PORT}, not “65536”"),
    ("port:‹-1›", f"port: expected {PORT}, not “-1”"),
    ("port:‹htpp›", f"port: expected {PORT}, not “htpp”: did you mean http?"),
    ("port:‹٨٠›", f"port: expected {PORT}, not “٨٠”"),
    (":‹99999›", f"port: expected {PORT}, not “99999”"),
    ("port:‹90-80›", "port: expected a range from the lower port to the higher, not “90-80”"),
    ("port>‹80-90›", "port: expected one port after >, not “80-90”"),
    ("port>80,‹90,91›", "port: expected one value after >"),
    ("src:‹10.0.0.256›", f"src: expected {WHERE}, not “10.0.0.256”"),
    ("src:‹10.0.0.1/33›", f"src: expected {WHERE}, not “10.0.0.1/33”"),
    ("dst:‹[::1›, a", f"dst: expected {WHERE}, not “[::1”"),
    ("dst:‹[::1]80›", f"dst: expected {WHERE}, not “[::1]80”"),
    ("dst:‹localhost›", f"dst: expected {WHERE}, not “localhost”"),
    ("dst:‹*› a", f"dst: expected {WHERE}, not “*”"),
    ("dst:‹10.0.0.1:htp› a", f"dst: expected {PORT}, not “10.0.0.1:htp”"),
    ("rtt>‹fast›", f"rtt: expected {SPAN}, not “fast”"),
    ("idle>‹5x›", f"idle: expected {SPAN}, not “5x”"),
    ("idle>‹-5›", f"idle: expected {SPAN}, not “-5”"),
    ("idle>‹1e300d›", f"idle: expected {SPAN}, not “1e300d”"),
    ("retrans>‹1.5› a", f"retrans: expected {SIZE}, not “1.5”"),
    ("sendq>‹1e300›", f"sendq: expected {SIZE}, not “1e300”"),
    ("sendq>‹99999999999999999999›", f"sendq: expected {SIZE}, not “99999999999999999999”"),
    ("pid:‹java›", "pid: expected a number, not “java”"),
    ("inode:‹" + "9" * 5000 + "›", "inode: expected a number, not “" + "9" * 39 + "…”"),
    ("process:‹›(x)", "process: expected a name, or a part of it"),
    ('‹""› a', "text: expected what to search for"),
    ("‹and› a", "expected something to look for before “and”"),
    ("a and ‹or› b", "expected something to look for before “or”"),
    ("(a or‹)›", "expected something to look for before “)”"),
    ("(‹)›", "expected something to look for before “)”"),
    ("a‹)› b", "no ( before this )"),
    ("a ‹@nope›", "no saved filter is called “nope”"),
    ("‹@laek› a", "no saved filter is called “laek”: did you mean leak?"),
    ("‹@› a", "expected the name of a saved filter after @"),
    ("a ‹@blank›", "the saved filter @blank is empty"),
    ("a or ‹@bad›", f"@bad: rtt: expected {SPAN}, not “5x”"),
]
UNFINISHED = [
    ("state:‹›", f"state: expected {STATE}"),
    ("state:‹›  ", f"state: expected {STATE}"),
    ("state:listen,‹›", f"state: expected {STATE}"),
    ("state:‹cl›", f"state: expected {STATE}, not “cl”"),
    ("proto:‹m›", "proto: expected a protocol such as tcp, udp6, quic, unix or ipv4, not “m”"),
    ("port:‹ht›", f"port: expected {PORT}, not “ht”: did you mean http?"),
    ("port:‹8000-›", f"port: expected {PORT}, not “8000-”"),
    ("port:‹8000-81›", "port: expected a range from the lower port to the higher, not “8000-81”"),
    ("src:‹10.›", f"src: expected {WHERE}, not “10.”"),
    ("src:‹10.0.0.0/›", f"src: expected {WHERE}, not “10.0.0.0/”"),
    ("src:‹[2001:db8:›", f"src: expected {WHERE}, not “[2001:db8:”"),
    ("dst:‹10.0.0.1:›", f"dst: expected {WHERE}, not “10.0.0.1:”"),
    ("rtt>‹›", f"rtt: expected {SPAN}"),
    ("rtt>‹5mi›", f"rtt: expected {SPAN}, not “5mi”"),
    ("user:‹›", "user: expected a name, or a part of it"),
    ("port:80 ‹and›", "expected something to look for after “and”"),
    ("a or ‹-›", "expected something to look for after “-”"),
    ("a ‹(›", "expected something to look for after “(”"),
    ("a ‹(›b", "no closing )"),
    ("a ‹(›b or c(d)", "no closing )"),
    ('a ‹"b c›', "no closing quote"),
    ('process:‹"b c›', "no closing quote"),
    ("‹@›", "expected the name of a saved filter after @"),
    ("a ‹@le›", "no saved filter is called “le”: did you mean leak?"),
]


@pytest.mark.parametrize(
    ("marked", "message", "unfinished"),
    [*((*wrong, False) for wrong in WRONG), *((*wrong, True) for wrong in UNFINISHED)],
)
def test_what_is_wrong_and_where(marked: str, message: str, unfinished: bool) -> None:
    before, _, rest = marked.partition("‹")
    typed = before + rest.replace("›", "", 1)
    with pytest.raises(FilterError) as told:
        parse(typed, SAVED, SERVICES)
    error = told.value
    start, end = error.position
    assert (error.message, str(error)) == (message, message)
    assert f"{typed[:start]}‹{typed[start:end]}›{typed[end:]}" == marked
    assert error.unfinished is unfinished


@pytest.mark.parametrize("typed", MEANINGS)
def test_while_a_filter_is_typed_it_is_at_worst_unfinished(typed: str) -> None:
    for end in range(len(typed)):
        try:
            parse(typed[:end], SAVED, SERVICES)
        except FilterError as error:
            assert error.unfinished, (typed[:end], error.message)


def test_saved_filters_do_not_go_in_circles() -> None:
    saved = {"a": "port:1 or @b", "b": "not @c", "c": "x @a", "self": "@self"}
    with pytest.raises(FilterError, match="@self: a saved filter refers to itself: @self → @self"):
        parse("@self", saved)
    with pytest.raises(FilterError, match="@a → @b → @c → @a") as told:
        parse("x or @a", saved)
    assert told.value.position == (5, 7)


DEEP = "too deep: at most 40 parentheses, nots and saved filters in one another"
MANY = "too long: a filter has at most 500 terms"
CHAIN = {str(number): f"@{number + 1}" for number in range(DEPTH + 1)} | {str(DEPTH + 1): "x"}
BOMB = {str(number): f"@{number + 1} @{number + 1}" for number in range(30)} | {"30": "x"}


@pytest.mark.parametrize(
    ("typed", "saved", "message"),
    [
        ("(" * 9000, {}, DEEP),
        ("(" * (DEPTH + 1) + "a" + ")" * (DEPTH + 1), {}, DEEP),
        ("-" * 9000 + "a", {}, DEEP),
        ("not " * 2000 + "a", {}, DEEP),
        ("@0", CHAIN, DEEP),
        ("@0", BOMB, MANY),
        ("a " * (TERMS + 1), {}, MANY),
        ("port:" + "1," * TERMS + "1", {}, MANY),
        ("a" * (LENGTH + 1), {}, "too long: a filter has at most 10,000 characters"),
        ("@long", {"long": "a" * (LENGTH + 1)}, "@long: too long: a filter has at most 10,000 characters"),
    ],
)
def test_what_is_too_much_is_refused(typed: str, saved: dict[str, str], message: str) -> None:
    with pytest.raises(FilterError) as told:
        parse(typed, saved)
    assert told.value.message.endswith(message)
    assert not told.value.unfinished


def test_what_is_just_not_too_much_is_read() -> None:
    assert parse("(" * DEPTH + "a" + ")" * DEPTH) == A
    many = parse("a " * TERMS)
    assert isinstance(many, AllOf)
    assert len(many.parts) == TERMS
    assert parse("a" * LENGTH) == text(clean("a" * LENGTH))


WORDS = ["state:", "port:", "src:", "rtt>", "proto:", "@", "(", ")", " ", '"', "-", "and ", "or ", ",", "\\", "[",
         "::", ":", "80", "10.0.0.1", "listen", "leak", "/", "%", "é", "\x00", *HOSTILE]


@settings(max_examples=6000, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=15).map("".join))
@example("state:\x1b[2J")
@example("\u202e:x")
@example("@\x9b31m")
@example("process:\ud800")
def test_no_text_does_harm(typed: str) -> None:
    try:
        shown = to_text(parse(typed, SAVED, SERVICES))
    except FilterError as error:
        shown = error.message
        start, end = error.position
        assert 0 <= start <= end <= len(typed)
    assert shown.isprintable()


NAMES = st.text(min_size=1, max_size=6).map(lambda name: clean(name).lower()) | st.sampled_from(
    ["and", "or", "not", "-x", "=", "=a", "<", "!", "@a", ":80", "port:1", "a,b", "(x)", '"', "\\", ">1", " ",
     "a b", "fe80::1"]
)
SIGNS: tuple[Operator, ...] = ("=", ">", ">=", "<", "<=")
PORTS = st.integers(0, 65535)
NETWORKS: st.SearchStrategy[IPv4Network | IPv6Network] = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda pair: IPv4Network(pair, strict=False)),
    st.tuples(st.integers(2**64, 2**128 - 1), st.integers(0, 128)).map(lambda pair: IPv6Network(pair, strict=False)),
    st.sampled_from([IPv6Network("::/0"), IPv6Network("::1/128"), IPv6Network("::/96")]),
)


def of(fields: list[str], signs: tuple[Operator, ...], values: st.SearchStrategy[object]) -> st.SearchStrategy[Filter]:
    return st.builds(Is, st.sampled_from(fields), st.sampled_from(signs), values)


LEAVES: st.SearchStrategy[Filter] = st.one_of(
    of(["state"], ("=",), st.sampled_from(list(STATES_BY_NAME.values()))),
    of(["proto"], ("=",), st.sampled_from(["tcp", "udp", "raw", "unix", "mptcp", "quic", "ipv4", "ipv6"])),
    of(["port", "sport", "dport"], SIGNS, PORTS),
    of(["src", "dst", "addr"], ("=",), NETWORKS),
    of(["pid", "inode"], SIGNS, st.integers(0, 2**32 - 1)),
    of(["process", "user", "unit", "iface", "text"], ("=",), NAMES),
    of(["rtt", "idle", "age", "timer"], SIGNS, st.floats(0, 1e12, exclude_max=True) | st.integers(0, 10**6)),
    of(["retrans", "recvq", "sendq"], SIGNS, st.integers(0, 2**53 - 1)),
    st.sampled_from([tree for tree in MEANINGS.values() if tree is not None]),
)


def grown(part: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    parts = st.lists(part, min_size=2, max_size=4).map(tuple)
    return st.one_of(parts.map(AllOf), parts.map(AnyOf), part.map(Not))


TREES: st.SearchStrategy[Filter] = st.recursive(LEAVES, grown, max_leaves=10)


@settings(max_examples=6000, deadline=None)
@given(TREES)
def test_a_filter_survives_being_spelled_and_read(tree: Filter) -> None:
    assert parse(to_text(tree)) == tree
