"""Specialties in our own plain words, by taxonomy code, with the service line they usually refer within. Codes that are not here are called
as the loaded code set calls them (import_taxonomy), else by their code, until somebody edits them (contacts:specialties)."""

from collections.abc import Iterable

from contacts.models import Specialty, TaxonomyCode
from territories.models import ServiceLine

CARDIOLOGY, ORTHOPEDICS, GASTROENTEROLOGY, NEUROSCIENCES = "Cardiology", "Orthopedics", "Gastroenterology", "Neurosciences"
ONCOLOGY, PULMONOLOGY, SURGERY, WOMENS_HEALTH = "Oncology", "Pulmonology", "Surgery", "Women's Health"

# code: our name, the service line it belongs to at first
KNOWN: dict[str, tuple[str, str | None]] = {
    "207Q00000X": ("Family medicine", None),
    "207R00000X": ("Internal medicine", None),
    "208000000X": ("Pediatrics", None),
    "208D00000X": ("General practice", None),
    "363L00000X": ("Nurse practitioner", None),
    "363LF0000X": ("Family nurse practitioner", None),
    "363LA2200X": ("Adult nurse practitioner", None),
    "363LA2100X": ("Acute care nurse practitioner", None),
    "363LG0600X": ("Gerontology nurse practitioner", None),
    "363LP0200X": ("Pediatric nurse practitioner", None),
    "363LP0808X": ("Psychiatric nurse practitioner", None),
    "363LP2300X": ("Primary care nurse practitioner", None),
    "363LW0102X": ("Women's health nurse practitioner", WOMENS_HEALTH),
    "363A00000X": ("Physician assistant", None),
    "363AM0700X": ("Medical physician assistant", None),
    "363AS0400X": ("Surgical physician assistant", None),
    "207RC0000X": ("Cardiology", CARDIOLOGY),
    "207RI0011X": ("Interventional cardiology", CARDIOLOGY),
    "207RC0001X": ("Heart rhythm medicine", CARDIOLOGY),
    "207RA0001X": ("Advanced heart failure", CARDIOLOGY),
    "208G00000X": ("Heart and chest surgery", CARDIOLOGY),
    "207X00000X": ("Orthopedic surgery", ORTHOPEDICS),
    "207XX0005X": ("Orthopedic sports medicine", ORTHOPEDICS),
    "207XS0106X": ("Orthopedic hand surgery", ORTHOPEDICS),
    "207XS0114X": ("Joint replacement surgery", ORTHOPEDICS),
    "207XS0117X": ("Orthopedic spine surgery", ORTHOPEDICS),
    "207RG0100X": ("Gastroenterology", GASTROENTEROLOGY),
    "207RI0008X": ("Hepatology", GASTROENTEROLOGY),
    "2084N0400X": ("Neurology", NEUROSCIENCES),
    "2084N0402X": ("Child neurology", NEUROSCIENCES),
    "207T00000X": ("Neurosurgery", NEUROSCIENCES),
    "207RX0202X": ("Medical oncology", ONCOLOGY),
    "207RH0003X": ("Blood and cancer medicine", ONCOLOGY),
    "207RH0000X": ("Hematology", ONCOLOGY),
    "2085R0001X": ("Radiation oncology", ONCOLOGY),
    "2086X0206X": ("Surgical oncology", ONCOLOGY),
    "207RP1001X": ("Lung medicine", PULMONOLOGY),
    "207RC0200X": ("Critical care", PULMONOLOGY),
    "208600000X": ("General surgery", SURGERY),
    "208C00000X": ("Colon and rectal surgery", SURGERY),
    "2086S0129X": ("Vascular surgery", SURGERY),
    "208200000X": ("Plastic surgery", SURGERY),
    "207V00000X": ("Obstetrics and gynecology", WOMENS_HEALTH),
    "207VG0400X": ("Gynecology", WOMENS_HEALTH),
    "207VM0101X": ("Maternal and fetal medicine", WOMENS_HEALTH),
    "207VX0201X": ("Gynecologic oncology", WOMENS_HEALTH),
    "367A00000X": ("Midwifery", WOMENS_HEALTH),
    "207RE0101X": ("Endocrinology", None),
    "207RN0300X": ("Kidney medicine", None),
    "207RR0500X": ("Rheumatology", None),
    "207RI0200X": ("Infectious disease", None),
    "207RG0300X": ("Geriatrics", None),
    "207QG0300X": ("Geriatrics in family medicine", None),
    "207K00000X": ("Allergy and immunology", None),
    "207N00000X": ("Dermatology", None),
    "207W00000X": ("Ophthalmology", None),
    "207Y00000X": ("Ear, nose and throat", None),
    "208800000X": ("Urology", None),
    "208100000X": ("Physical medicine", None),
    "2084P0800X": ("Psychiatry", None),
    "207P00000X": ("Emergency medicine", None),
    "208M00000X": ("Hospital medicine", None),
    "390200000X": ("In training", None),
    "207L00000X": ("Anesthesiology", None),
    "2085R0202X": ("Radiology", None),
    "2080A0000X": ("Adolescent medicine", None),
    "2080N0001X": ("Newborn medicine", None),
    "213E00000X": ("Podiatry", None),
    "152W00000X": ("Optometry", None),
    "111N00000X": ("Chiropractic", None),
    "122300000X": ("Dentistry", None),
    "1223G0001X": ("General dentistry", None),
    "225100000X": ("Physical therapy", None),
    "235Z00000X": ("Speech therapy", None),
    "231H00000X": ("Audiology", None),
    "133V00000X": ("Dietetics", None),
    "103TC0700X": ("Clinical psychology", None),
    "1041C0700X": ("Clinical social work", None),
    "367500000X": ("Nurse anesthesia", None),
}


# Emergency, hospital medicine and residents do not choose where patients go: they stay off lists of decliners and targets.
OFF_LISTS = ("207P", "208M", "390200000X")


def ensure_specialties(codes: Iterable[str]) -> dict[str, int]:
    """The keys of these specialties, made where they are missing, with their service line."""
    wanted = {code for code in codes if code}
    known = dict(Specialty.objects.filter(code__in=wanted).values_list("code", "pk"))
    missing = sorted(wanted - known.keys())
    if missing:
        lines = ensure_service_lines(line for code in missing if (line := KNOWN.get(code, ("", None))[1]))
        told = dict(TaxonomyCode.objects.filter(code__in=missing).values_list("code", "display_name"))
        made = []
        for code in missing:
            name, line = KNOWN.get(code, (told.get(code, code), None))
            off = code.startswith(OFF_LISTS)
            made.append(Specialty(code=code, name=name, service_line_id=lines.get(line or ""), stays_off_lists=off))
        known |= {specialty.code: specialty.pk for specialty in Specialty.objects.bulk_create(made)}
    return known


def ensure_service_lines(names: Iterable[str]) -> dict[str, int]:
    """The keys of these service lines by name as asked, made where none has the name in any case of letters."""
    lines = {name.casefold(): pk for name, pk in ServiceLine.objects.values_list("name", "pk")}
    keys = {}
    for name in names:
        if name.casefold() not in lines:
            lines[name.casefold()] = ServiceLine.objects.create(name=name[:80]).pk
        keys[name] = lines[name.casefold()]
    return keys
