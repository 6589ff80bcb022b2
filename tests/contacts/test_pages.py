"""Pages of contacts: who may open what, that lists are flat, that forms write through actions."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import AuditEvent
from contacts.models import Affiliation, Alignment, Organization, Practice, PracticePin, Provider, Specialty, Staff
from jobs.models import Job
from tests import factories
from tests.factories.contacts import add_providers, align

CAST = ("nora", "sol", "past", "over", "dana", "ada", "ivan", "elle", None)


def matrix(**given):
    """{who: status} for the whole cast, from the statuses that differ from `rest`."""
    rest = given.pop("rest")
    return [(who, 302 if who is None else given.get(who, rest)) for who in CAST]


@pytest.mark.parametrize(("who", "status"), matrix(rest=200, elle=403))
@pytest.mark.parametrize("name", ["providers", "practices", "organizations", "search"])
def test_who_opens_lists(as_, who, status, name):
    assert as_(who).get(reverse(f"contacts:{name}")).status_code == status


@pytest.mark.parametrize(("who", "status"), matrix(rest=200, sol=404, past=404, over=404, elle=403))
@pytest.mark.parametrize("page", ["provider", "practice"])
def test_who_opens_what_is_in_the_north(as_, world, who, status, page):
    row = world.north_provider if page == "provider" else world.north_practice
    assert as_(who).get(row.get_absolute_url()).status_code == status


@pytest.mark.parametrize(("who", "status"), matrix(rest=404, ada=200, ivan=200, elle=403))
@pytest.mark.parametrize("page", ["provider", "practice"])
def test_who_opens_what_nobody_owns(as_, world, who, status, page):
    row = world.unowned_provider if page == "provider" else world.unowned_practice
    assert as_(who).get(row.get_absolute_url()).status_code == status


@pytest.mark.parametrize(("who", "status"), matrix(rest=200, past=404, elle=403))
def test_who_opens_organizations(as_, world, who, status):
    assert as_(who).get(world.ours.get_absolute_url()).status_code == status


@pytest.mark.parametrize(("who", "status"), matrix(rest=200, sol=404, past=404, over=404, elle=403))
@pytest.mark.parametrize("name", ["provider-edit", "provider-affiliate", "provider-align"])
def test_who_edits_providers(as_, world, who, status, name):
    assert as_(who).get(reverse(f"contacts:{name}", args=[world.north_provider.pk])).status_code == status


@pytest.mark.parametrize(("who", "status"), matrix(rest=200, sol=404, past=404, over=404, elle=403))
@pytest.mark.parametrize("name", ["practice-edit", "practice-archive", "practice-align", "staff-new"])
def test_who_edits_practices(as_, world, who, status, name):
    assert as_(who).get(reverse(f"contacts:{name}", args=[world.north_practice.pk])).status_code == status


@pytest.mark.parametrize(("who", "status"), matrix(rest=403, ada=200))
@pytest.mark.parametrize("name", ["organization-new", "specialties", "organization-edit", "organization-align", "pin", "specialty-edit"])
def test_settings_are_for_admins(as_, world, who, status, name):
    keys = {"organization-edit": world.ours.pk, "organization-align": world.ours.pk, "pin": world.north_practice.pk,
            "specialty-edit": factories.make_specialty().pk}  # fmt: skip
    assert as_(who).get(reverse(f"contacts:{name}", args=[keys[name]] if name in keys else [])).status_code == status


@pytest.mark.parametrize(("who", "status"), matrix(rest=403, ada=200, ivan=200))
def test_who_imports(as_, who, status):
    assert as_(who).get(reverse("contacts:imports")).status_code == status


def test_lists_show_what_is_in_scope(as_, world):
    page = as_("nora").get(reverse("contacts:providers")).content.decode()
    assert "Northrop" in page
    assert "Southwell" not in page
    page = as_("ada").get(reverse("contacts:practices")).content.decode()
    assert "Far Away Associates" in page


def test_lists_are_flat(client, world, assert_flat_queries):
    client.force_login(world.dana)
    assert_flat_queries(reverse("contacts:providers"), lambda n: add_providers(world.north_practice, n))
    office = {"territory": world.north, "zip": "44101", "organization": world.ours}
    office = {"territory": world.north, "zip": "44101", "organization": world.ours}
    assert_flat_queries(reverse("contacts:practices"), lambda n: [factories.make_practice(**office) for _ in range(n)])
    client.force_login(world.ada)
    assert_flat_queries(
        reverse("contacts:specialties"), lambda n: [factories.make_specialty(f"code{Specialty.objects.count()}") for _ in range(n)]
    )


def test_details_and_search_are_flat(client, world, assert_flat_queries):
    client.force_login(world.dana)
    assert_flat_queries(world.north_practice.get_absolute_url(), lambda n: add_providers(world.north_practice, n))

    def more_offices(n):
        for _ in range(n):
            practice = factories.make_practice(territory=world.north)
            Affiliation.objects.create(provider=world.north_provider, practice=practice, is_primary=False)

    assert_flat_queries(world.north_provider.get_absolute_url(), more_offices)
    assert_flat_queries(reverse("contacts:search") + "?q=provider", lambda n: add_providers(world.north_practice, n), few=4)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", {"Northrop", "Southwell"}), ("q=pat north", {"Northrop"}), ("q=northrop, pat", {"Northrop"}), ("q=zz", set()),
        ("territory={north}", {"Northrop"}), ("territory={region}", {"Northrop", "Southwell"}), ("territory=none", set()),
        ("owner={nora}", {"Northrop"}), ("alignment=employed", {"Northrop"}), ("alignment=unknown", set()),
        ("service_line={line}", {"Northrop"}), ("specialty={specialty}", {"Northrop"}), ("kind=np", {"Southwell"}),
        ("practice={practice}", {"Southwell"}), ("sort=-name", {"Northrop", "Southwell"}), ("territory=999999", {"Northrop", "Southwell"}),
    ],
)  # fmt: skip
def test_filters_of_providers(as_, world, asked, found):
    specialty = factories.make_specialty("207RC0000X", "Cardiology", world.line)
    Provider.objects.filter(pk=world.north_provider.pk).update(specialty=specialty)
    Provider.objects.filter(pk=world.south_provider.pk).update(kind="np")
    keys = {"north": world.north.pk, "region": world.region.pk, "nora": world.nora.pk, "line": world.line.pk,
            "specialty": specialty.pk, "practice": world.south_practice.pk}  # fmt: skip
    page = as_("dana").get(reverse("contacts:providers") + "?" + asked.format(**keys))
    assert {provider.last_name for provider in page.context["page"]} == found


def test_a_provider_follows_the_practice_and_it_the_organization(as_, world):
    Alignment.objects.all().delete()
    Practice.objects.filter(pk=world.north_practice.pk).update(organization=world.ours)
    align(world.ours, "affiliated", start="2020-01-01")
    align(world.north_practice, "competitor", end="2020-01-01")
    page = as_("dana").get(reverse("contacts:providers") + "?alignment=affiliated")
    assert [provider.last_name for provider in page.context["page"]] == ["Northrop"]
    detail = as_("dana").get(world.north_provider.get_absolute_url())
    assert detail.context["standing"].because == "as Riverbend Cardiology"
    align(world.north_provider, "independent")
    assert as_("dana").get(world.north_provider.get_absolute_url()).context["standing"].kind == "independent"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=group south", {"South Medical Group"}), ("q=441", {"North Family Practice"}), ("territory=none", {"Far Away Associates"}),
        ("owner={sol}", {"South Medical Group"}), ("state=archived", {"Closed"}), ("alignment=employed", {"North Family Practice"}),
        ("organization={ours}", {"South Medical Group"}),
    ],
)  # fmt: skip
def test_filters_of_practices(as_, world, asked, found):
    factories.make_practice("Closed", archived_at="2026-01-01T00:00Z")
    Practice.objects.filter(pk=world.south_practice.pk).update(organization=world.ours)
    page = as_("ada").get(reverse("contacts:practices") + "?" + asked.format(sol=world.sol.pk, ours=world.ours.pk))
    assert {practice.name for practice in page.context["page"]} == found


def test_other_offices_are_a_number_outside_the_scope(as_, world):
    Affiliation.objects.create(provider=world.north_provider, practice=world.south_practice, is_primary=False)
    page = as_("nora").get(world.north_provider.get_absolute_url()).content.decode()
    assert "1 other office" in page
    assert "South Medical Group" not in page


def test_a_fragment_for_htmx(as_, world):
    page = as_("nora").get(reverse("contacts:providers"), headers={"HX-Request": "true"}).content.decode()
    assert "Northrop" in page
    assert "<html" not in page


def test_a_liaison_adds_a_provider_at_a_practice(as_, world):
    client = as_("nora")
    new = reverse("contacts:provider-new")
    assert "First the practice" in client.get(new).content.decode()
    assert "North Family Practice" in client.get(new + "?q=family").content.decode()
    assert client.get(f"{new}?practice={world.south_practice.pk}").status_code == 404
    url = f"{new}?practice={world.north_practice.pk}"
    refused = client.post(url, {"last_name": "", "kind": "np", "npi": "123"})
    assert refused.status_code == 422
    assert "Error:" in refused.content.decode()
    client.post(url, {"first_name": "Zoë", "last_name": "Núñez", "kind": "np"})
    provider = Provider.objects.get(last_name="Núñez")
    assert provider.folded_name == "nunezzoe"
    assert provider.affiliations.get().practice == world.north_practice
    assert client.get(f"{new}?practice=none").context["title"] == "Add provider"  # only who sees the whole may


def test_editing_a_provider_is_audited_with_what_changed(as_, world):
    url = reverse("contacts:provider-edit", args=[world.north_provider.pk])
    answer = as_("nora").post(
        url, {"first_name": "Pat", "last_name": "Northrop", "kind": "physician", "phone": "555", "npi": world.north_provider.npi}
    )
    assert answer.status_code == 302
    assert AuditEvent.objects.get(event="provider.changed").details["changes"] == {"phone": ["", "555"]}


def test_somebody_elses_npi_is_refused(as_, world):
    url = reverse("contacts:provider-edit", args=[world.north_provider.pk])
    answer = as_("nora").post(url, {"last_name": "Northrop", "kind": "physician", "npi": world.south_provider.npi})
    assert answer.status_code == 422
    assert "has the NPI" in answer.content.decode()


def test_a_practice_moves_with_its_zip(as_, world):
    url = reverse("contacts:practice-edit", args=[world.north_practice.pk])
    answer = as_("dana").post(url, {"name": "North Family Practice", "zip": "44301"}, follow=True)
    assert "saved" in answer.content.decode()
    practice = Practice.objects.get(pk=world.north_practice.pk)
    assert (practice.territory, practice.placed_by, practice.county) == (world.south, "zip", "OH/Summit")
    assert Job.objects.filter(name="referrals.derive").exists()
    answer = as_("sol").post(url, {"name": "North Family Practice", "zip": "44101"}, follow=True)
    assert "outside your territories" in answer.content.decode()
    answer = as_("dana").post(url, {"name": "North Family Practice", "zip": "00000"})
    assert "no such ZIP code" in answer.content.decode()


def test_affiliations_by_the_pages(as_, world):
    client = as_("dana")
    url = reverse("contacts:provider-affiliate", args=[world.north_provider.pk])
    assert "South Medical Group" in client.get(url + "?q=south").content.decode()
    client.post(f"{url}?practice={world.south_practice.pk}", {"started_on": "2026-01-05"})
    works = Affiliation.objects.get(provider=world.north_provider, practice=world.south_practice)
    assert not works.is_primary
    client.post(reverse("contacts:affiliation-primary", args=[works.pk]))
    works.refresh_from_db()
    assert works.is_primary
    refused = client.post(reverse("contacts:affiliation-end", args=[works.pk]), {"ended_on": "2026-01-01"})
    assert refused.status_code == 422
    client.post(reverse("contacts:affiliation-end", args=[works.pk]), {"ended_on": "2026-02-01"})
    assert Affiliation.objects.open().get(provider=world.north_provider).is_primary
    assert as_("sol").post(reverse("contacts:affiliation-primary", args=[world.north_provider.affiliations.first().pk])).status_code == 404


def test_alignment_by_the_pages(as_, world):
    client = as_("nora")
    url = reverse("contacts:practice-align", args=[world.north_practice.pk])
    assert client.post(url, {"kind": "independent", "started_on": "2026-01-01"}).status_code == 302
    assert [row.kind for row in world.north_practice.alignments.all()] == ["employed", "independent"]
    refused = client.post(url, {"kind": "affiliated", "started_on": "2025-01-01"})
    assert refused.status_code == 422
    assert "From 1 Jan 2026 it is entered as independent" in refused.content.decode()
    entry = world.north_practice.alignments.last()
    assert as_("sol").post(reverse("contacts:alignment-remove", args=[entry.pk])).status_code == 404
    as_("nora").post(reverse("contacts:alignment-remove", args=[entry.pk]))
    assert world.north_practice.alignments.get().kind == "employed"
    assert as_("nora").post(reverse("contacts:alignment-remove", args=[world.ours.alignments.get().pk])).status_code == 403


def test_pins_by_the_pages(as_, world):
    client = as_("ada")
    url = reverse("contacts:pin", args=[world.unowned_practice.pk])
    client.post(url, {"territory": world.north.pk, "reason": "they asked for Nora"})
    practice = Practice.objects.get(pk=world.unowned_practice.pk)
    assert (practice.territory, practice.placed_by) == (world.north, "pin")
    page = client.get(practice.get_absolute_url()).content.decode()
    assert "pinned by name" in page
    assert "they asked for Nora" in page
    client.post(reverse("contacts:unpin", args=[practice.pk]))
    assert Practice.objects.get(pk=practice.pk).territory is None
    assert not PracticePin.objects.exists()


def test_staff_archive_and_network_by_the_pages(as_, world):
    client = as_("ada")
    client.post(reverse("contacts:staff-new", args=[world.north_practice.pk]), {"name": "Kim Desk", "job": "Front desk"})
    staff = Staff.objects.get()
    client.post(reverse("contacts:staff-edit", args=[staff.pk]), {"name": "Kim Desk", "left_on": "2026-01-01"})
    assert not Staff.objects.here().exists()
    archive = reverse("contacts:practice-archive", args=[world.north_practice.pk])
    assert "End their affiliations first" in client.post(archive, follow=True).content.decode()
    world.north_practice.affiliations.all().delete()
    client.post(archive)
    assert Practice.objects.get(pk=world.north_practice.pk).archived_at
    client.post(archive)
    assert not Practice.objects.get(pk=world.north_practice.pk).archived_at
    client.post(reverse("contacts:organization-new"), {"name": "Lakeshore", "service_line": world.line.pk})
    organization = Organization.objects.get(name="Lakeshore")
    client.post(reverse("contacts:organization-align", args=[organization.pk]), {"kind": "affiliated"})
    client.post(reverse("contacts:organization-edit", args=[organization.pk]), {"name": "Lakeshore Health", "state": "ct"})
    organization.refresh_from_db()
    assert (organization.folded_name, organization.state) == ("lakeshorehealth", "CT")
    assert "Affiliated" in client.get(organization.get_absolute_url()).content.decode()
    specialty = factories.make_specialty()
    client.post(reverse("contacts:specialty-edit", args=[specialty.pk]), {"name": "Heart", "service_line": world.line.pk})
    assert Specialty.objects.get().service_line == world.line


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("northrop pat", ["Pat Northrop"]), ("PAT NORTHROP", ["Pat Northrop"]), ("nothrop", ["Pat Northrop"]),
        ("north", ["Pat Northrop", "North Family Practice"]),
        ("famly practice", ["North Family Practice"]), ("44101", ["North Family Practice"]), ("south", []), ("%", []), ("", []),
    ],
)  # fmt: skip
def test_search_forgives_and_stays_in_scope(as_, world, text, found):
    hits = as_("nora").get(reverse("contacts:search"), {"q": text, "format": "json"}).json()
    assert [hit["label"] for hit in hits] == found


def test_search_by_npi_and_for_fields(as_, world):
    client = as_("nora")
    url = reverse("contacts:search")
    hit = client.get(url, {"q": world.north_provider.npi[:9], "format": "json", "kind": "provider"}).json()
    assert [row["value"] for row in hit] == [world.north_provider.pk]
    assert "North Family Practice" in hit[0]["sub"]
    add_providers(world.north_practice, 12)
    assert len(client.get(url, {"q": "p", "format": "json"}).json()) == 10
    page = client.get(url, {"q": "north"}, headers={"HX-Request": "true"}).content.decode()
    assert "Northrop" in page
    assert "<html" not in page


def test_a_file_uploaded_in_the_browser(as_, world, run_jobs, settings, tmp_path):
    settings.UPLOADS = tmp_path
    client = as_("ivan")
    body = b"practice,alignment\nNorth Family Practice,affiliated\nElm,bad\n"
    answer = client.post(reverse("contacts:imports"), {"kind": "roster", "file": SimpleUploadedFile("roster.csv", body)})
    job = Job.objects.get(name="contacts.import_file")
    assert answer.url == reverse("contacts:import", args=[job.pk])
    assert "Waiting for a worker" in client.get(answer.url).content.decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda done: done())
        run_jobs()
    assert client.get(answer.url, headers={"HX-Request": "true"})["HX-Redirect"] == answer.url
    page = client.get(answer.url).content.decode()
    assert "1 row rejected" in page
    assert "is no alignment" in page
    assert world.north_practice.alignments.get().kind == "affiliated"
    assert not list(tmp_path.iterdir())
    assert "roster.csv" in client.get(reverse("contacts:imports")).content.decode()
    assert as_("nora").get(answer.url).status_code == 403


def test_a_file_that_cannot_be_read_and_one_only_checked(as_, world, run_jobs, settings, tmp_path):
    settings.UPLOADS = tmp_path
    client = as_("ivan")

    def post(kind, body, **more):
        return client.post(reverse("contacts:imports"), {"kind": kind, "file": SimpleUploadedFile("a.csv", body), **more}).url

    bad = post("network", b"one,two\n1,2\n")
    checked = post("roster", b"practice,alignment\nElm,employed\n", dry_run="on")
    run_jobs()
    assert "not a network list" in client.get(bad).content.decode()
    assert "Only checked." in client.get(checked).content.decode()
    assert not Practice.objects.filter(name="Elm").exists()
    assert client.post(reverse("contacts:imports"), {"kind": "roster"}).status_code == 422
