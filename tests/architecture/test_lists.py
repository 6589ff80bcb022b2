"""Every list has saved views: by the one component, and its default is known."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from prm.lists import LISTS

TEMPLATES = settings.BASE_DIR / "templates"
# template: why it has a filter bar and opens with no default view
OTHERWISE = {
    "styleguide.html": "shows the component",
    "visits/draw_new.html": "a step of making a draw",
    "concerns/trends.html": "a report: it opens with the time it is asked for",
    "reports/share.html": "a report",
    "reports/targets.html": "a report",
    "reports/measure.html": "a report",
    "reports/measures.html": "a catalogue of reports",
    "reports/_frame.html": "the frame of the reports",
}
_BAR = "components/filter_bar.html"


def _templates() -> dict[str, str]:
    return {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}


def test_every_filter_bar_brings_the_views():
    assert "{% saved_views %}" in (TEMPLATES / _BAR).read_text()


def test_every_page_with_a_filter_bar_is_a_list_or_tells_why_not(as_, world):
    with_bar = {name for name, text in _templates().items() if name != _BAR and (_BAR in text or "{% saved_views %}" in text)}
    shown = set()
    for page in LISTS:
        answer = as_("ada").get(reverse(page), {"view": "all"})
        assert answer.status_code in {200, 403}, page
        if answer.status_code == 403:  # rows linked to patients are granted one by one
            answer = as_("ivan").get(reverse(page), {"view": "all"})
        drawn = {template.name for template in answer.templates}
        assert drawn & with_bar, f"{page} has no filter bar"  # some show it only when there are rows
        if _BAR in drawn:
            assert 'aria-label="Saved views"' in answer.content.decode(), f"{page} has no saved views"
        shown |= drawn
    missing = with_bar - shown - set(OTHERWISE)
    assert not missing, f"name the URL of {missing} in prm/lists.py, or tell here why it has no default view"
    assert set(OTHERWISE) <= with_bar, "stale"


@pytest.mark.parametrize("page", sorted(LISTS))
def test_lists_take_no_arguments(page):
    assert re.fullmatch(r"/[\w/-]+/", reverse(page))
