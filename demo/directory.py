"""What the directory of the invented system says: criteria and contacts by line, languages of people, plans that differ; gaps are left."""

import datetime as dt
import random
from collections.abc import Mapping

from django.utils import timezone

import directory.actions
from accounts.models import User
from contacts.models import Organization, Provider
from directory.listing import SPECIALIST
from directory.models import Entry
from directory.queries import listings
from referrals.models import Payer
from territories.models import ServiceLine

# line: whom to send, what to send along, how to refer. Two lines have not been asked yet.
SAID = {
    "Cardiology": (
        "Chest pain on exertion, new heart failure, palpitations with syncope, murmurs. Not: stable blood pressure.",
        "ECG, last lipid panel and BMP, list of drugs, earlier echo if there is one.",
        "EHR: Lakeland Cardiology intake. Urgent the same day: call the referral line and ask for the nurse of the day.",
    ),
    "Orthopedics": (
        "Joint pain after six weeks of therapy, fractures, sports injuries. Spine with red flags goes to neurosciences.",
        "X-rays of the last three months as DICOM, therapy notes.",
        "EHR: Lakeland Ortho. Fractures are seen the next working day: call.",
    ),
    "Gastroenterology": (
        "Screening colonoscopy from 45, rectal bleeding, abnormal liver panel, dysphagia.",
        "Last colonoscopy report, CBC, liver panel.",
        "Open access for screening: fax the form, the patient is called within two days.",
    ),
    "Neurosciences": (
        "First seizure, new weakness, headache with warning signs, tremor, memory loss.",
        "MRI on disc or by image share, the neurologic examination in your own words.",
        "EHR: Lakeland Neuro triage. A nurse reads every referral within one day.",
    ),
    "Oncology": (
        "Any tissue diagnosis or a mass on imaging; you need not wait for the biopsy.",
        "Pathology, imaging reports, staging if known.",
        "Call the navigator: a first visit within five days.",
    ),
}
LANGUAGES = (["en", "es"], ["en", "ar"], ["en"], ["en", "cmn", "yue"], ["en", "es", "pt"], ["en", "ru", "uk"])
EVERY = 2  # of the specialists each second one told their languages


def ensure(people: Mapping[str, User], *, seed: int) -> None:
    """Write it where nothing is written yet."""
    if Entry.objects.exists():
        return
    admin, dice = people["Ada Quinn"], random.Random(seed)
    for number, (name, (criteria, send_along, how_to_refer)) in enumerate(SAID.items()):
        line = ServiceLine.objects.filter(name=name).first()
        if line is None:
            continue
        directory.actions.save_entry(
            service_line=line,
            criteria=criteria,
            send_along=send_along,
            how_to_refer=how_to_refer,
            phone=f"216-555-02{number:02d}",
            fax=f"216-555-03{number:02d}",
            email=f"{name.lower()}.referrals@lakeland.example",
            languages=["en", "es"],
            by=admin,
        )
    specialists = [one for one in listings(admin, timezone.localdate()) if one.kind == SPECIALIST]
    # The oldest site of gastroenterology is told in full; a specialist has joined one more plan and leaves another.
    site = Organization.objects.filter(name="Lakeland Gastroenterology").first()
    if site is not None and site.service_line is not None:
        directory.actions.save_entry(
            service_line=site.service_line, organization=site, how_to_refer="Portal: GI open access. Fax is read at 8 and at 1.", by=admin
        )
    payers, today = list(Payer.objects.exclude(name="Self-pay").order_by("name")[:5]), timezone.localdate()
    known = Provider.objects.in_bulk([one.provider for one in specialists if one.provider])
    for number, one in enumerate(specialists[::EVERY]):
        provider, languages = known[one.provider or 0], LANGUAGES[dice.randrange(len(LANGUAGES))]
        if number % 4 == 0 and len(payers) > 2:
            plans = {payer: (None, None) for payer in payers[:-2]} | {payers[-1]: (today + dt.timedelta(days=33), None)}
            directory.actions.save_entry(provider=provider, languages=languages, tells_plans=True, plans=plans, by=admin)
        else:
            directory.actions.save_entry(provider=provider, languages=languages, by=admin)
