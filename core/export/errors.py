"""The error of an export."""


class ExportError(ValueError):
    """A run cannot be exported in this format; the message is one sentence for the user."""
