"""The table of rights, cell by cell: what the table says is what happens."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from forum import access
from forum import clock as forum_clock
from forum.access.table import TABLE, Role
from forum.actions import escalation, queue, sanctions, seats
from forum.database import db, writing
from forum.models import Discussion, Phase, SeatRole, SiteRole, User, Visibility
from forum.refusals import Refused


def people_of(house, discussion) -> dict[Role, User | None]:
    """One person for every role in `discussion`."""
    muted = house.user("Mo Muted")
    found = {
        Role.VISITOR: None,
        Role.UNCONFIRMED: house.user("Una Unconfirmed", confirmed=False),
        Role.MUTED: muted,
        Role.MEMBER: house.user("Mina Member"),
        Role.PANELIST: house.panelist(discussion, "Pia Panelli"),
        Role.HOST: house.host_of(discussion),
        Role.OWNER: db.session.get_one(User, discussion.owner_id),
        Role.ADMINISTRATOR: house.user("Ada Adler", role=SiteRole.ADMINISTRATOR),
        Role.MODERATOR: house.user("Momo Derato"),
    }
    house.seat(discussion, found[Role.MODERATOR], SeatRole.MODERATOR)
    if discussion.phase is not Phase.DRAFT:
        house.do(sanctions.mute, found[Role.HOST], discussion, muted, "advertising")
    else:
        del found[Role.MUTED]
    return found


@pytest.mark.parametrize("phase", list(Phase))
def test_every_cell_of_the_table_is_what_require_says(house, clock, phase):
    discussion = house.discussion(phase=phase)
    for role, person in people_of(house, discussion).items():
        assert access.role_of(person, discussion) is role
        for verb, row in TABLE.items():
            allowed = role in row[phase]
            assert access.may(person, verb, discussion) is allowed, (verb, role, phase)
            if allowed:
                access.require(person, verb, discussion)
                continue
            with pytest.raises(Refused) as raised:
                access.require(person, verb, discussion)
            hidden = phase is Phase.DRAFT and role not in access.STAFF
            possible = any(role in roles for roles in row.values())
            assert raised.value.status == (404 if hidden else 409 if possible else 403), (verb, role, phase)


def test_a_discussion_by_invitation_is_unknown_to_who_has_no_seat(house, clock):
    discussion = house.discussion(visibility="invited")
    panelist = house.panelist(discussion)
    for person in (None, house.user()):
        with pytest.raises(Refused) as raised:
            access.require(person, "discussion.read", discussion)
        assert raised.value.status == 404
    access.require(panelist, "discussion.read", discussion)
    house.do(sanctions.mute, house.host_of(discussion), discussion, panelist, "rude")
    access.require(panelist, "discussion.read", discussion)


@pytest.mark.parametrize("changed", [{}, {"suspended_at": True}, {"role": SiteRole.MEMBER}])
def test_a_list_names_what_is_public_or_its_readers_own_and_may_be_read(house, clock, changed):
    """`listed_for` says in SQL what `may` says of one discussion: it is held against it for whoever asks, and when."""
    room = house.discussion()
    people = people_of(house, room)
    removed, muted, again = (house.user(f"Rem {number}") for number in range(3))
    for person in (removed, muted):
        house.seat(room, person, SeatRole.PANELIST)
    for person, removal in ((removed, True), (muted, False), (again, True)):
        house.do(sanctions.mute, people[Role.HOST], room, person, "rude", removal=removal)
    house.seat(room, again, SeatRole.HOST)
    everybody = [*people.values(), removed, muted, again]
    with writing():
        for person in filter(None, everybody):
            for name, value in changed.items():
                setattr(person, name, clock.now() if value is True else value)
    for phase in Phase:
        for visibility in Visibility:
            with writing():
                room.phase, room.visibility = phase, visibility
            for person in everybody:
                own = person is not None and (person.id == room.owner_id or access.seat_of(person, room) is not None)
                runs = person is not None and person.role is SiteRole.ADMINISTRATOR
                named = visibility is Visibility.PUBLIC or own or runs
                wanted = named and access.may(person, "discussion.read", room)
                found = db.session.scalar(select(Discussion.id).where(access.listed_for(person)))
                assert (found == room.id) is wanted, (phase, visibility, person and person.name)


def test_the_clock_opens_and_closes_before_its_job_has_run(house, clock):
    discussion = house.discussion(phase="announced")
    member = house.user()
    assert not access.may(member, "comment.post", discussion)
    clock.advance(timedelta(hours=1))
    assert access.may(member, "comment.post", discussion)
    clock.advance(timedelta(minutes=59, seconds=59))
    assert access.may(member, "comment.post", discussion)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Refused) as raised:
        access.require(member, "comment.post", discussion)
    assert (raised.value.code, raised.value.status) == ("closed", 409)


def test_a_taken_seat_takes_the_right_with_it(house, clock):
    discussion = house.discussion()
    moderator = house.user("Momo Derato")
    seat = house.seat(discussion, moderator, SeatRole.MODERATOR)
    assert access.may(moderator, "comment.hide", discussion)
    house.do(seats.take, house.host_of(discussion), seat)
    with writing():
        assert not access.may(moderator, "comment.hide", discussion)
    assert forum_clock.now() == clock.now()


def test_who_has_written_only_what_waits_is_known_to_nobody(house, clock):
    discussion, writer, other = house.discussion(), house.user("Nina Newcomer"), house.user()
    house.do(escalation.set_level, house.host_of(discussion), discussion, "everyone", None)
    held = house.comment(discussion, writer)
    assert access.may_find(writer, writer)
    assert not access.may_find(None, writer)
    assert not access.may_find(other, writer)
    house.do(queue.approve, house.host_of(discussion), held)
    assert access.may_find(None, writer)


def test_administrators_know_of_everybody(house):
    nobody_else = house.user("Nina Newcomer")
    assert access.may_find(house.user(role=SiteRole.ADMINISTRATOR), nobody_else)
    assert not access.may_find(house.user(role=SiteRole.ORGANISER), nobody_else)


def test_who_has_not_confirmed_their_address_is_told_to(house):
    discussion = house.discussion()
    with pytest.raises(Refused) as raised:
        access.require(house.user(confirmed=False), "comment.post", discussion)
    assert raised.value.code == "confirm_address" and "open the link" in raised.value.message


@pytest.mark.parametrize("hours, until", [(None, False), (2, True)])
@pytest.mark.parametrize(
    "removal, what", [(False, "ended your right to write in this"), (True, "has removed you from this discussion")]
)
def test_who_is_muted_or_removed_is_told_which_and_until_when(house, clock, hours, until, removal, what):
    discussion, member = house.discussion(), house.user()
    house.do(sanctions.mute, house.host_of(discussion), discussion, member, "shouting", hours, removal=removal)
    said = access.barred(member, access.role_of(member, discussion), discussion)
    assert what in said and "shouting" in said
    assert ("until 23 November 2026, 16:00 UTC" in said) is ("until" in said) is until


@pytest.mark.parametrize("hours, until", [(None, False), (2, True)])
def test_who_is_suspended_is_told_until_when(house, clock, hours, until):
    discussion, member = house.discussion(), house.user()
    house.do(sanctions.suspend, house.user(role=SiteRole.ADMINISTRATOR), member, "spam", hours)
    said = access.barred(member, access.role_of(member, discussion), discussion)
    assert "spam" in said and ("until 23 November 2026, 16:00 UTC" in said) is ("until" in said) is until


def _ever(role: Role, *phases: Phase) -> set[str]:
    return {verb for verb, row in TABLE.items() if any(role in row[phase] for phase in phases or Phase)}


def test_the_table_gives_nobody_more_than_these():
    """Every other test asks the table what is right; this one says it once more, by person."""
    reads, takes_back = {"discussion.read"}, {"comment.delete"}
    assert _ever(Role.VISITOR) == _ever(Role.UNCONFIRMED) == reads
    assert _ever(Role.MUTED) == _ever(Role.SUSPENDED) == reads | takes_back
    writes = {"comment.post", "comment.edit", "comment.move", "comment.flag", "proposal.make", "proposal.vote"}
    writes.add("reaction.give")
    assert _ever(Role.MEMBER) == reads | takes_back | writes
    behind = {"backstage.open", "backstage.write", "seat.introduce", "answer.hold", "presence.writing"}
    assert _ever(Role.PANELIST) - _ever(Role.MEMBER) == behind
    of_hosts = {"seat.give", "question.write", "question.ask", "rehearsal.begin", "summary.write", "backstage.check"}
    of_hosts |= {"guest.list", "guest.invite", "panelist.invite"} | {verb for verb in TABLE if "discussion." in verb}
    for role in access.RUN:
        assert _ever(role) - _ever(Role.MODERATOR) == of_hosts - reads
    for phase in Phase:
        assert not _ever(Role.MODERATOR, phase) & (of_hosts - reads)


def test_the_table_gives_these_after_the_end_and_none_but_hosts_and_moderators_a_draft():
    kept = {"discussion.read", "comment.delete"}
    assert _ever(Role.MUTED, Phase.CLOSED) == _ever(Role.SUSPENDED, Phase.CLOSED) == kept
    assert _ever(Role.MEMBER, Phase.CLOSED) == kept | {"comment.edit", "comment.flag", "reaction.give"}
    for role in set(Role) - access.STAFF:
        assert not _ever(role, Phase.DRAFT)
