"""A phone's right to log what it was given: a practice that was in the field when the phone left, and is not when the visit arrives."""

import datetime as dt
import hmac

from django.utils.crypto import salted_hmac

from accounts.models import User

LENGTH = 16  # characters: 64 bits, for something that is worth one visit


def pass_for(user: User, practice_id: int, *, on: dt.date) -> str:
    """What the phone keeps beside a practice and sends back with a visit to it; good in this month and the next."""
    return salted_hmac("visits.passes", f"{user.pk}:{practice_id}:{on:%Y-%m}").hexdigest()[:LENGTH]


def is_pass(said: str, user: User, practice_id: int, *, on: dt.date) -> bool:
    """Whether the person was given this practice in this month or the last."""
    months = (on, on.replace(day=1) - dt.timedelta(days=1))
    return any(hmac.compare_digest(said.encode(), pass_for(user, practice_id, on=month).encode()) for month in months)
