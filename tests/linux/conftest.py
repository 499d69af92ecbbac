"""Fixtures of the Linux room's tests."""

import pytest

pytest.register_assert_rewrite("tests.linux.ip_truth")

from tests.lab_support import lab  # noqa: E402 (the line above must come before its module is imported)

__all__ = ["lab"]
