"""The network panel: the units and the strongest weights between them."""
