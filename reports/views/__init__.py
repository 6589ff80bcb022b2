"""Pages of reports: HTTP only."""
