"""HTTP of events."""
