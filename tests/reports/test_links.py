"""Links and their measures against plain recounts of the facts, for every member of the cast."""

import datetime as dt
from collections import Counter, defaultdict
from random import Random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contacts.models import Affiliation
from referrals.models import Referral, Sees, Source
from reports.neighbors import neighborhood
from reports.network import measure
from reports.networking import Whole, shown, whole
from reports.periods import Window, add_months
from reports.queries.links import Link, ego_links, links
from territories.scope import Scope, scope_of
from tests.factories import make_organization, make_practice, make_provider, make_territory
from tests.factories.reports import add_referrals, make_payer, make_source, new_referral

WINDOW = Window(dt.date(2025, 10, 1), dt.date(2026, 10, 1))
CAST = ("nora", "sol", "past", "over", "dana", "ada", "ivan")


@pytest.fixture
def web(world):
    """Three practices of an organization that also receives, one alone, one of nobody; two feeds, two lines, blanks at both ends."""
    w = world
    w.group = make_organization("Northside Clinic", alignment="employed")
    w.second = make_practice("Second Office", territory=w.south, zip="44301", organization=w.group)
    w.third = make_practice("Third Office", territory=w.north, zip="44102", organization=w.group)
    w.specialist = make_provider("Heart", at=w.third)
    w.traveler = make_provider("Traveler", at=w.north_practice)
    Affiliation.objects.create(provider=w.traveler, practice=w.south_practice, is_primary=False)
    orders, fax = make_source(), make_source("fax")
    Source.objects.filter(pk=fax.pk).update(sees=Sees.RECEIVED)
    senders = (w.north_practice, w.south_practice, w.second, w.third, w.unowned_practice, None)
    receivers = (w.ours, w.theirs, w.group, None)
    dice, rows = Random(5), []
    for number in range(240):
        to = receivers[number // 6 % 4]
        rows.append(
            new_referral(
                on=add_months(dt.date(2025, 8, 1), dice.randrange(15)).replace(day=dice.randint(1, 28)),
                practice=senders[number % 6],
                destination=to,
                provider=dice.choice((w.traveler, w.south_provider)),
                performer=w.specialist if to == w.group and dice.random() < 0.4 else None,
                service_line=dice.choice((w.line, w.line, w.other_line)),
                payer=make_payer(),
                source=dice.choice((orders, orders, fax)),
                is_counted=dice.random() < 0.9,
            )
        )
    add_referrals(*rows)
    return w


def may_see(scope: Scope, referral: Referral) -> bool:
    pair = (referral.territory_id, referral.service_line_id)
    return scope.whole or referral.territory_id in scope.territory_ids or pair in scope.overlays


def facts(scope=None, **wanted):
    """The counted referrals of the window, one by one, without any of the query layer."""
    rows = Referral.objects.filter(is_counted=True).select_related("practice", "source")
    inside = [row for row in rows if WINDOW.start <= row.anchor_on < WINDOW.end]
    return [
        row
        for row in inside
        if (scope is None or may_see(scope, row)) and all(getattr(row, name) == value for name, value in wanted.items())
    ]


@pytest.mark.parametrize("who", CAST)
@pytest.mark.parametrize("level", ["practice", "organization"])
@pytest.mark.parametrize("filtered", [False, True])
def test_links_are_a_recount_of_what_the_person_sees(web, who, level, filtered):
    scope = scope_of(web.cast[who])
    where = {"service_line": web.line.pk} if filtered else {}
    found = links(window=WINDOW, where=where, scope=scope, level=level)
    counted, seen_whole, unnamed = Counter(), Counter(), 0
    for row in facts(scope, **({"service_line_id": web.line.pk} if filtered else {})):
        if row.practice is None or row.destination_id is None:
            unnamed += 1
            continue
        folded = level == "organization" and row.practice.organization_id
        source = f"organization:{row.practice.organization_id}" if folded else f"practice:{row.practice_id}"
        key = (source, f"organization:{row.destination_id}", row.month)
        counted[key] += 1
        seen_whole[key] += row.source.sees != Sees.RECEIVED
    told: Counter = Counter()
    for link in found.links:
        told[link.source, link.target, link.month] += link.n
    assert told == counted
    assert sum(link.whole for link in found.links) == seen_whole.total()
    assert found.unnamed == unnamed
    assert bool(counted) == (who != "past")


@pytest.mark.parametrize("who", [name for name in CAST if name != "past"])
def test_what_a_practice_sends_and_receives(web, who):
    scope, practice = scope_of(web.cast[who]), web.third
    found = ego_links(kind="practice", pk=practice.pk, window=WINDOW, where={}, scope=scope)
    center = f"practice:{practice.pk}"
    out = Counter(row.destination_id for row in facts(scope, practice_id=practice.pk) if row.destination_id)
    assert Counter({int(link.target.partition(":")[2]): 0 for link in found.links if link.source == center}).keys() == out.keys()
    assert sum(link.n for link in found.links if link.source == center) == out.total()
    heard = [row for row in facts(performer_id=web.specialist.pk) if row.practice_id != practice.pk]
    inside = [row for row in heard if may_see(scope, row) and row.practice_id]
    outside = [row for row in facts(performer_id=web.specialist.pk) if not may_see(scope, row)]
    assert sum(link.n for link in found.links if link.target == center) == len(inside)
    assert found.elsewhere == len(outside)
    assert found.elsewhere_practices == len({row.practice_id for row in outside} - {None})
    assert found.unnamed == sum(1 for row in facts(scope, practice_id=practice.pk) if row.destination_id is None)


@pytest.mark.parametrize("who", [name for name in CAST if name != "past"])
def test_what_an_organization_and_a_provider_send_and_receive(web, who):
    scope = scope_of(web.cast[who])
    offices = {web.second.pk, web.third.pk}
    found = ego_links(kind="organization", pk=web.group.pk, window=WINDOW, where={}, scope=scope)
    center = f"organization:{web.group.pk}"
    sent = [row for row in facts(scope) if row.practice_id in offices and row.destination_id not in (None, web.group.pk)]
    heard = [row for row in facts(destination_id=web.group.pk) if row.practice_id not in offices]
    assert sum(link.n for link in found.links if link.source == center) == len(sent)
    assert sum(link.n for link in found.links if link.target == center) == sum(1 for r in heard if may_see(scope, r) and r.practice_id)
    elsewhere = [row for row in facts() if row.practice_id in offices and not may_see(scope, row)]
    assert found.other_offices == len(elsewhere)

    found = ego_links(kind="provider", pk=web.traveler.pk, window=WINDOW, where={}, scope=scope)
    own = facts(scope, provider_id=web.traveler.pk)
    assert sum(link.n for link in found.links) == sum(1 for row in own if row.destination_id)
    assert found.other_offices == len(facts(provider_id=web.traveler.pk)) - len(own)


def test_a_lone_office_receives_what_names_its_organization(web):
    solo = make_organization("Solo Clinic")
    office = make_practice("Solo Office", territory=web.north, organization=solo)
    add_referrals(*[new_referral(on=dt.date(2026, 3, 1), practice=web.north_practice, destination=solo) for _ in range(3)])

    def heard():
        found = ego_links(kind="practice", pk=office.pk, window=WINDOW, where={}, scope=Scope(whole=True))
        return sum(link.n for link in found.links if link.target == f"practice:{office.pk}")

    assert heard() == 3
    make_practice("Solo Branch", territory=web.north, organization=solo)
    assert heard() == 0


def test_a_partner_in_both_directions_is_one(web):
    """What the practices of an organization send back is that organization's."""
    web.north_practice.organization = make_organization("Valley Group")
    web.north_practice.save()
    valley = web.north_practice.organization
    rows = [new_referral(on=dt.date(2026, 3, 1), practice=web.second, destination=valley) for _ in range(4)]
    rows += [new_referral(on=dt.date(2026, 4, 1), practice=web.north_practice, destination=web.group) for _ in range(3)]
    Referral.objects.all().delete()
    add_referrals(*rows)
    found = ego_links(kind="organization", pk=web.group.pk, window=WINDOW, where={}, scope=Scope(whole=True))
    [partner] = neighborhood(f"organization:{web.group.pk}", found.links, WINDOW).partners
    assert (partner.key, partner.sent, partner.received) == (f"organization:{valley.pk}", 4, 3)


MONTHS = [add_months(WINDOW.start, place) for place in range(12)]


@st.composite
def some_links(draw):
    node = st.sampled_from(["practice:1", "practice:2", "practice:3", "organization:1", "organization:2", "organization:3"])
    rows = draw(st.lists(st.tuples(node, node, st.sampled_from(MONTHS), st.integers(1, 9), st.booleans()), max_size=40))
    return [Link(source, target, month, n, n if known else 0) for source, target, month, n, known in rows]


@hypothesis_settings(max_examples=60, deadline=None)
@given(some_links())
def test_one_node_without_pandas_is_as_in_the_whole(found):
    """The request's plain twin of reports.network, and both against a recount."""
    rows = [(link.source, link.target, link.month, link.n) for link in found]
    last = [("practice:8", "practice:9", month, 1) for month in MONTHS]  # so that both know how far the window reaches
    network = measure(pd.DataFrame([*rows, *last], columns=["from", "to", "month", "n"]))
    for node in network.nodes:
        if str(node.key).endswith(("8", "9")):
            continue
        own = neighborhood(str(node.key), found, WINDOW)
        assert (own.sent, own.received, own.months) == (node.sent, node.received, node.months)
        assert own.concentration == (None if node.concentration is None else pytest.approx(node.concentration))
        assert own.reciprocity == pytest.approx(node.reciprocity)
        assert own.trend == node.trend
        assert (len(own.destinations), len(own.referrers)) == (node.destinations, node.referrers)
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for source, target, _, n in rows:
            if source == node.key != target:
                sums[target][0] += n
            elif target == node.key != source:
                sums[source][1] += n
        assert {partner.key: [partner.sent, partner.received] for partner in own.partners} == sums
        assert sum(sorted((p.sent for p in own.partners), reverse=True)[: own.carriers]) * 2 >= own.sent
        assert sum(sorted((p.sent for p in own.partners), reverse=True)[: max(0, own.carriers - 1)]) * 2 < max(1, own.sent)


def test_the_whole_survives_its_way_through_the_cache(web):
    found = whole(window=WINDOW, where={}, scope=Scope(whole=True), level="organization")
    assert Whole.from_json(found.to_json()) == found
    assert found.referrals == sum(node.sent for node in found.nodes) > 0
    assert 0 < found.seen_whole[f"practice:{web.north_practice.pk}"] < 1


def test_a_large_network_is_gathered_not_cut(web):
    found = whole(window=WINDOW, where={}, scope=Scope(whole=True), level="practice")
    part = shown(found, most_nodes=4, most_ties=100)
    assert part.gathered == {"practice": 4 - 1, "organization": 3 - 1} or sum(part.gathered.values()) == len(found.nodes) - 2
    assert sum(tie.n for tie in part.ties) == found.referrals
    assert part.drawn == 1
    assert sum(node.strength for node in part.nodes) == sum(node.strength for node in found.nodes)
    few = shown(found, most_nodes=200, most_ties=3)
    assert (len(few.ties), few.left_out_ties) == (3, len(found.ties) - 3)
    assert few.drawn == pytest.approx(sum(tie.n for tie in found.ties[:3]) / found.referrals)
    assert shown(whole(window=WINDOW, where={"payer": 0}, scope=Scope(), level="practice"), most_nodes=4, most_ties=3).nodes == ()


def test_what_others_send_elsewhere_is_not_read_from_another_field():
    """A scope without anything reads nothing."""
    nothing = ego_links(kind="practice", pk=1, window=WINDOW, where={}, scope=Scope())
    assert nothing.links == []
    assert links(window=WINDOW, where={}, scope=Scope(), level="practice").links == []


def test_the_trend_needs_six_months():
    rows = [Link("a:1", "b:1", month, 3, 3) for month in MONTHS[-5:]]
    assert neighborhood("a:1", rows, Window(MONTHS[-5], WINDOW.end)).trend is None
    fallen = [Link("a:1", "b:1", month, 30, 30) for month in MONTHS[:9]] + [Link("a:1", "b:1", MONTHS[9], 6, 6)]
    assert neighborhood("a:1", fallen, WINDOW).partners[0].trend.high < 1


def test_named_territory_of_a_practice_that_moved(web):
    """A referral stays with the territory that it was made in."""
    web.north_practice.territory = make_territory("Elsewhere", parent=web.region)
    web.north_practice.save()
    seen = links(window=WINDOW, where={}, scope=scope_of(web.nora), level="practice").links
    assert any(link.source == f"practice:{web.north_practice.pk}" for link in seen)
