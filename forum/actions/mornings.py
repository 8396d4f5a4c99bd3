"""When somebody may be written to who has asked for nothing this minute: in the morning of their own zone."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_MORNING, _EVENING = time(8), time(20)


def after(moment: datetime, zone: str) -> datetime:
    """Return the first eight o'clock after `moment` on the clocks of `zone` (IANA name)."""
    local = moment.astimezone(ZoneInfo(zone))
    today = datetime.combine(local.date(), _MORNING, ZoneInfo(zone))
    return today if today > local else datetime.combine(local.date() + timedelta(days=1), _MORNING, ZoneInfo(zone))


def is_day(moment: datetime, zone: str) -> bool:
    """Whether it is between eight in the morning and eight in the evening in `zone`."""
    return _MORNING <= moment.astimezone(ZoneInfo(zone)).time() < _EVENING
