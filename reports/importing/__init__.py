"""Files that reports read."""
