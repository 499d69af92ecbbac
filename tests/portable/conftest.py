"""Fixtures of the portable room's tests."""

from tests.lab_support import lab

__all__ = ["lab"]
