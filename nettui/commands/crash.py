"""What is left of a crash: one sentence for the user, and the traceback, without any variable, in a file."""

import errno
import traceback

from nettui.model.text import clean


def report(error: BaseException) -> str:
    """The sentence; the traceback is in the state folder afterwards, if that could be written."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the output could not be written: {error.strerror}"
    what = clean(f"{type(error).__name__}: {error}", 160)
    try:
        from platformdirs import user_state_path

        path = user_state_path("nettui", appauthor=False, ensure_exists=True) / "crash.txt"
        # The message of an error may quote what came from outside, and the file will be read in a terminal.
        lines = "".join(traceback.format_exception(error)).splitlines()
        path.write_text("".join(f"{clean(line, 1000)}\n" for line in lines), encoding="utf-8")
    except (OSError, ImportError):
        return f"ended by a fault of its own ({what}); please report it"
    return f"ended by a fault of its own ({what}); please report it with {clean(str(path))}"
