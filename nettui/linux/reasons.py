"""Why a way to read something failed, in words, and whether it is worth trying again at once."""

import errno

from nettui.linux.netlink import NetlinkDecodeError, NetlinkError

REST = 30.0
"""Seconds before a way that failed is tried again."""

PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EINTR)
"""Failures that may be over at any moment."""


def in_words(error: OSError | ValueError) -> str:
    """Why something failed, for the one who looks at the screen."""
    if isinstance(error, NetlinkError):
        return f"the kernel refuses sock_diag: {error.strerror}"
    if isinstance(error, NetlinkDecodeError):
        return f"sock_diag: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
