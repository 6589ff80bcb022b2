"""In which state a write of reports is allowed."""
