"""Pure functions from history to Findings: no I/O and no clock of their own."""
