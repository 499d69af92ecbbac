"""What is known, as text, tables and JSON; the screens draw the same tables."""
