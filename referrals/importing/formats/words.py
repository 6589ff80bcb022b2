"""What codes and words of FHIR say about the kind of a request and the service line it goes to.

A code that is known decides; else the words of category and code do, category first. A laboratory test or a prescription is no referral,
and a nursing order without a word that tells keeps no kind: it is loaded, and a remark says that its kind is unknown.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from common.names import fold

NO_REFERRAL = "no referral"

_SNOMED = {
    "103696004": "consult", "3457005": "consult", "306206005": "consult", "11429006": "consult", "183561008": "consult",
    "281036007": "consult", "185347001": "consult", "363679005": "imaging", "387713003": "procedure", "71388002": "procedure",
    "277132007": "therapy", "91251008": "therapy", "229065009": "therapy", "52052004": "therapy", "107724000": "transfer",
    "225928004": "transfer", "108252007": NO_REFERRAL, "15220000": NO_REFERRAL,
}  # fmt: skip
_OTHER = {"LAB": NO_REFERRAL, "laboratory": NO_REFERRAL, "RAD": "imaging", "imaging": "imaging", "DME": "dme", "THER": "therapy"}
_WORDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            NO_REFERRAL,
            r"\b(?:laborator(?:y|ies)|lab|serum|plasma|panel|assay|culture|specimen|phlebotomy|ig[ageM]|antibod\w*|prescription)\b",
        ),
        ("transfer", r"\b(?:patient transfer|transfer of care|transfer to)\b"),
        ("post-acute", r"\b(?:skilled nursing|nursing facility|post ?acute|inpatient rehab\w*|hospice|long term care)\b"),
        ("dme", r"\b(?:durable medical|dme|home health|wheelchair|walker|home oxygen|cpap|home care)\b"),
        (
            "imaging",
            r"\b(?:imaging|radiolog\w*|tomograph\w*|ct|mri|magnetic resonance|x ?ray|ultraso\w*|mammogra\w*|echocardiogra\w*|pet|dexa)\b",
        ),
        ("therapy", r"\b(?:\w*therap(?:y|ies|ist)|rehab\w*|range of motion|speech language|exercise)\b"),
        (
            "procedure",
            r"\b(?:\w+oscopy|\w+ectomy|\w+otomy|\w+ostomy|\w+plasty|surg\w*|biops\w*|implant\w*|insertion|injection|ablation|delivery"
            r"|catheteri[sz]ation|procedure|infusion)\b",
        ),
        ("consult", r"\b(?:referral|refer|consult\w*|second opinion|evaluation|assessment|evaluate|visit)\b"),
    )
)
_SEMANTIC_TAG = re.compile(r"\s*\((?:procedure|regime/therapy|qualifier value|occupation|body structure|environment)\)\s*$")
_REFERRAL_TO = re.compile(
    r"(?:patient )?(?:referral|refer|referred) (?:patient )?(?:to|for) (?:an? |the )?(?P<line>.+?)"
    r"(?: (?:service|services|specialist|clinic|department|physician|doctor|consultation|procedure))?"
)
_NO_LINE = frozenset({"specialist", "service", "physician", "doctor", "hospital", "another", "consult", "consultation"})


def codes(concepts: Any) -> Iterator[tuple[str, str]]:
    """System and code of each coding of a CodeableConcept, or of a list of them."""
    for concept in concepts if isinstance(concepts, list) else [concepts]:
        for coding in (concept or {}).get("coding") or ():
            yield coding.get("system") or "", coding.get("code") or ""


def texts(concepts: Any) -> Iterator[str]:
    """What each CodeableConcept of a list says in words, the displays of its codings first: the text may say more than is wanted."""
    for concept in concepts if isinstance(concepts, list) else [concepts]:
        for coding in (concept or {}).get("coding") or ():
            if coding.get("display"):
                yield _SEMANTIC_TAG.sub("", coding["display"])
        if (concept or {}).get("text"):
            yield concept["text"]


def kind_of(categories: Any, code: Any) -> str:
    """One of our kinds, `NO_REFERRAL`, or "" when nothing tells."""
    known = [_known(system, word) for concept in (categories, code) for system, word in codes(concept)]
    by_code = [kind for kind in known if kind]
    by_word = [kind for concept in (code, categories) if (kind := _by_words(" ".join(texts(concept))))]
    if NO_REFERRAL in by_code or (not by_code and by_word[:1] == [NO_REFERRAL]):
        return NO_REFERRAL
    if not by_code and not by_word and any(system == "http://loinc.org" for system, _ in codes(code)):
        return NO_REFERRAL  # LOINC names what is measured
    # "Diagnostic procedure: computed tomography" is imaging: the narrower word says more than the wide code.
    if by_code and by_code[0] not in ("procedure",):
        return by_code[0]
    return next((kind for kind in by_word if kind != "procedure"), "") or next(iter(by_code + by_word), "")


def _known(system: str, code: str) -> str:
    return _SNOMED.get(code, "") if system.endswith("snomed.info/sct") else _OTHER.get(code, "")


@lru_cache(maxsize=1 << 12)
def _by_words(said: str) -> str:
    plain = re.sub(r"[^a-z0-9 ]+", " ", said.lower())
    return next((kind for kind, pattern in _WORDS if pattern.search(plain)), "")


def line_in(concept: Any) -> str:
    """The service line in "Referral to cardiology service"."""
    for said in texts(concept):
        found = _REFERRAL_TO.fullmatch(" ".join(said.split()).lower())
        if found and fold(found["line"]) not in _NO_LINE:
            return found["line"].capitalize()
    return ""


def first_text(*concepts: Any) -> str:
    """The first words that any of the concepts has."""
    return next((said for concept in concepts for said in texts(concept)), "")
