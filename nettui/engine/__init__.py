"""Clock, schedule, the newest Snapshot and its history; recording and replay. Knows nothing of any screen."""
