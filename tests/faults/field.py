"""`python -m tests.faults.field FOLDER`: the world of the fault tests, written into a fresh database by the ordinary ways in."""

import sys
from pathlib import Path

import django

if __name__ == "__main__":
    django.setup()
    from accounts.roles import Role
    from contacts.models import Practice
    from jobs.actions import run_waiting
    from territories.models import Territory
    from tests import factories
    from tests.factories.referrals import import_referrals, load_contacts

    folder = Path(sys.argv[1])
    load_contacts(folder)
    import_referrals(folder, "a")
    run_waiting()
    factories.make_user("ada", role=Role.ADMIN, patient_rows=True)
    root = Territory.objects.get(parent=None)
    nora = factories.make_user("nora")
    factories.assign(nora, root)
    factories.assign(factories.make_user("dana", role=Role.MANAGER), root, primary=False)
    assert Practice.objects.visible_to(nora).exists()
