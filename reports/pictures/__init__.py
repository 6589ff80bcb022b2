"""A question and a measure → the units, months or grid that a picture draws: what is read, what is left out, and why."""

from reports.pictures import control, funnel, heat
from reports.pictures.asking import among, behind, refusal, words_of

__all__ = ["among", "behind", "control", "funnel", "heat", "refusal", "words_of"]
