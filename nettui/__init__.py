"""nettui: one host's network in a terminal, live, and what is wrong with it."""

__version__ = "0.1.0"
