"""Pages of the first day."""
