"""The settings of a run: value types, the settings table and the validated `RunConfig`."""
