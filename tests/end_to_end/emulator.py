"""A terminal as the user sees it: pyte, with the alternate screen that it lacks, and an account of every mode."""

import re

import pyte

_TOKENS = re.compile(
    rb"""\x1b\[(?P<private>[<=>?]?)(?P<numbers>[0-9:;]*)(?P<between>[ -/]*)(?P<final>[@-~])  # CSI
    | \x1b[P^_X](?:[^\x1b]|\x1b[^\\])*?\x1b\\                                              # DCS, PM, APC, SOS""",
    re.VERBOSE,
)
_UNFINISHED = re.compile(rb"\x1b(\[[0-?]*[ -/]*|[P^_X][^\x1b]*\x1b?|\][^\x07\x1b]*\x1b?)?\Z")

ALTERNATE = 1049
ON_FROM_THE_START = {7, 25}
"""Private modes that a terminal has on before any program runs: wrapping at the margin, the cursor shown."""


class Emulator:
    """Takes what a program writes; tells what is on the screen, and which modes the program has left on."""

    def __init__(self, columns: int, rows: int) -> None:
        self.size = columns, rows
        self.modes: dict[int, bool] = {}
        """DEC private modes that were ever set or reset, and how they stand."""
        self.keyboard_levels = 0
        """How many kitty keyboard modes have been pushed and not popped."""
        self._screens = {False: pyte.Screen(columns, rows), True: pyte.Screen(columns, rows)}
        self._streams = {which: pyte.ByteStream(screen) for which, screen in self._screens.items()}
        self._held = b""

    @property
    def alternate(self) -> bool:
        """Whether the second screen is on show."""
        return self.modes.get(ALTERNATE, False)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screens[self.alternate].display]

    @property
    def colours(self) -> set[str]:
        """The colours of text on the screen, as pyte names them: `default`, `red`, `1e1e2e`."""
        screen = self._screens[self.alternate]
        return {screen.buffer[y][x].fg for y in range(screen.lines) for x in range(screen.columns)}

    def changed_modes(self) -> set[int]:
        """The private modes that stand otherwise than before the program; none after it has tidied up."""
        return {mode for mode, on in self.modes.items() if on != (mode in ON_FROM_THE_START)}

    def resize(self, columns: int, rows: int) -> None:
        self.size = columns, rows
        for screen in self._screens.values():
            screen.resize(rows, columns)

    def feed(self, data: bytes) -> None:
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        end = unfinished.start() if unfinished else len(data)
        data, self._held = data[:end], data[end:]
        at = 0
        for token in _TOKENS.finditer(data):
            self._show(data[at : token.start()])
            self._control(token)
            at = token.end()
        self._show(data[at:])

    def _control(self, token: re.Match[bytes]) -> None:
        private, final = token["private"], token["final"]
        if private == b"?" and final in (b"h", b"l"):
            for number in filter(None, token["numbers"].split(b";")):
                self.modes[int(number)] = final == b"h"
                if int(number) == ALTERNATE and final == b"h":
                    self._screens[True].reset()
            self._show(token[0])
        elif final == b"u" and private == b">":
            self.keyboard_levels += 1
        elif final == b"u" and private == b"<":
            self.keyboard_levels -= 1
        elif private == b"" and not token["between"] and final is not None:
            self._show(token[0])

    def _show(self, data: bytes) -> None:
        if data:
            self._streams[self.alternate].feed(data)
