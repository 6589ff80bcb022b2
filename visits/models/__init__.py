"""Outreach: visits, who was met, what was promised, lists of whom to visit, and drawn orders."""

from visits.models.draws import Draw, DrawnPractice
from visits.models.targets import TargetEntry, TargetHandover, TargetList
from visits.models.visits import Attendee, FollowUp, Mode, Outcome, Topic, Visit, VisitState

__all__ = [
    "Attendee",
    "Draw",
    "DrawnPractice",
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
