"""Real outlines of ZIP codes: read from GeoJSON of any make, drawn instead of circles, taken back; hostile files end in a sentence."""

import io
import json
import math

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import CommandError
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import InputError, PolicyViolation
from common.places import center_of
from jobs.models import Job
from planning import actions
from planning.importing import zip_outlines
from planning.importing.zip_outlines import FINE, TOLERANCE, Tally, middle_of, outlines
from planning.models import OutlineFile, ZipOutline
from planning.queries.outlines import outlines_of
from reports.geography import project
from tests import factories

URL = "/territories/map/outlines/"
SQUARE = [[-81.7, 41.4], [-81.6, 41.4], [-81.6, 41.5], [-81.7, 41.5], [-81.7, 41.4]]
HOLE = [[-81.66, 41.44], [-81.66, 41.46], [-81.64, 41.46], [-81.64, 41.44], [-81.66, 41.44]]


def feature(zip_="44101", rings=(SQUARE,), column="ZCTA5CE20", **more):
    return {"type": "Feature", "properties": {column: zip_}, "geometry": {"type": "Polygon", "coordinates": list(rings)}, **more}


def collection(*features, **more):
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}).encode()


def read(data):
    tally = Tally()
    return list(outlines(io.BytesIO(data), tally)), tally


def circle(points, radius=0.02, at=(-81.7, 41.4)):
    ring = [
        [at[0] + radius * math.cos(turn), at[1] + radius * math.sin(turn)] for turn in (2 * math.pi * n / points for n in range(points))
    ]
    return [*ring, ring[0]]


def upload(client, data, name="ohio.geojson"):
    return client.post(URL, {"file": SimpleUploadedFile(name, data)})


# ---- reading


@pytest.mark.parametrize(
    ("column", "value", "zip_"),
    [
        ("ZCTA5CE20", "44101", "44101"),
        ("zcta5ce10", "06103", "06103"),
        ("GEOID20", "44101", "44101"),
        ("ZIP_CODE", 6103, "06103"),
        ("Zip", " 44101 ", "44101"),
    ],
)
def test_the_zip_code_is_found_in_the_columns_of_many_makers(column, value, zip_):
    (found,), _ = read(collection(feature(value, column=column)))
    assert found.zip == zip_


def test_an_area_lies_where_it_is_with_its_hole_turned_the_other_way():
    (found,), tally = read(collection(feature(rings=(SQUARE, HOLE[::-1])), name="zcta", crs={"type": "name"}))
    outer, hole = found.rings
    for ring, corners in ((outer, SQUARE), (hole, HOLE)):
        wanted = {tuple(round(part * FINE) for part in project(*corner)) for corner in corners}
        assert set(ring) == wanted
    signed = [sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True)) for ring in (outer, hole)]
    assert signed[0] > 0 > signed[1]
    (turned,), _ = read(collection(feature(rings=(SQUARE[::-1], HOLE))))
    assert [sorted(ring) for ring in turned.rings] == [sorted(ring) for ring in found.rings]
    assert (tally.kept, tally.points, tally.bad, tally.outside) == (1, 8, 0, 0)


def test_a_border_is_simpler_and_nowhere_far_from_the_true_one():
    ring = circle(5000)
    (found,), _ = read(collection(feature(rings=(ring,))))
    drawn = found.rings[0]
    assert 20 < len(drawn) < 400
    edges = list(zip(drawn, [*drawn[1:], drawn[0]], strict=True))
    for longitude, latitude in ring[::50]:
        x, y = (part * FINE for part in project(longitude, latitude))
        assert min(_away((x, y), *edge) for edge in edges) < TOLERANCE + 1  # and what rounding adds


def _away(point, one, other):
    (x, y), (x1, y1), (x2, y2) = point, one, other
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = 0 if not length else max(0, min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length))
    return math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-82, -81), st.floats(41, 42)), min_size=1, max_size=30))
def test_whatever_the_ring_it_is_drawn_within_its_box_or_refused(points):
    ring = [*map(list, points), list(points[0])]
    sound = feature("44102")
    found, tally = read(collection(sound, feature(rings=(ring,))))
    if len(found) == 1:
        assert tally.reasons == ["Feature 2: ZIP 44101 has no area that could be drawn."]
        return
    found = found[1]
    xs, ys = zip(*((round(x * FINE), round(y * FINE)) for x, y in (project(*point) for point in points)), strict=True)
    assert min(xs) <= found.box[0] <= found.box[2] <= max(xs)
    assert min(ys) <= found.box[1] <= found.box[3] <= max(ys)


def test_the_middle_lies_inside_also_of_a_horseshoe():
    horseshoe = [(0, 0), (100, 0), (100, 100), (80, 100), (80, 20), (20, 20), (20, 100), (0, 100)]
    x, y = middle_of(horseshoe)
    assert 0 < y < 100
    assert not (20 < x < 80 and y > 20)
    assert middle_of([(0, 0), (10, 0), (10, 10), (0, 10)]) == (5, 5)


def test_small_islands_go_the_largest_part_stays_and_other_places_are_counted():
    island = [[-81.5, 41.5], [-81.4999, 41.5], [-81.4999, 41.5001], [-81.5, 41.5]]
    shape = {"type": "MultiPolygon", "coordinates": [[island], [SQUARE]]}
    far = {"PR": [-66.1, 18.4], "GU": [144.8, 13.4]}
    away = [feature(f"0090{n}", rings=(circle(9, at=at),)) for n, at in enumerate(far.values())]
    kept = [feature("96801", rings=(circle(9, at=(-157.8, 21.3)),)), feature("99501", rings=(circle(9, at=(-149.9, 61.2)),))]
    found, tally = read(collection({**feature(), "geometry": shape}, *away, *kept, feature("44101")))
    assert [one.zip for one in found] == ["44101", "96801", "99501"]
    assert len(found[0].rings) == 1
    assert (tally.outside, tally.bad, tally.reasons) == (2, 1, ["Feature 6: ZIP 44101 comes a second time."])
    assert project(-157.8, 21.3, "HI")[0] * FINE == pytest.approx(found[1].middle[0], abs=20)


def test_a_file_is_read_in_pieces_whatever_is_around_the_features(monkeypatch):
    monkeypatch.setattr(zip_outlines, "CHUNK", 7)
    data = collection(feature("44101"), feature("44102", note='Málaga "features": [ ] } 東京'), feature("44103"))
    found, tally = read(b"\xef\xbb\xbf" + data.replace(b'"Feature"', '"Feature", "x": "é東𝄞"'.encode()))
    assert [one.zip for one in found] == ["44101", "44102", "44103"]
    assert tally.bad == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "does not begin with {"),
        (b"PK\x03\x04 a shapefile, zipped", "does not begin with {"),
        (b'{"type": "Topology", "objects": {}}', 'no list called "features"'),
        (b'{"features": []}', "It has no features"),
        (b'{"features": [' + b"[" * 100_000, "nested deeper"),
        (b'{"features": [' + b'{"a":' * 100_000, "nested deeper"),
        (collection(feature())[:-40], "ends in the middle"),
        (b'{"features": [{"a": NaN}]}', "no valid JSON"),
        (b'{"features": [1, "x", null]}', "Feature 1: it is no feature."),
        (b'{"features": ["\xff\xfe"]}', "not UTF-8"),
        (collection(feature(column="NAME")), "none of its columns holds a ZIP code"),
        (collection(feature("4410")), "none of its columns holds a ZIP code"),
        (collection({**feature(), "properties": None}), "no properties"),
        (collection({**feature(), "geometry": None}), "it is no polygon"),
        (collection({**feature(), "geometry": {"type": "Point", "coordinates": [1, 2]}}), "it is no polygon"),
        (collection(feature(rings=[])), "it has no points"),
        (collection(feature(rings=[[[1e6, 4.5e6]]])), "Export it in WGS 84"),
        (collection(feature(rings=[[["a", "b"]]])), "cannot be read"),
        (collection(feature(rings=[[[-81.5, 41.4], [-81.4, 41.4]]])), "no area that could be drawn"),
        (collection(feature(rings=[circle(9, at=(10, 50))])), "All of it lies outside the map"),
        (collection(*[feature("x") for _ in range(50)]), "This does not look like a map of ZIP codes"),
    ],
    ids=range(21),
)  # fmt: skip
def test_a_hostile_file_ends_in_a_sentence(data, said):
    with pytest.raises(InputError) as refusal:
        read(data)
    assert said in str(refusal.value)


def test_too_many_points_features_and_bytes_are_refused(monkeypatch):
    monkeypatch.setattr(zip_outlines, "MOST_POINTS", 8)
    with pytest.raises(InputError, match="more than 8 points"):
        read(collection(feature(rings=(circle(20),))))
    monkeypatch.setattr(zip_outlines, "MOST_AREAS", 2)
    with pytest.raises(InputError, match="more than 2 features"):
        read(collection(*(feature(f"4410{n}") for n in range(3))))
    monkeypatch.setattr(zip_outlines, "MOST_BYTES", 1000)
    monkeypatch.setattr(zip_outlines, "CHUNK", 100)
    with pytest.raises(InputError, match="One feature of the file is larger"):
        read(b'{"features": ["' + b"x" * 100_000)


# ---- kept and drawn


def ohio(zip_="44113", *, columns=1):
    latitude, longitude = center_of(zip_)
    return collection(*(feature(zip_, rings=(circle(12, at=(longitude, latitude)),)) for _ in range(columns)))


@pytest.fixture
def county(world):
    """A county with two ZIP codes that hold practices."""
    for name, zip_ in (("One", "44113"), ("Two", "44114")):
        factories.make_practice(name, territory=world.north, zip=zip_, state="OH", county="OH/Cuyahoga")
    return "OH/Cuyahoga"


def drawn(client, county):
    return client.get(reverse("planning:map"), {"county": county}).content.decode()


def area(page, zip_):
    return page.partition(f'data-area="zip:{zip_}"')[2].partition("</g>")[0]


def test_the_map_draws_borders_where_it_has_them_and_says_so(as_, county, run_jobs, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.UPLOADS = tmp_path
    page = drawn(as_("dana"), county)
    assert "<circle" in area(page, "44113")
    assert "Circles: ZIP codes" in page
    assert "Borders:" not in page
    answer = upload(as_("ada"), ohio())
    job = Job.objects.get(name="planning.load_outlines")
    assert answer.url == f"{URL}loads/{job.pk}/"
    assert 'hx-get="' in as_("ada").get(answer.url).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        run_jobs()
    assert "ohio.geojson is loaded" in as_("ada").get(answer.url, follow=True).content.decode()
    assert not list(tmp_path.iterdir())
    page = drawn(as_("dana"), county)
    assert "<path d=" in area(page, "44113")
    assert "<circle" in area(page, "44114")
    assert "Borders: ZIP code areas as loaded" in page
    assert "Circles:" in page
    made = OutlineFile.objects.get()
    assert (made.zips, AuditEvent.objects.get(event="outlines.loaded").details["zips"]) == (1, 1)
    as_("ada").post(f"{URL}{made.pk}/undo/")
    assert "<circle" in area(drawn(as_("dana"), county), "44113")
    as_("ada").post(f"{URL}{made.pk}/undo/", {"again": "1"})
    assert "<path d=" in area(drawn(as_("dana"), county), "44113")


def test_a_later_file_goes_before_and_what_was_there_comes_back(world, tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(collection(feature("44113", rings=(SQUARE,)), feature("44114", rings=(circle(9),))))
    first = actions.load_outlines(path=path, name="first", by=world.ada)
    before = outlines_of(["44113", "44114", "44115"])
    assert set(before) == {"44113", "44114"}
    path.write_bytes(collection(feature("44113", rings=(circle(9),))))
    second = actions.load_outlines(path=path, name="second", by=world.ada)
    now = outlines_of(["44113", "44114"])
    assert now["44113"].rings != before["44113"].rings
    assert now["44114"].rings == before["44114"].rings
    actions.undo_outlines(file=second, by=world.ada)
    assert outlines_of(["44113", "44114"]) == before
    with pytest.raises(PolicyViolation, match="taken back before"):
        actions.undo_outlines(file=second, by=world.ada)
    actions.undo_outlines(file=first, by=world.ada)
    assert outlines_of(["44113"]) == {}


def test_a_file_that_cannot_be_read_keeps_nothing_and_says_why(as_, world, run_jobs, settings, tmp_path):
    settings.UPLOADS = tmp_path
    answer = upload(as_("ada"), collection(feature("44113"))[:-30], name="cut.geojson")
    run_jobs()
    page = as_("ada").get(answer.url).content.decode()
    assert "ends in the middle" in page
    assert not OutlineFile.objects.exists()
    assert not ZipOutline.objects.exists()
    assert not list(tmp_path.iterdir())
    assert as_("ada").post(URL).status_code == 422


def test_the_command_loads_a_file(world, manage, tmp_path):
    path = tmp_path / "ohio.geojson"
    path.write_bytes(ohio())
    assert "1 ZIP codes with 12 points" in manage("import_zip_outlines", path)
    assert ZipOutline.objects.get().zip == "44113"
    path.write_bytes(b"[]")
    with pytest.raises(CommandError, match="does not begin with"):
        manage("import_zip_outlines", path)
    with pytest.raises(CommandError, match="There is no file"):
        manage("import_zip_outlines", tmp_path / "gone")


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("dana", 403), ("ivan", 403), ("elle", 403), ("ada", 200)])
def test_only_an_admin_loads_outlines(as_, world, who, status):
    assert as_(who).get(URL).status_code == status
