"""What the list of hand-overs can be narrowed by: one set for page, files and API."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet

from accounts.models import User
from planning.models import HandOver, HandOverState
from territories.models import Territory


def _territories(request: Any) -> QuerySet[Territory]:
    return Territory.objects.visible_to(request.user) if request else Territory.objects.none()


def _people(request: Any) -> QuerySet[User]:
    """Givers and takers of the hand-overs that the person sees."""
    if not request:
        return User.objects.none()
    seen = HandOver.objects.visible_to(request.user).order_by()
    return User.objects.filter(Q(pk__in=seen.values("giver")) | Q(pk__in=seen.values("taker")))


class HandOverFilter(filters.FilterSet):
    """By state, territory, or a person on either side."""

    state = filters.ChoiceFilter(label="State", choices=HandOverState, empty_label="Any state")
    territory = filters.ModelChoiceFilter(label="Territory", queryset=_territories, empty_label="All territories")
    person = filters.ModelChoiceFilter(label="Giver or taker", queryset=_people, empty_label="Everybody", method="of_person")

    class Meta:
        model = HandOver
        fields = ()

    def of_person(self, rows: Any, name: str, value: User) -> Any:
        return rows.filter(Q(giver=value) | Q(taker=value))
