"""The value sets of CMS50: bare code numbers of their published expansions, without anybody's text.

`value_sets.json` maps a value set's address to its codes by code system. A newer expansion (a FHIR ValueSet, as the NLM's Value Set
Authority Center hands it out to those with a license) replaces one of them.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Code = tuple[str, str]  # code system, code
Codes = Mapping[str, frozenset[Code]]

_NLM = "http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113883.3."
CPT = "http://www.ama-assn.org/go/cpt"
BEHAVIORAL = f"{_NLM}526.3.1023"
CONSULTANT_REPORT = f"{_NLM}464.1003.121.12.1006"
PSYCHIATRIC = f"{_NLM}526.3.1492"
REFERRAL = f"{_NLM}464.1003.101.12.1046"
# Office visits, eye care, and preventive visits of adults and children, first and later.
ENCOUNTERS = (
    f"{_NLM}464.1003.101.12.1001",
    f"{_NLM}526.3.1285",
    f"{_NLM}464.1003.101.12.1025",
    f"{_NLM}464.1003.101.12.1022",
    f"{_NLM}464.1003.101.12.1023",
    f"{_NLM}464.1003.101.12.1024",
)
# Single codes that the measure names beside its value sets: tests and assessments of mind and behavior.
INTERVENTIONS = frozenset((CPT, code) for code in ("90839", "96112", "96136", "96138", "96156"))
FULFILL = "fulfill"  # of a task that carries out a request, in any edition of the code system


@cache
def value_sets() -> Codes:
    """The value sets that PRM ships, by address."""
    stored = json.loads((Path(__file__).with_name("value_sets.json")).read_text())
    return {url: frozenset((system, code) for system, codes in by.items() for code in codes.split()) for url, by in stored.items()}


def replaced(codes: Codes, expansions: Iterable[Mapping[str, Any]]) -> Codes:
    """The value sets with newer expansions in place of those of the same address. ValueError for what is no expansion of one of them."""
    found = dict(codes)
    for resource in expansions:
        url = str(resource.get("url", "")).partition("|")[0]
        if resource.get("resourceType") != "ValueSet" or url not in codes:
            raise ValueError(
                "This is not one of the ten value sets of CMS50. Take the FHIR ValueSet, with its expansion, as it was downloaded."
            )
        contains = resource.get("expansion", {}).get("contains", [])
        if not contains:
            raise ValueError(f"The value set {url} has no expansion, so its codes are not in the file. Download it expanded.")
        found[url] = frozenset((str(entry["system"]), str(entry["code"])) for entry in contains)
    return found
