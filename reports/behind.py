"""Every measure tells the list of referrals what stands behind its figures: `referrals` asks here, and knows nothing of reports."""

import datetime as dt

from django.db.models import QuerySet

from referrals.behind import FIGURES, Figure, Narrow, Part
from referrals.models import Referral
from reports.measures import MEASURES, Ask, Measure


def _narrow(measure: Measure) -> Narrow:
    def narrow(rows: QuerySet[Referral], part: Part) -> QuerySet[Referral]:
        """By the settings and the data of now; days, field and filter are those of the rows. Only what is counted is in a figure."""
        if measure.behind is None:
            return rows.none()
        ask = Ask(dt.date.min, dt.date.max)
        return rows.none() if measure.lacks(ask) else measure.behind(ask, rows.filter(is_counted=True), part)

    return narrow


FIGURES.update({name: Figure(one.title, tuple(one.parts), _narrow(one)) for name, one in MEASURES.items() if one.parts})
