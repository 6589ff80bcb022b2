"""Avoidable leakage: each criterion alone, then the statement against a plain walk over every referral, site and statement."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.places import miles_between
from contacts.models import Alignment
from referrals.behind import FIGURES, Part
from referrals.models import Capacity, CountingRules, Referral
from reports.measures import MEASURES, Ask
from reports.models import ReportRules
from reports.queries.freshness import Freshness
from territories.scope import Scope, scope_of
from tests.factories import make_line, make_organization, make_practice
from tests.factories.market import make_capacity
from tests.factories.reports import make_payer, new_referral

DAY = dt.date(2026, 5, 15)
START, END = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
NEAR, FAR = "44107", "45202"  # Lakewood and Cincinnati; the practice in the north lies in Cleveland


def judge(world, who=None, by=(), where=None):
    scope = scope_of(world.cast[who]) if who else Scope(whole=True)
    rows = MEASURES["leakage_avoidable"].evaluate(Ask(START, END, tuple(by), where or {}, scope, fresh=Freshness(0, None, None)))
    return {row.key: (row.numerator, row.denominator, row.undetermined) for row in rows}


def refer(world, **fields):
    base = {"on": DAY, "flow": "outbound", "practice": world.north_practice, "provider": world.north_provider, "service_line": world.line,
            "payer": make_payer(), "destination": world.theirs}  # fmt: skip
    referral = new_referral(**{**base, **fields})
    referral.save()
    return referral


@pytest.fixture
def capacity(world):
    make_capacity(world.ours, world.line, as_of=DAY - dt.timedelta(days=5), wait=10, zip_=NEAR)
    return world


def test_near_enough_soon_enough_and_paid(capacity):
    refer(capacity)
    assert judge(capacity) == {(): (1, 1, 0)}


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"accepting": False}, (0, 1, 0)),
        ({"wait": 21}, (1, 1, 0)),
        ({"wait": 22}, (0, 1, 0)),
        ({"zip_": FAR}, (0, 1, 0)),
        ({"payers": ("Aetna",)}, (0, 1, 0)),
        # what nobody told is not avoidable, and stays open
        ({"accepting": None}, (0, 1, 1)),
        ({"wait": None}, (0, 1, 1)),
        ({"payers": ()}, (0, 1, 1)),
        ({"zip_": ""}, (0, 1, 1)),
        # one "no" settles a site, whatever else is unknown
        ({"payers": (), "zip_": FAR}, (0, 1, 0)),
        ({"accepting": False, "payers": (), "zip_": ""}, (0, 1, 0)),
    ],
)
def test_what_a_site_says(world, said, outcome):
    make_capacity(world.ours, world.line, **{"as_of": DAY, "wait": 10, "zip_": NEAR, **said})
    refer(world)
    assert judge(world) == {(): outcome}


@pytest.mark.parametrize("reason", ["patient choice", "payer network", "medical judgement"])
def test_what_others_decided_is_taken_out_of_the_upper_half(capacity, reason):
    refer(capacity, reason=reason)
    refer(capacity, reason="referrer habit")
    assert judge(capacity) == {(): (1, 2, 0)}


def test_a_site_in_the_line_that_nobody_told_of_leaves_it_open(capacity):
    refer(capacity, service_line=capacity.other_line)
    refer(capacity, service_line=None)
    assert judge(capacity) == {(): (0, 2, 2)}


class TestTime:
    @pytest.mark.parametrize(("days", "outcome"), [(0, (1, 1, 0)), (45, (1, 1, 0)), (46, (0, 1, 1))])
    def test_a_statement_holds_until_it_is_too_old(self, world, days, outcome):
        make_capacity(world.ours, world.line, as_of=DAY - dt.timedelta(days=days), zip_=NEAR)
        refer(world)
        assert judge(world) == {(): outcome}

    def test_the_next_statement_ends_it(self, capacity):
        refer(capacity)
        make_capacity(capacity.ours, capacity.line, as_of=DAY, accepting=False, zip_=NEAR)
        assert judge(capacity) == {(): (0, 1, 0)}
        make_capacity(capacity.ours, capacity.line, as_of=DAY + dt.timedelta(days=1), zip_=NEAR)  # later words change nothing that was
        assert judge(capacity) == {(): (0, 1, 0)}

    def test_before_the_first_word_nobody_knows(self, world):
        make_capacity(world.ours, world.line, as_of=DAY + dt.timedelta(days=1), zip_=NEAR)
        refer(world)
        assert judge(world) == {(): (0, 1, 1)}

    def test_it_was_ours_on_that_day(self, capacity):
        refer(capacity)
        Alignment.objects.filter(organization=capacity.ours).update(started_on=DAY + dt.timedelta(days=1))
        assert judge(capacity) == {(): (0, 1, 0)}
        Alignment.objects.filter(organization=capacity.ours).update(started_on=DAY, kind="affiliated")
        assert judge(capacity) == {(): (1, 1, 0)}
        CountingRules.objects.create(pk=1, counted_kinds=["consult"], affiliated_is_ours=False)
        assert judge(capacity) == {(): (0, 1, 0)}


def test_without_a_zip_or_a_payer_it_is_open_and_said(capacity):
    nowhere = make_practice("Nowhere", territory=capacity.north, zip="")
    refer(capacity, practice=nowhere)
    refer(capacity, practice=nowhere, referring_zip=NEAR)  # the file's own goes before the practice's
    refer(capacity, payer=None)
    (row,) = MEASURES["leakage_avoidable"].evaluate(Ask(START, END, fresh=Freshness(0, None, None)))
    assert (row.numerator, row.denominator, row.undetermined) == (1, 3, 2)
    assert (row.more["no_zip"], row.more["no_payer"]) == (1, 1)
    assert (row.value, row.lowest, row.highest) == (1 / 3, 1 / 3, 1.0)


def test_settings_and_what_is_not_counted(capacity):
    refer(capacity, is_counted=False)
    refer(capacity, flow="internal")
    refer(capacity, on=START - dt.timedelta(days=1))
    refer(capacity)
    assert judge(capacity) == {(): (1, 1, 0)}
    ReportRules.objects.create(pk=1, avoidable_miles=1)
    assert judge(capacity) == {(): (0, 1, 0)}
    ReportRules.objects.update(avoidable_miles=25, avoidable_days=9)
    assert judge(capacity) == {(): (0, 1, 0)}


def test_groups_filters_and_scope(capacity):
    refer(capacity, reason="referrer habit")
    refer(capacity, practice=capacity.south_practice, provider=None, payer=None, referring_zip=NEAR)  # its own ZIP is too far
    assert judge(capacity, by=["practice"]) == {(capacity.north_practice.pk,): (1, 1, 0), (capacity.south_practice.pk,): (0, 1, 1)}
    assert judge(capacity, by=["reason", "destination"]) == {
        ("referrer habit", capacity.theirs.pk): (1, 1, 0), (None, capacity.theirs.pk): (0, 1, 1)
    }  # fmt: skip
    assert judge(capacity, by=["specialty"]) == {("Cardiology",): (1, 2, 1)}
    assert judge(capacity, where={"territory": capacity.south.pk}) == {(): (0, 1, 1)}
    assert judge(capacity, who="nora") == {(): (1, 1, 0)}
    assert judge(capacity, who="sol") == {(): (0, 1, 1)}
    assert judge(capacity, who="past") == {(): (0, 0, None)}


ZIPS = (NEAR, FAR, "")
STATEMENT = st.tuples(
    st.integers(0, 1), st.integers(0, 1), st.integers(-70, 20), st.sampled_from([True, False, None]), st.sampled_from([3, 30, None]),
    st.sets(st.sampled_from(["Medicare", "Aetna"])), st.sampled_from(ZIPS),
)  # fmt: skip
REFERRAL = st.tuples(
    st.integers(-30, 15), st.sampled_from([0, 1, None]), st.sampled_from(["Medicare", "Aetna", None]), st.sampled_from([*ZIPS, "44101"]),
    st.sampled_from(["", "patient choice", "referrer habit"]),
)  # fmt: skip
SPAN = st.tuples(st.integers(-40, 10), st.integers(1, 60), st.sampled_from(["employed", "affiliated", "independent"]))


def plainly(referral: Referral, rules: ReportRules) -> str:
    """One referral, one site, one statement at a time, in three values."""
    if referral.reason in {"patient choice", "payer network", "medical judgement"}:
        return "decided"
    zip_ = referral.referring_zip or (referral.practice.zip if referral.practice else "")
    told = Capacity.objects.filter(service_line=referral.service_line)
    if not told:
        return "open"
    answers = set()
    for site in {row.organization for row in told}:
        rows = sorted((row for row in told if row.organization == site), key=lambda row: (row.as_of_on, row.pk))
        past = [row for row in rows if row.as_of_on <= referral.anchor_on]
        held = past[-1] if past else None
        place = (held or max((row for row in rows if row.as_of_on == rows[0].as_of_on), key=lambda row: row.pk)).zip
        if held and (referral.anchor_on - held.as_of_on).days > rules.capacity_old_days:
            held = None
        ours = any(
            (a.started_on is None or a.started_on <= referral.anchor_on) and (a.ended_on is None or referral.anchor_on < a.ended_on)
            for a in Alignment.objects.filter(organization=site, kind__in=["employed", "affiliated"])
        )
        miles = miles_between(zip_, place)
        payers = set(held.payers.all()) if held else set()
        said = [
            ours,
            held.is_accepting if held else None,
            None if held is None or held.third_next_available is None else held.third_next_available <= rules.avoidable_days,
            None if not payers or referral.payer is None else referral.payer in payers,
            None if miles is None else miles <= rules.avoidable_miles,
        ]
        answers.add(False if False in said else None if None in said else True)
    return "avoidable" if True in answers else "open" if None in answers else "none"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statements=st.lists(STATEMENT, max_size=6), referrals=st.lists(REFERRAL, min_size=1, max_size=6), aligned=st.lists(SPAN, max_size=1))
def test_the_statement_is_a_plain_walk(world, statements, referrals, aligned):
    Capacity.objects.all().delete()
    Referral.objects.all().delete()
    lines = [make_line("Cardiology"), make_line("Orthopedics")]
    sites = [world.ours, getattr(world, "second", None) or make_organization("Second", alignment="affiliated")]
    world.second = sites[1]
    Alignment.objects.filter(organization=sites[1]).delete()
    for first, days, kind in aligned:
        day = DAY + dt.timedelta(days=first)
        Alignment.objects.create(organization=sites[1], kind=kind, started_on=day, ended_on=day + dt.timedelta(days=days))
    for site, line, day, accepting, wait, payers, zip_ in statements:
        make_capacity(sites[site], lines[line], as_of=DAY + dt.timedelta(days=day), accepting=accepting, wait=wait, payers=tuple(payers),
                      zip_=zip_)  # fmt: skip
    for day, line, payer, zip_, reason in referrals:
        refer(world, on=DAY + dt.timedelta(days=day), service_line=None if line is None else lines[line],
              payer=make_payer(payer) if payer else None, referring_zip=zip_, reason=reason)  # fmt: skip
    rules = ReportRules.current()
    expected = {"decided": 0, "open": 0, "avoidable": 0, "none": 0}
    of_kind = {kind: set() for kind in expected}
    for referral in Referral.objects.select_related("practice", "payer", "service_line"):
        kind = plainly(referral, rules)
        expected[kind] += 1
        of_kind[kind].add(referral.pk)
    for part, kinds in ((Part.NUMERATOR, ["avoidable"]), (Part.UNDETERMINED, ["open"]), (Part.DENOMINATOR, [*expected])):
        listed = FIGURES["leakage_avoidable"].narrow(Referral.objects.all(), part)
        assert {r.pk for r in listed} == set().union(*(of_kind[kind] for kind in kinds)), part
    (row,) = MEASURES["leakage_avoidable"].evaluate(Ask(dt.date(2026, 1, 1), dt.date(2027, 1, 1), fresh=Freshness(0, None, None)))
    found = {"decided": row.more["decided"], "open": row.undetermined, "avoidable": row.numerator, "none": row.more["nothing_of_ours"]}
    assert found == expected
    assert row.denominator == len(referrals)
