"""Who is meant: names and NPIs as sources write them, resolved to our providers, practices and organisations.

A `Directory` answers many questions at once and decides; `candidates_for` offers the best few to a person who decides.
"""

from contacts.matching.candidates import Candidate, candidates_for
from contacts.matching.directory import AMBIGUOUS, MATCHED, SIMILAR, UNMATCHED, Directory, Match
from contacts.matching.words import Words

__all__ = ["AMBIGUOUS", "MATCHED", "SIMILAR", "UNMATCHED", "Candidate", "Directory", "Match", "Words", "candidates_for"]
