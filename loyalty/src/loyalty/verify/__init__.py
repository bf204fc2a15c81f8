"""The public audit: anyone with a read-only connection can check that every event counted exactly once."""
