"""Reads for the pages of referrals over several models."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.shortcuts import get_object_or_404

from common.names import fold
from contacts.models import Affiliation, Organization, Practice, Provider
from referrals.models import (
    BatchState,
    ControlTotal,
    CountingRules,
    Flow,
    ImportBatch,
    MappingVersion,
    Referral,
    RowOutcome,
    Source,
    SourceRow,
)

CAP = 10_000
UNDER_WAY = (BatchState.CHECKING, BatchState.LOADING, BatchState.UNDOING)
_SUGGESTED = 12
_LOOKED_UP = 5
_LINKED = 20


@dataclass(frozen=True)
class Tally:
    """How many rows a filter finds, up to the cap, and how many of each flow among them."""

    total: int
    flows: Mapping[str, int]

    @property
    def is_capped(self) -> bool:
        return self.total > CAP


def tally(rows: QuerySet[Referral]) -> Tally:
    """Count at most one row more than the cap: a list need not know whether there are fifty thousand or sixty."""
    first = rows.order_by().values("pk", "flow")[: CAP + 1]
    counts = first.aggregate(total=Count("pk"), **{flow.name.lower(): Count("pk", filter=Q(flow=flow)) for flow in Flow})
    return Tally(counts["total"], {flow.value: counts[flow.name.lower()] for flow in Flow})


def for_list(rows: QuerySet[Referral]) -> QuerySet[Referral]:
    """With everything that a row shows."""
    return rows.select_related("source", "service_line", "payer", "provider", "practice", "territory", "destination")


def for_detail(rows: QuerySet[Referral]) -> QuerySet[Referral]:
    return for_list(rows).select_related("named_practice", "performer", "credited_to", "batch", "linked_to__source")


def by_number(number: str, *, user: Any) -> list[Referral]:
    """Referrals of this very number that the person may see; the same number may stand in several feeds."""
    number = number.strip()
    if not number:
        return []
    sources = list(Source.objects.values_list("pk", flat=True))
    return list(for_list(Referral.objects.visible_to(user)).filter(source__in=sources, source_key=number)[:_LOOKED_UP])


def earlier_twin(referral: Referral, *, user: Any) -> Referral | None:
    """The earlier referral of which this one is a duplicate (the rule is that of `deriving`)."""
    if not referral.is_duplicate:
        return None
    rules = CountingRules.current()
    requester = {"provider": referral.provider_id} if referral.provider_id else {"provider": None, "practice": referral.practice_id}
    same = (
        Referral.objects.visible_to(user)
        .filter(source=referral.source_id, patient_hash=referral.patient_hash, service_line=referral.service_line_id, **requester)
        .filter(
            is_own_follow_up=False,
            kind__in=rules.counted_kinds,
            anchor_on__gte=referral.anchor_on - dt.timedelta(days=rules.duplicate_days),
        )
    )
    before = Q(anchor_on__lt=referral.anchor_on) | Q(anchor_on=referral.anchor_on, source_key__lt=referral.source_key)
    return same.filter(before).exclude(state="rejected").select_related("source").order_by("-anchor_on", "-source_key").first()


def linked_rows(referral: Referral, *, user: Any) -> list[Referral]:
    """Appointments and claims that speak on this order, as far as the person may see them."""
    seen = Referral.objects.visible_to(user).filter(linked_to=referral).select_related("source")
    return list(seen.order_by("anchor_on", "pk")[:_LINKED])


def others_of_patient(referral: Referral, *, user: Any) -> int:
    """How many more referrals of the same patient this feed sent, as far as the person may see them."""
    if not referral.patient_hash:
        return 0
    same = Referral.objects.visible_to(user).filter(source=referral.source_id, patient_hash=referral.patient_hash)
    return same.exclude(pk=referral.pk).count()


def loaded_by_month(source: Source, first: dt.date, last: dt.date) -> dict[dt.date, int]:
    """Referrals of this source that are loaded already, by month."""
    rows = Referral.objects.filter(source=source, month__gte=first.replace(day=1), month__lte=last).order_by()
    return dict(rows.values_list("month").annotate(n=Count("pk")))


def feed_or_404(user: Any, pk: int) -> Source:
    """A feed that the person may see."""
    return get_object_or_404(Source.objects.visible_to(user), pk=pk)


def control_totals(source: Source) -> dict[dt.date, int]:
    """What the source itself counted, by month."""
    return dict(ControlTotal.objects.filter(source=source).values_list("month", "total"))


@dataclass(frozen=True)
class Feed:
    """A source as a row of the list of feeds."""

    source: Source
    referrals: int
    data_through: dt.date | None
    last_batch: ImportBatch | None


def feeds(user: Any) -> list[Feed]:
    """Every feed with how far its data reaches and its last file, in three queries."""
    newest = ImportBatch.objects.filter(source=OuterRef("pk"), state=BatchState.LOADED).order_by("-loaded_at", "-pk").values("pk")[:1]
    sources = list(Source.objects.visible_to(user).annotate(newest=Subquery(newest)))
    batches = ImportBatch.objects.in_bulk([source.newest for source in sources if source.newest])
    found = {
        pk: (n, last) for pk, n, last in Referral.objects.order_by().values_list("source").annotate(n=Count("pk"), last=Max("anchor_on"))
    }
    return [Feed(source, *found.get(source.pk, (0, None)), batches.get(source.newest)) for source in sources]


def feed(source: Source) -> Feed:
    """One source, as in the list."""
    told = Referral.objects.filter(source=source).aggregate(n=Count("pk"), last=Max("anchor_on"))
    batches = ImportBatch.objects.filter(source=source, state=BatchState.LOADED).order_by("-loaded_at", "-pk")
    return Feed(source, told["n"], told["last"], batches.first())


def mapping_versions(source: Source) -> list[MappingVersion]:
    """How the feed's files were read, newest first."""
    return list(MappingVersion.objects.filter(source=source).select_related("saved_by", "batch").order_by("-number"))


def examples(batch: ImportBatch) -> dict[str, tuple[int, str]]:
    """{reason: (line, sentence)} of the first kept row of each reason that says more than the reason itself."""
    rows = batch.source_rows.exclude(sentence="").order_by("reason", "line_number", "pk").distinct("reason")
    return {reason: (line, sentence) for reason, line, sentence in rows.values_list("reason", "line_number", "sentence")}


def previous_import(batch: ImportBatch) -> ImportBatch | None:
    """The import of this feed that was loaded last before this one."""
    loaded = ImportBatch.objects.filter(source=batch.source_id, state=BatchState.LOADED).exclude(pk=batch.pk)
    if batch.loaded_at:
        loaded = loaded.filter(loaded_at__lt=batch.loaded_at)
    return loaded.order_by("-loaded_at", "-pk").first()


@dataclass(frozen=True)
class TakenBack:
    """What undoing an import does to referrals: gone, back to what was told otherwise, or kept since other imports sent the same."""

    gone: int
    back: int
    kept: int


def taken_back(batch: ImportBatch) -> TakenBack:
    """What undoing this import would do; a referral stays as long as another import told anything of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH again AS MATERIALIZED (SELECT DISTINCT referral_id, digest FROM referrals_sentagain WHERE batch_id <> %(batch)s),
               mine AS MATERIALIZED (
                   SELECT s.referral_id, bool_or(a.digest IS NULL) AS loses, bool_or(a.digest IS NOT NULL) AS keeps
                   FROM referrals_sentrow s LEFT JOIN again a ON a.referral_id = s.referral_id AND a.digest = s.digest
                   WHERE s.batch_id = %(batch)s GROUP BY 1
               ), others AS (
                   SELECT DISTINCT o.referral_id FROM referrals_sentrow o JOIN mine USING (referral_id) WHERE o.batch_id <> %(batch)s
               )
               SELECT count(*) FILTER (WHERE NOT keeps AND o.referral_id IS NULL),
                   count(*) FILTER (WHERE loses AND (keeps OR o.referral_id IS NOT NULL)),
                   count(*) FILTER (WHERE NOT loses) + (
                       SELECT count(DISTINCT a.referral_id) FROM referrals_sentagain a LEFT JOIN mine USING (referral_id)
                       WHERE a.batch_id = %(batch)s AND mine.loses IS NULL)
               FROM mine LEFT JOIN others o USING (referral_id)""",
            {"batch": batch.pk},
        )
        return TakenBack(*cursor.fetchone())


def refused_words(batch: ImportBatch, header: str) -> list[str]:
    """Words of the status column that the last check did not know. The records are masked: no patient column is in them."""
    rows = SourceRow.objects.filter(batch=batch, outcome=RowOutcome.REJECTED, reason="unknown status")
    words = rows.values_list(f"record__{header}", flat=True)[:2_000] if _is_plain(header) else []
    return list(dict.fromkeys(" ".join(word.split()) for word in words if isinstance(word, str)))


def _is_plain(header: str) -> bool:
    """Django reads "__" in a look-up as a path, and digits as a list's place."""
    return bool(header) and "__" not in header and not header.isdigit()


def running_batches(user: Any) -> QuerySet[ImportBatch]:
    """Imports that a worker has in hand, or will."""
    return ImportBatch.objects.visible_to(user).filter(state__in=UNDER_WAY).select_related("source", "job")


def suggestions(kind: str, words: str, *, user: Any) -> list[dict[str, Any]]:
    """Providers, practices or organizations whose name has these words, for a field that completes what one types."""
    folded = fold(words)
    if not folded:
        return []
    if kind == "providers":
        who = Provider.objects.visible_to(user).filter(Q(folded_name__contains=folded) | Q(npi=words.strip(), npi__gt=""))
        works = Affiliation.objects.filter(provider=OuterRef("pk"), ended_on=None).order_by("-is_primary", "pk")
        people = who.annotate(office=Subquery(works.values("practice__name")[:1])).order_by("last_name", "first_name", "pk")[:_SUGGESTED]
        return [{"value": p.pk, "label": str(p), "sub": " · ".join(filter(None, [p.npi and f"NPI {p.npi}", p.office]))} for p in people]
    model: Any = Practice if kind == "practices" else Organization
    found = model.objects.visible_to(user).filter(folded_name__contains=folded).order_by("name", "pk")[:_SUGGESTED]
    return [{"value": row.pk, "label": row.name, "sub": ", ".join(filter(None, [row.city, row.state]))} for row in found]
