"""Reads of the directory."""

from directory.queries.listings import OURS, listings
from directory.queries.places import next_stop, origin_of
from directory.queries.subjects import KEY, people_to_keep, subject_of

__all__ = ["KEY", "OURS", "listings", "next_stop", "origin_of", "people_to_keep", "subject_of"]
