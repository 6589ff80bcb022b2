"""Feeds that see something else now than when their facts were folded: their referrals are folded, linked and derived anew."""

from django.db import connection
from django.utils import timezone

from referrals.deriving import lock_facts, rederive_in_steps
from referrals.importing.linking import CLAIMING
from referrals.importing.staging import PERCENT, Progress
from referrals.importing.writing import refold
from referrals.models import Source
from referrals.rollups import FACTS


def relink(source_ids: list[int], *, progress: Progress) -> int:
    """Fold and link anew these feeds' referrals, or those of all feeds that see appointments or claims. Returns how many changed."""
    sources = source_ids or list(Source.objects.filter(sees__in=CLAIMING).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        lock_facts(cursor)
        progress(5, PERCENT, "Linking appointments and claims to their orders")
        chosen = f"SELECT id FROM {FACTS} WHERE source_id = ANY(%(sources)s)"  # noqa: S608 - our own table
        changed = refold(cursor, chosen, {"sources": sources}, now=timezone.now())
    return changed + rederive_in_steps("sources", sources, progress=progress)
