"""Links in letters: those that were sent by an older version stay good, and nobody else's open anything."""

import pytest
from itsdangerous import URLSafeSerializer

from forum import addresses
from forum.actions import guest_mail, guests, links, quiet, rsvps
from forum.addresses import Row
from forum.database import db
from forum.models import Guest, RsvpKind
from forum.refusals import Refused


def sent(app, salt, *values) -> str:
    """A token as the first version that mailed such a link made it."""
    return URLSafeSerializer(app.secret_key, salt=salt).dumps(list(values))


def test_links_that_were_mailed_by_an_older_version_stay_good(app, house, clock):
    room, mara = house.discussion(phase="announced"), house.user("Mara Member")
    rsvp = house.do(rsvps.say, mara, room, RsvpKind.TAKE_PART, "UTC")
    number, email = rsvp.id, rsvp.email
    assert rsvps.by_token(sent(app, "rsvp-rsvp", number, email))[0].id == number
    assert rsvps.by_token(sent(app, "rsvp-rsvp", number, email, "read_along", "UTC", "en"))[1].language == "en"
    assert rsvps.unsubscribed_from(sent(app, "rsvp-stop", number, email)).id == number
    for kind in ([], ["digest"]):
        user, ended = quiet.by_token(sent(app, "quiet", mara.id, email, *kind))
        assert (user.id, ended) == (mara.id, "".join(kind))
    rows = [addresses.checked(Row(0, "ann@example.org", "", "", ""))]
    house.do(guests.invite, house.host_of(room), room, rows, "", "k" * 20)
    guest = db.session.query(Guest).one()
    assert guest_mail.by_token(sent(app, "guest", guest.id, guest.email)).id == guest.id
    over_at = int(clock.now().timestamp()) + 60
    confirm = sent(app, "link-confirm", mara.id, over_at, links._state(mara), "")
    assert links.user_of(confirm, "confirm").id == mara.id


@pytest.mark.parametrize("values", [[], [1], "ab", 7, None, {"a": 1}, [None, None], ["x", "y"], [[], {}]])
def test_a_token_of_another_shape_or_kind_opens_nothing(app, house, clock, values):
    for salt, read in (
        ("rsvp-rsvp", rsvps.by_token),
        ("quiet", quiet.by_token),
        ("guest", guest_mail.by_token),
        ("link-confirm", lambda token: links.user_of(token, "confirm")),
    ):
        for signed_for in (salt, "another"):
            with pytest.raises(Refused) as refused:
                read(URLSafeSerializer(app.secret_key, salt=signed_for).dumps(values))
            assert (refused.value.code, refused.value.status) == ("link_over", 410)
