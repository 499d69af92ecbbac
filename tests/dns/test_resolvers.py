"""resolv.conf(5), as it should be and as it is found."""

import os
import sys
from pathlib import Path

import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.dns.resolvers import parse_resolvers, read_resolvers
from nettui.dns.servers import parse_address
from nettui.model.resolver import ResolverConfig

ORDINARY = b"""\
# made by hand
; also a comment
nameserver 192.0.2.53
nameserver\t2001:DB8::53\t# the other one
nameserver fe80::1%eth0
domain ignored.example
search corp.example. \texample
options ndots:2 timeout:3 attempts:4 rotate edns0
"""


def _parsed(data: bytes, host_domain: str = "") -> ResolverConfig:
    return parse_resolvers(data, "resolv.conf", host_domain)


def test_an_ordinary_file() -> None:
    config = _parsed(ORDINARY, "host.example")
    assert [r.address for r in config.resolvers] == ["192.0.2.53", "2001:db8::53", "fe80::1%eth0"]
    assert {(r.port, r.source) for r in config.resolvers} == {(53, "resolv.conf")}
    assert (config.search, config.ndots, config.timeout, config.attempts) == (("corp.example", "example"), 2, 3.0, 4)
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (b"nameserver dns.example", "line 1: “dns.example” is not an address, so it is ignored"),
        (b"\n\nnameserver 192.0.2.256", "line 3: “192.0.2.256” is not an address"),
        (b" nameserver 192.0.2.1", "line 1: begins with a blank, so it is ignored"),
        (b"Nameserver 192.0.2.1", "“Nameserver” is not a keyword"),
        (b"nameserver", "“nameserver” has no value"),
        (b"nameserver fe80::1%\x1b[31m", "\\x1b[31m"),
        (b"nameserver 192.0.2.1\r\n", "line 1: ends in a carriage return, as Windows ends lines, so it is ignored"),
        (b"options turbo", "the option “turbo” is not known"),
        (b"options ndots:many", "the option “ndots:many” is not known"),
        (b"\x00\xff\xfe junk", "\\x00\\xff\\xfe"),
    ],
)
def test_a_line_that_is_ignored_is_told(data: bytes, warning: str) -> None:
    config = _parsed(data)
    assert any(warning in told for told in config.warnings), config.warnings
    assert all(told.isprintable() for told in config.warnings)
    assert config.resolvers == ()
    assert config.warnings[-1] == "resolv.conf: names no server that can be asked: programs then ask 127.0.0.1"


def test_bounds_are_those_of_glibc() -> None:
    config = _parsed(b"options ndots:99 timeout:0\noptions attempts:1000000")
    assert (config.ndots, config.timeout, config.attempts) == (15, 1.0, 5)


def test_more_servers_than_glibc_asks_are_kept_and_told() -> None:
    config = _parsed(b"".join(b"nameserver 192.0.2.%d\n" % number for number in range(1, 6)))
    assert len(config.resolvers) == 5
    assert config.warnings == ("resolv.conf: names 5 servers; glibc asks only the first 3",)


@pytest.mark.parametrize(
    ("data", "search"),
    [
        (b"search .", ()),
        (b"search . corp.example", (".", "corp.example")),
        (b"search a.example\ndomain b.example other", ("b.example",)),
        (b"search a.example\nsearch b.example c.example", ("b.example", "c.example")),
        (b"", ("host.example",)),
    ],
)
def test_search_domains(data: bytes, search: tuple[str, ...]) -> None:
    assert _parsed(data, "host.example").search == search


def test_what_is_not_a_file_to_be_read_is_told(tmp_path: Path) -> None:
    dangling, empty, pipe = tmp_path / "dangling", tmp_path / "empty", tmp_path / "pipe"
    dangling.symlink_to("/run/nowhere/stub.conf")
    empty.touch()
    os.mkfifo(pipe)
    told = {
        path.name: read_resolvers(path).warnings[-1].removeprefix(str(path)).strip()
        for path in (tmp_path / "missing", dangling, empty, pipe, tmp_path, Path("nul\0"))
    }
    after = ": programs then ask 127.0.0.1"
    assert told == {
        "missing": f"does not exist{after}",
        "dangling": f"is a link to /run/nowhere/stub.conf, which does not exist{after}",
        "empty": f": names no server that can be asked{after}",
        "pipe": f"cannot be read: not a regular file{after}",
        tmp_path.name: f"is a directory{after}",
        "nul\0": f"nul\\x00 has an impossible name{after}",
    }


def test_an_unreadable_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "resolv.conf"
    path.write_bytes(ORDINARY)
    monkeypatch.setattr(os, "open", refused)
    (warning,) = read_resolvers(path).warnings
    assert warning == f"{path} may not be read by this user: programs then ask 127.0.0.1"


def test_a_huge_file_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_bytes(b"nameserver 192.0.2.1\njunk of all sorts\n" * 100_000)
    config = read_resolvers(path)
    assert len(config.resolvers) == len(config.warnings) == 32
    assert "names 1,681 servers" in config.warnings[-1].replace("1681", "1,681")
    assert "more lines are odd" in config.warnings[-2]


def test_where_dnspython_reads_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "resolv.conf"
    path.write_bytes(b"nameserver 192.0.2.53\nsearch corp.example\n")
    system = dns.resolver.Resolver(str(path))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: system)
    config = read_resolvers()
    assert [(r.address, r.port, r.source) for r in config.resolvers] == [("192.0.2.53", 53, "registry")]
    assert (config.search, config.warnings) == (("corp.example",), ())


_WORDS = st.sampled_from([
    b"nameserver", b"search", b"domain", b"options", b"sortlist", b"192.0.2.1", b"::1", b"fe80::1%", b"127.1",
    b"0x7f.1", b"ndots:", b"ndots:3", b".", b"..", b" ", b"\t", b"\n", b"\r\n", b"#", b";", b"\0", b"\x1b[31m", b"\xff",
])  # fmt: skip


@given(st.one_of(st.binary(), st.lists(_WORDS, max_size=60).map(b" ".join), st.lists(_WORDS).map(b"".join)))
def test_any_bytes_give_a_configuration(data: bytes) -> None:
    config = _parsed(data)
    assert all(parse_address(r.address) for r in config.resolvers)
    assert all(text.isprintable() for text in (*config.search, *config.warnings))
    assert config.resolvers or "names no server" in config.warnings[-1]
