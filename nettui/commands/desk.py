"""What several commands need: the desk that keeps the findings of the live host on disk."""

import socket
from collections.abc import Callable
from functools import partial

from nettui.commands.notifiers import open_notifiers
from nettui.commands.state import state_folder
from nettui.config import Settings
from nettui.ledger.desk import Desk
from nettui.ledger.store import Store
from nettui.model.text import clean


def open_desk(settings: Settings, ring: Callable[[], None] | None = None, patience: float = 2.0) -> Desk:
    """A desk on the file of this user, which also tells whom the settings name; `ring` rings the terminal's bell.

    At its end it waits for the notifiers for `patience` seconds: who quits a screen does not want to wait. Nothing is
    opened before there is something to keep or to tell.
    """
    desk = Desk(Store(state_folder))
    notifiers = open_notifiers(settings, clean(socket.gethostname()), ring)
    if notifiers is not None:
        desk.subscribe(notifiers.tell)
        desk.add_problems(notifiers.problems)
        desk.accompany(notifiers.tick, partial(notifiers.close, patience))
    return desk
