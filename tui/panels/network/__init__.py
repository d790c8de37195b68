"""The network panel: units, and the strongest weights between them."""
