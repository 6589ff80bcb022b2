"""A logo as it is sent, PNG or SVG, drawn anew as a small PNG: what is kept and shown holds nothing of the file but its picture."""

import io
import re
from dataclasses import dataclass

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from common.exceptions import InputError

MOST_BYTES = 1 << 20
MOST_PIXELS = 25_000_000
WIDE, HIGH = 800, 240  # pixels within which it is drawn: an inch and a half of print at 500 dots
SLIMMEST = 20  # as many times as wide as high, or the other way round
MOST_KEPT = 400_000  # bytes; a noisier picture is drawn smaller
MOST_ELEMENTS, MOST_USES = 5_000, 20

_PNG = b"\x89PNG\r\n\x1a\n"
_DRAWS_MORE = {
    "script",
    "foreignobject",
    "image",
    "feimage",
    "filter",
    "iframe",
    "style",
    "set",
    "animate",
    "animatetransform",
    "animatemotion",
}
_SVG = "{http://www.w3.org/2000/svg}svg"
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:px|pt|mm|cm|in)?\s*")


@dataclass(frozen=True)
class Drawn:
    """The logo: PNG bytes, and how many pixels it is wide and high."""

    png: bytes
    width: int
    height: int


def draw_logo(data: bytes) -> Drawn:
    """The logo drawn anew; an InputError says why it cannot be."""
    if len(data) > MOST_BYTES:
        raise InputError("The file is larger than 1 MB. A logo is far smaller: export it again for the web.")
    if data.startswith(_PNG):
        return _from_png(data)
    if b"<svg" in data[:20_000] or data.lstrip()[:5] == b"<?xml":
        return _from_png(_from_svg(data))
    raise InputError("This is neither a PNG nor an SVG picture.")


def _from_png(data: bytes) -> Drawn:
    from PIL import Image  # noqa: PLC0415 - only who uploads a logo needs it

    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as sent:
            wide, high = sent.size
            if wide * high > MOST_PIXELS:
                raise InputError(f"The picture is {wide:,} by {high:,} pixels. A logo of {WIDE} pixels in width is enough.")
            _check_sides(wide, high)
            picture = sent.convert("RGBA")
    except InputError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise InputError("The picture cannot be read: the file is damaged.") from None
    if (box := picture.getbbox()) is None:
        raise InputError("The picture is empty: everything in it is transparent.")
    picture = picture.crop(box)
    _check_sides(*picture.size)
    picture.thumbnail((WIDE, HIGH))
    while True:
        kept = io.BytesIO()
        picture.save(kept, "PNG", optimize=True)
        if kept.tell() <= MOST_KEPT:
            return Drawn(kept.getvalue(), *picture.size)
        picture.thumbnail((picture.width * 2 // 3, picture.height * 2 // 3))


def _check_sides(wide: float, high: float) -> None:
    if not wide or not high or wide > SLIMMEST * high or high > SLIMMEST * wide:
        raise InputError("The picture is a mere line. Crop it to the logo.")


def _from_svg(data: bytes) -> bytes:
    """Checked, then drawn by typst, which runs nothing and reads no other file."""
    import typst  # noqa: PLC0415 - as above

    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise InputError("The SVG holds definitions of its own (a DOCTYPE). Export it as plain SVG.") from None
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        raise InputError("The SVG cannot be read: it is no well-formed XML.") from None
    if root.tag != _SVG:
        raise InputError("This is XML, but no SVG picture.")
    uses = 0
    for count, element in enumerate(root.iter(), start=1):
        name = element.tag.rpartition("}")[2].casefold() if isinstance(element.tag, str) else ""
        uses += name == "use"
        if count > MOST_ELEMENTS or uses > MOST_USES:
            raise InputError("The SVG is too intricate for a logo. Save it as PNG instead.")
        if name in _DRAWS_MORE:
            raise InputError(f"The SVG holds more than shapes (<{name}>). Save it as PNG instead.")
        for key, value in element.attrib.items():
            if key.rpartition("}")[2].casefold() in {"href", "src"} and not value.lstrip().startswith("#"):
                raise InputError("The SVG points to something outside of it. Save it as PNG instead.")
            if key.casefold().startswith("on") or re.search(r"url\(\s*['\"]?(?!['\"]?\s*#)", value):
                raise InputError("The SVG holds more than shapes. Save it as PNG instead.")
    _check_sides(*_size_of(root.attrib.get("viewBox", ""), root.attrib.get("width", ""), root.attrib.get("height", "")))
    page = '#set page(width: 400pt, height: auto, margin: 0pt, fill: none)\n#image(bytes(sys.inputs.svg), format: "svg", width: 100%)\n'
    try:
        drawn: bytes = typst.compile(
            page.encode(), sys_inputs={"svg": data.decode("utf-8-sig")}, ignore_system_fonts=True, format="png", ppi=144
        )
    except (RuntimeError, UnicodeDecodeError):
        raise InputError("The SVG cannot be drawn. Save it as PNG instead.") from None
    return drawn


def _size_of(box: str, width: str, height: str) -> tuple[float, float]:
    """By its view box, else by its sides; a square where it says nothing."""
    parts = box.replace(",", " ").split()
    sides = parts[2:4] if len(parts) == 4 else [width, height]
    found = [_NUMBER.fullmatch(side) for side in sides]
    return (float(found[0][1]), float(found[1][1])) if found[0] and found[1] else (1.0, 1.0)
