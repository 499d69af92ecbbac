"""`nettui`: the dashboard, of the live host or of a recording."""

import gc
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from nettui.commands.crash import report
from nettui.config import ConfigError, Settings, add_options, load, locate
from nettui.engine.engine import Engine
from nettui.engine.source import Source


def configure(parser: ArgumentParser) -> None:
    """The options of the dashboard: every setting's, and what to show."""
    add_options(parser)
    parser.add_argument("--replay", type=Path, metavar="FILE", help="show a recording instead of this host")


def run(arguments: Namespace) -> int:
    """Run the dashboard until the user quits; 0, or 1 after a fault, 2 for a wrong setting or without a terminal."""
    if arguments.version:
        from nettui import __version__

        sys.stdout.write(f"nettui {__version__}\n")
        return 0
    gc.disable()  # until the first picture; going through all that is only being built costs a tenth of the start
    settings = load(vars(arguments), os.environ)
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        sys.stderr.write("nettui: needs a terminal for its screen; without one use: nettui snapshot\n")
        return 2
    problem, source = _source(settings, arguments.replay)
    if source is None:
        sys.stderr.write(f"nettui: {problem}\n")
        return 1
    return _show(settings, source, problem, live=arguments.replay is None)


def _source(settings: Settings, replay: Path | None) -> tuple[str | None, Source | None]:
    """What to show, and what was wrong with it."""
    if replay is None:
        from nettui.commands.live import live_source

        return None, live_source(settings)
    from nettui.engine.recording import Recording, RecordingError
    from nettui.engine.replay import Replay

    try:
        recording = Recording(replay)
    except RecordingError as error:
        return str(error), None
    return recording.problem, Replay(recording)


def _show(settings: Settings, source: Source, problem: str | None, *, live: bool) -> int:
    from nettui.commands.desk import open_desk
    from nettui.diagnosis.diagnose import Diagnosis
    from nettui.diagnosis.thresholds import Thresholds
    from nettui.ledger.desk import Desk
    from nettui.tui.terminal import colour_depth, prepare_environment

    depth = colour_depth(os.environ)
    for name, value in prepare_environment(os.environ).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

    from nettui.tui.app import NettuiApp  # only now: Textual reads the environment while it is imported
    from nettui.tui.glyphs import choose
    from nettui.tui.theme import available
    from nettui.tui.wardrobe import Wardrobe

    config = locate(os.environ)
    if settings.keys:
        from nettui.tui.keymap import wrong_action

        wrong = wrong_action(settings.keys)
        if wrong is not None:
            raise ConfigError(f"{config}: keys.{wrong}")
    wardrobe = Wardrobe(available(config.parent), settings.theme, depth, choose(settings.ascii, os.environ))
    desk = open_desk(settings, lambda: app.bell(), patience=0.3) if live else Desk()
    engine = Engine(source, Diagnosis(Thresholds.from_settings(settings.rules)), desk)
    app = NettuiApp(engine, settings, wardrobe, notice=problem, report=report)
    try:
        code = app.run(mouse=settings.mouse)
    finally:
        desk.close()
    if app.crash is not None:
        sys.stderr.write(f"nettui: {report(app.crash)}\n")
        return 1
    return code if isinstance(code, int) else 0
