"""Who refers and who receives, and what words of the sources mean them."""

from contacts.models.custom import CustomField, CustomKind, CustomSubject, CustomValues
from contacts.models.directory import (
    Affiliation,
    Alignment,
    AlignmentKind,
    FoldedCity,
    Organization,
    PlacedBy,
    Practice,
    PracticeException,
    PracticePin,
    Provider,
    ProviderKind,
    Specialty,
    Staff,
)
from contacts.models.merges import KeptApart, OrganizationMerge, ProviderMerge
from contacts.models.moves import MoveKind, MoveNotice, MoveState
from contacts.models.registry import NameKind, NameWord, ProviderLocation, ProviderName, TaxonomyCode
from contacts.models.tiers import Cadence, Tier, TierChange
from contacts.models.visiting import HoursKind, LunchRule, MapPin, VisitingHours, Weekday
from contacts.models.words import Alias, Guess, WordsKind

__all__ = [
    "Affiliation",
    "Alias",
    "Alignment",
    "AlignmentKind",
    "Cadence",
    "CustomField",
    "CustomKind",
    "CustomSubject",
    "CustomValues",
    "FoldedCity",
    "Guess",
    "HoursKind",
    "KeptApart",
    "LunchRule",
    "MapPin",
    "MoveKind",
    "MoveNotice",
    "MoveState",
    "NameKind",
    "NameWord",
    "Organization",
    "OrganizationMerge",
    "PlacedBy",
    "Practice",
    "PracticeException",
    "PracticePin",
    "Provider",
    "ProviderKind",
    "ProviderLocation",
    "ProviderMerge",
    "ProviderName",
    "Specialty",
    "Staff",
    "TaxonomyCode",
    "Tier",
    "TierChange",
    "VisitingHours",
    "Weekday",
    "WordsKind",
]
