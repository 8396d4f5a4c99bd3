"""Not reading somebody: a style that leaves their comments out, also those that are pushed, on one reader's pages only.

The comments themselves are the same for everybody; a page for each reader would cost the room its one frame for all.
"""

import json

from flask import Blueprint, Response, flash, make_response, redirect, request
from flask_babel import gettext as _
from markupsafe import Markup

from forum import access
from forum.actions import silences
from forum.database import db, once_more
from forum.models import User
from forum.refusals import unknown
from forum.web.comments import writer
from forum.web.forms import Fields
from forum.web.guards import allowed
from forum.web.inside import inside

blueprint = Blueprint("silences", __name__)


@blueprint.post("/people/<int:user_id>/<any(silence, listen):verb>")
def change(user_id: int, verb: str) -> Response:
    """Read somebody no more, or again. Field next: where the form was."""
    user, fields = writer(), Fields()
    fields.text("next")
    fields.refuse()
    other = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    # Whom somebody does not read they find on their own page, also when nothing else shows them that person any more.
    if other is None or not (access.may_find(user, other) or (verb == "listen" and other.id in silences.ids(user))):
        raise unknown()
    once_more(lambda: (silences.silence if verb == "silence" else silences.listen)(user, other))
    words = _("You do not see any more what %(name)s writes. Nobody else learns of it.", name=other.name)
    flash(words if verb == "silence" else _("You see again what %(name)s writes.", name=other.name))
    then = inside(request.form.get("next", ""))
    return make_response(redirect(then if then != "/" else f"/people/{user_id}", 303))


def style(user: User | None) -> Markup:
    """Return the style that leaves out whom `user` does not want to read, and let this answer's policy allow it.

    It is empty for a visitor, whose page is the same for everybody.
    """
    left_out = silences.ids(user) if user else []
    if not left_out:
        return Markup()
    comments = ",".join(f'.comment[data-author="{number}"],.hit[data-author="{number}"]' for number in left_out)
    rows = ",".join(f':is(.recent,.side-wishes,.wishes) [data-author="{number}"]' for number in left_out)
    quoted = ",".join(f'[data-words-of="{number}"]' for number in left_out)
    said = json.dumps(_("A comment by somebody whom you do not read."), ensure_ascii=True)
    rules = (
        f":is({comments})>:is(article,p),:is({rows},{quoted}){{display:none}}"
        f":is({comments})::before{{content:{_escaped(said)}}}"
    )
    return allowed(rules)


def _escaped(words: str) -> str:
    """Return a JSON string as one of CSS, which ends the number of a sign with a space."""
    first, *others = words.split("\\u")
    return first + "".join(f"\\{part[:4]} {part[4:]}" for part in others)
