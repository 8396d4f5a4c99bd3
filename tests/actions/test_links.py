"""Links in letters: those that were sent by an older version stay good, and nobody else's open anything."""

import pytest
from itsdangerous import URLSafeSerializer

from forum import addresses
from forum.actions import guest_mail, guests, links, quiet, rsvps
from forum.addresses import Row
from forum.database import db, writing
from forum.models import Guest, Rsvp, RsvpKind
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


def test_a_link_about_one_discussion_is_none_about_another(app, house, clock):
    first, second = house.discussion(phase="announced"), house.discussion(phase="announced")
    mara = house.user("Mara Member")
    rsvp = house.do(rsvps.say, mara, first, RsvpKind.READ_ALONG, "UTC")
    stop = rsvps.stop(rsvp).rpartition("/")[2]
    confirm = rsvps._token("rsvp", rsvp.id, rsvp.email, "read_along", "UTC", "", str(first.id))
    assert rsvps.by_token(confirm)[0].id == rsvp.id
    # What SQLite does by itself: the next answer has the id of one that was taken back.
    rsvp_id = rsvp.id
    house.do(rsvps.unsubscribe, stop)
    with writing():
        other = Rsvp(id=rsvp_id, discussion_id=second.id, user_id=mara.id, email=mara.email, kind=RsvpKind.TAKE_PART)
        other.time_zone, other.made_at, other.told_starts_at = "UTC", clock.now(), second.starts_at
        db.session.add(other)
    assert rsvps.unsubscribed_from(stop) is None
    house.do(rsvps.unsubscribe, stop)
    with pytest.raises(Refused):
        rsvps.by_token(confirm)
    assert db.session.query(Rsvp).one().discussion_id == second.id


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
