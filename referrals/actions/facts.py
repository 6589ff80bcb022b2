"""What a person puts right on the facts, and the rules by which we count."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from contacts.merging import above
from contacts.models import Organization, Provider
from jobs.actions import enqueue
from referrals.deriving import lock_facts_soon, publish, settle, touch
from referrals.importing.writing import refold, said_of
from referrals.models import Correction, CountingRules, Kind, Referral, ReferrerNamed
from referrals.rollups import FACTS

DERIVING_RULES = ("affiliated_is_ours", "counted_kinds", "duplicate_days")


# What a person may correct, and the source's words that go with it: matching must come to the same end as the person did.
_WORDS: dict[str, Callable[[Any], dict[str, str]]] = {
    "provider": lambda who: {"referring_name": _full_name(who), "referring_npi": who.npi if who else ""},
    "practice": lambda where: {"referring_org": where.name if where else "", "referring_zip": where.zip if where else ""},
    "destination": lambda where: {"destination_name": where.name if where else ""},
    "performer": lambda who: {"performing_name": _full_name(who), "performing_npi": who.npi if who else ""},
}
_FIELDS = {"practice": "named_practice"}
EDITABLE = frozenset({"service_line", "payer", "kind", "priority", "reason", *_WORDS})


@transaction.atomic
def edit_referral(*, referral: Referral, by: User | None, **fields: Any) -> Referral:
    """Correct a referral. When the source sends other words than it did until now, the source is believed."""
    if unknown := fields.keys() - EDITABLE:
        raise TypeError(f"Not editable: {', '.join(sorted(unknown))}")
    with connection.cursor() as cursor:
        lock_facts_soon(cursor)
        said = said_of(cursor, referral.pk, now=timezone.now())
        touch(cursor, f"SELECT id FROM {FACTS} WHERE id = %s", [referral.pk])  # noqa: S608 - our own table
        referral = Referral.objects.get(pk=referral.pk)
        corrected: dict[str, Any] = {}
        for name, value in fields.items():
            if isinstance(value, Provider | Organization):
                value = [value, *above(value)][-1]  # whom it was merged into
            setattr(referral, _FIELDS.get(name, name), value)
            words = _WORDS[name](value) if name in _WORDS else {_column(name): getattr(value, "pk", value)}
            corrected |= words
            for word, text in words.items():
                setattr(referral, word, text)
        if referral.referrer_named != ReferrerNamed.SELF or "provider" in fields:
            referral.referrer_named = _named(referral)
        try:
            referral.clean_fields(exclude=[field.name for field in Referral._meta.fields if field.name not in fields or field.is_relation])
        except ValidationError as error:
            raise InputError(" ".join(error.messages)) from error
        referral.save()
        settle(cursor)
    if said:
        Correction.objects.create(referral=referral, said={name: said[name] for name in corrected}, corrected=corrected, corrected_by=by)
    record("referral.edited", by=by, target=referral, fields=sorted(fields))
    publish(f"referral {referral.pk} edited")
    referral.refresh_from_db()
    return referral


@transaction.atomic
def undo_correction(*, correction: Correction, by: User | None) -> Referral:
    """Take a correction back: what the source said stands again, and what was corrected besides."""
    referral = correction.referral
    with connection.cursor() as cursor:
        lock_facts_soon(cursor)
        record("referral.correction_undone", by=by, target=referral, fields=sorted(correction.corrected))
        Correction.objects.filter(pk=correction.pk).delete()
        refold(cursor, "SELECT %(id)s", {"id": referral.pk}, now=timezone.now())
    publish(f"correction of referral {referral.pk} undone")
    referral.refresh_from_db()
    return referral


def _column(field: str) -> str:
    return f"{field}_id" if field in ("service_line", "payer") else field


def _full_name(who: Provider | None) -> str:
    return f"{who.first_name} {who.last_name}".strip() if who else ""


def _named(referral: Referral) -> str:
    if referral.referring_name or referral.referring_npi:
        return ReferrerNamed.PROVIDER
    return ReferrerNamed.ORGANIZATION if referral.referring_org else ReferrerNamed.UNKNOWN


@transaction.atomic
def delete_referral(*, referral: Referral, by: User | None, why: str) -> None:
    """Take a referral out, with its history. A later file that holds it brings it back."""
    with connection.cursor() as cursor:
        lock_facts_soon(cursor)
        record("referral.deleted", by=by, target=referral, why=why, month=f"{referral.month:%Y-%m}")
        refold(cursor, "SELECT NULL::bigint", {"id": referral.pk}, gone="SELECT %(id)s", now=timezone.now())
    publish(f"referral {referral.pk} deleted")


@transaction.atomic
def save_counting_rules(*, by: User | None, **fields: Any) -> CountingRules:
    """Change what counts. Rules that change numbers derive every fact anew, in a worker."""
    CountingRules.objects.get_or_create(pk=1, defaults={"counted_kinds": [Kind.CONSULT, Kind.PROCEDURE]})
    rules = CountingRules.objects.select_for_update().get(pk=1)
    before = {name: getattr(rules, name) for name in fields}
    for name, value in fields.items():
        setattr(rules, name, value)
    try:
        rules.full_clean(validate_constraints=False)
    except ValidationError as error:
        raise InputError(" ".join(error.messages)) from error
    changed = {name: [before[name], fields[name]] for name in fields if before[name] != fields[name]}
    if changed:
        rules.save()
        record("counting_rules.changed", by=by, target=rules, **changed)
    if changed.keys() & set(DERIVING_RULES):
        enqueue("referrals.derive", "all", [], by=by, key="referrals.derive.all")
    if changed.keys() & {"link_days", "duplicate_days", "counted_kinds"}:
        enqueue("referrals.relink", by=by, key="referrals.relink.all")
    return rules
