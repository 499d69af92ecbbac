"""Fixtures of the Linux room's tests."""

from tests.lab_support import lab

__all__ = ["lab"]
