"""The way back from a rehearsal to the event that it is one of."""

from forum import access
from forum.actions import rehearsals
from forum.models import Discussion, User


def address_of_event(user: User | None, discussion: Discussion) -> str:
    """Return the path of the event's console, or of its green room for the panel; "" for what is no rehearsal.

    Also "" where neither is open to `user`: the panel may rehearse what is a draft, which they do not see.
    """
    event = rehearsals.event_of(discussion)
    if event is None:
        return ""
    for verb, place in (("console.open", "console"), ("backstage.open", "backstage")):
        if access.may(user, verb, event):
            return f"/d/{event.slug}/{place}"
    return ""
