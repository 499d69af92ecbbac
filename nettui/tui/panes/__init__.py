"""The panes: each draws one part of a Frame in one live table, and owns the keys that work on it."""
