"""Search as you type: people, practices and organizations by a few letters, typed in any order, with a slip or without accents."""

from contacts.finding.hits import Hit, place_of, search

__all__ = ["Hit", "place_of", "search"]
