"""The phone's guard finds what the server's finds: one table for both."""

import datetime as dt

import pytest

from common.patient_marks import patient_marks, warning
from prm.embedded import ROOT
from tests.marks import FOUND, MIXED, ORDINARY

pytestmark = pytest.mark.browser
TODAY = dt.date(2026, 11, 27)
TEXTS = [*(text for text, _ in FOUND), *ORDINARY, *MIXED]


@pytest.fixture
def rules(page_at):
    page = page_at(390)
    page.add_script_tag(path=ROOT / "static" / "js" / "patient-marks.js")
    return page


def test_the_same_marks(rules):
    """Positions are compared through the words that they cut out: JavaScript counts an emoji as two."""
    ask = (
        "texts => texts.map(text => patientMarks(text, new Date(2026, 10, 27)).map(({kind, start, end}) => [kind, text.slice(start, end)]))"
    )
    there = rules.evaluate(ask, TEXTS)
    here = [[[mark.kind, text[mark.start : mark.end]] for mark in patient_marks(text, today=TODAY)] for text in TEXTS]
    assert dict(zip(TEXTS, there, strict=True)) == dict(zip(TEXTS, here, strict=True))


def test_the_same_sentence(rules):
    for text in TEXTS:
        assert rules.evaluate("text => patientWarning([text], new Date(2026, 10, 27))", text) == warning(text, today=TODAY)
