"""Every write on contacts. What facts were derived from is derived anew in a worker."""

import datetime as dt
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.names import fold
from common.places import city_of, county_of
from contacts import policies
from contacts.actions.custom import apply_custom
from contacts.finding.words import fold_names, learn_name
from contacts.models import Affiliation, Alignment, Organization, Practice, Provider, Specialty, Staff
from contacts.placement import place_practices
from contacts.spans import Span, overlay
from jobs.actions import enqueue
from territories.models import ServiceLine

Owner = Provider | Practice | Organization
_SCOPES = {Provider: "providers", Practice: "practices", Organization: "organizations"}


def _derive(owner: Owner, by: User | None) -> None:
    scope = _SCOPES[type(owner)]
    enqueue("referrals.derive", scope, [owner.pk], by=by, key=f"referrals.derive:{scope}:{owner.pk}")


def _rematch(by: User | None) -> None:
    enqueue("referrals.rematch", by=by, key="referrals.rematch")


def _apply(row: models.Model, fields: dict[str, Any]) -> dict[str, list[str]]:
    """Set what differs; returns {field: [before, after]} as the history tells it."""
    changes: dict[str, list[str]] = apply_custom(row, fields.pop("custom")) if "custom" in fields else {}
    for name, value in fields.items():
        before = getattr(row, name)
        value = value.strip() if isinstance(value, str) else value
        if before != value:
            changes[name] = ["" if text is None else str(text) for text in (before, value)]
            setattr(row, name, value)
    return changes


def _store(row: models.Model, thing: str, changes: dict[str, list[str]], by: User | None) -> None:
    is_new = row.pk is None
    if not (changes or is_new):
        return
    row.save()
    record(f"{thing}.{'added' if is_new else 'changed'}", by=by, target=row, changes=changes)


@transaction.atomic
def save_provider(*, provider: Provider | None = None, practice: Practice | None = None, by: User | None, **fields: Any) -> Provider:
    """Add or change a provider; `fields` are the model's. A new one may start at a practice."""
    provider = provider or Provider()
    is_new = provider.pk is None
    changes = _apply(provider, fields)
    if not fold(provider.last_name):
        raise PolicyViolation("Give the provider a last name.")
    policies.check_npi(npi=provider.npi, record=provider)
    fold_names(provider)
    _store(provider, "provider", changes, by)
    learn_name(provider)
    if practice is not None:
        affiliate(provider=provider, practice=practice, by=by)
    if changes.keys() & {"npi", "first_name", "middle_name", "last_name"}:
        _rematch(by)
    if "specialty" in changes and not is_new:
        _derive(provider, by)
    return provider


@transaction.atomic
def save_practice(*, practice: Practice | None = None, by: User | None, **fields: Any) -> Practice:
    """Add or change a practice. Another ZIP code may bring it into another territory, and its referrals with it."""
    practice = practice or Practice()
    is_new = practice.pk is None
    changes = _apply(practice, fields)
    policies.check_practice_name(name=practice.name, zip_=practice.zip, practice=practice)
    policies.check_npi(npi=practice.npi, record=practice)
    practice.folded_name = fold(practice.name)[:200]
    if "zip" in changes:
        practice.county = county_of(practice.zip)
        practice.city = practice.city if "city" in changes else city_of(practice.zip) or practice.city
        practice.state = practice.state if "state" in changes else practice.county[:2] or practice.state
    _store(practice, "practice", changes, by)
    if is_new or "zip" in changes:
        place_practices([practice.pk], by=by)
    if changes.keys() & {"name", "zip"}:
        _rematch(by)
    if "organization" in changes and not is_new:
        _derive(practice, by)
    practice.refresh_from_db()
    return practice


@transaction.atomic
def set_archived(*, practice: Practice, archived: bool, by: User | None) -> None:
    """Take a practice off every list, or bring it back. Its past stays in every figure."""
    if bool(practice.archived_at) == archived:
        return
    if archived and (why := policies.why_not_archived(practice.affiliations.open().count(), at=f"at {practice}")):
        raise PolicyViolation(why)
    practice.archived_at = timezone.now() if archived else None
    practice.save(update_fields=["archived_at"])
    record("practice.archived" if archived else "practice.brought_back", by=by, target=practice)


@transaction.atomic
def save_organization(*, organization: Organization | None = None, by: User | None, **fields: Any) -> Organization:
    """Add or change an organization."""
    organization = organization or Organization()
    is_new = organization.pk is None
    changes = _apply(organization, fields)
    policies.check_organization_name(name=organization.name, organization=organization)
    policies.check_npi(npi=organization.npi, record=organization)
    organization.folded_name = fold(organization.name)[:200]
    _store(organization, "organization", changes, by)
    if changes.keys() & {"name", "npi"}:
        _rematch(by)
    if "service_line" in changes and not is_new:
        _derive(organization, by)
    return organization


@transaction.atomic
def save_staff(*, staff: Staff | None = None, practice: Practice | None = None, by: User | None, **fields: Any) -> Staff:
    """Add somebody to an office, or change what we know of them; `left_on` says that they left."""
    staff = staff or Staff(practice=practice)
    changes = _apply(staff, fields)
    if not staff.name:
        raise PolicyViolation("Give the person a name.")
    _store(staff, "staff", changes, by)
    return staff


@transaction.atomic
def affiliate(
    *, provider: Provider, practice: Practice, started_on: dt.date | None = None, is_primary: bool = False, by: User | None
) -> Affiliation:
    """The provider works at the practice; the first place is the primary one."""
    policies.check_can_join(provider=provider, practice=practice)
    here = Affiliation.objects.open().select_for_update().filter(provider=provider)
    is_primary = is_primary or not here.filter(is_primary=True).exists()
    if is_primary:
        here.filter(is_primary=True).update(is_primary=False)
    affiliation = Affiliation.objects.create(provider=provider, practice=practice, started_on=started_on, is_primary=is_primary)
    record("affiliation.added", by=by, target=provider, practice=practice, started_on=started_on, is_primary=is_primary)
    _derive(provider, by)
    _rematch(by)
    return affiliation


@transaction.atomic
def end_affiliation(*, affiliation: Affiliation, ended_on: dt.date | None = None, by: User | None) -> None:
    """The provider no longer works there. When it was the primary place, the one held longest becomes it."""
    ended_on = ended_on or timezone.localdate()
    policies.check_can_end(affiliation=affiliation, ended_on=ended_on)
    was_primary = affiliation.is_primary
    affiliation.ended_on, affiliation.is_primary = ended_on, False
    affiliation.save(update_fields=["ended_on", "is_primary"])
    record("affiliation.ended", by=by, target=affiliation.provider, practice=affiliation.practice, ended_on=ended_on)
    following = Affiliation.objects.open().filter(provider=affiliation.provider).order_by("pk").first()
    if was_primary and following:
        following.is_primary = True
        following.save(update_fields=["is_primary"])
    _derive(affiliation.provider, by)


@transaction.atomic
def make_primary(*, affiliation: Affiliation, by: User | None) -> None:
    """Referrals whose file names no practice are counted here from now on, past ones too."""
    if affiliation.ended_on:
        raise PolicyViolation(f"{affiliation.provider} no longer works at {affiliation.practice}.")
    Affiliation.objects.open().filter(provider=affiliation.provider, is_primary=True).update(is_primary=False)
    affiliation.is_primary = True
    affiliation.save(update_fields=["is_primary"])
    record("affiliation.made_primary", by=by, target=affiliation.provider, practice=affiliation.practice)
    _derive(affiliation.provider, by)


@transaction.atomic
def align(*, owner: Owner, kind: str, started_on: dt.date | None = None, ended_on: dt.date | None = None, by: User | None) -> None:
    """Say whose somebody is from a day on. What was said before ends that day."""
    type(owner).objects.select_for_update(no_key=True).filter(pk=owner.pk).first()  # one at a time per owner
    known = [Span(row.kind, row.started_on, row.ended_on) for row in owner.alignments.all()]
    new = Span(kind, started_on, ended_on)
    policies.check_can_align(known=known, new=new)
    owner.alignments.all().delete()
    field = owner._meta.model_name
    Alignment.objects.bulk_create(
        Alignment(**{str(field): owner}, kind=span.kind, started_on=span.start, ended_on=span.end) for span in overlay(known, new)
    )
    record(f"{field}.aligned", by=by, target=owner, kind=kind, started_on=started_on, ended_on=ended_on)
    _derive(owner, by)


@transaction.atomic
def remove_alignment(*, alignment: Alignment, by: User | None) -> None:
    """Take back an entry that was wrong; for its days the next level speaks (practice, organization, unknown)."""
    owner = alignment.provider or alignment.practice or alignment.organization
    if owner is None:  # the database's own check forbids it
        return
    record(
        f"{owner._meta.model_name}.alignment_removed",
        by=by,
        target=owner,
        kind=alignment.kind,
        started_on=alignment.started_on,
        ended_on=alignment.ended_on,
    )
    alignment.delete()
    _derive(owner, by)


@transaction.atomic
def save_specialty(
    *, specialty: Specialty, name: str, service_line: ServiceLine | None, stays_off_lists: bool = False, by: User | None
) -> None:
    """Name a specialty in our words, say which line of care it belongs to, and whether it stays off lists of decliners and targets."""
    changes = _apply(specialty, {"name": name, "service_line": service_line, "stays_off_lists": stays_off_lists})
    if not specialty.name:
        raise PolicyViolation("Give the specialty a name.")
    _store(specialty, "specialty", changes, by)
