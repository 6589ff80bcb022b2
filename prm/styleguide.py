"""Every component of templates/components/ with invented data. The browser tests visit this page, light and dark."""

import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from accounts.access import open_to_everybody_inside
from prm.styleguide_statistics import statistics

TODAY = datetime.date(2026, 10, 3)
MONTHS = [f"{name} 2026" for name in ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")]
RATES = [0.207, 0.211, 0.205, 0.214, 0.219, 0.222, 0.226, 0.231, 0.238, 0.244, 0.249, 0.251]
COUNTS = {"Inbound": [410, 432, 425, 447, 451, 462, 470, 455, 481], "Internal": [312, 318, 305, 321, 330, 327, 340, 338, 331]}
MODES = [("in person", "In person"), ("phone", "Phone"), ("video", "Video"), ("drop-off", "Drop-off")]
LINES = ["Cardiology", "Orthopedics", "Oncology", "Gastroenterology"]
PRACTICES = [
    "Lakeview Internal Medicine",
    "Harbor Family Health",
    "Northside Primary Care",
    "Elm Street Pediatrics",
    "Valley Women's Health",
]


class SampleForm(forms.Form):
    """One of each kind of field."""

    practice = forms.CharField(help_text="As it stands on the door.")
    email = forms.EmailField(label="Email address")
    tier = forms.ChoiceField(choices=[("A", "A, every month"), ("B", "B, every quarter")], required=False)
    mode = forms.ChoiceField(label="How did you meet?", choices=MODES, widget=forms.RadioSelect)
    lines = forms.MultipleChoiceField(
        label="Service lines", choices=[(line, line) for line in LINES], widget=forms.CheckboxSelectMultiple, required=False
    )
    on = forms.DateField(label="Date", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(help_text="No patient names or record numbers.", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    follow_up = forms.BooleanField(label="Remind me in two weeks", required=False)


class SampleFilters(forms.Form):
    """A filter bar."""

    q = forms.CharField(label="Search", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    service_line = forms.ChoiceField(choices=[("", "All service lines"), *[(line, line) for line in LINES]], required=False)
    mine = forms.BooleanField(label="Only mine", required=False)


def _charts() -> list[dict[str, Any]]:
    months = MONTHS[:9]
    volumes = [[month, *(f"{series[at]:,}" for series in COUNTS.values())] for at, month in enumerate(months)]
    volume_columns = [{"label": "Month"}, {"label": "Inbound", "num": True}, {"label": "Internal", "num": True}]
    flows = [("Primary care", "Cardiology", 420), ("Primary care", "Orthopedics", 360), ("Urgent care", "Orthopedics", 120)]
    ends = [("Cardiology", "Our network", 310, "internal"), ("Cardiology", "Elsewhere", 110, "outbound")]
    ends += [("Orthopedics", "Our network", 350, "internal"), ("Orthopedics", "Elsewhere", 130, "outbound")]
    shortfalls = [62, 48, 31, 22, 14]
    return [
        {
            "id": "sg-line",
            "title": "Leakage rose 3.1 points since January, past the target of 20%",
            "sub": "Share of ordered referrals that leave, by month",
            "note": "Band: 80% interval. Dashed: forecast. Hatched: still filling up.",
            "csv_url": "?format=csv",
            "spec": {
                "kind": "line",
                "labels": MONTHS,
                "unit": "percent",
                "series": [{"name": "Leakage", "values": RATES, "tone": "outbound", "dashed_from": 9}],
                "band": {"low": [r - 0.012 for r in RATES], "high": [r + 0.012 for r in RATES], "label": "80% interval"},
                "target": {"value": 0.2, "label": "Target 20%"},
                "immature_from": 8,
            },
            "table": {
                "columns": [{"label": "Month"}, {"label": "Leakage", "num": True}],
                "rows": [[month, f"{rate:.1%}"] for month, rate in zip(MONTHS, RATES, strict=True)],
            },
        },
        {
            "id": "sg-stacked",
            "title": "Received referrals grew by 12% since January",
            "spec": {
                "kind": "stacked",
                "labels": months,
                "series": [{"name": name, "values": values, "tone": name.lower()} for name, values in COUNTS.items()],
                "immature_from": 8,
            },
            "table": {"columns": volume_columns, "rows": volumes},
        },
        {
            "id": "sg-sankey",
            "title": "1 in 4 referrals leaves after the specialty visit",
            "spec": {
                "kind": "sankey",
                "nodes": [
                    *({"name": name, "tone": "neutral"} for name in ("Primary care", "Urgent care", "Cardiology", "Orthopedics")),
                    {"name": "Our network", "tone": "internal"},
                    {"name": "Elsewhere", "tone": "outbound", "url": "#main"},
                ],
                "links": [
                    *({"source": source, "target": target, "value": value} for source, target, value in flows),
                    *({"source": source, "target": target, "value": value, "tone": tone} for source, target, value, tone in ends),
                ],
            },
            "table": {
                "columns": [{"label": "From"}, {"label": "To"}, {"label": "Referrals", "num": True}],
                "rows": [[flow[0], flow[1], flow[2]] for flow in (*flows, *ends)],
            },
        },
        {
            "id": "sg-bars",
            "title": "Lakeview fell furthest: 62 referrals below its own baseline",
            "spec": {
                "kind": "bar",
                "horizontal": True,
                "labels": PRACTICES,
                "series": [{"name": "Shortfall", "values": shortfalls, "tone": "bad", "urls": ["#main"] * 5}],
            },
            "table": {
                "columns": [{"label": "Practice"}, {"label": "Shortfall", "num": True}],
                "rows": [[name, value] for name, value in zip(PRACTICES, shortfalls, strict=True)],
            },
        },
    ]


@open_to_everybody_inside("shows components with invented data")
def styleguide(request: HttpRequest) -> HttpResponse:
    """The page, or the answer of its own combobox to `?q=` when that asks for JSON."""
    if request.headers.get("Accept") == "application/json":
        term = request.GET.get("q", "").lower()
        found = [name for name in PRACTICES if term in name.lower()]
        return JsonResponse([{"value": name, "label": name, "sub": "Lorain, OH"} for name in found], safe=False)
    context = {
        "plain": SampleForm(initial={"mode": "in person", "lines": LINES[:2], "on": TODAY}, prefix="plain"),
        "form": SampleForm({"email": "nora@", "on": "2026-10-03", "lines": LINES[:1]}) if "errors" in request.GET else None,
        "tiles": SampleForm(initial={"mode": "phone", "lines": LINES[1:3]}, prefix="tiles"),
        "filters": SampleFilters(request.GET),
        "page": Paginator(range(1284), 25).get_page(request.GET.get("page", 3)),
        "points": [rate * 100 for rate in RATES],
        "today": TODAY,
        "charts": _charts(),
        "statistics": statistics(),
        "tones": ["neutral", "good", "bad", "warn", "info", "inbound", "internal", "outbound", "undetermined"],
        "decliners": [
            (name, line, count, change)
            for name, line, count, change in zip(PRACTICES, LINES, (142, 118, 97, 88), (62, 48, 31, 22), strict=False)
        ],
        "tabs": [
            {"url": "#main", "label": "Overview", "active": True},
            {"url": "#main", "label": "Visits", "count": 12},
            {"url": "#main", "label": "People", "count": 3},
        ],
        "crumbs": [{"url": "/", "label": "Home"}, {"url": "/settings/", "label": "Settings"}],
        "chosen": [{"value": PRACTICES[0], "label": PRACTICES[0]}],
    }
    return render(request, "styleguide.html", context)
