"""What can be done to a socket, or to all that a filter shows: see its process, close it, take the ss command along."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from nettui.collectors.worker import explained
from nettui.model.process import Owner
from nettui.model.socket import Socket
from nettui.model.socket_filter import Filter, Is, fields
from nettui.model.text import clean
from nettui.reports.socket_details import process_details
from nettui.sockets.frame import Places, SocketFrame
from nettui.tui.pane import Pane

if TYPE_CHECKING:
    from nettui.tui.socket_session import SocketSession

SLICE = 500
"""Records made before others on the event loop get a turn."""


class SocketActs(Pane):
    """A pane in which sockets are chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "owner", "its owner's sockets", show=False, id="sockets.owner"),
        Binding("P", "process", "its process", show=False, id="sockets.process"),
        Binding("K", "kill", "close it", show=False, id="sockets.kill"),
        Binding("X", "kill_all", "close all that are shown", show=False, id="sockets.kill_all"),
        Binding("Y", "copy_command", "copy the ss command", show=False, id="sockets.copy_command"),
    ]

    @property
    def session(self) -> "SocketSession":
        return self.nettui.sockets

    @property
    def socket(self) -> Socket | None:
        """The socket under the cursor."""
        raise NotImplementedError

    async def chosen(self) -> list[Socket]:
        """The socket under the cursor, or all of the group."""
        raise NotImplementedError

    def narrow(self, wanted: Filter, group: str | None = None) -> None:
        """Show only these, in groups or not."""
        raise NotImplementedError

    def owner_of(self, socket: Socket) -> Owner | None:
        """The first process that has it open, as far as is known by now."""
        frame = self.session.frame
        owners = frame.facts.owners_of(socket) if frame else None
        return owners[0] if owners else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a session that may change nothing, the keys that close sockets are not there."""
        return not (action.startswith("kill") and self.nettui.settings.read_only)

    # Whose it is

    def action_owner(self) -> None:
        owner = self.owner_of(self.socket) if self.socket else None
        if owner is None:
            self.nettui.say(self._why_nobody())
        else:
            self.narrow(Is("pid", "=", owner.pid))

    def action_process(self) -> None:
        owner = self.owner_of(self.socket) if self.socket else None
        if owner is None:
            self.nettui.say(self._why_nobody())
        else:
            self.run_worker(self._show_process(owner), exit_on_error=False)

    async def _show_process(self, owner: Owner) -> None:
        from nettui.sockets.holdings import holdings

        watch = self.session.watch
        try:
            process = await watch.process(owner.pid)
            frame = await watch.everything()
        except ProcessLookupError:
            self.nettui.say(f"{owner.label} has ended.")
        except (OSError, ValueError) as why:
            self.nettui.say(f"Nothing more of {owner.label}: {clean(explained(why))}.")
        else:
            held = await holdings(frame, owner.pid)
            self.nettui.open_detail(owner.label, process_details(frame, process, held))

    def _why_nobody(self) -> str:
        if self.socket is None:
            return "There is no socket under the cursor."
        note = self.session.frame.facts.owners_note if self.session.frame else None
        return f"Its owner is not known: {note}." if note else "No program has it open."

    # Closing

    async def action_kill(self) -> None:
        self._kill(await self.chosen(), "There is no socket under the cursor.")

    async def action_kill_all(self) -> None:
        frame = self.session.frame
        if frame is None or frame.query.wanted is None:
            self.nettui.say("All that are shown would be every socket: type a filter first, with /.")
        elif frame.query != self.session.query or self.session.error:
            self.nettui.say("What is shown is not yet the answer to this filter: nothing is closed.")
        else:
            every = await records(frame, frame.order)
            sure = [each for each in every if is_sure(frame, each)]
            if left_out := len(every) - len(sure):
                self.nettui.say(f"{left_out:,} are left out: whose they are is not known, and the filter asks for it.")
            self._kill(sure, "The filter shows no socket." if not every else "Of none it is known whose it is.")

    def _kill(self, chosen: Sequence[Socket], otherwise: str) -> None:
        from nettui.tui.screens.kill import KillSheet

        frame = self.session.frame
        if frame is None or not chosen:
            self.nettui.say(otherwise)
        else:
            self.nettui.push_screen(KillSheet(chosen, frame.facts, self.session.watch.destroy))

    # Taking along

    def action_copy_command(self) -> None:
        from nettui.sockets.ss import ss_command

        query = self.session.query
        command, left_out = ss_command(query.wanted, query.transports)
        self.nettui.copy_to_clipboard(command)
        without = f", without {', '.join(left_out)}, which ss cannot say" if left_out else ""
        self.nettui.say(f"Copied: {command}{without}.")

    def action_service_map(self) -> None:
        self.run_worker(self._show_map(), exit_on_error=False)

    async def _show_map(self) -> None:
        from nettui.reports.service_map import service_map_paragraphs
        from nettui.sockets.service_map import service_map_of

        self.nettui.say("Finding out who listens and who connects ...")
        try:
            frame = await self.session.watch.everything()
        except (OSError, ValueError) as why:
            self.nettui.say(f"No map: {clean(explained(why))}.")
        else:
            found = await service_map_of(frame.table, frame.facts)
            self.nettui.open_detail("Services of this host", service_map_paragraphs(found))


def is_sure(frame: SocketFrame, socket: Socket) -> bool:
    """Whether a socket passes the filter by what is known of it, not by what is not: `-process:sshd` lets all through
    whose owner could not be found, and one that is to be closed must not be among these."""
    looked_at, facts = fields(frame.query.wanted), frame.facts
    if looked_at & {"process", "pid", "text"} and socket.inode and not facts.owners_of(socket):
        return False
    return not (looked_at & {"unit", "text"} and socket.cgroup is None and socket.unit is None and socket.inode)


async def records(frame: SocketFrame, places: Places) -> list[Socket]:
    """The sockets at these places; thousands take turns with all else."""
    found: list[Socket] = []
    for start in range(0, len(places), SLICE):
        found += [frame.socket(place) for place in places[start : start + SLICE]]
        await asyncio.sleep(0)
    return found
