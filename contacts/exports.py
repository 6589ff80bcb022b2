"""Lists of contacts as files: what is seen, with the organization's own fields as columns."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from contacts import custom
from contacts.models import Alias, CustomField
from contacts.querysets import PracticeQuerySet, ProviderQuerySet

PROVIDER_HEADER = tuple(
    "npi,last name,first name,credential,kind,specialty,service line,alignment,practice,territory,phone,email,do not visit".split(",")
)
PRACTICE_HEADER = tuple("name,organization,address,town,state,zip,phone,fax,tier,territory,alignment,providers,do not visit".split(","))
PROVIDER_BELONGS = {
    "name": ("npi", "last name", "first name", "credential", "kind"),
    "specialty": ("specialty", "service line"),
}
PRACTICE_BELONGS = {"name": ("name", "organization"), "where": ("address", "town", "state", "zip")}


def header(plain: tuple[str, ...], fields: list[CustomField]) -> tuple[str, ...]:
    return (*plain, *(field.label for field in fields))


def provider_rows(providers: ProviderQuerySet, fields: list[CustomField]) -> Iterator[tuple[Any, ...]]:
    """Line by line; the practice is the primary one within the reader's scope, else the first."""
    row: Any  # with what `for_list` adds
    for row in providers.iterator(chunk_size=500):
        place = next((works.practice for works in row.works_at if works.is_primary), None) or next(
            (works.practice for works in row.works_at), None
        )
        line = row.specialty.service_line if row.specialty else None
        yield (
            row.npi, row.last_name, row.first_name, row.credential, row.get_kind_display(), str(row.specialty or ""), str(line or ""),
            row.alignment_today or "", str(place or ""), str(place.territory or "") if place else "", row.phone, row.email,
            "yes" if row.do_not_visit else "", *custom.cells(fields, row.custom),
        )  # fmt: skip


def practice_rows(practices: PracticeQuerySet, fields: list[CustomField]) -> Iterator[tuple[Any, ...]]:
    row: Any  # with what `for_list` adds
    for row in practices.iterator(chunk_size=500):
        yield (
            row.name, str(row.organization or ""), row.address, row.city, row.state, row.zip, row.phone, row.fax, row.tier,
            str(row.territory or ""), row.alignment_today or "", row.provider_count, "yes" if row.do_not_visit else "",
            *custom.cells(fields, row.custom),
        )  # fmt: skip


ALIAS_HEADER = ("words", "kind", "NPI", "office", "ZIP code", "mean", "who said so", "said on", "with import")
ALIAS_BELONGS = {"words": ("words", "kind", "NPI", "office", "ZIP code"), "who-said-so": ("who said so", "said on", "with import")}
ORGANIZATION_HEADER = ("name", "NPI", "service line", "alignment")
ORGANIZATION_BELONGS = {"name": ("name", "NPI")}


def alias_rows(aliases: QuerySet[Alias]) -> Iterator[tuple[Any, ...]]:
    """What people said words mean; blank where they mean nobody we know."""
    for alias in aliases.iterator(chunk_size=500):
        yield (
            alias.name, alias.get_kind_display(), alias.npi, alias.office, alias.zip, str(alias.target or ""), str(alias.made_by or "PRM"),
            timezone.localdate(alias.made_at), alias.came_with,
        )  # fmt: skip


def organization_rows(organizations: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in organizations.iterator(chunk_size=500):
        yield row.name, row.npi, str(row.service_line or ""), row.alignment_today or ""
