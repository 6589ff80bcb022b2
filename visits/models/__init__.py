"""Outreach: visits, who was met, what was promised, and lists of whom to visit."""

from visits.models.targets import TargetEntry, TargetHandover, TargetList
from visits.models.visits import Attendee, FollowUp, Mode, Outcome, Topic, Visit, VisitState

__all__ = [
    "Attendee",
    "FollowUp",
    "Mode",
    "Outcome",
    "TargetEntry",
    "TargetHandover",
    "TargetList",
    "Topic",
    "Visit",
    "VisitState",
]
