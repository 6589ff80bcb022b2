"""A hand-over that waits for its approval, so that the pages of territory planning have something to show."""

import datetime as dt

import planning.actions
from accounts.models import User
from planning.models import HandOver, Work
from territories.models import Territory


def ensure(people: dict[str, User], today: dt.date) -> None:
    """Mel proposes that Sam takes Canton over from Tara in two weeks, with everything that is under way there."""
    if HandOver.objects.exists():
        return
    planning.actions.propose_handover(
        territory=Territory.objects.get(name="Canton"),
        giver=people["Tara Woods"],
        taker=people["Sam Ortiz"],
        effective_on=today + dt.timedelta(days=14),
        takes=[Work.FOLLOW_UPS, Work.VISITS, Work.CONCERNS],
        note="Tara has Akron alone from then on.",
        by=people["Mel Park"],
    )
