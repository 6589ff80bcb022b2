"""Who may hand over what, and when."""

import datetime as dt

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from planning.models import HandOver, HandOverState
from territories.models import Assignment, Territory
from territories.scope import scope_of


def sees(user: User, territory: Territory) -> bool:
    scope = scope_of(user)
    return scope.whole or territory.pk in scope.territory_ids


def check_can_propose(*, by: User, giver: User, taker: User, territory: Territory, effective_on: dt.date) -> None:
    """The giver themselves, or who may approve; of a territory they see and the giver looks after on the day."""
    if by != giver and not by.can(Permission.HANDOVER_APPROVE):
        raise PolicyViolation("You can propose to hand over what is yours. Ask a manager for somebody else's.")
    if not sees(by, territory):
        raise PolicyViolation("This territory is not in your field.")
    if giver == taker:
        raise PolicyViolation("Choose somebody else to take it.")
    if not taker.is_active or not taker.can(Permission.VISIT_LOG):
        raise PolicyViolation(f"{taker} does not log visits. Choose somebody who does.")
    if effective_on < timezone.localdate():
        raise PolicyViolation("The past stays as it was. Choose today or a day to come.")
    if not held_by(giver, territory, effective_on):
        raise PolicyViolation(f"{giver} does not look after {territory} on that day.")


def held_by(person: User, territory: Territory, day: dt.date) -> list[Assignment]:
    """What the person has there on the day; a day on which it ends counts no more."""
    return list(Assignment.objects.filter(user=person, territory=territory).on(day).select_related("service_line").order_by("pk"))


def check_parts(*, handover: HandOver) -> None:
    """Parts go to a territory of the taker, another one than that they lie in."""
    to = handover.to_territory
    if not handover.is_partial:
        return
    if to is None:
        raise PolicyViolation("Choose the territory that the ZIP codes and practices go to.")
    if to.pk == handover.territory_id:
        raise PolicyViolation(f"They lie in {to} already. Choose another territory.")
    if not held_by(handover.taker, to, handover.effective_on):
        raise PolicyViolation(f"{handover.taker} does not look after {to} on that day.")


def can_decide(user: User, handover: HandOver) -> bool:
    """A manager or an admin who sees the territory; not who proposed it, unless they draw territories anyway."""
    if handover.state != HandOverState.PROPOSED or not user.can(Permission.HANDOVER_APPROVE) or not sees(user, handover.territory):
        return False
    return user.pk != handover.proposed_by_id or user.can(Permission.TERRITORY_EDIT)


def check_can_decide(user: User, handover: HandOver) -> None:
    if handover.state != HandOverState.PROPOSED:
        raise PolicyViolation("This was decided before.")
    if not can_decide(user, handover):
        raise PolicyViolation("Somebody else has to approve this: a manager of the territory or an admin.")


def can_withdraw(user: User, handover: HandOver) -> bool:
    """Until its day has come: who proposed it, and who may approve."""
    waits = handover.state in {HandOverState.PROPOSED, HandOverState.APPROVED}
    return waits and (user.pk == handover.proposed_by_id or (user.can(Permission.HANDOVER_APPROVE) and sees(user, handover.territory)))


def can_undo(user: User, handover: HandOver) -> bool:
    return handover.state == HandOverState.DONE and user.can(Permission.HANDOVER_APPROVE) and sees(user, handover.territory)
