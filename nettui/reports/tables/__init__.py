"""Each part of the picture as a table: what the screens draw and the reports print."""
