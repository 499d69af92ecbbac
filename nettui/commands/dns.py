"""`nettui dns`: look a name up, and exit with what came of it."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from nettui.model.lookup import Lookup, Outcome
from nettui.model.resolver import Resolver

ANSWERED, NEGATIVE, USAGE, NO_ANSWER = 0, 1, 2, 3
"""Exit codes: there are records (or a line of the hosts file); surely none; a wrong command; nobody knew."""

_CODES = {Outcome.ANSWER: ANSWERED, Outcome.NO_DATA: NEGATIVE, Outcome.NO_SUCH_NAME: NEGATIVE, Outcome.BAD_NAME: USAGE}
_LONGEST_WAIT = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of this command."""
    parser.usage = (
        "%(prog)s NAME [TYPE ...] [@SERVER[#PORT] ...] [--json] [--timeout SECONDS]\n"
        "       %(prog)s --schema"
    )
    parser.epilog = (
        "Exit status: 0 answered (by DNS or the hosts file), 1 no such name or no such record, "
        "2 wrong usage, 3 no answer: timeout, unreachable, refused or a failing server."
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="NAME [TYPE ...] [@SERVER[#PORT]]",
        help="a name, a URL or an address (which is reversed); record types, if not A and AAAA; "
        "servers to ask instead of the system's, by address",
    )
    parser.add_argument("--json", action="store_true", help="write JSON, as described by --schema")
    parser.add_argument("--timeout", type=float, default=2.0, metavar="SECONDS", help="wait for a server (default 2)")
    parser.add_argument("--schema", action="store_true", help="write the JSON Schema of --json and look nothing up")
    parser.parse_known_args = partial(_in_any_order, parser)  # type: ignore[assignment,method-assign]  # one parser's own


def _in_any_order(
    parser: argparse.ArgumentParser, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
) -> tuple[argparse.Namespace, list[str]]:
    """argparse takes words in one run only; here options may stand between them."""
    known, rest = argparse.ArgumentParser.parse_known_args(parser, args, namespace)
    known.words = [*known.words, *(word for word in rest if not word.startswith("-"))]
    return known, [word for word in rest if word.startswith("-")]


def run(arguments: argparse.Namespace) -> int:
    """Look up, print, and give the exit code."""
    if arguments.schema:
        from nettui.reports.dns import SCHEMA_FILE

        _write(SCHEMA_FILE.read_bytes())
        return ANSWERED
    from nettui.dns.question import ADDRESS_TYPES
    from nettui.dns.request import parse_request

    try:
        request = parse_request(arguments.words)
        if not 0 < arguments.timeout <= _LONGEST_WAIT:
            raise ValueError(f"--timeout is a number of seconds, above 0 and at most {_LONGEST_WAIT:g}")
    except ValueError as error:
        return _usage(str(error))
    lookups = _look_up(request.name, request.types or ADDRESS_TYPES, request.servers or None, arguments.timeout)
    if all(lookup.outcome is Outcome.BAD_NAME for lookup in lookups):
        return _usage(lookups[0].message)
    _report(lookups, arguments.json)
    return exit_code(lookups)


def exit_code(lookups: Sequence[Lookup]) -> int:
    """The best that came of any of the lookups."""
    codes = (ANSWERED if lookup.hosts else _CODES.get(lookup.outcome, NO_ANSWER) for lookup in lookups)
    return min(codes, default=NO_ANSWER)


def _look_up(name: str, types: Sequence[str], servers: Sequence[Resolver] | None, timeout: float) -> list[Lookup]:
    import asyncio

    from nettui.dns.lookup import lookup_all

    return asyncio.run(lookup_all(name, types, servers=servers, timeout=timeout))


def _report(lookups: Sequence[Lookup], as_json: bool) -> None:
    from nettui.reports.dns import dns_json, dns_text

    if as_json:
        _write(dns_json(lookups))
    else:
        _write(dns_text(lookups).encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _usage(message: str) -> int:
    sys.stderr.write(f"nettui dns: {message}\n")
    return USAGE
