"""`nettui config`: where the settings are, and a file of all of them to start from."""

import os
import sys
from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """The options of this command; one of them has to be given."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--print", action="store_true", help="write a config file of every setting, explained")
    what.add_argument("--path", action="store_true", help="write where the config file is, or would be")


def run(arguments: Namespace) -> int:
    """Write what was asked for to standard output; always 0."""
    if arguments.path:
        from nettui.config import locate

        # A path is bytes: written as they are, so that a script can use it whatever the locale.
        sys.stdout.buffer.write(os.fsencode(locate(os.environ)) + b"\n")
    else:
        from nettui.config.template import template

        sys.stdout.write(template())
    sys.stdout.flush()
    return 0
