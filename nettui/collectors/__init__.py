"""The async workers that keep a Snapshot fresh; the only place that chooses a backend."""
