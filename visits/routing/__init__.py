"""The route of a day."""
