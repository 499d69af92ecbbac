"""The command line: which command, and nothing imported that it does not need."""

import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, HelpFormatter
    from types import ModuleType

COMMANDS = {
    "snapshot": "print what the dashboard shows, as text or JSON",
    "sockets": "list the sockets, whose they are and what they are doing",
    "dns": "look a name up",
    "check": "say what is wrong, once, with the exit code of a monitoring plug-in",
    "watch": "look without a screen and tell what happens, as a service",
    "explain": "tell what is known of a rule or a TCP state",
    "record": "record snapshots to a file, to be shown again with --replay",
    "notify": "send a test message by the configured notifiers",
    "config": "print a commented config file, or where it is",
}
"""Each is a module of nettui.commands with `configure(parser)` and `run(arguments) -> exit code`."""

FAILED, WRONG, INTERRUPTED = 1, 2, 130
"""Exit codes: it could not be done; the command line or a setting is wrong; ctrl+c."""

QUICK = ("check", "explain", "sockets")
"""Commands that take no longer than it takes to load what they need."""

UNKNOWN = {"check": 3}
"""What a command exits with in place of the first two, where these mean something else: monitoring takes 1 for a
warning and 2 for a critical state."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 where it did what was asked."""
    _replace_closed_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words.pop(0) if words and words[0] in COMMANDS else None
    try:
        code = _version() if words in (["--version"], ["-V"]) and name is None else _run(name, words)
        sys.stdout.flush()
        if name == "check" and arguments is None:  # a program of its own: to take down what it loaded costs more
            sys.stderr.flush()  # than most of what it did
            os._exit(code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _hush()
        return 0
    except Exception as error:
        from nettui.commands.crash import report

        _hush()
        sys.stderr.write(f"nettui: {report(error)}\n")
        return UNKNOWN.get(name or "", FAILED)
    return code


def _version() -> int:
    from nettui import __version__

    sys.stdout.write(f"nettui {__version__}\n")
    return 0


def _run(name: str | None, words: Sequence[str]) -> int:
    from importlib import import_module

    if name in QUICK:
        _load_msgspec()
    if name == "check":
        import gc

        gc.disable()  # all that it makes is written, and then the process ends; `--for` turns it on again
    module = import_module(f"nettui.commands.{name or 'dashboard'}")
    plain = None if words else getattr(module, "PLAIN", None)
    try:
        code: int = module.run(_parser(name, module).parse_args(words) if plain is None else plain)
    except SystemExit as done:  # argparse has said what there was to say: the help, or what is wrong
        code = done.code if isinstance(done.code, int) else FAILED
        return UNKNOWN.get(name or "", code) if code else 0
    except Exception as error:
        if not _is_about_settings(error):
            raise
        sys.stderr.write(f"nettui: {error}\n")
        return UNKNOWN.get(name or "", WRONG)
    return code


def _parser(name: str | None, module: "ModuleType") -> "ArgumentParser":
    from argparse import ArgumentParser, RawDescriptionHelpFormatter

    if name is None:
        listed = "\n".join(f"  {command:<10} {meaning}" for command, meaning in COMMANDS.items())
        parser = ArgumentParser(
            prog="nettui",
            description="This host's network on one screen, live, and what is wrong with it.",
            epilog=f"commands (nettui COMMAND --help tells more of each):\n{listed}",
            formatter_class=RawDescriptionHelpFormatter,
        )
        parser.add_argument("-V", "--version", action="store_true", help="print the version")
    else:
        parser = ArgumentParser(
            prog=f"nettui {name}", description=f"{COMMANDS[name].capitalize()}.", formatter_class=_formatter
        )
    module.configure(parser)
    return parser


def _load_msgspec() -> None:
    """msgspec prefers typing_extensions, where something has brought it, to typing, which has the same since Python
    3.11; and that loads inspect and what hangs on it: a quarter of the time of such a command."""
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    from importlib import import_module

    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # importlib's own way to say: not there
    try:
        import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"]


def _formatter(prog: str) -> "HelpFormatter":
    """argparse's own asks shutil how wide the terminal is, for every option, and that loads three compressors."""
    from argparse import HelpFormatter

    try:
        width = os.get_terminal_size(1).columns
    except OSError:
        width = 80
    return HelpFormatter(prog, width=width - 2)


def _is_about_settings(error: Exception) -> bool:
    """Whether a setting is wrong. A command that reads no settings, and fails or not, does without their room."""
    config = sys.modules.get("nettui.config.convert")
    return config is not None and isinstance(error, config.ConfigError)


def _replace_closed_streams() -> None:
    """Where a stream was closed (`>&-`) Python has None, which no library expects; nothing takes its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _hush() -> None:
    """Python flushes once more at its end: into nothing, where the output takes no more (`| head`, a full disk)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
