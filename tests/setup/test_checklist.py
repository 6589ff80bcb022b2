"""The first day: what is done follows from the facts, what is not may be put off, and nobody but admins sees it."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Installation, User
from accounts.roles import Role
from audit.models import AuditEvent
from compliance.models import SpendLimit
from contacts.models import Alignment, Cadence
from reports.models import ReportRules
from setup import actions
from setup.models import Backup, MailTest, PutOff
from setup.queries import checklist
from setup.queries.checklist import STEPS
from territories.models import Territory
from tests import factories
from tests.factories.concerns import make_category
from tests.factories.rows import make_referral
from tests.factories.visits import make_topic, make_visit_type

ORGANIZATION = {
    "name": "Riverbend Health",
    "time_zone": "America/Chicago",
    "fiscal_starts": "7",
    "letterhead": "Riverbend",
    "other_zone": "",
}


@pytest.fixture
def admin(db, client):
    """The only person of an empty installation."""
    user = factories.make_user("first", role=Role.ADMIN)
    client.force_login(user)
    return user


def done(user, key):
    return checklist(user).step(key).is_done


def test_an_empty_installation_leads_its_admin_to_the_first_step(admin, client):
    assert client.get("/", follow=True).redirect_chain[-1][0] == reverse("setup:overview")
    found = checklist(admin)
    assert [step.key for step in found.steps if step.is_done] == ["sample"]
    assert found.next.key == "organization"
    page = client.get(reverse("setup:overview")).content.decode()
    assert "1 of 10 steps are done" in page
    for step in found.steps:
        assert step.url in page
        assert client.get(step.url).status_code == 200


def test_of_nothing_nothing_is_said_to_be_in_order(admin):
    lines = {line.text: line for line in checklist(admin).step("territories").lines}
    assert lines["Practices that nobody owns"].detail == "No practices yet"
    assert not any(line.is_done for line in lines.values())


def test_every_line_leads_to_a_page_that_the_admin_may_open(admin, client):
    for step in checklist(admin).steps:
        for line in step.lines:
            assert client.get(line.url, follow=True).status_code == 200, line.url


def test_the_organization_is_one_page_that_writes_to_where_things_are_kept(admin, client):
    address = reverse("setup:organization")
    assert client.post(address, ORGANIZATION).status_code == 302
    assert Territory.objects.get(parent=None).name == "Riverbend Health"
    assert (Installation.current().time_zone, Installation.current().letterhead) == ("America/Chicago", "Riverbend")
    assert ReportRules.current().fiscal_starts == 7
    assert done(admin, "organization")
    assert client.post(address, ORGANIZATION | {"name": "Riverbend", "other_zone": "Europe/Berlin"}).status_code == 302
    assert Territory.objects.get(parent=None).name == "Riverbend"
    assert Installation.current().time_zone == "Europe/Berlin"
    assert {"territory.created", "territory.edited", "installation.saved", "report_rules.changed"} <= set(
        AuditEvent.objects.values_list("event", flat=True)
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"name": " "}, "Type the organization"), ({"other_zone": "Mars/Base"}, "There is no such zone"), ({"fiscal_starts": "13"}, "choice")],
)
def test_a_wrong_organization_is_told_and_kept_in_the_form(admin, client, wrong, sentence):
    answer = client.post(reverse("setup:organization"), ORGANIZATION | wrong)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Riverbend" in answer.content.decode()
    assert not Installation.objects.exists()


def test_steps_are_done_by_facts_and_by_nothing_else(admin, world):
    """The cast brings people, territories, contacts; what is missing is added one by one."""
    year = timezone.localdate().year
    for key, complete in (
        (
            "field",
            lambda: (
                Cadence.objects.update_or_create(tier="A", defaults={"every_days": 30}),
                make_topic(),
                make_visit_type(),
                make_category(),
            ),
        ),
        ("spend", lambda: SpendLimit.objects.create(year=year, non_monetary=500, source="CMS")),
        ("territories", lambda: None),
        ("network", lambda: Alignment.objects.filter(organization=world.ours).update(started_on=dt.date(2020, 1, 1))),
        ("providers", lambda: None),
        ("sample", lambda: None),
    ):
        complete()
        assert done(admin, key), key
    assert not done(admin, "people"), "no second factor"
    assert not done(admin, "numbers")
    make_referral(world.north_practice)
    assert done(admin, "numbers")
    factories.make_territory("New", parent=world.region, zips=("44999",))
    assert not done(admin, "territories"), "nobody looks after it"


def test_a_limit_of_another_year_is_none(admin):
    SpendLimit.objects.create(year=timezone.localdate().year - 1, non_monetary=500, source="CMS")
    assert not done(admin, "spend")


def test_proofs_are_a_mail_that_was_taken_and_a_backup_that_came_back_lately(admin):
    MailTest.objects.create(sent_to=admin.email, message_id="<a@b>", refusal="no")
    Backup.objects.create(refusal="no pg_dump")
    assert not done(admin, "proofs")
    MailTest.objects.create(sent_to=admin.email, message_id="<a@b>")
    backup = Backup.objects.create(proven_at=timezone.now())
    assert done(admin, "proofs")
    Backup.objects.filter(pk=backup.pk).update(proven_at=timezone.localtime() - dt.timedelta(days=100))
    assert not done(admin, "proofs"), "a proof is of its day"


def test_a_step_can_be_put_off_and_taken_up_again(admin, client):
    client.post(reverse("setup:put-off", args=["organization"]))
    assert checklist(admin).next.key == "people"
    assert checklist(admin).step("organization").standing == "Put off"
    assert not checklist(admin).is_finished
    client.post(reverse("setup:take-up", args=["organization"]))
    assert checklist(admin).next.key == "organization"
    assert list(AuditEvent.objects.values_list("event", flat=True)) == ["setup.taken_up", "setup.put_off"]
    assert client.post(reverse("setup:put-off", args=["nothing"])).status_code == 404


def test_the_list_is_on_the_dashboard_until_it_is_taken_off(admin, client):
    assert reverse("setup:panel") in client.get(reverse("reports:dashboard")).content.decode()
    assert "Set-up: 1 of 10" in client.get(reverse("setup:panel")).content.decode()
    client.post(reverse("setup:hide"), {"hidden": "yes"})
    assert client.get(reverse("setup:panel")).content.decode().strip() == ""
    assert client.get("/").url == reverse("reports:dashboard")
    client.post(reverse("setup:hide"), {"hidden": "no"})
    assert not PutOff.objects.exists()


def test_pages_that_a_step_leads_to_show_the_way_back(admin, client):
    client.get(reverse("setup:step", args=["spend"]))
    assert "Set-up, step 7" in client.get(reverse("compliance:limits")).content.decode()
    client.get(reverse("setup:overview"))
    assert "Set-up, step 7" not in client.get(reverse("compliance:limits")).content.decode()


@pytest.mark.parametrize("who", ["nora", "dana", "ivan", "elle"])
def test_only_admins_set_up(as_, who):
    client = as_(who)
    for name in ("overview", "organization", "mail", "backups", "sample", "panel"):
        assert client.get(reverse(f"setup:{name}")).status_code == 403
    assert reverse("setup:panel") not in client.get(reverse("reports:dashboard")).content.decode()


def test_the_list_asks_the_database_as_often_for_many_rows(admin, client, world, assert_flat_queries):
    def more(count):
        for _ in range(count):
            territory = factories.make_territory(f"T{Territory.objects.count()}", parent=world.region)
            factories.make_provider(
                f"P{Territory.objects.count()}", at=factories.make_practice(f"Place {Territory.objects.count()}", territory=territory)
            )

    assert_flat_queries(reverse("setup:overview"), more)


def test_all_steps_have_words_of_their_own():
    assert len({why for _, _, why, _ in STEPS}) == len(STEPS) == 10


# The very first person


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR = tmp_path
    return tmp_path


FIRST = {"full_name": "Ada Quinn", "email": "ada@riverbend.example", "password": "long-enough-words-7"}


def test_the_first_admin_comes_by_an_address_that_works_once(db, client, var):
    path = actions.first_admin_path()
    assert (var / "first_admin_key").stat().st_mode & 0o777 == 0o600
    assert actions.first_admin_path() == path, "the same until it is used"
    assert client.get(path).status_code == 200
    assert client.post(path, FIRST | {"password": "short"}).status_code == 422
    assert not User.objects.exists()
    answer = client.post(path, FIRST)
    assert (answer.status_code, answer.url) == (302, reverse("setup:overview"))
    assert client.get(answer.url).status_code == 200, "signed in"
    assert User.objects.get().role == Role.ADMIN
    assert AuditEvent.objects.filter(event="person.invited").exists()


def test_the_address_is_worth_nothing_with_another_key_or_beside_an_admin(db, client, var):
    path = actions.first_admin_path()
    assert client.get(reverse("setup:first-admin", args=["guess"])).status_code == 404
    factories.make_user("ada", role=Role.ADMIN)
    assert client.get(path).status_code == 404
    assert client.post(path, FIRST).status_code == 404
    assert actions.first_admin_path() == ""
    assert not (var / "first_admin_key").exists()
