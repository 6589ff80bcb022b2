"""The route of a day: which stops, in which order, at what time (METHODS section 6)."""

from visits.routing.planning import drive_minutes, forced, plan_day, timed
from visits.routing.shapes import DayRoute, Lunch, Stop

__all__ = ["DayRoute", "Lunch", "Stop", "drive_minutes", "forced", "plan_day", "timed"]
