"""Minutes on the road between the places of a day: from an OSRM server where there is one, else estimated. Whole, rounded up."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from visits.models import FieldRules
from visits.routing import drive_minutes

log = logging.getLogger(__name__)
Place = tuple[float, float]  # latitude, longitude in degrees
ESTIMATED, ROUTED = "estimated", "road network"
TIMEOUT = 10  # seconds
NO_ROAD = 6000.0  # minutes: further than any day


@dataclass(frozen=True)
class Drives:
    """`minutes[i][j]` from place i to place j, and where they come from."""

    minutes: list[list[float]]
    source: str


def drives_between(places: Sequence[Place], *, rules: FieldRules, osrm_url: str = "") -> Drives:
    """From the road network when a server answers; a server that does not is logged, and the drives are estimated."""
    if osrm_url and len(places) > 1:
        try:
            return Drives(from_osrm(places, osrm_url), ROUTED)
        except (URLError, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the OSRM server gave no table (%s); drives are estimated", type(error).__name__)
    return Drives(estimated(places, rules), ESTIMATED)


def estimated(places: Sequence[Place], rules: FieldRules) -> list[list[float]]:
    """Great circle times the detour of roads, at one speed (METHODS section 6)."""
    return [
        [0.0 if i == j else _whole(drive_minutes(a, b, circuity=rules.circuity, speed_mph=rules.speed_mph)) for j, b in enumerate(places)]
        for i, a in enumerate(places)
    ]


def from_osrm(places: Sequence[Place], url: str) -> list[list[float]]:
    """OSRM's table service: seconds between all places, null where no road leads."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("OSRM_URL must begin with http:// or https://.")
    coordinates = ";".join(f"{longitude:.6f},{latitude:.6f}" for latitude, longitude in places)
    asked = Request(f"{url.rstrip('/')}/table/v1/driving/{coordinates}?annotations=duration")  # noqa: S310 - scheme checked above
    with urlopen(asked, timeout=TIMEOUT) as answer:  # noqa: S310 - as above
        told = json.load(answer)
    table = told["durations"]
    if told.get("code") != "Ok" or len(table) != len(places) or any(len(row) != len(places) for row in table):
        raise ValueError("not a table of these places")
    return [[NO_ROAD if seconds is None else _whole(float(seconds) / 60) for seconds in row] for row in table]


def _whole(minutes: float) -> float:
    return float(ceil(round(minutes, 6)))
