"""Leaving: what goes, what stays, and that discussions can still be read; and everything of mine in one file."""

import io
import json
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select, text

from forum import pictures, search
from forum.actions import (
    accounts,
    backstage,
    calls,
    comments,
    flags,
    guests,
    held,
    imports,
    invitations,
    leaving,
    moderation,
    passwords,
    proposals,
    reactions,
    rsvps,
    sanctions,
    seats,
    shortlisting,
    silences,
    templates,
)
from forum.actions.drafting import DiscussionDraft
from forum.actions.leaving import Words
from forum.addresses import Row
from forum.archive import discussion_file, export, person, statistics
from forum.database import db, writing
from forum.live import clockwork
from forum.models import (
    BackstageMessage,
    Comment,
    CommentState,
    Digest,
    Discussion,
    Flag,
    Letter,
    Proposal,
    ProposalState,
    RsvpKind,
    SiteRole,
    User,
)
from forum.notify import letters
from forum.refusals import Refused
from tests.actions.test_after_the_end import page, refused
from tests.web.test_accounts import send

PASSWORD = "eleven rivers"


@pytest.fixture
def room(house, clock):
    return house.discussion(ask=1, host=house.user("Hana Host-Maier"), slug="water")


def everything(app, house, reader=None) -> str:
    paths = ("/", "/d/water", "/d/water/transcript", "/d/water/feed.atom", "/d/water/statistics", "/search?q=rivers")
    return " ".join(page(app, house, reader, path) for path in (*paths, "/d/water/export.json", "/d/water/questions"))


@pytest.mark.parametrize("words", list(Words))
def test_the_name_goes_everywhere_and_the_words_as_chosen(app, house, room, words):
    zoe = house.user("Zoe Zebra")
    first = house.comment(room, zoe, "Rivers first.", question=1)
    house.do(comments.edit, zoe, first, "Rivers come first.")
    house.comment(room, house.user("Otto Ode"), "Agreed, rivers.", question=1, reply_to=first.id)
    house.do(proposals.make, zoe, room, "And rivers?")
    house.do(letters.write, zoe.email, "known")
    assert "Zoe Zebra" in everything(app, house)
    old = zoe.email
    house.do(leaving.leave, zoe, words)
    said = everything(app, house) + everything(app, house, house.host_of(room))
    assert "Zoe Zebra" not in said
    assert old not in said
    assert ("Rivers come first." in said) is (words is Words.KEEP)
    assert "Agreed, rivers." in said
    assert ("Former member" in said) is (words is Words.KEEP)
    assert ("Deleted by its writer." in said) is (words is Words.REMOVE)
    assert User.with_email(old) is None
    assert db.session.scalars(select(Letter).where(Letter.to == old)).all() == []
    assert page(app, house, None, f"/people/{zoe.id}").count("Nothing here")
    assert statistics.of(room).comments == (2 if words is Words.KEEP else 1)
    assert json.loads(export.whole("json", room))


def test_a_name_of_before_goes_with_them(app, house, room):
    zoe = house.user("Zoe Zebra")
    wish = house.do(proposals.make, zoe, room, "And rivers?")
    question = house.do(shortlisting.plan, house.host_of(room), room, wish.id, ask=True)
    with writing():  # as it was planned before a new name went there too
        db.session.get_one(User, zoe.id).name = "Quentin Quagga"
    assert "Zoe Zebra" in everything(app, house)
    house.do(leaving.leave, zoe, Words.REMOVE)
    assert "Zoe Zebra" not in everything(app, house)
    db.session.refresh(question)
    assert question.asked_for == "Former member"


def test_who_has_moved_to_another_address_leaves_the_first_one_in_no_digest(house, room):
    zoe, number = house.user("Zoe Zebra"), room.questions[0].id
    old, new = zoe.email, "zoe.new@example.org"
    with writing():
        for email, told in ((old, 7), (new, 0)):
            db.session.add(Digest(question_id=number, email=email, time_zone="UTC", told_id=told))
    house.do(accounts.move, zoe, new)
    assert [(row.email, row.told_id) for row in db.session.query(Digest)] == [(new, 7)]
    house.do(leaving.leave, zoe, Words.REMOVE)
    assert db.session.query(Digest).all() == []


def _bytes_of_the_index() -> bytes:
    if db.engine.dialect.name != "sqlite":
        return b""  # dead rows there go with the vacuum
    named = "SELECT name FROM sqlite_master WHERE name LIKE 'comment_words_%' AND type = 'table'"
    tables = db.session.scalars(text(named)).all()
    rows = (row for table in tables for row in db.session.execute(text(f"SELECT * FROM {table}")))
    return b" ".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)


def test_words_removed_with_an_account_are_not_in_the_bytes_of_the_search_either(house, room):
    zoe, otto = house.user("Zoe Zebra"), house.user("Otto Ode")
    for number in range(3):
        house.comment(room, otto, f"Rivers {number}.", question=1)
    for number in range(3):
        house.comment(room, zoe, f"Qxsecret{number}.", question=1)
    house.comment(room, otto, "Yes, rivers.", question=1)
    if db.engine.dialect.name == "sqlite":
        assert b"qxsecret" in _bytes_of_the_index()
    house.do(leaving.leave, zoe, Words.REMOVE)
    assert b"qxsecret" not in _bytes_of_the_index()
    assert search.find(None, search.Wanted("qxsecret0")).total == 0
    assert search.find(None, search.Wanted("rivers")).total == 4


def test_a_panelist_leaves_a_badge_and_no_face(app, house, room):
    priya = house.panelist(room, "Priya Raman")
    house.comment(room, priya, "Rivers.", question=1)
    house.do(backstage.say, priya, room, "Psst.", "key-of-a-message")
    house.do(leaving.leave, priya, Words.KEEP)
    said = everything(app, house)
    assert "Priya Raman" not in said
    assert "Partnering Lab" not in said
    assert "badge-panelist" in said
    db.session.expire_all()
    assert {(seat.name, seat.picture) for seat in room.seats if seat.user_id == priya.id} == {("Former member", "")}


def test_what_was_held_is_gone_and_never_comes_back(app, house, room):
    from forum.actions import escalation, queue

    host, zoe = house.host_of(room), house.user("Zoe Zebra")
    house.do(escalation.set_level, host, room, "everyone", None)
    held = house.comment(room, zoe, "Held rivers.", question=1)
    house.do(leaving.leave, zoe, Words.REMOVE)
    assert "Held rivers." not in page(app, house, host, "/d/water/console")
    assert refused(house, queue.approve, host, held).status in {404, 409}


def test_what_was_rejected_is_published_by_nobody_when_its_writer_has_taken_the_words_away(house, room):
    from forum.actions import escalation, queue
    from forum.web import deciding

    host, zoe = house.host_of(room), house.user("Zoe Zebra")
    house.do(escalation.set_level, host, room, "everyone", None)
    rejected = house.comment(room, zoe, "Rejected rivers.", question=1)
    house.do(queue.reject, host, rejected, "Rude")
    assert [one.comment.id for one in deciding.decided(room)] == [rejected.id]
    house.do(leaving.leave, zoe, Words.REMOVE)
    assert deciding.decided(room) == []
    assert refused(house, queue.undo, host, rejected).status == 404
    assert refused(house, queue.approve, host, rejected).status == 404
    assert db.session.get(Comment, rejected.id, populate_existing=True).state is CommentState.HELD


def test_what_nobody_has_seen_leaves_no_place_and_the_green_room_keeps_no_word(house, room):
    from forum.actions import escalation

    host, priya = house.host_of(room), house.panelist(room)
    zoe = house.user("Zoe Zebra")
    house.do(escalation.set_level, host, room, "everyone", None)
    held = house.comment(room, zoe, "Held rivers.", question=1)
    house.do(backstage.say, priya, room, "Quiet rivers.", "a-key-of-mine")
    house.do(backstage.say, host, room, "Loud rivers.", "a-key-of-mine")
    for who in (zoe, priya):
        house.do(leaving.leave, who, Words.REMOVE)
    db.session.refresh(held)
    assert (held.state, held.source) == (CommentState.HELD, "")
    assert [one.source for one in db.session.query(BackstageMessage)] == ["Loud rivers."]


def test_no_link_opens_the_account_of_who_has_left(house, room):
    priya = house.panelist(room)
    shown = house.do(invitations.invite, house.host_of(room), room.seats[-1]).rpartition("/")[2]
    assert invitations.find(shown).signs_in
    house.do(leaving.leave, priya, Words.KEEP)
    with pytest.raises(Refused) as raised:
        invitations.find(shown)
    assert raised.value.code == "link_revoked"


def test_of_a_question_that_hosts_have_planned_the_run_sheet_keeps_the_words_of_hosts_alone(app, house, room):
    host, zoe = house.host_of(room), house.user("Zoe Zebra")
    wish = house.do(proposals.make, zoe, room, "I live in Mill Lane 12, who pays?")
    house.do(shortlisting.plan, host, room, wish.id, "Who pays?")
    house.do(leaving.leave, zoe, Words.REMOVE)
    assert "Mill Lane" not in everything(app, house) + everything(app, house, host)
    assert [one.text for one in db.session.query(Proposal)] == ["Who pays?"]


def test_who_is_needed_is_told_what_to_do_first(house, room):
    host = house.host_of(room)
    assert refused(house, leaving.leave, host, Words.KEEP).code == "host"
    house.seat(room, house.user("Second Maier"), "host")
    house.do(leaving.leave, host, Words.KEEP)
    # Who has left holds a seat still, and hosts nothing; who made a discussion runs it too.
    second = next(seat.user for seat in room.seats if seat.user.name == "Second Maier")
    assert refused(house, leaving.leave, second, Words.KEEP).code == "host"
    owner = db.session.get_one(User, room.owner_id)
    house.seat(room, house.user("Third Maier"), "host")
    house.do(leaving.leave, second, Words.KEEP)
    for seat in [one for one in room.seats if one.user.name == "Third Maier"]:
        house.do(seats.take, owner, seat)
    assert refused(house, leaving.leave, owner, Words.KEEP).code == "host"
    ada = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)
    assert refused(house, leaving.leave, ada, Words.KEEP).code == "last_administrator"
    house.user(role=SiteRole.ADMINISTRATOR)
    house.do(leaving.leave, ada, Words.KEEP)
    assert ada.role is SiteRole.MEMBER


def test_it_takes_the_password_and_signs_out_everywhere(app, house, room):
    zoe = house.user("Zoe Zebra")
    with writing():
        zoe.password_hash = passwords.hashed(PASSWORD)
    client, other = app.test_client(), app.test_client()
    for one in (client, other):
        house.sign_in(one, zoe)
    answer = send(client, "/account/leave", words="keep", leave_password="wrong one")
    assert answer.status_code == 422
    assert "Your account stays as it is" in answer.text
    assert send(client, "/account/leave", words="burn", leave_password=PASSWORD).status_code == 422
    assert send(client, "/account/leave", words="remove", leave_password=PASSWORD).status_code == 303
    assert other.get("/account").status_code == 303
    assert db.session.get(User, zoe.id).left_at is not None
    assert "Zoe Zebra" not in page(app, house, house.user(role=SiteRole.ADMINISTRATOR), "/site/people")


def test_everything_of_mine_and_nothing_of_others_is_in_the_file(app, house, room):
    zoe, other = house.user("Zoe Zebra"), house.user("Otto Ode")
    first = house.comment(room, zoe, "Rivers first.", question=1)
    house.do(comments.edit, zoe, first, "Rivers come first.")
    house.comment(room, other, "zqothersqz", question=1)
    hidden = house.comment(room, zoe, "Hidden rivers.", question=1)
    house.do(moderation.hide, house.host_of(room), hidden, "off topic")
    house.do(proposals.make, zoe, room, "And rivers?")
    house.do(rsvps.say, zoe, house.discussion(phase="announced"), RsvpKind.READ_ALONG, "UTC")
    house.do(silences.silence, zoe, other)
    client = app.test_client()
    house.sign_in(client, zoe)
    answer = client.get("/account/data.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    said = answer.get_json()
    assert said == json.loads(json.dumps(person.of(zoe)))
    assert [comment["text"] for comment in said["comments"]] == ["Rivers come first.", "Hidden rivers."]
    assert said["comments"][0]["before"][0]["text"] == "Rivers first."
    assert said["does_not_read"] == ["Otto Ode"]
    assert said["record"][0]["reason"] == "off topic"
    assert said["wants_to_come"][0]["kind"] == "read_along"
    for secret in ("zqothersqz", "argon2", "token"):
        assert secret not in answer.text
    assert app.test_client().get("/account/data.json").status_code == 303
    assert len(db.session.scalars(select(Comment)).all()) == 3


# Every column that points at a person or holds an address: the part of their file where it stands, or why it does not.
STANDS_IN = {
    "user.email": "account", "no_mail.email": "account", "session.user_id": "sessions", "seat.user_id": "seats",
    "comment.author_id": "comments", "comment.posted_by_id": "written_down_for_others",
    "proposal.author_id": "questions", "proposal_vote.user_id": "votes", "reaction.user_id": "found_helpful",
    "backstage_message.author_id": "green_room",
    "held_answer.user_id": "held_answers", "flag.user_id": "flags", "rsvp.user_id": "wants_to_come",
    "rsvp.email": "wants_to_come", "letter.to": "letters", "notice.user_id": "notices",
    "panel_call.user_id": "called_on", "ready_answer.user_id": "said_ready", "ready_check.by_id": "asked_ready",
    "mute.user_id": "may_not_write", "discussion.owner_id": "made", "question.asked_by_id": "questions_asked",
    "silence.user_id": "does_not_read", "moderation_action.actor_id": "done",
    # Each of these was an act that wrote its line of the record.
    "guest.by_id": "done", "mailing.by_id": "done", "guest.email": "invited_to", "digest.email": "told_about",
    "dead_address.email": "account",
    "mute.by_id": "done", "panel_call.by_id": "done", "invitation.by_id": "done", "review.decided_by_id": "done",
}  # fmt: skip
ELSEWHERE = {
    "silence.other_id": "who does not read somebody is that person's secret",
    "draft.holder": "a browser's own, with no person to it",
    "arrival.user_id": "a digest by which a mail that comes twice is known, for a month, and nothing of it",
    "review.claimed_by_id": "for two minutes, while they look at it",
}


def _columns() -> set[str]:
    found = set()
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            points = any(key.column.table.name == "user" for key in column.foreign_keys)
            if points or "email" in column.name or (table.name, column.name) in {("letter", "to"), ("draft", "holder")}:
                found.add(f"{table.name}.{column.name}")
    return found


def test_every_table_with_somebody_in_it_has_a_place_in_their_file(app, house, clock):
    assert _columns() == set(STANDS_IN) | set(ELSEWHERE)
    zoe, other = house.user("Zoe Zebra", role=SiteRole.ORGANISER), house.user("Otto Ode")
    room = house.discussion(host=zoe, ask=1, slug="water")
    second = house.discussion(ask=1, slug="rain")
    house.seat(second, zoe, "panelist")
    host, asked = house.host_of(second), second.questions[0]
    panel = house.panelist(room)
    mine = house.comment(second, zoe, "Mine.", question=1)
    house.comment(second, other, "To you.", question=1, reply_to=mine.id)
    with writing():
        comments.post(panel, room, comments.CommentDraft("By telephone.", 1, None, "key-by-telephone"), typist=zoe)
    house.do(flags.flag, zoe, house.comment(second, other, "Bad.", question=1), "other", "Is that so?")
    house.do(reactions.react, zoe, house.comment(second, other, "Good.", question=1), wants=True)
    house.do(held.hold, zoe, house.question(second, "Later?"), "Then.")
    house.do(calls.call, host, second, zoe.id, asked)
    house.do(calls.call, zoe, room, panel.id, room.questions[0])
    house.do(backstage.say, zoe, room, "Psst.", "key-of-a-message")
    house.do(backstage.ask_ready, zoe, room)
    house.do(backstage.ask_ready, host, second)
    house.do(backstage.answer_ready, zoe, second)
    wish = house.do(proposals.make, zoe, second, "Why?")
    house.do(shortlisting.put, host, second, wish.id, ProposalState.APPROVED, "new")
    theirs = house.do(proposals.make, other, second, "How?")
    house.do(shortlisting.put, host, second, theirs.id, ProposalState.APPROVED, "new")
    house.do(proposals.vote, zoe, second, theirs.id, wants=True)
    house.do(rsvps.say, zoe, house.discussion(phase="announced"), RsvpKind.READ_ALONG, "UTC")
    house.do(rsvps.ask, zoe.email, house.discussion(phase="announced"), RsvpKind.READ_ALONG, "UTC")
    house.do(silences.silence, zoe, other)
    house.do(letters.write, zoe.email, "known")
    soon = house.discussion(phase="announced")
    house.do(guests.invite, house.host_of(soon), soon, [Row(1, zoe.email, "Zoe")], "", "k" * 16)
    with writing():
        db.session.add(Digest(question_id=asked.id, email=zoe.email, time_zone="UTC"))
    third = house.discussion(ask=1)
    house.do(sanctions.mute, house.host_of(third), third, zoe, "Shouting")
    with writing():
        db.session.get_one(Discussion, third.id).owner_id = zoe.id
    client = app.test_client()
    house.sign_in(client, zoe)
    said = client.get("/account/data.json").get_json()
    assert [part for part in set(STANDS_IN.values()) if not said[part]] == []
    assert len(said["wants_to_come"]) == 2


def test_nothing_that_names_them_is_left_in_any_table(app, house, clock):
    """Every text of every table is read after somebody has left; only the record's own lines nobody can change."""
    zoe = house.user("Zoe Zebra")
    zoe_email = zoe.email
    room = house.discussion(ask=1, slug="water")
    house.seat(room, zoe, "panelist", title="Zebra of Zebras", affiliation="Zebra Lab")
    with writing():
        zoe.affiliation, zoe.biography = "Zebra Lab", "I am Zoe Zebra."
    house.do(rsvps.ask, zoe_email, coming := house.discussion(phase="announced"), RsvpKind.READ_ALONG, "UTC")
    house.do(rsvps.say, zoe, house.discussion(phase="announced"), RsvpKind.READ_ALONG, "UTC")
    house.do(letters.write, zoe_email, "known")
    house.comment(room, zoe, "Stripes.", question=1)
    other = house.discussion(ask=1)
    house.do(sanctions.mute, house.host_of(other), other, zoe, "Rude")
    house.do(sanctions.object_to, zoe, other, "I am Zoe Zebra.")
    house.do(leaving.leave, zoe, Words.REMOVE)
    db.session.expire_all()
    left = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            said = " ".join(str(value) for value in row.values())
            if table.name != "moderation_action" and ("Zebra" in said or zoe_email in said or "Stripes" in said):
                left.append((table.name, said))
    assert left == []
    assert rsvps.counts(coming) == {}


def test_the_record_that_others_read_does_not_name_who_has_left(app, house, clock):
    zoe = house.user("Zoe Zebra")
    room = house.discussion(ask=1, slug="water")
    for number in range(2):  # one seat that is taken away again, and one that stays
        seat = house.seat(room, zoe, "panelist")
        house.do(invitations.invite, house.host_of(room), seat)
        if number == 0:
            house.do(seats.take, db.session.get_one(User, room.owner_id), seat)
    said = comments.CommentDraft("As I said by telephone.", 1, None, "key-of-a-post")
    written = house.do(comments.post, zoe, room, said, typist=house.host_of(room))
    house.do(comments.edit, house.host_of(room), written, "As I said by letter.")
    client = app.test_client()
    house.sign_in(client, house.host_of(room))
    paths = ("/d/water/console", "/d/water/record", "/d/water/record.csv", "/d/water/record.json")
    assert all("Zoe Zebra" in client.get(path).text for path in paths)
    house.do(leaving.leave, zoe, Words.KEEP)
    assert [path for path in paths if "Zebra" in client.get(path).text] == []
    told = json.loads(client.get("/d/water/record.json").text)
    assert {"panelist.invited", "comment.posted_for", "comment.edited_for"} <= {line["verb"] for line in told}


def test_their_face_is_gone_from_the_disk_and_another_persons_stays(app, house, clock):
    zoe, room = house.user("Zoe Zebra"), house.discussion(ask=1, slug="water")
    other = house.panelist(room)
    settings = app.config["SETTINGS"]
    mine, shared = (pictures.store(drawn(colour), settings, square=288) for colour in ("red", "blue"))
    with writing():
        zoe.password_hash = passwords.hashed(PASSWORD)
    for number, name in enumerate((mine, shared)):
        place = house.seat(house.discussion(slug=f"room-{number}"), zoe, "panelist")
        with writing():
            place.picture = name
    with writing():
        next(seat for seat in room.seats if seat.user_id == other.id).picture = shared
    client = app.test_client()
    house.sign_in(client, zoe)
    media = settings.data_dir / "media"
    assert (media / mine).exists()
    assert send(client, "/account/leave", words="keep", leave_password=PASSWORD).status_code == 303
    assert not (media / mine).exists()
    assert (media / shared).exists()


def drawn(colour: str) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (300, 300), colour).save(out, "PNG")
    out.seek(0)
    return out


@pytest.mark.postgresql
@pytest.mark.parametrize("what", ["a vote", "a press"])
def test_what_is_pressed_elsewhere_while_somebody_leaves_is_not_left_behind(house, what):
    zoe, host = house.user("Zoe Zebra"), house.user("Hana Host")
    room = house.discussion(ask=1, host=host)
    comment = house.comment(room, host, "Good.", question=1)
    wish = house.do(proposals.make, house.user(), room, "Why?")
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")

    def press(member, at_comment):
        if what == "a press":
            reactions.react(member, at_comment, wants=True)
        else:
            proposals.vote(member, at_comment.discussion, wish.id, wants=True)

    with house.meanwhile(r'UPDATE "user"', press, zoe, comment):
        assert refused(house, leaving.leave, zoe, Words.KEEP).code == "busy"
    house.do(leaving.leave, zoe, Words.KEEP)
    assert db.session.get_one(User, zoe.id).left_at is not None


def test_votes_of_who_leaves_are_taken_from_what_readers_see(house, clock):
    zoe, host = house.user("Zoe Zebra"), house.user("Hana Host")
    room = house.discussion(ask=1, host=host)
    wish = house.do(proposals.make, house.user(), room, "Why?")
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    house.do(proposals.vote, zoe, room, wish.id, wants=True)
    db.session.refresh(room)
    before = room.last_seq
    house.do(leaving.leave, zoe, Words.KEEP)
    assert proposals.counts(room, [wish.id]) == {}
    clock.advance(proposals.VOTES_TOLD_EVERY)
    clockwork.turn()
    db.session.refresh(room)
    assert room.last_seq == before + 1


@pytest.mark.postgresql
@pytest.mark.parametrize("what", ["a comment", "a question"])
def test_what_waits_while_somebody_leaves_is_not_published_afterwards(house, what):
    """It came after their words were removed, under a name that nobody could take it away with."""
    zoe, room = house.user("Zoe Zebra"), house.discussion(ask=1, host=house.user("Hana Host"))
    house.comment(room, zoe, "First.", question=1)
    house.do(shortlisting.set_taking, house.host_of(room), room, takes=True, anonymous=False)
    with house.meanwhile(r"SELECT discussion\..*FOR UPDATE", leaving.leave, zoe, Words.REMOVE):
        if what == "a comment":
            assert refused(house, house.comment, room, zoe, "Too late.").code == "sign_in"
        else:
            assert refused(house, proposals.make, zoe, room, "Too late?").code == "sign_in"
    db.session.expire_all()
    assert [one.source for one in db.session.scalars(select(Comment))] == [""]
    assert db.session.scalars(select(Proposal)).all() == []


@pytest.mark.postgresql
def test_no_flag_stays_of_who_leaves_while_it_waits(house):
    zoe, room = house.user("Zoe Zebra"), house.discussion(ask=1, host=house.user("Hana Host"))
    comment = house.comment(room, question=1)
    with house.meanwhile(r"SELECT discussion\..*FOR UPDATE", leaving.leave, zoe, Words.REMOVE):
        assert refused(house, flags.flag, zoe, comment, "abuse", "I am Zoe Zebra.").code == "sign_in"
    assert db.session.query(Flag).all() == []


@pytest.mark.postgresql
def test_a_first_comment_that_was_quicker_than_the_leaving_is_not_left_behind(house):
    zoe, room = house.user("Zoe Zebra"), house.discussion(ask=1, host=house.user("Hana Host"))
    draft = comments.CommentDraft("Just in time.", 1, None, "a-key-of-a-page")
    with house.meanwhile(r'UPDATE "user"', comments.post, zoe, room, draft):
        assert refused(house, leaving.leave, zoe, Words.REMOVE).code == "busy"


def test_a_discussion_whose_panelist_left_can_be_brought_back_and_made_again(house, room):
    priya = house.panelist(room, "Priya Raman")
    house.comment(room, priya, "By telephone.", question=1)
    house.do(leaving.leave, priya, Words.KEEP)
    values = export.as_values(db.session.get_one(Discussion, room.id)) | {"slug": "again"}
    assert "invalid" not in json.dumps(values)
    with writing():
        again = imports.store(discussion_file.read(json.dumps(values).encode()))
    assert [seat.role.value for seat in again.seats if seat.user.left_at is None] == ["host"]
    draft = DiscussionDraft(
        title="The next one",
        slug="next",
        starts_at=room.starts_at + timedelta(days=7),
        ends_at=room.ends_at + timedelta(days=7),
        time_zone="UTC",
    )
    copied = house.do(templates.create, db.session.get_one(User, room.owner_id), draft, room)
    assert [seat.role.value for seat in copied.seats] == ["host"], "and no former member of the panel"


def test_everything_of_mine_asks_no_more_for_more_comments(app, house, room, statements):
    zoe = house.user("Zoe Zebra")
    asked = []
    for more in (2, 20):
        for number in range(more):
            comment = house.comment(room, zoe, f"Rivers {number}.", question=1)
            house.do(comments.edit, zoe, comment, f"Rivers {number}, mended.")
        db.session.expire_all()
        with statements() as made, app.test_request_context():
            whole = person.of(db.session.get_one(User, zoe.id))
        assert {one["before"][0]["text"][:6] for one in whole["comments"]} == {"Rivers"}
        asked.append(len(made))
    assert asked[0] == asked[1]
