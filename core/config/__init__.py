"""Settings of a run: their types, their table, and the validated `RunConfig`."""
