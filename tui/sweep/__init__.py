"""Screen of a sweep: table of the combinations, heat map, and small maps while it trains."""
