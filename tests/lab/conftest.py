"""Fixtures of the lab: real faults in network namespaces."""

from tests.lab_support import lab

__all__ = ["lab"]
