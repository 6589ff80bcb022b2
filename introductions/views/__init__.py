"""Pages of new physicians."""
