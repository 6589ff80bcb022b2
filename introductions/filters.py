"""What the list of new physicians can be narrowed by: one set for page, files and API."""

from typing import Any

import django_filters as filters
from django.db.models import Q

from common.names import fold
from introductions.models import NewPhysician
from territories.models import ServiceLine

STATES = (("running", "Under way"), ("ended", "Over"), ("all", "All"))


class PhysicianFilter(filters.FilterSet):
    """Those under way, unless another state is asked for."""

    q = filters.CharFilter(label="Name", method="named")
    service_line = filters.ModelChoiceFilter(label="Service line", queryset=ServiceLine.objects.filter(is_active=True))
    state = filters.ChoiceFilter(label="State", choices=STATES, empty_label=None, method="in_state")

    class Meta:
        model = NewPhysician
        fields = ()

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else rows.filter(ended_at=None)

    def named(self, rows: Any, name: str, value: str) -> Any:
        words = Q()
        for word in value.split():
            words &= Q(provider__folded_name__contains=fold(word))
        return rows.filter(words)

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        return {"all": rows, "ended": rows.exclude(ended_at=None)}.get(value, rows.filter(ended_at=None))
