"""Practices placed by name: pins, and exceptions from a territory's rules."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts import policies
from contacts.models import Practice, PracticeException, PracticePin
from contacts.placement import place_practices
from territories.models import Territory


@transaction.atomic
def pin_practice(*, practice: Practice, territory: Territory, reason: str = "", by: User | None) -> None:
    """Put a practice into a territory by name, whatever its ZIP code says."""
    policies.check_can_pin(territory=territory)
    PracticePin.objects.update_or_create(
        practice=practice, defaults={"territory": territory, "reason": reason.strip(), "pinned_by": by, "pinned_at": timezone.now()}
    )
    record("practice.pinned", by=by, target=practice, territory=territory, reason=reason.strip())
    place_practices([practice.pk], by=by)


@transaction.atomic
def unpin_practice(*, practice: Practice, by: User | None) -> None:
    """Let the rules place the practice again."""
    removed, _ = PracticePin.objects.filter(practice=practice).delete()
    if removed:
        record("practice.unpinned", by=by, target=practice)
        place_practices([practice.pk], by=by)


@transaction.atomic
def set_pins(*, pins: Mapping[int, Territory | None], reason: str = "", by: User | None) -> dict[int, int | None]:
    """Pin practices (ids) to territories, or take their pins off; returns what each was pinned to before, of those that changed."""
    for territory in {to for to in pins.values() if to}:
        policies.check_can_pin(territory=territory)
    practices = Practice.objects.in_bulk(pins)
    had = {pin.practice_id: pin.territory_id for pin in PracticePin.objects.select_for_update().filter(practice__in=pins)}
    changed = {pk: had.get(pk) for pk, to in pins.items() if pk in practices and had.get(pk) != (to.pk if to else None)}
    for pk in changed:
        to = pins[pk]
        if to is None:
            PracticePin.objects.filter(practice=pk).delete()
            record("practice.unpinned", by=by, target=practices[pk])
        else:
            fields = {"territory": to, "reason": reason.strip()[:200], "pinned_by": by, "pinned_at": timezone.now()}
            PracticePin.objects.update_or_create(practice=practices[pk], defaults=fields)
            record("practice.pinned", by=by, target=practices[pk], territory=to, reason=reason.strip())
    if changed:
        place_practices(changed, by=by)
    return changed


@transaction.atomic
def except_practice(*, practice: Practice, territory: Territory, reason: str = "", by: User | None) -> PracticeException:
    """No rule of the territory is to catch this practice; the next that does places it."""
    if pin := PracticePin.objects.filter(practice=practice, territory=territory).first():
        raise PolicyViolation(f"{practice} is pinned to {pin.territory} by name. Take the pin off instead.")
    exception, made = PracticeException.objects.get_or_create(
        practice=practice, territory=territory, defaults={"reason": reason.strip(), "made_by": by}
    )
    if made:
        record("practice.excepted", by=by, target=practice, territory=territory, reason=reason.strip())
        place_practices([practice.pk], by=by)
    return exception


@transaction.atomic
def lift_exception(*, exception: PracticeException, by: User | None) -> None:
    """Let the territory's rules catch the practice again."""
    record("practice.exception_lifted", by=by, target=exception.practice, territory=exception.territory)
    practice = exception.practice_id
    exception.delete()
    place_practices([practice], by=by)
