"""What can be done about a finding from its row: go to what it speaks of, say that one knows, silence it."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from nettui.engine.desk import Keeping
from nettui.model.finding import Finding
from nettui.reports.format import age
from nettui.tui.pane import Pane
from nettui.tui.screens.silence import Choice, SilenceSheet

SCREENS = {"interfaces": 2, "routes": 3, "sockets": 4, "dns": 5}
"""By the screen that a finding names."""


class FindingActs(Pane):
    """A pane whose rows are findings."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "go", "go to it", id="findings.go"),
        Binding("a", "acknowledge", "acknowledge", id="findings.acknowledge"),
        Binding("x", "silence", "silence", id="findings.silence"),
    ]

    def current(self) -> Finding | None:
        """The finding under the cursor."""
        raise NotImplementedError

    async def action_go(self) -> None:
        """Show the sockets, route, interface or name that it speaks of."""
        finding = self._chosen("go to")
        if finding is None:
            return
        number = SCREENS.get(finding.screen or "")
        if number is None:
            self.nettui.say("There is no screen that shows more of this than Enter does.")
            return
        await self.nettui.action_show(number)
        if self.nettui.view is not None:
            await self.nettui.view.seek(finding.target)

    def action_acknowledge(self) -> None:
        """Say that one knows of it, or take that back."""
        finding, desk = self._chosen("acknowledge"), self._desk()
        if finding is None or desk is None:
            return
        if finding.acknowledged is None:
            desk.acknowledge(finding, self._now())
            self.nettui.say("Acknowledged: it is told no more, unless it becomes graver.")
        else:
            desk.unacknowledge(finding)
            self.nettui.say("No longer acknowledged.")
        self.nettui.engine.renew()

    def action_silence(self) -> None:
        """Ask for how long, and whether this or all of its kind; what is silenced is heard again."""
        finding, desk = self._chosen("silence"), self._desk()
        if finding is None or desk is None:
            return
        covering = [each for each in desk.silences() if each.covers(finding, self._now())]
        if covering:
            for each in covering:
                desk.unsilence(each)
            self.nettui.say("It is heard again.")
            self.nettui.engine.renew()
            return
        self.nettui.push_screen(SilenceSheet(finding), lambda choice: self._silenced(finding, choice))

    def _silenced(self, finding: Finding, choice: Choice | None) -> None:
        desk = self._desk()
        if choice is None or desk is None:
            return
        desk.silence(finding.id, finding.subject if choice.this_only else None, choice.seconds, self._now())
        what = "it" if choice.this_only else f"all of {finding.id}"
        how_long = "until it is taken back" if choice.seconds is None else f"for {age(choice.seconds)}"
        self.nettui.say(f"Nothing is told of {what} {how_long}. v shows what is silenced.")
        self.nettui.engine.renew()

    def _chosen(self, act: str) -> Finding | None:
        finding = self.current()
        if finding is None:
            self.nettui.say(f"There is no finding here to {act}.")
        return finding

    def _desk(self) -> Keeping | None:
        desk = self.nettui.engine.desk
        if not isinstance(desk, Keeping):
            self.nettui.say("What is said of findings is not kept here.")
            return None
        return desk

    def _now(self) -> float:
        frame = self.nettui.engine.frame
        return frame.snapshot.taken_at if frame is not None else 0.0
