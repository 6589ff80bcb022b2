"""Pages of contacts: HTTP only."""
