"""A program as the subject of a finding: its name, what it is run by, how to look at it, its descriptors."""

import re
from collections.abc import Hashable, Iterator

from nettui.diagnosis.condition import Case
from nettui.model.census import Program
from nettui.model.watched import ProcessUse

_PLAIN = r"[\w.@:-]+"
"""What the language of the Sockets screen takes without quotes."""

UNSEEN = "a program that cannot be seen"


def name_of(program: Program) -> str | None:
    """What limits of its own would be set for: `java`."""
    return program.owner.name if program.owner is not None else None


def identity(program: Program) -> Hashable:
    """What makes it the same in two readings: the process where it is known, else unit and user."""
    owner = program.owner
    if owner is not None:
        return owner.pid, owner.name
    return program.uid, None if program.unit is None else program.unit.path


def who(program: Program) -> str:
    return program.label or UNSEEN


def service_of(program: Program) -> str | None:
    """The system's own service that runs it, where it can be restarted as such."""
    unit = program.unit
    if unit is None or unit.container or not unit.name.endswith(".service") or "/user.slice/" in f"/{unit.path}/":
        return None
    return unit.name


def connections(count: int) -> str:
    """`1 connection`, `25 connections`."""
    return f"{count:,} connection" + ("" if count == 1 else "s")


def filter_of(program: Program) -> str:
    """Its sockets, in the language of the Sockets screen; empty where nothing is known of it."""
    if program.owner is not None:
        return f"pid:{program.owner.pid}"
    if program.unit is not None:
        return f"unit:{_quoted(program.unit.name)}"
    return "" if program.uid is None else f"user:{program.uid}"


def _quoted(value: str) -> str:
    return value if re.fullmatch(_PLAIN, value) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def all_of(*terms: str) -> str:
    """Terms of a filter that must all be true; empty ones are left out."""
    return " and ".join(term for term in terms if term)


def use_of(case: Case, program: Program) -> ProcessUse | None:
    """Its descriptors against its limit, where that is known."""
    processes = case.snapshot.processes
    if processes is None or program.owner is None:
        return None
    return next((use for use in processes.used if use.pid == program.owner.pid), None)


def described(case: Case, program: Program) -> Iterator[str]:
    """Evidence: what runs it, and its descriptors."""
    run_by = [] if program.unit is None else [f"run by {program.unit.name}"]
    run_by += [] if program.uid is None else [f"uid {program.uid}"]
    if run_by:
        yield f"{who(program)}: {', '.join(run_by)}"
    use = use_of(case, program)
    if use is not None and use.limit:
        share = 100 * use.descriptors / use.limit
        yield f"{use.label} has {use.descriptors:,} of {use.limit:,} file descriptors open ({share:.0f} %)"
    if program.owner is None and case.snapshot.census is not None and case.snapshot.census.hidden:
        yield case.snapshot.census.hidden
