"""The panel's links, its green room, calls and held answers: by the actions themselves, on both databases."""

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum import access, panel
from forum import clock as forum_clock
from forum.actions import (
    accounts,
    backstage,
    calls,
    comments,
    held,
    introductions,
    invitations,
    leaving,
    members,
    moderation,
    phases,
    proposals,
    questions,
    rehearsals,
    rsvps,
    sanctions,
    seats,
    sessions,
    shortlisting,
    templates,
)
from forum.actions.drafting import DiscussionDraft
from forum.actions.introductions import Introduction
from forum.actions.leaving import Words
from forum.actions.seats import SeatDraft
from forum.database import db, writing
from forum.models import (
    Comment,
    Discussion,
    Event,
    HeldAnswer,
    Invitation,
    InvitationState,
    Letter,
    PanelCall,
    ReadyCheck,
    RsvpKind,
    Seat,
    SeatRole,
    Session,
    SiteRole,
    User,
)
from forum.panel import Standing
from forum.refusals import Refused
from tests.actions.test_reminders import later


class Panel:
    """A live discussion with a host and two panelists, Priya (an account with nothing else) and Luc."""

    def __init__(self, house, phase="live", ask=1):
        self.house, self.discussion = house, house.discussion(phase=phase, ask=ask if phase == "live" else 0)
        self.host = house.host_of(self.discussion)
        self.priya, self.luc = house.panelist(self.discussion), house.panelist(self.discussion, "Luc Arrieta")
        self.seat = next(seat for seat in self.discussion.seats if seat.user_id == self.priya.id)

    def invite(self) -> tuple[str, str]:
        """Return the token that was mailed and the one that was shown."""
        shown = self.house.do(invitations.invite, self.host, self.seat).rpartition("/")[2]
        letter = db.session.scalars(select(Letter).order_by(Letter.id.desc())).first()
        assert letter.to == self.priya.email
        return letter.body.split("/invitation/")[1].split()[0], shown

    def standing(self) -> Standing:
        db.session.expire_all()
        from forum import clock

        found = panel.panelists(self.discussion, clock.now())
        return next(one.standing for one in found if one.seat.id == self.seat.id)

    def heard(self, audience: str) -> list[str]:
        rows = select(Event.kind).where(Event.discussion_id == self.discussion.id, Event.audience == audience)
        return list(db.session.scalars(rows.order_by(Event.seq)))


@pytest.fixture
def table(house, clock):
    return Panel(house)


def refused(code: str, action, *arguments, **named) -> Refused:
    with pytest.raises(Refused) as raised, writing():
        action(*arguments, **named)
    assert raised.value.code == code, raised.value.message
    return raised.value


def test_an_invitation_goes_from_sent_to_opened_to_done_and_hosts_hear_each_step(table, clock):
    assert table.standing() is Standing.UNINVITED
    mailed, shown = table.invite()
    assert table.standing() is Standing.INVITED
    kept = db.session.scalars(select(Invitation)).one()
    assert mailed not in str(vars(kept)) and shown not in str(vars(kept)), "only digests are kept"
    opened = table.house.do(invitations.enter, mailed)
    assert (opened.seat.id, opened.is_mailed, opened.signs_in) == (table.seat.id, True, True)
    assert table.standing() is Standing.OPENED
    words = Introduction("Director", "Partnering Lab, London", "Writes about\nwater.", "face.webp")
    table.house.do(introductions.introduce, table.priya, table.discussion, words)
    assert table.standing() is Standing.INTRODUCED
    assert (table.seat.title, table.seat.biography) == ("Director", "Writes about\nwater.")
    # The seat was given in a draft, of which readers hear nothing.
    assert table.heard("hosts") == ["seat.given", "invitation.made", "invitation.opened"]


def test_nobody_comes_in_as_a_panelist_who_has_left_the_site(table, clock):
    """The host read the link on their screen, and had somebody else's words in hand."""
    spare = Invitation(
        seat_id=table.seat.id, mailed_hash="m", shown_hash=invitations._hash("shown"), by_id=table.host.id,
        state=InvitationState.GOOD, made_at=clock.now(), expires_at=clock.now() + timedelta(days=9),
    )  # fmt: skip
    session = table.house.do(sessions.begin, table.priya)
    table.house.do(leaving.leave, table.priya, Words.KEEP)
    assert "has left this site" in refused("has_left", invitations.invite, table.host, table.seat).message
    assert table.seat not in invitations.never_invited(table.discussion)
    with writing():  # a link or a session that was made at the same moment
        db.session.add(spare)
        db.session.get_one(Session, session.id).ended_at = None
    refused("link_over", invitations.enter, "shown")
    assert sessions.user_of(session.token) is None


def test_a_link_works_on_every_device_until_it_ends(table, clock):
    mailed, shown = table.invite()
    for token in (mailed, shown, mailed):
        assert table.house.do(invitations.enter, token).signs_in
    clock.advance(timedelta(days=29))
    invitations.find(mailed)
    clock.advance(timedelta(days=2))
    assert refused("link_over", invitations.find, mailed).status == 410
    assert refused("link_over", invitations.find, "no-such-token").status == 410


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_link_is_good_until_after_the_event_also_when_that_was_put_off_or_goes_on_longer(house, clock, goes_on):
    table = Panel(house, phase="announced")
    links = table.invite()
    begin = clock.now() + timedelta(days=60)
    later(house, table.discussion, starts_at=begin, ends_at=begin + timedelta(hours=1))
    clock.advance(timedelta(days=59))
    assert all(invitations.find(token).signs_in for token in links)
    assert table.standing() is Standing.INVITED
    clock.advance(timedelta(days=1, minutes=30))
    if goes_on:
        house.do(phases.extend, table.host, table.discussion, 31 * 24 * 60)
        clock.advance(timedelta(days=30))
    assert all(invitations.find(token).signs_in for token in links)
    clock.advance(timedelta(days=9 if goes_on else 8))
    for token in links:
        refused("link_over", invitations.find, token)


def test_a_newer_link_ends_the_older_one_at_once(table):
    old, old_shown = table.invite()
    new, _shown = table.invite()
    for token in (old, old_shown):
        assert "newest letter" in refused("link_replaced", invitations.enter, token).message
    table.house.do(invitations.enter, new)


def test_a_link_taken_back_signs_out_who_came_by_it_and_nobody_else(table):
    mailed, shown = table.invite()
    with writing():
        came, other = sessions.begin(table.priya), sessions.begin(table.priya)
        came.invitation_id = invitations.enter(mailed).invitation.id
    table.house.do(invitations.revoke, table.host, table.seat)
    db.session.expire_all()
    assert db.session.get_one(Session, came.id).ended_at is not None
    assert db.session.get_one(Session, other.id).ended_at is None
    for token in (mailed, shown):
        assert "ask for a new link" in refused("link_revoked", invitations.enter, token).message
    assert table.standing() is Standing.REVOKED
    seq = table.discussion.last_seq
    table.house.do(invitations.revoke, table.host, table.seat)
    assert table.discussion.last_seq == seq, "taking back twice is taking back once"


def test_what_the_host_saw_opens_no_account_that_is_worth_more_than_the_seat(table, house):
    _mailed, shown = table.invite()
    assert invitations.find(shown).signs_in
    other = house.discussion()
    house.seat(other, table.priya, SeatRole.HOST)
    assert not invitations.find(shown).signs_in, "she hosts elsewhere"
    with writing():
        db.session.delete(
            db.session.scalars(select(Seat).where(Seat.user_id == table.priya.id, Seat.discussion_id == other.id)).one()
        )
    assert invitations.find(shown).signs_in
    house.comment(other, table.priya)
    assert not invitations.find(shown).signs_in, "she has written elsewhere"
    refused("sign_in", invitations.enter, shown)


def test_what_the_host_saw_opens_nothing_to_who_owns_a_discussion(table, house):
    """Also one who may make none any more: their drafts are theirs again with the role."""
    _mailed, shown = table.invite()
    with writing():
        db.session.get_one(Discussion, house.discussion().id).owner_id = table.priya.id
    assert not invitations.find(shown).signs_in


def came_by_the_shown_link(table) -> Session:
    _mailed, shown = table.invite()
    with writing():
        session = sessions.begin(table.priya)
        invitations.begin(invitations.enter(shown), session)
    return session


def is_open(session: Session) -> bool:
    db.session.expire_all()
    return db.session.get_one(Session, session.id).ended_at is None


def test_a_site_role_signs_out_who_came_by_what_the_host_saw(table, house):
    session = came_by_the_shown_link(table)
    house.do(members.give_role, house.user(role=SiteRole.ADMINISTRATOR), table.priya, SiteRole.ORGANISER)
    assert not is_open(session)


def made_like(table):
    """Another discussion with the same people, announced, a week later."""
    from forum import clock

    organiser, begin = db.session.get_one(User, table.discussion.owner_id), clock.now() + timedelta(days=7)
    draft = DiscussionDraft(title="Again", slug="again", starts_at=begin, ends_at=begin + timedelta(hours=1))
    again = table.house.do(templates.create, organiser, draft, table.discussion)
    table.house.do(phases.publish, organiser, again)
    return again


def seat_of(user, discussion) -> Seat:
    return db.session.scalars(select(Seat).where(Seat.user_id == user.id, Seat.discussion_id == discussion.id)).one()


def test_a_link_that_the_host_saw_signs_in_to_the_next_discussion_that_they_run(table, house, clock):
    session = came_by_the_shown_link(table)
    again = made_like(table)
    assert is_open(session)
    shown = house.do(invitations.invite, table.host, seat_of(table.priya, again)).rpartition("/")[2]
    assert invitations.find(shown).signs_in
    house.comment(table.discussion, table.priya)
    assert invitations.find(shown).signs_in, "what she has written, she has written under the same host"


def test_it_does_not_once_they_run_only_one_of_the_two(table, house, clock):
    session, again = came_by_the_shown_link(table), made_like(table)
    organiser = db.session.get_one(User, again.owner_id)
    house.seat(again, house.user("Otto Other"), SeatRole.HOST)
    house.do(seats.take, organiser, seat_of(table.host, again))
    assert not is_open(session)
    _mailed, shown = table.invite()
    assert not invitations.find(shown).signs_in


def test_a_host_whose_seat_is_taken_has_no_way_in_as_their_panelist(table, house, clock):
    session, again = came_by_the_shown_link(table), made_like(table)
    _mailed, shown = table.invite()
    assert invitations.find(shown).signs_in
    house.do(seats.take, db.session.get_one(User, again.owner_id), seat_of(table.host, table.discussion))
    assert not is_open(session)
    assert not invitations.find(shown).signs_in


def test_an_owner_who_organises_no_more_has_none_either(table, house, clock):
    organiser = db.session.get_one(User, table.discussion.owner_id)
    shown = house.do(invitations.invite, organiser, seat_of(table.priya, table.discussion)).rpartition("/")[2]
    with writing():
        session = sessions.begin(table.priya)
        invitations.begin(invitations.enter(shown), session)
    house.do(members.give_role, house.user(role=SiteRole.ADMINISTRATOR), organiser, SiteRole.MEMBER)
    assert not is_open(session)
    assert not invitations.find(shown).signs_in


def test_nor_where_another_host_has_the_panelist_or_where_they_are_more_than_that(table, house, clock):
    session, again = came_by_the_shown_link(table), made_like(table)
    seat = seat_of(table.priya, again)
    draft = SeatDraft(seat.name, table.priya.email, SeatRole.MODERATOR)
    house.do(seats.change, db.session.get_one(User, again.owner_id), seat, draft)
    assert not is_open(session), "she moderates the next one"
    _mailed, shown = table.invite()
    assert not invitations.find(shown).signs_in
    luc = next(seat for seat in table.discussion.seats if seat.user_id == table.luc.id)
    shown = house.do(invitations.invite, table.host, luc).rpartition("/")[2]
    assert invitations.find(shown).signs_in
    house.seat(house.discussion(), table.luc, SeatRole.PANELIST)
    assert not invitations.find(shown).signs_in, "he sits on a stranger's panel"


@pytest.mark.parametrize("what", ["asked", "comes"])
def test_nor_where_the_panelist_has_asked_or_comes_elsewhere(table, house, what):
    session = came_by_the_shown_link(table)
    _mailed, shown = table.invite()
    assert invitations.find(shown).signs_in
    stranger = house.discussion(host=house.user("Sten Stranger"), ask=1)
    if what == "asked":
        house.do(shortlisting.set_taking, house.host_of(stranger), stranger, takes=True, anonymous=True)
        house.do(proposals.make, table.priya, stranger, "Who was bribed?", is_anonymous=True)
    else:
        house.do(rsvps.say, table.priya, stranger, RsvpKind.READ_ALONG, "UTC")
    assert not is_open(session)
    assert not invitations.find(shown).signs_in


@pytest.mark.parametrize("how", ["the seat is taken", "the rehearsal ends"])
def test_who_came_by_a_shown_link_to_a_rehearsal_goes_with_their_seat_there(house, clock, how):
    table = Panel(house, phase="draft")
    rehearsal = house.do(rehearsals.begin, table.host, table.discussion)
    seat = access.seat_of(table.priya, rehearsal)
    shown = house.do(invitations.invite, table.host, seat).rpartition("/")[2]
    with writing():
        session = sessions.begin(table.priya)
        invitations.begin(invitations.enter(shown), session)
    assert is_open(session)
    if how == "the seat is taken":
        house.do(seats.take, table.host, table.seat)
    else:
        house.do(rehearsals.end, table.host, rehearsal)
    assert not is_open(session)


def test_hosts_see_a_large_panel_at_as_many_questions_as_a_small_one(table, house, statements):
    counted = []
    for others in (("Ada Lind",), ("Bo Falk", "Cem Kaya", "Dora Sand", "Eli Roth")):
        for name in others:
            house.panelist(table.discussion, name)
        db.session.expire_all()
        with statements() as made:
            found = panel.panelists(table.discussion, forum_clock.now())
            assert not any(one.has_left for one in found)
            assert invitations.never_invited(table.discussion)
        counted.append(len(made))
    assert counted[0] == counted[1]


def test_a_rehearsal_is_no_other_place(house, clock):
    table = Panel(house, phase="announced")
    session = came_by_the_shown_link(table)
    rehearsal = house.do(rehearsals.begin, table.host, table.discussion)
    house.comment(rehearsal, table.priya)
    assert is_open(session)
    assert invitations.is_bare(table.priya, table.discussion, table.host.id)


@pytest.mark.parametrize(
    ("change", "by_mail"),
    [
        ({"password_hash": "a hash"}, True),
        ({"role": SiteRole.ORGANISER}, False),
        ({"role": SiteRole.ADMINISTRATOR}, False),
    ],
)
def test_a_password_or_a_site_role_closes_the_shown_link(table, change, by_mail):
    mailed, shown = table.invite()
    with writing():
        for name, value in change.items():
            setattr(table.priya, name, value)
    assert not invitations.find(shown).signs_in
    assert invitations.find(mailed).signs_in is by_mail


def test_a_password_that_a_stranger_chose_for_the_address_dies_with_the_link(house, clock):
    table = Panel(house)
    with writing():
        stranger = accounts._add("nora@example.org", "Not Nora", "the stranger's hash")
    table.house.do(
        seats.give, table.host, table.discussion, SeatDraft("Nora Newcomer", "nora@example.org", SeatRole.PANELIST)
    )
    table.seat, table.priya = table.discussion.seats[-1], stranger
    mailed, shown = table.invite()
    assert not invitations.find(shown).signs_in
    table.house.do(invitations.enter, mailed)
    nora = db.session.get_one(User, stranger.id)
    assert nora.password_hash is None and nora.confirmed_at is not None


def test_a_stranger_who_signed_up_with_the_address_is_signed_out_when_its_owner_comes_by_the_link(house, clock):
    table = Panel(house)
    with writing():
        stranger = accounts._add("nora@example.org", "Not Nora", "the stranger's hash")
        theirs = sessions.begin(stranger)
    nora = SeatDraft("Nora Newcomer", "nora@example.org", SeatRole.PANELIST)
    table.seat, table.priya = house.do(seats.give, table.host, table.discussion, nora), stranger
    mailed, _shown = table.invite()
    assert theirs.ended_at is None
    house.do(invitations.enter, mailed)
    assert theirs.ended_at is not None


def test_a_link_to_what_is_a_draft_again_opens_nothing_until_it_is_published(house, clock):
    table = Panel(house, phase="announced")
    tokens = table.invite()
    house.do(phases.withdraw, table.host, table.discussion)
    for token in tokens:
        refused("link_over", invitations.find, token)
    house.do(phases.publish, table.host, table.discussion)
    assert all(invitations.find(token) for token in tokens)


def test_links_are_for_panelists_of_what_is_published(table, house):
    host_seat = next(seat for seat in table.discussion.seats if seat.role is SeatRole.HOST)
    refused("not_panel", invitations.invite, table.host, host_seat)
    mailed, _shown = table.invite()
    with writing():
        table.seat.role = SeatRole.HOST
    refused("link_over", invitations.find, mailed)
    draft = house.discussion(phase="draft")
    house.panelist(draft, "Dara Early")
    refused("draft", invitations.invite, house.host_of(draft), draft.seats[-1])


def test_only_their_own_seat_is_introduced_and_the_name_stays_the_hosts(table, house):
    refused("not_yours", introductions.introduce, house.user(), table.discussion, Introduction("Boss"))
    refusal = refused(
        "invalid", introductions.introduce, table.priya, table.discussion, Introduction("x" * 200, "", "y" * 900)
    )
    assert set(refusal.fields) == {"title", "biography"}
    table.house.do(introductions.introduce, table.priya, table.discussion, Introduction("A", picture="one.webp"))
    table.house.do(introductions.introduce, table.priya, table.discussion, Introduction("B"))
    assert (table.seat.name, table.seat.title, table.seat.picture) == ("Priya Raman", "B", "one.webp")


def test_a_message_is_said_once_for_its_key_and_only_behind_the_stage(table, house):
    key = secrets.token_hex(8)
    first = house.do(backstage.say, table.priya, table.discussion, "Shall I take **finance**?", key)
    again = house.do(backstage.say, table.priya, table.discussion, "Something else", key)
    assert first.id == again.id and first.is_new
    assert "<strong>finance</strong>" in panel.messages(table.discussion)[0].html
    assert table.heard("backstage") == ["backstage.said"]
    for words, code in (("", "invalid"), ("x" * 3000, "invalid")):
        refused(code, backstage.say, table.priya, table.discussion, words, secrets.token_hex(8))
    refused("invalid", backstage.say, table.priya, table.discussion, "words", "short")
    refused("not_yours", backstage.say, house.user(), table.discussion, "words", secrets.token_hex(8))
    house.do(sanctions.mute, table.host, table.discussion, table.priya, "rude")
    refused("muted", backstage.say, table.priya, table.discussion, "words", secrets.token_hex(8))


def test_older_messages_come_by_pages(table, house):
    for number in range(5):
        house.do(backstage.say, table.host, table.discussion, f"Message {number}", secrets.token_hex(8))
    newest = panel.messages(table.discussion, limit=2)
    assert [one.source for one in newest] == ["Message 4", "Message 3"]
    assert [one.source for one in panel.messages(table.discussion, newest[-1].id, 2)] == ["Message 2", "Message 1"]


def test_ready_is_asked_of_all_and_said_once_by_each(table, house):
    refused("no_check", backstage.answer_ready, table.priya, table.discussion)
    refused("not_yours", backstage.ask_ready, table.priya, table.discussion)
    check = house.do(backstage.ask_ready, table.host, table.discussion)
    for person in (table.priya, table.luc, table.priya):
        house.do(backstage.answer_ready, person, table.discussion)
    assert [answer.user_id for answer in backstage.open_check(table.discussion).answers] == [
        table.priya.id,
        table.luc.id,
    ]
    again = house.do(backstage.ask_ready, table.host, table.discussion)
    assert again.id != check.id and again.answers == []
    house.do(backstage.end_ready, table.host, table.discussion)
    assert backstage.open_check(table.discussion) is None


LOCKED_OR_ADDED = r"SELECT.* FOR UPDATE|INSERT INTO (panel_call|ready_)"


@pytest.mark.postgresql
def test_two_hosts_who_ask_who_is_ready_at_once_leave_one_check_open(table, house):
    with house.meanwhile(LOCKED_OR_ADDED, backstage.ask_ready, table.host, table.discussion):
        house.do(backstage.ask_ready, table.host, table.discussion)
    checks = db.session.scalars(select(ReadyCheck).order_by(ReadyCheck.id)).all()
    assert [check.ended_at is None for check in checks] == [False, True]


@pytest.mark.postgresql
def test_who_says_ready_twice_at_once_has_said_it_once(table, house):
    house.do(backstage.ask_ready, table.host, table.discussion)
    with house.meanwhile(LOCKED_OR_ADDED, backstage.answer_ready, table.priya, table.discussion):
        house.do(backstage.answer_ready, table.priya, table.discussion)
    assert [answer.user_id for answer in backstage.open_check(table.discussion).answers] == [table.priya.id]


@pytest.mark.postgresql
def test_two_hosts_who_call_on_somebody_at_once_make_one_call(table, house):
    called = (calls.call, table.host, table.discussion, table.priya.id, table.discussion.questions[0])
    with house.meanwhile(LOCKED_OR_ADDED, *called):
        house.do(*called)
    assert len(db.session.scalars(select(PanelCall)).all()) == 1
    assert table.heard(f"user:{table.priya.id}") == ["call.changed"]


def test_a_call_is_heard_by_one_person_and_ends_with_their_answer(table, house):
    q1 = table.discussion.questions[0]
    made = house.do(calls.call, table.host, table.discussion, table.priya.id, q1)
    assert house.do(calls.call, table.host, table.discussion, table.priya.id, q1).id == made.id
    assert table.heard(f"user:{table.priya.id}") == ["call.changed"]
    assert table.heard(f"user:{table.luc.id}") == []
    house.comment(table.discussion, table.luc, question=1)
    house.comment(table.discussion, table.priya)
    assert [one.id for one in calls.open_calls(table.discussion, table.priya.id)] == [made.id]
    house.comment(table.discussion, table.priya, question=1)
    assert calls.open_calls(table.discussion) == []
    assert db.session.get_one(PanelCall, made.id).state == "answered"
    assert table.heard(f"user:{table.priya.id}") == ["call.changed", "call.changed"]


def test_a_call_for_a_comment_ends_with_a_reply_a_pass_or_the_hosts_word(table, house):
    comment = house.comment(table.discussion, question=1)
    other = house.comment(table.discussion, question=1)
    first = house.do(calls.call, table.host, table.discussion, table.priya.id, comment)
    second = house.do(calls.call, table.host, table.discussion, table.priya.id, other)
    refused("not_found", calls.decline, table.luc, table.discussion, first.id)
    house.do(calls.decline, table.priya, table.discussion, second.id)
    house.comment(table.discussion, table.priya, question=1)
    assert [one.id for one in calls.open_calls(table.discussion)] == [first.id], "an answer elsewhere is no reply"
    house.comment(table.discussion, table.priya, reply_to=comment.id)
    assert calls.open_calls(table.discussion) == []
    third = house.do(calls.call, table.host, table.discussion, table.luc.id, other)
    house.do(calls.withdraw, table.host, table.discussion, third.id)
    assert calls.open_calls(table.discussion) == []


def test_nobody_is_called_on_for_what_cannot_be_answered(table, house):
    waiting, member = house.question(table.discussion), house.user()
    own = house.comment(table.discussion, table.priya, question=1)
    refused("invalid", calls.call, table.host, table.discussion, table.priya.id, waiting)
    refused("invalid", calls.call, table.host, table.discussion, member.id, table.discussion.questions[0])
    refused("invalid", calls.call, table.host, table.discussion, table.priya.id, own)
    refused("invalid", calls.require_about, None, None)
    other = house.discussion(ask=1)
    made = house.do(calls.call, table.host, table.discussion, table.priya.id, table.discussion.questions[0])
    refused("not_found", calls.withdraw, house.host_of(other), other, made.id)


def test_an_answer_is_held_silently_and_released_when_its_question_is_asked(table, house):
    q2, seq = house.question(table.discussion, "Who pays?"), table.discussion.last_seq
    house.do(held.hold, table.priya, q2, "Everybody, by *use*.")
    kept = house.do(held.hold, table.priya, q2, "Everybody, by **use**.")
    assert table.discussion.last_seq == seq, "nobody is told, and no page grows old"
    refused("not_asked", held.release, table.priya, q2, kept.key)
    house.do(questions.ask, table.host, q2)
    assert table.heard(f"user:{table.priya.id}") == ["held.ready"]
    key = kept.key
    comment = house.do(held.release, table.priya, q2, key)
    assert (comment.source, comment.question_id, comment.author_id) == ("Everybody, by **use**.", q2.id, table.priya.id)
    assert house.do(held.release, table.priya, q2, key).id == comment.id, "a second press posts nothing"
    assert db.session.scalars(select(HeldAnswer)).all() == []
    assert len(db.session.scalars(select(Comment)).all()) == 1


def test_a_refused_release_keeps_the_text(table, house):
    q2 = house.question(table.discussion)
    kept = house.do(held.hold, table.priya, q2, "Ready.")
    house.do(questions.ask, table.host, q2)
    house.do(phases.pause, table.host, table.discussion)
    refused("paused", held.release, table.priya, q2, kept.key)
    assert held.of(table.priya, table.discussion)[0].body == "Ready."
    house.do(phases.resume, table.host, table.discussion)
    assert house.do(held.release, table.priya, q2, kept.key, "Ready, and newer.").source == "Ready, and newer."


def test_a_held_answer_is_its_writers_alone_and_outlives_its_question(table, house):
    q2, skipped = house.question(table.discussion), house.question(table.discussion, "Left out?")
    kept = house.do(held.hold, table.priya, q2, "Mine.")
    house.do(held.hold, table.luc, q2, "His.")
    house.do(held.hold, table.priya, skipped, "For later.")
    refused("not_found", held.forget, table.luc, table.discussion, kept.id)
    for person in (table.host, house.user()):
        refused("not_yours", held.hold, person, q2, "Not theirs.")
    assert [one.body for one in held.of(table.luc, table.discussion)] == ["His."]
    house.do(questions.skip, table.host, skipped)
    house.do(questions.remove, table.host, q2)
    db.session.expire_all()
    _asked, later, orphans = panel.prepared(table.discussion, table.priya)
    assert later == [] and [one.body for one in orphans] == ["Mine.", "For later."]
    refused("not_found", held.hold, table.priya, skipped, "More.")
    house.do(questions.unskip, table.host, skipped)
    db.session.expire_all()
    assert [one.held.body for one in panel.prepared(table.discussion, table.priya)[1]] == ["For later."]
    house.do(held.hold, table.priya, skipped, "  ")
    house.do(held.forget, table.priya, table.discussion, kept.id)
    assert held.of(table.priya, table.discussion) == []


def test_for_you_puts_what_waits_first(table, house):
    mine = house.comment(table.discussion, table.priya, question=1)
    reply = house.comment(table.discussion, body="But how?", reply_to=mine.id)
    naming = house.comment(table.discussion, body="What does @Priya Raman say?", question=1)
    house.comment(table.discussion, body="What does @Luc Arrieta say?", question=1)
    house.comment(table.discussion, body=f'I typed data-user="{table.priya.id}" myself.', question=1)
    later = house.comment(table.discussion, body="And when?", reply_to=mine.id)
    house.comment(table.discussion, table.priya, "So.", reply_to=reply.id)
    found = panel.addressed_to(table.discussion, table.priya)
    assert [(one.comment.id, one.is_reply, one.is_answered) for one in found] == [
        (naming.id, False, False),
        (later.id, True, False),
        (reply.id, True, True),
    ]
    house.do(moderation.hide, table.host, naming, "no")
    assert naming.id not in [one.comment.id for one in panel.addressed_to(table.discussion, table.priya)]


def test_the_host_is_led_to_who_has_not_spoken(table, house, clock):
    answer = house.comment(table.discussion, table.priya, question=1)
    house.comment(table.discussion, table.luc)
    found = {one.seat.user_id: one.answered for one in panel.panelists(table.discussion, clock.now())}
    assert found == {table.priya.id: [1], table.luc.id: []}
    house.do(comments.delete, table.priya, answer)
    found = {one.seat.user_id: one.answered for one in panel.panelists(table.discussion, clock.now())}
    assert found == {table.priya.id: [], table.luc.id: []}
