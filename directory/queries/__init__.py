"""Reads of the directory."""

from directory.queries.listings import OURS, listings
from directory.queries.places import next_stop, origin_of

__all__ = ["OURS", "listings", "next_stop", "origin_of"]
