"""Which practices belong to the organizations that referrals go to: so that some send, and are sent to."""

import contacts.actions
from accounts.models import User
from contacts.models import Organization, Practice
from demo.world import LINES, World, destinations


def join(made: World, *, by: User) -> None:
    """Each office of ours where a specialist works belongs to that line's organization of the same alignment."""
    line_of = {code: line for line, code, *_ in LINES}
    organizations = {organization.name: organization for organization in Organization.objects.all()}
    practices = {practice.name: practice for practice in Practice.objects.filter(organization=None)}
    for person in made.people:
        office = made.at(person)
        practice = practices.get(office.name)
        if practice is None or person.taxonomy not in line_of or person.rate:
            continue
        names = [name for name, alignment in destinations(line_of[person.taxonomy]) if alignment == office.alignment != "independent"]
        if names:
            contacts.actions.save_practice(practice=practices.pop(office.name), organization=organizations[names[0]], by=by)
