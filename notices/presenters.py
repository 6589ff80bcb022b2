"""Notices as templates show them."""

from notices.models import NoticeKind

ICONS = {
    NoticeKind.FOLLOW_UP: "checklist",
    NoticeKind.CONCERN: "message-report",
    NoticeKind.ALERT: "alarm",
    NoticeKind.VISIT: "map-pin",
    NoticeKind.TARGETS: "target",
    NoticeKind.SPEND: "coin",
    NoticeKind.RUN: "report-analytics",
    NoticeKind.COMMENT: "message-circle",
    NoticeKind.MOVE: "arrows-exchange",
    NoticeKind.EVENT: "presentation",
    NoticeKind.HAND_OVER: "user-check",
}
MOST = 99


def count_words(unread: int) -> str:
    """The number on the bell: two digits have room."""
    return f"{MOST}+" if unread > MOST else str(unread)
