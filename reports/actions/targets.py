"""Targets written down on lists for liaisons: the value, its parts and the sentence of the day on which they were chosen."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from django.db import transaction

import visits.actions
from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from reports import targeting
from reports.queries.market import Market
from reports.queries.names import Names
from territories.models import ServiceLine
from territories.scope import scope_of
from visits.actions import Wanted
from visits.models import TargetList


@transaction.atomic
def save_targets(
    *,
    by: User,
    source: Market,
    known: Names,
    keys: Collection[str],
    target_list: TargetList | None = None,
    name: str = "",
    campaign: str = "",
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> tuple[TargetList, int]:
    """Put the chosen targets (`targeting.Listed.key`) on a new list, or on one that there is; returns it and how many are new on it.

    What they are worth is found anew for whoever asks, so that nobody writes down what they do not see.
    """
    listed = targeting.find(source, scope=scope_of(by), known=known, whose=targeting.EVERYBODY, only=set(keys)).listed
    if not listed:
        raise InputError("Tick at least one target.")
    if target_list is None:
        target_list = visits.actions.save_target_list(by=by, name=name, campaign=campaign, starts_on=starts_on, ends_on=ends_on)
    lines = ServiceLine.objects.in_bulk({one.target.candidate.service_line_id for one in listed})
    wanted = [
        Wanted(
            practice=one.practice,
            provider=one.provider,
            service_line=lines[one.target.candidate.service_line_id],
            value=targeting.money(one.value),
            gain=Decimal(one.target.gain).quantize(Decimal("0.1")),
            parts={part.name: f"{part.amount}. {part.source}" for part in one.parts},
            reason=one.why,
        )
        for one in listed
    ]
    added = visits.actions.add_targets(by=by, target_list=target_list, wanted=wanted)
    record("targets.chosen", by=by, target=target_list, vendor=source.vendor, through=source.through_on, chosen=len(wanted))
    return target_list, added
