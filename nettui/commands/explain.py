"""`nettui explain`: what is known of a rule of the diagnosis, or of a TCP state."""

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from nettui.model.tcp import STATES, TcpState
from nettui.model.text import clean

FOUND, NO_SUCH_THING = 0, 2
"""Exit codes."""

_NARROW, _WIDE = 40, 100
"""Characters of a line of prose, whatever the terminal."""


def configure(parser: ArgumentParser) -> None:
    """The arguments of this command."""
    parser.add_argument(
        "subject", nargs="?", metavar="ID|STATE",
        help="a rule such as tcp.close-wait, or a TCP state in any spelling; without it all are listed",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(arguments: Namespace) -> int:
    """Explain; 0, or 2 where there is nothing of that name."""
    from nettui.diagnosis.thresholds import RULE_IDS

    asked = arguments.subject
    if asked is None:
        return _write(_listed(), arguments.json)
    state = state_of(asked)
    rule = asked.strip().lower()
    if state is not None:
        return _write(state_document(state), arguments.json)
    if rule in RULE_IDS:
        return _write(rule_document(rule), arguments.json)
    import difflib

    names = [*RULE_IDS, *(state.value.lower().replace("_", "-") for state in STATES)]
    near = difflib.get_close_matches(rule.replace("_", "-"), names, n=3, cutoff=0.5)
    near = near or [name for name in names if rule and rule in name][:5]
    meant = f"; perhaps {', '.join(near)}" if near else "; nettui explain lists them"
    sys.stderr.write(f"nettui explain: there is no rule or TCP state {clean(asked, 60)!r}{meant}\n")
    return NO_SUCH_THING


def state_of(text: str) -> TcpState | None:
    """The state that is meant by CLOSE_WAIT, close-wait, closewait, FIN-WAIT-1, ..., as RFC 9293 and ss spell them."""
    spelt = "".join(filter(str.isalnum, text)).upper()
    known = {state.value.replace("_", ""): state for state in STATES}
    known |= {"SYNRECEIVED": TcpState.SYN_RECV, "ESTAB": TcpState.ESTABLISHED, "UNCONN": TcpState.CLOSED}
    return known.get(spelt)


def rule_document(rule: str) -> dict[str, Any]:
    """All that is known of a rule, and its limits as they are set here."""
    from nettui.diagnosis.knowledge import cases, rule_text

    about = _about(rule)
    texts = [(case, rule_text(rule, case)) for case in cases(rule)]
    return {
        "id": rule,
        "looks_for": about[0],
        "source": about[1],
        "limits": _limits(rule),
        "cases": [
            {
                "case": case, "title": text.title, "cause": text.cause, "consequence": text.consequence,
                "relief": [line.replace("{{", "{").replace("}}", "}") for line in text.relief], "cure": text.cure,
                "screen": text.screen,
            }
            for case, text in texts
        ],
    }


def state_document(state: TcpState) -> dict[str, Any]:
    """All that is known of a TCP state."""
    from nettui.diagnosis.knowledge import state_knowledge

    known = state_knowledge(state)
    return {
        "state": str(state), "meaning": known.meaning, "who": known.who, "first_steps": list(known.first_steps),
        "rules": [rule for rule in _rules() if state.value.lower().replace("_", "-") in rule],
    }


def _listed() -> dict[str, Any]:
    from nettui.diagnosis.knowledge import state_knowledge

    return {
        "rules": {rule: _about(rule)[0] for rule in _rules()},
        "states": {str(state): state_knowledge(state).meaning for state in STATES},
    }


def _rules() -> tuple[str, ...]:
    from nettui.diagnosis.thresholds import RULE_IDS

    return RULE_IDS


def _about(rule: str) -> tuple[str, str]:
    """What a rule looks for, and where its thresholds come from."""
    from nettui.diagnosis.knowledge import rule_about

    about = rule_about(rule)
    return about.looks_for, about.source


def _limits(rule: str) -> dict[str, Any]:
    """The limits in force: the settings of this user over the defaults."""
    import os

    from nettui.config import load
    from nettui.diagnosis.thresholds import Thresholds

    limits = Thresholds.from_settings(load({}, os.environ).rules)[rule]
    found: dict[str, Any] = {
        "enabled": limits.enabled, "notice": limits.notice, "warning": limits.warning, "critical": limits.critical,
        "lasting": limits.lasting, "unit": limits.unit, "kinds": list(limits.kinds),
    }
    found["special"] = {
        kind: {
            name: {key: getattr(own, key) for key in ("enabled", "notice", "warning", "critical", "lasting")}
            for name, own in names.items()
        }
        for kind, names in limits.special.items()
    }
    return found


def _write(document: dict[str, Any], as_json: bool) -> int:
    if as_json:
        import msgspec

        whole = {"schema": "nettui.explanation/1", **document}
        data = msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"
    else:
        from nettui.reports.explanation import explanation_text

        text = "\n".join(explanation_text(document, _width())) + "\n"
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return FOUND


def _width() -> int:
    """Of the terminal, within reason; what is piped is as wide as a mail."""
    if not sys.stdout.isatty():
        return 80
    import shutil

    return max(_NARROW, min(_WIDE, shutil.get_terminal_size().columns))
