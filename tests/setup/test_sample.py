"""Sample data on and off: the installation afterwards is, table by table and row by row, what it was before."""

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from accounts.models import Installation, User
from accounts.roles import Role
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from contacts.models import Provider
from demo import sample, tables
from demo.models import Sample
from jobs.models import Job, JobState
from referrals.models import Referral
from tests import factories
from visits.models import Topic, Visit


def every_row() -> dict[str, list[str]]:
    """{table: its rows as text, sorted} of the whole database, but for what the page says stays."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables.all_tables():
            if table not in {"audit_auditevent", "jobs_job", "durable_cache"}:
                cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')  # noqa: S608
                found[table] = [row for (row,) in cursor.fetchall()]
    return found


@pytest.fixture
def admin(db):
    return factories.make_user("root", role=Role.ADMIN)


@pytest.mark.django_db(transaction=True)
def test_on_and_off_without_a_trace(run_jobs, client, monkeypatch):
    """Everything but the audit trail and the rows of the two jobs; what a real person does meanwhile included."""
    monkeypatch.setattr(sample.load, "__kwdefaults__", {**sample.load.__kwdefaults__, "referrals_a_month": 40})
    admin = factories.make_user("root", role=Role.ADMIN)
    Topic.objects.create(name="A topic of ours")
    before, jobs_before = every_row(), set(Job.objects.values_list("pk", flat=True))

    sample.ask_to_load(by=admin)
    run_jobs()
    here = Sample.objects.get()
    assert here.loaded_at is not None, here.job.error
    assert Referral.objects.exists()
    assert Visit.objects.exists()
    assert every_row().keys() == before.keys()
    changed = {table for table, rows in every_row().items() if rows != before[table]}
    assert len(changed) > 50

    client.force_login(User.objects.get(email="dana@lakeland.example"))
    factories.make_visit(Visit.objects.first().practice, admin)
    factories.make_practice("A real one, entered too early")
    colleague = factories.make_user("colleague")
    Installation.objects.update_or_create(pk=1, defaults={"time_zone": "America/Denver"})

    sample.ask_to_take_off(by=admin)
    run_jobs()
    assert not Sample.objects.exists()
    after = every_row()
    assert {table for table, rows in after.items() if rows != before[table]} == {"accounts_user", "accounts_installation"}
    assert set(User.objects.all()) == {admin, colleague}
    assert Installation.current().time_zone == "America/Denver", "a setting of the real one"
    assert client.get("/").status_code == 302, "the invented manager is signed out"
    assert set(Job.objects.exclude(pk__in=jobs_before).values_list("name", flat=True)) == {"demo.load_sample", "demo.take_off_sample"}
    assert not tables.is_kept()
    assert not (settings.VAR / "demo_password").exists()
    told = set(AuditEvent.objects.values_list("event", flat=True))
    assert {"sample.asked_for", "sample.loaded", "sample.asked_off", "sample.taken_off"} <= told

    colleague.delete()
    Installation.objects.all().delete()
    assert every_row() == before
    sample.ask_to_load(by=admin)  # and it can be loaded again


def test_it_goes_into_an_empty_installation_only(admin, client):
    factories.make_practice("Ours")
    with pytest.raises(PolicyViolation, match="There are practices already"):
        sample.ask_to_load(by=admin)
    client.force_login(admin)
    page = client.get(reverse("setup:sample")).content.decode()
    assert "Not beside real data" in page
    assert reverse("setup:sample-load") not in page
    assert "There are practices already" in client.post(reverse("setup:sample-load"), follow=True).content.decode()


def test_the_page_says_what_stays_and_asks_before_it_takes_off(admin, client):
    client.force_login(admin)
    page = client.get(reverse("setup:sample")).content.decode()
    assert "The audit trail stays as well" in page
    client.post(reverse("setup:sample-load"))
    assert "Waiting for a worker" in client.get(reverse("setup:sample")).content.decode()
    with pytest.raises(PolicyViolation, match="here already"):
        sample.ask_to_load(by=admin)
    with pytest.raises(PolicyViolation, match="still being loaded"):
        sample.ask_to_take_off(by=admin)
    Job.objects.update(state=JobState.FAILED, error="The disk is full.")
    assert "The disk is full." in client.get(reverse("setup:sample")).content.decode()
    page = client.get(reverse("setup:sample-off")).content.decode()
    assert "No real person entered anything meanwhile" in page
    factories.make_practice("x")
    AuditEvent.objects.create(event="practice.added", by_id=str(admin.pk))
    assert "1 entry" in " ".join(client.get(reverse("setup:sample-off")).content.decode().split())
    assert client.post(reverse("setup:sample-off")).status_code == 302
    assert Job.objects.filter(name="demo.take_off_sample").exists()


def test_an_invented_admin_does_not_take_the_sample_off(admin):
    sample.ask_to_load(by=admin)
    Job.objects.update(state=JobState.DONE)
    invented = factories.make_user("invented", role=Role.ADMIN, is_demo=True)
    with pytest.raises(PolicyViolation, match="invented people"):
        sample.ask_to_take_off(by=invented)


def test_there_is_nothing_to_take_off_where_nothing_is(admin, client):
    with pytest.raises(PolicyViolation, match="no sample data"):
        sample.ask_to_take_off(by=admin)
    client.force_login(admin)
    assert client.get(reverse("setup:sample-off")).url == reverse("setup:sample")
    assert not Provider.objects.exists()


def test_what_is_left_alone_exists_and_nothing_of_it_points_to_what_is_emptied(db):
    assert set(tables.LEFT_ALONE) - set(tables.all_tables()) <= {"auth_group", "auth_group_permissions", "django_admin_log"}
    assert set(tables.SETTINGS) <= set(tables.all_tables())
    with connection.cursor() as cursor:
        cursor.execute("SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'")
        links = cursor.fetchall()
    assert [(here, there) for here, there in links if here in tables.LEFT_ALONE and there not in tables.LEFT_ALONE] == []
