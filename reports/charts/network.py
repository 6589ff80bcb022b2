"""The network as a picture: nodes, ties and discs with their places and words. Drawn by the template as SVG, on screen and on paper.

Its twin is the list beside it, so the picture is hidden from readers of the page by ear. static/js/chart_network.js names the strongest
nodes and shows what the mouse or the list points at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

from common.templatetags.prm import number, percent
from contacts.models import AlignmentKind
from referrals.models import CountingRules
from reports import words
from reports.intervals import TOO_FEW
from reports.layout import Layout, Spot, around, in_communities
from reports.neighbors import Neighborhood, Partner
from reports.network import Node
from reports.networking import Shown, Whole, rest_key
from reports.queries.links import ORGANIZATION, PRACTICE, Link
from reports.queries.nodes import NodeWords

MOST_NODES, MOST_TIES = 200, 240
NAME = 30  # letters of a name in the picture
THINNEST, THICKEST = 0.6, 6.0
TONES = {
    "ours": "Ours",
    "independent": "Independent",
    "competitor": "Competitor",
    "unknown": "Alignment unknown",
}


@dataclass(frozen=True)
class Mark:
    """A node as it is drawn. `shape`: a practice or provider is round, an organization square."""

    number: int
    key: str
    spot: Spot
    shape: str
    tone: str
    name: str
    tip: str
    url: str


@dataclass(frozen=True)
class Line:
    """A tie as it is drawn: bent clockwise on its way from who sends to who receives, in the tone of the latter."""

    path: str
    width: float
    ends: str
    tone: str
    is_main: bool = True


@dataclass(frozen=True)
class Disc:
    letter: str
    spot: Spot


@dataclass(frozen=True)
class Picture:
    title: str
    sub: str
    note: str
    width: float
    height: float
    marks: Sequence[Mark]
    lines: Sequence[Line]
    discs: Sequence[Disc] = ()
    tones: Sequence[tuple[str, str]] = ()
    has_arrows: bool = False
    shapes: Sequence[str] = field(default_factory=tuple)


def letter(community: int) -> str:
    """A, B … Z, AA, AB …: communities from the largest on."""
    text, left = "", community + 1
    while left:
        left, place = divmod(left - 1, 26)
        text = chr(65 + place) + text
    return text


def tone(alignment: str, rules: CountingRules) -> str:
    """Whose a node is, as the counting rules see it."""
    if alignment == AlignmentKind.EMPLOYED or (alignment == AlignmentKind.AFFILIATED and rules.affiliated_is_ours):
        return "ours"
    if alignment in {AlignmentKind.COMPETITOR, AlignmentKind.UNKNOWN}:
        return str(alignment)
    return "independent"


def plural(n: int, one: str, many: str = "") -> str:
    return f"{number(n)} {one if n == 1 else many or f'{one}s'}"


def rest_name(kind: str, n: int) -> str:
    return f"{number(n)} more {kind}s"


def whole_title(found: Whole, known: Mapping[str, NodeWords]) -> str:
    """Who takes most, and how few take half."""
    total = found.referrals
    takers = sorted((node for node in found.nodes if node.received), key=lambda node: (-node.received, str(node.key)))
    if not takers:
        return "No referral in this selection names both who sends and who receives"
    first, carried, half = takers[0], 0, 0
    for node in takers:
        if 2 * carried >= total:
            break
        carried, half = carried + node.received, half + 1
    name = known[str(first.key)].name
    if len(takers) == 1:
        few = ", too few to say more" if total < TOO_FEW else ""
        return f"The only referral goes to {name}{few}" if total == 1 else f"All {number(total)} referrals go to {name}{few}"
    sizes = [(known[str(node.key)].name, node.received) for node in takers]
    if total < TOO_FEW:
        return f"{words.most(sizes, 'receives', 'receive')}, too few to say more"
    lead = words.leaders(sizes)
    if half == 1:
        few = "it takes half" if 2 * carried == total else "it takes more than half"
    else:
        few = f"{half} of {len(takers)} destinations take half"
    if len(lead) > 1:
        return f"{words.together(lead)} receive {percent(first.received / total, 0)} each of all referrals; {few}"
    return f"{name} receives {percent(first.received / total, 0)} of all referrals; {few}"


def whole_picture(found: Whole, part: Shown, known: Mapping[str, NodeWords], rules: CountingRules, what: str) -> Picture:
    """The strongest nodes in their communities, the strongest ties between them."""
    rest = {rest_key(kind) for kind in part.gathered}
    largest_node = max((node.strength for node in part.nodes if node.key not in rest), default=0)  # who is drawn together outgrows nobody
    layout = in_communities([(str(node.key), min(node.strength, largest_node), node.community) for node in part.nodes])
    marks = [_mark(place, node, layout, known, part, rules) for place, node in enumerate(part.nodes)]
    drawn = {mark.key: mark for mark in marks}
    largest = max((tie.n for tie in part.ties), default=1)
    lines = [_line(drawn[str(tie.source)], drawn[str(tie.target)], tie.n / largest) for tie in reversed(part.ties)]
    notes = []
    if part.gathered:
        gathered = " and ".join(plural(n, f"smaller {kind}") for kind, n in sorted(part.gathered.items()))
        notes.append(f"{gathered} are drawn together.")
    if part.left_out_ties:
        notes.append(f"The {number(len(part.ties))} strongest links are drawn; they carry {percent(part.drawn, 0)} of the referrals.")
    if found.unnamed:
        notes.append(f"{plural(found.unnamed, 'more referral')} name no practice or no destination that we know.")
    return Picture(
        whole_title(found, known),
        what,
        " ".join(notes),
        layout.width,
        layout.height,
        marks,
        lines,
        [Disc(letter(community), spot) for community, spot in layout.discs.items()],
        _legend(marks),
        shapes=_shapes(marks),
    )


def ego_title(found: Neighborhood, known: Mapping[str, NodeWords], what: str) -> str:
    """Who takes most of what the center sends and how few links carry half; else who sends it most."""
    first = found.destinations[0] if found.destinations else None
    if first is None:
        if not found.referrers:
            return f"No referral to or from this {what} in this selection"
        senders = [(known[partner.key].name, partner.received) for partner in found.referrers]
        few = ", too few to say more" if found.received < TOO_FEW else ""
        if len(senders) == 1:
            return f"All that this {what} received came from {senders[0][0]}: {plural(found.received, 'referral')}{few}"
        return f"{words.most(senders, 'sends', 'send')} that this {what} received{few}"
    name = known[first.key].name
    lead = words.leaders([(known[partner.key].name, partner.sent) for partner in found.destinations])
    receive = f"{words.together(lead)} receive{'s' if len(lead) == 1 else ''} most"
    if found.is_one_sided:
        where = receive if len(found.destinations) > 1 else f"all to {name}"
        return f"We see only what this {what} sends us: {plural(found.sent, 'referral')}, {where}"
    if found.sent < TOO_FEW:
        where = receive if len(found.destinations) > 1 else f"all to {name}"
        return f"This {what} sent {plural(found.sent, 'referral')}, {where}: too few to say more"
    if len(found.destinations) == 1:
        return f"{name} takes all {number(found.sent)} referrals that this {what} sends"
    carriers = "one link carries half" if found.carriers == 1 else f"{found.carriers} of {len(found.destinations)} links carry half"
    take = "takes" if len(lead) == 1 else "take"
    each = "" if len(lead) == 1 else " each"
    return f"{words.together(lead)} {take} {percent(first.sent / found.sent, 0)}{each} of what this {what} sends; {carriers}"


def ego_picture(
    found: Neighborhood,
    within: Sequence[Link],
    known: Mapping[str, NodeWords],
    rules: CountingRules,
    *,
    what: str,
    sub: str,
    notes: Sequence[str],
    elsewhere: int,
    elsewhere_name: str,
) -> Picture:
    """The center, who sends to it at the left, whom it sends to at the right; whoever does both stands where more goes."""
    partners = found.partners if len(found.partners) < MOST_NODES else found.partners[: MOST_NODES - 3]
    left = [(partner.key, partner.strength) for partner in partners if partner.received > partner.sent]
    right = [(partner.key, partner.strength) for partner in partners if partner.received <= partner.sent]
    more = list(found.partners[len(partners) :])
    rest_in, rest_out = sum(partner.received for partner in more), sum(partner.sent for partner in more)
    extra: list[tuple[str, int, str, str, str]] = []  # key, referrals, name, tip, where the line leads
    if elsewhere:
        extra.append((rest_key("elsewhere"), elsewhere, elsewhere_name, f"{plural(elsewhere, 'referral')} to this {what}", "in"))
    if rest_in:
        count = sum(1 for partner in more if partner.received)
        extra.append((rest_key(PRACTICE), rest_in, f"{number(count)} more who send", f"{plural(rest_in, 'referral')} together", "in"))
    if rest_out:
        count = sum(1 for partner in more if partner.sent)
        extra.append((rest_key(ORGANIZATION), rest_out, f"{number(count)} more destinations", f"{plural(rest_out, 'referral')}", "out"))
    left += [(key, n) for key, n, *_, way in extra if way == "in"]
    right += [(key, n) for key, n, *_, way in extra if way == "out"]
    layout = around((found.center, found.sent + found.received), left, right)
    center = known[found.center]
    marks = [
        Mark(
            0,
            found.center,
            layout.spots[found.center],
            _shape(found.center),
            tone(center.alignment, rules),
            _short(center.name),
            f"{number(found.sent)} sent, {number(found.received)} received",
            "",
        )
    ]
    for partner in partners:
        marks.append(
            Mark(
                len(marks),
                partner.key,
                layout.spots[partner.key],
                _shape(partner.key),
                tone(known[partner.key].alignment, rules),
                _short(known[partner.key].name),
                _partner_tip(partner, found),
                known[partner.key].url,
            )
        )
    for key, _, name, tip, _ in extra:
        marks.append(Mark(len(marks), key, layout.spots[key], _shape(key), "unknown", name, tip, ""))
    drawn = {mark.key: mark for mark in marks}
    ways = [(partner.key, found.center, partner.received) for partner in partners if partner.received]
    ways += [(found.center, partner.key, partner.sent) for partner in partners if partner.sent]
    ways += [(key, found.center, n) if way == "in" else (found.center, key, n) for key, n, *_, way in extra]
    largest = max((n for *_, n in ways), default=1)
    lines = [_line(drawn[link.source], drawn[link.target], link.n / largest, is_main=False) for link in _strongest(within, drawn)]
    lines += [_line(drawn[source], drawn[target], n / largest) for source, target, n in ways]
    note = " ".join(notes)
    tones = _legend(marks)
    title = ego_title(found, known, what)
    return Picture(title, sub, note, layout.width, layout.height, marks, lines, (), tones, has_arrows=True, shapes=_shapes(marks))


def _strongest(within: Sequence[Link], drawn: Mapping[str, Mark]) -> list[Link]:
    """Ties among the neighbors, over all months, those that the picture has room for."""
    sums: dict[tuple[str, str], Link] = {}
    for link in within:
        if link.source in drawn and link.target in drawn:
            before = sums.get((link.source, link.target))
            sums[link.source, link.target] = Link(link.source, link.target, link.month, link.n + (before.n if before else 0), 0)
    return sorted(sums.values(), key=lambda link: (-link.n, link.source, link.target))[: MOST_TIES // 4]


def _mark(place: int, node: Node, layout: Layout, known: Mapping[str, NodeWords], part: Shown, rules: CountingRules) -> Mark:
    key = str(node.key)
    kind = key.partition(":")[0]
    tip = f"{number(node.sent)} sent, {number(node.received)} received"
    if key == rest_key(kind):
        return Mark(place, key, layout.spots[key], _shape(key), "unknown", rest_name(kind, part.gathered[kind]), tip, "")
    words = known[key]
    return Mark(place, key, layout.spots[key], _shape(key), tone(words.alignment, rules), _short(words.name), tip, words.url)


def _partner_tip(partner: Partner, found: Neighborhood) -> str:
    parts = []
    if partner.sent:
        share = "" if found.is_one_sided else f" ({percent(partner.sent_share, 0)} of what is sent)"
        parts.append(f"{number(partner.sent)} sent there{share}")
    if partner.received:
        parts.append(f"{number(partner.received)} received from there")
    return ", ".join(parts)


def _shape(key: str) -> str:
    return "square" if key.startswith(ORGANIZATION) else "round"


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 1].rstrip()}…"


def _legend(marks: Sequence[Mark]) -> list[tuple[str, str]]:
    there = {mark.tone for mark in marks}
    return [(name, words) for name, words in TONES.items() if name in there]


def _shapes(marks: Sequence[Mark]) -> list[str]:
    there = {mark.shape for mark in marks}
    return [shape for shape in ("round", "square") if shape in there]


def _line(source: Mark, target: Mark, strength: float, *, is_main: bool = True) -> Line:
    """A curve from rim to rim, as thick as the tie is strong."""
    start, end = source.spot, target.spot
    length = hypot(end.x - start.x, end.y - start.y) or 1.0
    along_x, along_y = (end.x - start.x) / length, (end.y - start.y) / length
    from_x, from_y = start.x + along_x * start.r, start.y + along_y * start.r
    to_x, to_y = end.x - along_x * (end.r + 1), end.y - along_y * (end.r + 1)
    bend = 0.09 * length
    middle_x, middle_y = (from_x + to_x) / 2 - along_y * bend, (from_y + to_y) / 2 + along_x * bend
    path = f"M{from_x:.0f} {from_y:.0f}Q{middle_x:.0f} {middle_y:.0f} {to_x:.0f} {to_y:.0f}"
    width = round(THINNEST + (THICKEST - THINNEST) * strength, 1)
    return Line(path, width, f"{source.number} {target.number}", target.tone, is_main)
