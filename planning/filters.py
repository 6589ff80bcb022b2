"""What the list of hand-overs can be narrowed by: one set for page, files and API."""

from typing import Any

import django_filters as filters
from django.db.models import Q

from accounts.models import User
from planning.models import HandOver, HandOverState
from territories.models import Territory


class HandOverFilter(filters.FilterSet):
    """By state, territory, or a person on either side."""

    state = filters.ChoiceFilter(label="State", choices=HandOverState, empty_label="Any state")
    territory = filters.ModelChoiceFilter(label="Territory", queryset=Territory.objects.all())
    person = filters.ModelChoiceFilter(label="Giver or taker", queryset=User.objects.all(), method="of_person")

    class Meta:
        model = HandOver
        fields = ()

    def of_person(self, rows: Any, name: str, value: User) -> Any:
        return rows.filter(Q(giver=value) | Q(taker=value))
