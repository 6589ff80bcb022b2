"""The facts and their rollups."""

from referrals.models.facts import (
    CountingRules,
    DataVersion,
    Flow,
    Kind,
    LossReason,
    Payer,
    Referral,
    ReferrerNamed,
    Source,
    State,
    StatusEvent,
)
from referrals.models.imports import BatchState, ImportBatch, RowOutcome, SourceRow
from referrals.models.rollups import ROLLUPS, DestinationMonth, LineMonth, ProviderMonth, Rollup, SourceMonth

__all__ = [
    "ROLLUPS",
    "BatchState",
    "CountingRules",
    "DataVersion",
    "DestinationMonth",
    "Flow",
    "ImportBatch",
    "Kind",
    "LineMonth",
    "LossReason",
    "Payer",
    "ProviderMonth",
    "Referral",
    "ReferrerNamed",
    "Rollup",
    "RowOutcome",
    "Source",
    "SourceMonth",
    "SourceRow",
    "State",
    "StatusEvent",
]
