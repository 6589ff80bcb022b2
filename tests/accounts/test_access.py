"""Scope and permissions of the cast."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.permissions import Permission
from common.admin import ReadOnlyAdmin
from contacts.models import Practice, Provider
from territories.models import Territory
from territories.scope import scope_of


@pytest.mark.parametrize(
    ("who", "practices"),
    [
        ("nora", {"North Family Practice"}),
        ("sol", {"South Medical Group"}),
        ("over", {"South Medical Group"}),
        ("past", set()),
        ("dana", {"North Family Practice", "South Medical Group"}),
        ("ada", {"North Family Practice", "South Medical Group", "Far Away Associates"}),
        ("ivan", {"North Family Practice", "South Medical Group", "Far Away Associates"}),
    ],
)
def test_practices_in_scope(world, who, practices):
    assert {practice.name for practice in Practice.objects.visible_to(world.cast[who])} == practices


def test_a_provider_is_seen_through_any_open_affiliation(world):
    world.south_provider.affiliations.create(practice=world.north_practice, is_primary=False)
    assert set(Provider.objects.visible_to(world.nora)) == {world.north_provider, world.south_provider}
    world.south_provider.affiliations.filter(practice=world.north_practice).delete()
    assert set(Provider.objects.visible_to(world.nora)) == {world.north_provider}


def test_a_manager_of_the_root_sees_the_whole(world):
    world.dana.assignments.update(territory=world.root)
    assert scope_of(world.dana).whole


def test_a_disabled_person_sees_nothing(world):
    world.nora.is_active = False
    assert not Practice.objects.visible_to(world.nora).exists()
    assert not Territory.objects.visible_to(world.nora).exists()
    assert not world.nora.can(Permission.PROVIDER_VIEW)


def test_patient_rows_are_granted_by_person_and_never_to_liaisons(world):
    assert world.dana.can(Permission.REFERRAL_ROWS)
    world.dana.patient_rows = False
    assert not world.dana.can(Permission.REFERRAL_ROWS)
    world.nora.patient_rows = True
    assert not world.nora.can(Permission.REFERRAL_ROWS)


def test_the_administration_changes_nothing(as_, world):
    assert as_("ada").get(reverse("admin:index")).status_code == 200
    assert {type(shown).__mro__[1] for shown in admin.site._registry.values()} == {ReadOnlyAdmin}
    assert as_("dana").get(reverse("admin:index"), follow=True).status_code == 403
