"""The question and its answers: certain, possible, out; distances from ZIP to ZIP; equal to a recount in plain words."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from common.places import center_of, centers_near, miles_apart, miles_between
from directory.listing import SITE, SPECIALIST, Access, Asked, Listing, Place, Plans, find, words_in

ZIPS = ("44101", "44106", "44301", "99501", "00000", "")
DAY = dt.date(2026, 11, 1)

places = st.builds(Place, name=st.just("Office"), zip=st.sampled_from(ZIPS))
plans = st.builds(Plans, accepted=st.none() | st.frozensets(st.integers(1, 3)))
access = st.none() | st.builds(
    Access, is_accepting=st.sampled_from([True, False, None]), wait=st.none() | st.integers(0, 60), as_of_on=st.just(DAY), site=st.just("x")
)
listings = st.builds(
    Listing,
    kind=st.sampled_from([SPECIALIST, SITE]),
    key=st.uuids().map(str),
    name=st.sampled_from(["Ann Núñez, MD", "Bo O'Brien", "Cy Day"]),
    alignment=st.just("employed"),
    specialty=st.none() | st.tuples(st.integers(1, 2), st.just("Cardiology")),
    line=st.none() | st.tuples(st.integers(1, 2), st.just("Cardiology")),
    places=st.lists(places, max_size=3).map(tuple),
    plans=plans,
    access=access,
    languages=st.none() | st.lists(st.sampled_from(["en", "es"]), unique=True, min_size=1).map(tuple),
    words=st.sampled_from([words_in("Ann Núñez"), words_in("Bo O'Brien"), words_in("heart failure")]),
)
questions = st.builds(
    Asked,
    words=st.sampled_from([(), ("nun",), ("ob",), ("heart", "fail")]),
    kind=st.sampled_from(["", SPECIALIST]),
    line=st.none() | st.integers(1, 2),
    specialty=st.none() | st.integers(1, 2),
    payer=st.none() | st.integers(1, 4),
    language=st.sampled_from(["", "es"]),
    accepting=st.booleans(),
    zip=st.sampled_from(["44101", "44106"]),
    within=st.none() | st.sampled_from([5, 50]),
    sort=st.sampled_from(["", "name", "soonest"]),
)


def recount(listing, asked):
    """ "yes", "maybe" or "no", told the long way round."""
    doubts = 0
    if asked.kind and listing.kind != asked.kind:
        return "no"
    for word in asked.words:
        if not [known for known in listing.words if known[: len(word)] == word]:
            return "no"
    for wanted, known in ((asked.line, listing.line), (asked.specialty, listing.specialty)):
        if wanted is not None and (known is None or known[0] != wanted):
            return "no"
    if asked.payer is not None:
        if listing.plans.accepted is None:
            doubts += 1
        elif asked.payer not in listing.plans.accepted:
            return "no"
    if asked.language:
        if listing.languages is None:
            doubts += 1
        elif asked.language not in listing.languages:
            return "no"
    if asked.accepting:
        told = listing.access.is_accepting if listing.access else None
        if told is None:
            doubts += 1
        elif not told:
            return "no"
    if asked.within is not None:
        start = center_of(asked.zip)
        far = [miles_apart(start, center_of(place.zip)) for place in listing.places if center_of(place.zip)]
        if not far:
            doubts += 1
        elif min(far) > asked.within:
            return "no"
    return "maybe" if doubts else "yes"


@settings(deadline=None)  # the first look at a ZIP code reads the table of all
@given(st.lists(listings, max_size=12, unique_by=lambda one: one.key), questions)
def test_answers_equal_a_recount(known, asked):
    sure, perhaps = find(known, asked)
    assert {one.listing.key for one in sure} == {one.key for one in known if recount(one, asked) == "yes"}
    assert {one.listing.key for one in perhaps} == {one.key for one in known if recount(one, asked) == "maybe"}
    assert all(not one.unknown for one in sure)
    assert all(one.unknown for one in perhaps)
    for found in (sure, perhaps):
        if not asked.sort:
            far = [one.miles if one.miles is not None else 1e9 for one in found]
            assert far == sorted(far), "the nearest first"


@settings(deadline=None)  # the first look at a ZIP code reads the table of all
@given(st.frozensets(st.sampled_from([(41.5, -81.7), (41.08, -81.5), (61.2, -149.9)]), max_size=3), st.sampled_from([2, 15]))
def test_zips_near_points_equal_a_walk_through_all(points, miles):
    found = centers_near(points, miles)
    far = [min(miles_apart(place, point) for point in points) for _, place in found]
    assert far == sorted(far)
    assert all(one <= miles for one in far)
    for zip_ in ("44101", "44106", "44113", "44301", "44333", "99501"):
        near = any(miles_apart(center_of(zip_), point) <= miles for point in points)
        assert (zip_ in dict(found)) == near, zip_


def test_the_nearest_of_several_places_counts():
    listing = Listing(
        SPECIALIST, "p1", "Ann", "employed", places=(Place("Far", zip="99501"), Place("Near", zip="44106"), Place("?", zip=""))
    )
    (found,), _ = find([listing], Asked(zip="44106", within=5))
    assert (found.place.name, found.miles) == ("Near", 0)
    (found,), _ = find([listing], Asked())
    assert (found.place.name, found.miles) == ("Far", None), "without an origin the primary one"
    assert miles_between("44106", "99501") > 2000


def test_the_soonest_goes_before_the_closed_and_the_untold():
    def one(key, accepting, wait):
        return Listing(SITE, key, key, "employed", access=None if accepting == "untold" else Access(accepting, wait, DAY, key))

    known = [one("closed", False, 1), one("late", True, 30), one("untold", "untold", None), one("soon", True, 3), one("unsaid", True, None)]
    sure, _ = find(known, Asked(sort="soonest"))
    assert [found.listing.key for found in sure] == ["soon", "late", "unsaid", "untold", "closed"]
