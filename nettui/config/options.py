"""The settings that have an option, as argparse takes them."""

from typing import TYPE_CHECKING

import msgspec

from nettui.config.convert import unwrap
from nettui.config.settings import Settings

if TYPE_CHECKING:  # a check without options loads no argparse
    from argparse import ArgumentParser


def add_options(parser: "ArgumentParser") -> None:
    """Every setting's option, unset by default; `load` checks what is given and says what is wrong with it."""
    for field in msgspec.structs.fields(Settings):
        _, doc = unwrap(field.type)
        if doc is None or not doc.option:
            continue
        flag, _, placeholder = doc.option.partition(" ")
        if placeholder:
            parser.add_argument(flag, dest=field.name, metavar=placeholder, help=doc.help)
        else:
            parser.add_argument(
                flag, dest=field.name, action="store_const", const=not flag.startswith("--no-"), help=doc.help
            )
