"""Pages of visits: HTTP only."""
