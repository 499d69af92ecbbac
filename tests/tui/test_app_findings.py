"""The Findings screen: what is known, what is silenced, what was; and the way from a finding to what it speaks of."""

from typing import Any

from nettui.model.finding import Finding
from nettui.model.snapshot import Snapshot
from tests.tui.app_support import flat, pane_text, screen_text, staged, trouble


def finding(app: Any, rule: str) -> Finding:
    return next(each for each in app.frame.findings if each.id == rule)


async def at(pilot: Any, rule: str) -> None:
    """The Findings screen with the cursor on the finding of a rule."""
    app = pilot.app
    await app.action_show(7)
    pane = app.view.panes[0]
    pane.table.cursor_key = finding(app, rule).key
    await pilot.pause()


async def test_what_is_acknowledged_is_marked_and_can_be_taken_back() -> None:
    async with staged() as (pilot, _):
        await at(pilot, "tcp.close-wait-leak")
        await pilot.press("a")
        await pilot.pause()
        assert finding(pilot.app, "tcp.close-wait-leak").acknowledged is not None
        assert "known: " in pane_text(pilot.app, "all-findings")
        await pilot.press("a")
        await pilot.pause()
        assert "known: " not in pane_text(pilot.app, "all-findings")


async def test_a_finding_is_silenced_and_heard_again() -> None:
    async with staged() as (pilot, _):
        await at(pilot, "tcp.close-wait-leak")
        await pilot.press("x")
        await pilot.pause()
        assert "for an hour" in screen_text(pilot.app)
        await pilot.press("enter")
        await pilot.pause()
        assert all(each.id != "tcp.close-wait-leak" for each in pilot.app.frame.findings)
        assert "1 silenced" in pane_text(pilot.app, "all-findings")
        await pilot.press("v", "v")
        await pilot.pause()
        assert "Findings: silenced" in pane_text(pilot.app, "all-findings")
        await pilot.press("x")
        await pilot.pause()
        assert finding(pilot.app, "tcp.close-wait-leak")
        assert pilot.app.frame.silenced == ()


async def test_a_whole_rule_can_be_silenced_and_escape_silences_nothing() -> None:
    async with staged() as (pilot, _):
        await at(pilot, "tcp.close-wait-leak")
        await pilot.press("x", "escape")
        await pilot.pause()
        assert pilot.app.frame.silenced == ()
        await pilot.press("x", "G", "enter")
        await pilot.pause()
        (silence,) = pilot.app.engine.desk.silences()
        assert (silence.rule, silence.subject, silence.until) == ("tcp.close-wait-leak", None, None)


async def test_the_history_has_what_is_over() -> None:
    async with staged() as (pilot, stage):
        known = len(pilot.app.frame.findings)
        calm = trouble()[-1]
        for second in range(1, 90, 2):
            stage.show(_well(calm, calm.taken_at + second))
        await pilot.app.action_show(7)
        await pilot.press("v")
        await pilot.pause()
        shown = pane_text(pilot.app, "all-findings")
        assert "Findings: history" in shown and "LASTED" in shown
        assert pilot.app.view.panes[0].table.total >= known > 0


async def test_the_ways_from_a_finding_to_what_it_speaks_of() -> None:
    async with staged() as (pilot, stage):
        await at(pilot, "tcp.close-wait-leak")
        await pilot.press("o")
        await pilot.pause()
        assert pilot.app.view.NAME == "Sockets"
        assert "state:close-wait" in pilot.app.sockets.text
        for screen, target, name in (("interfaces", "eth0", "Interfaces"), ("routes", "198.51.100.1", "Routes"),
                                     ("dns", "api.example.com", "DNS")):
            await pilot.app.action_show({"interfaces": 2, "routes": 3, "dns": 5}[screen])
            await pilot.app.view.seek(target)
            await pilot.pause()
            assert name == pilot.app.view.NAME
        assert stage.asked == ["198.51.100.1"]
        assert "api.example.com" in pane_text(pilot.app, "lookup")
        assert pilot.app.dns.asking == "" and pilot.app.dns.answers == (), "nothing is sent before Enter"


async def test_the_detail_has_trend_and_rule() -> None:
    async with staged() as (pilot, _):
        await at(pilot, "tcp.close-wait-leak")
        shown = flat(pane_text(pilot.app, "finding"))
        assert "nettui explain tcp.close-wait-leak" in flat(screen_text(pilot.app)) or "Trend" in shown


def _well(snapshot: Snapshot, at: float) -> Snapshot:
    """The same host at another time with all its trouble gone."""
    from msgspec.structs import replace

    from nettui.model.tcp import TcpCounts, TcpState

    counts = TcpCounts.of({TcpState.LISTEN: 17, TcpState.ESTABLISHED: 40}, "sock_diag")
    return replace(snapshot, taken_at=at, tcp=counts, tcp_at=at)
