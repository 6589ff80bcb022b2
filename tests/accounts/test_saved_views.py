"""Saved views: what a list shows under a name, for oneself or the team, as the default; deleted with undo; never wider than one's scope."""

import pytest
from django.urls import reverse

from accounts.models import SavedView
from audit.models import AuditEvent

LIST = reverse("contacts:practices")


def save(client, name="Tier A", query="tier=A&sort=-town&page=3&hide=alignment", **more):
    return client.post(reverse("accounts:view-save"), {"page": "contacts:practices", "query": query, "name": name, **more})


def test_a_view_keeps_filters_order_and_columns_and_not_the_page(as_, world):
    client = as_("nora")
    answer = save(client)
    view = SavedView.objects.get()
    assert view.query == "tier=A&sort=-town&hide=alignment"
    assert answer.url == f"{LIST}?tier=A&sort=-town&hide=alignment&view={view.pk}"
    page = client.get(answer.url).content.decode()
    assert 'aria-current="true">Tier A' in page
    assert "Edit view" in page
    assert AuditEvent.objects.filter(event="saved_view.added").exists()
    changed = client.get(f"{LIST}?tier=B&view={view.pk}").content.decode()
    assert "Update “Tier A”" in changed
    client.post(reverse("accounts:view-update", args=[view.pk]), {"query": "tier=B"})
    view.refresh_from_db()
    assert view.query == "tier=B"


def test_a_name_once_whatever_its_case(as_, world):
    client = as_("nora")
    save(client)
    again = save(client, name="tier a")
    assert again.status_code == 422
    assert "Choose another name" in again.content.decode()
    assert save(client, name="  ").status_code == 422
    assert SavedView.objects.count() == 1
    assert save(as_("sol"), name="Tier A").status_code == 302, "another person's names are theirs"


def test_own_and_shared(as_, world):
    save(as_("nora"), name="Mine")
    save(as_("nora"), name="Ours", is_shared="on")
    page = as_("sol").get(LIST).content.decode()
    assert "Ours" in page
    assert "by Nora" in page
    assert "Mine" not in page
    shared = SavedView.objects.get(name="Ours")
    assert "Edit view" not in as_("sol").get(shared.get_absolute_url()).content.decode()
    for name in ("view-edit", "view-delete", "view-update", "view-restore"):
        url = reverse(f"accounts:{name}", args=[shared.pk])
        assert as_("sol").post(url, {"name": "x"}).status_code == 404
    assert "North Family Practice" not in as_("sol").get(f"{LIST}?view={shared.pk}").content.decode(), "a view widens nobody's scope"
    world.nora.is_active = False
    world.nora.save()
    assert "Ours" not in as_("sol").get(LIST).content.decode()


def test_the_default_opens_with_the_list_and_there_is_one(as_, world):
    client = as_("nora")
    save(client, name="First", is_default="on")
    save(client, name="Second", query="tier=B", is_default="on")
    second = SavedView.objects.get(name="Second")
    assert SavedView.objects.filter(is_default=True).get() == second
    assert client.get(LIST).url == second.get_absolute_url()
    assert client.get(f"{LIST}?view=all").status_code == 200
    assert client.get(LIST, headers={"HX-Request": "true"}).status_code == 200
    assert as_("sol").get(LIST).status_code == 200, "somebody else's default is theirs"


def test_rename_delete_and_undo(as_, world):
    client = as_("nora")
    save(client)
    view = SavedView.objects.get()
    edit = reverse("accounts:view-edit", args=[view.pk])
    assert "Tier A" in client.get(edit).content.decode()
    assert client.post(edit, {"name": "North A", "is_shared": "on"}).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("North A", True)
    gone = client.post(reverse("accounts:view-delete", args=[view.pk]))
    page = client.get(gone.url).content.decode()
    assert "View “North A” deleted" in page
    client.post(reverse("accounts:view-restore", args=[view.pk]))
    assert "North A" in client.get(f"{LIST}?view=all").content.decode()
    client.post(reverse("accounts:view-delete", args=[view.pk]))
    save(client, name="North A")
    client.post(reverse("accounts:view-restore", args=[view.pk]))
    view.refresh_from_db()
    assert view.deleted_at is not None, "its name is taken meanwhile"


@pytest.mark.parametrize("page", ["nothing:there", "", "contacts:practice"])
def test_no_such_list(as_, world, page):
    answer = as_("nora").post(reverse("accounts:view-save"), {"page": page, "name": "x", "query": ""})
    assert answer.url == reverse("home")
    assert not SavedView.objects.exists()
