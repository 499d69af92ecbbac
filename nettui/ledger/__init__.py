"""Findings kept: what was found and when, and what people said of it."""
