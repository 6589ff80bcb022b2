"""Template tags of the design system: icons, sparklines, numbers, dates and form widgets."""

import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from django import forms, template
from django.conf import settings
from django.core.paginator import Page
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

register = template.Library()

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
Number = int | float | Decimal


@cache
def icon_names() -> frozenset[str]:
    """The icons that the build puts into the sprite."""
    return frozenset((Path(settings.BASE_DIR) / "static_src" / "icons.txt").read_text().split())


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A decorative icon of the sprite; its meaning stands beside it in words."""
    if name not in icon_names():
        raise template.TemplateSyntaxError(f'Icon "{name}" is not in static_src/icons.txt: add its name there and run `npm run build`.')
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', css, static("vendor/icons.svg"), name
    )


@register.simple_tag
def sparkline(points: list[Number | None] | None, width: int = 96, height: int = 28) -> SafeString:
    """A small line without axes; the numbers it stands for are beside it or in a table."""
    known = [float(point) for point in points or [] if point is not None]
    if len(known) < 2:
        return SafeString("")
    low, spread, step = min(known), (max(known) - min(known)) or 1, (width - 6) / (len(known) - 1)
    xy = [(round(3 + index * step, 1), round(height - 4 - (point - low) / spread * (height - 8), 1)) for index, point in enumerate(known)]
    return format_html(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" preserveAspectRatio="xMinYMid" '
        'aria-hidden="true" focusable="false">'
        '<polyline points="{line}"></polyline><circle cx="{x}" cy="{y}" r="2.5"></circle></svg>',
        w=width,
        h=height,
        line=" ".join(f"{x},{y}" for x, y in xy),
        x=xy[-1][0],
        y=xy[-1][1],
    )


@register.simple_tag
def spark_against(points: list[Number | None], expected: list[Number | None], width: int = 144, height: int = 44) -> SafeString:
    """A small line, and dashed below it what was expected of the same months. A month that was not seen leaves a gap."""
    known = [float(value) for value in (*points, *expected) if value is not None]
    if len(points) < 2 or not known:
        return SafeString("")
    high, step = max(known) or 1, (width - 8) / (len(points) - 1)

    def pieces(values: list[Number | None]) -> list[str]:
        found: list[list[str]] = [[]]
        for at, value in enumerate(values):
            if value is None:
                found.append([])
            else:
                found[-1].append(f"{4 + at * step:.1f},{height - 4 - float(value) / high * (height - 8):.1f}")
        return [" ".join(piece) for piece in found if piece]

    lines = [format_html('<polyline class="spark-expected" points="{}"></polyline>', piece) for piece in pieces(expected)]
    lines += [format_html('<polyline points="{}"></polyline>', piece) for piece in pieces(points)]
    last = next((at for at in range(len(points) - 1, -1, -1) if points[at] is not None), None)
    if last is not None:
        x, y = pieces(points)[-1].split()[-1].split(",")
        lines.append(format_html('<circle cx="{}" cy="{}" r="2.5"></circle>', x, y))
    return format_html(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true" focusable="false">{lines}</svg>',
        w=width, h=height, lines=SafeString("".join(lines)),
    )  # fmt: skip


@register.filter
def number(value: Number | None, places: int = 0) -> str:
    """1284 as "1,284"; nothing known as a dash."""
    return DASH if value is None else f"{value:,.{places}f}".replace("-", MINUS)


@register.filter
def percent(value: Number | None, places: int = 1) -> str:
    """A share: 0.238 as "23.8%"."""
    return DASH if value is None else f"{float(value):.{places}%}".replace("-", MINUS)


@register.filter
def signed(value: Number | None, places: int = 0) -> str:
    """A change in the unit of the number: 12 as "+12", -5 with a real minus sign."""
    return DASH if value is None else _plain_zero(f"{value:+,.{places}f}")


@register.filter
def signed_percent(value: Number | None, places: int = 1) -> str:
    """A relative change: 0.042 as "+4.2%"."""
    return DASH if value is None else _plain_zero(f"{float(value):+.{places}%}")


@register.filter
def signed_points(value: Number | None, places: int = 1) -> str:
    """A change of a share in percentage points: 0.019 as "+1.9 pts"."""
    return DASH if value is None else f"{_plain_zero(f'{float(value) * 100:+.{places}f}')} pts"


def _plain_zero(text: str) -> str:
    """A change that rounds to nothing has no sign."""
    return text[1:] if not text.strip("+-0.,%") else text.replace("-", MINUS)


@register.filter
def direction(value: Number | None) -> str:
    """Which way a change goes: up, down or flat."""
    return "flat" if not value else "up" if value > 0 else "down"


@register.filter
def day(value: datetime.date | None) -> str:
    """3 Oct 2026. A moment is shown as the day it is here."""
    local = _local(value)
    return f"{local.day} {local:%b %Y}" if local else DASH


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """3 Oct 2026, 16:05."""
    local = _local(value)
    return f"{local.day} {local:%b %Y, %H:%M}" if local else DASH


@register.filter
def ago(value: datetime.datetime) -> str:
    """1 hour ago: one unit, for a list that is looked over."""
    return f"{timesince(value, depth=1)} ago"


@register.filter
def clock(minute: float | None) -> str:
    """16:05, of so many minutes after midnight."""
    if minute is None:
        return DASH
    whole = round(minute)
    return f"{whole // 60 % 24:02d}:{whole % 60:02d}"


@register.filter
def duration(minutes: float) -> str:
    """45 min; 7 h 23 min from two hours on."""
    whole = round(minutes)
    if whole < 120:
        return f"{whole} min"
    return f"{whole // 60} h {whole % 60} min" if whole % 60 else f"{whole // 60} h"


@register.filter
def month(value: datetime.date | None) -> str:
    """Oct 2026."""
    local = _local(value)
    return f"{local:%b %Y}" if local else DASH


def _local(value: datetime.date | None) -> datetime.date | None:
    return timezone.localtime(value) if isinstance(value, datetime.datetime) and timezone.is_aware(value) else value


CHECKS = forms.CheckboxInput
SELECTS = (forms.Select, forms.SelectMultiple)
PLAIN = (forms.HiddenInput, forms.MultiWidget)


@register.simple_tag
def widget(field: forms.BoundField) -> SafeString:
    """The field's input with the classes of the design system; whatever the form set on it stays."""
    kind = field.field.widget
    css = (
        ""
        if isinstance(kind, PLAIN)
        else "form-check-input"
        if isinstance(kind, CHECKS)
        else "form-select"
        if isinstance(kind, SELECTS)
        else "form-control"
    )
    classes = [css, *(["is-invalid"] if field.errors else []), *kind.attrs.get("class", "").split()]
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))})


@register.filter
def is_group(field: forms.BoundField) -> bool:
    """Several inputs under one question: a fieldset with a legend, not a label."""
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.filter
def is_check(field: forms.BoundField) -> bool:
    """A single box whose label stands to its right."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def initials(name: object) -> str:
    """The letters of a person's round mark: "Nora Lind" as "NL"."""
    words = str(name or "").replace("@", " ").split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper()


@register.filter
def at(values: list[object], index: int) -> object:
    """The value at a place of a list: a table's cell under its column."""
    return values[index] if index < len(values) else ""


TONES = {"success": "good", "error": "bad", "warning": "warn"}


@register.filter
def message_tone(level: str) -> str:
    """The tone of a flash message."""
    return TONES.get(level, "info")


@register.filter
def first_items(items: list[object] | None, places: int) -> list[object]:
    """What a bar with so many places shows: everything, or all but one place, which is then "More"."""
    items = items or []
    return items if len(items) <= places else items[: places - 1]


@register.filter
def more_items(items: list[object] | None, places: int) -> list[object]:
    """What stands under "More"."""
    return (items or [])[len(first_items(items, places)) :]


@register.filter
def any_active(items: list[object]) -> bool:
    """Whether the page we are on is among these places."""
    return any(getattr(item, "active", False) for item in items)


@register.filter
def page_range(page: Page) -> list[int | None]:
    """The page numbers to show; None is a gap."""
    return [n if isinstance(n, int) else None for n in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)]


@register.filter
def unlocalized(value: Number) -> str:
    """A number as an attribute of HTML wants it, whatever the language of the page."""
    return str(value)


@register.filter
def without_placeholders(form: forms.BaseForm) -> forms.BaseForm:
    """A form of allauth with labels above its inputs and nothing said twice inside them."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return form
