"""Questions of the audience: from a wish to a question with its credit, or to a reason why not."""

import pytest
from sqlalchemy import func, select

from forum import audience
from forum.actions import (
    accounts,
    comments,
    flags,
    leaving,
    merging,
    moderation,
    phases,
    posting,
    proposals,
    questions,
    sanctions,
    shortlisting,
)
from forum.actions.accounts import Profile
from forum.archive import export
from forum.database import db
from forum.live import clockwork
from forum.models import Audience, Event, ModerationAction, Phase, Proposal, ProposalState, ProposalVote, SeatRole, User
from forum.refusals import Refused


@pytest.fixture
def room(house):
    """A live discussion that takes questions, also without a name."""
    discussion = house.discussion(ask=1, host=house.user("Hana Host"))
    house.do(shortlisting.set_taking, house.host_of(discussion), discussion, takes=True, anonymous=True)
    return discussion


def made(house, room, words="Who pays for it?", author=None, **more) -> Proposal:
    return house.do(proposals.make, author or house.user(), room, words, **more)


def refused(house, *call, **more) -> Refused:
    with pytest.raises(Refused) as caught:
        house.do(*call, **more)
    return caught.value


def test_only_its_asker_and_the_hosts_know_of_a_new_one(house, room):
    mara = house.user("Mara Member")
    wish = made(house, room, author=mara)
    assert audience.public(room, mara) == []
    assert [one.standing for one in audience.own(room, mara)] == ["new"]
    assert [one.proposal.id for one in audience.for_hosts(room, [])] == [wish.id]
    assert refused(house, proposals.vote, house.user(), room, wish.id, wants=True).status == 404
    assert made(house, room, author=mara).id == wish.id


def test_a_question_is_asked_with_or_without_a_name_as_it_was_sent_last(house, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    wish = made(house, room, author=mara)
    for is_anonymous in (True, False, True):
        assert made(house, room, author=mara, is_anonymous=is_anonymous).id == wish.id
        assert wish.is_anonymous is is_anonymous
    told = {event.audience for event in db.session.query(Event).filter_by(kind="proposal.changed")}
    assert told == {Audience.HOSTS, Audience.person(mara.id)}
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    assert refused(house, proposals.make, mara, room, wish.text).code == "named"
    assert wish.is_anonymous
    named = made(house, room, "Who drinks it?", author=mara)
    house.do(shortlisting.plan, host, room, named.id)
    assert refused(house, proposals.make, mara, room, named.text, is_anonymous=True).status == 409


def test_who_sends_again_what_hosts_have_decided_is_told_what_became_of_it(house, room, client):
    host, mara = house.host_of(room), house.user("Mara Member")
    wish, other = made(house, room, author=mara), made(house, room, "Who drinks it?", author=mara)
    house.do(shortlisting.decline, host, room, wish.id, "Not about water", "new")
    house.do(shortlisting.merge, host, room, other.id, made(house, room, "Who drinks?").id, "new")
    house.sign_in(client, mara)
    data = {"csrf_token": house.token(client), "text": wish.text}
    answer = client.post(f"/d/{room.slug}/questions", data=data)
    assert answer.status_code == 409
    assert "The hosts have declined this question." in answer.text
    assert "Not about water" in answer.text
    assert f"{wish.text}</textarea>" in answer.text
    assert refused(house, proposals.make, mara, room, other.text).code == "merged"


def test_nobody_takes_back_the_question_of_another(house, room):
    wish = made(house, room)
    for person in (house.user(), house.host_of(room)):
        assert refused(house, proposals.take_back, person, room, wish.id).status == 404
    assert db.session.query(Proposal).count() == 1


def test_one_person_cannot_flood_the_hosts(house, room):
    mara = house.user("Mara Member")
    for number in range(proposals.MOST_NEW):
        made(house, room, f"Question {number}?", mara)
    assert "text" in refused(house, proposals.make, mara, room, "One more?").fields
    house.do(proposals.take_back, mara, room, proposals.of(mara, room)[0].id)
    made(house, room, "One more?", mara)


@pytest.mark.postgresql
@pytest.mark.parametrize("again", ["take back", "vote"])
def test_a_question_that_is_taken_back_at_the_same_moment_is_not_there(house, room, again):
    mara = house.user("Mara Member")
    wish = made(house, room, author=mara)
    house.do(shortlisting.put, house.host_of(room), room, wish.id, ProposalState.APPROVED, "new")
    number, voter = wish.id, house.user()
    with house.meanwhile(r"SELECT .*FOR UPDATE", proposals.take_back, mara, room, number):
        if again == "vote":
            assert refused(house, proposals.vote, voter, room, number, wants=True).status == 404
        else:
            assert refused(house, proposals.take_back, mara, room, number).status == 404


def test_a_vote_counts_once_and_not_for_ones_own(house, room):
    host, mara, voter = house.host_of(room), house.user("Mara Member"), house.user()
    wish = made(house, room, author=mara)
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    for _ in range(3):
        assert house.do(proposals.vote, voter, room, wish.id, wants=True) == 1
    assert refused(house, proposals.vote, mara, room, wish.id, wants=True).code == "own"
    assert audience.public(room, voter)[0].voted
    assert house.do(proposals.vote, voter, room, wish.id, wants=False) == 0


def test_the_hosts_order_stays_until_they_ask_for_another(house, room):
    host, voters = house.host_of(room), [house.user() for _ in range(3)]
    first, second, third = (made(house, room, f"Number {n}?") for n in range(3))
    for wish in (first, second, third):
        house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    for voter in voters:
        house.do(proposals.vote, voter, room, third.id, wants=True)
    house.do(proposals.vote, voters[0], room, second.id, wants=True)
    ids = [one.proposal.id for one in audience.for_hosts(room, [])]
    assert ids == [first.id, second.id, third.id]
    by_votes = audience.by_votes(audience.for_hosts(room, []))
    assert by_votes == f"{third.id}.{second.id}.{first.id}"
    late = made(house, room, "Later?")
    wanted = [int(number) for number in by_votes.split(".")]
    assert [one.proposal.id for one in audience.for_hosts(room, wanted)] == [*wanted, late.id]


def test_it_is_asked_with_credit_and_answered_by_the_panel(house, room):
    host, priya = house.host_of(room), house.panelist(room)
    wish = made(house, room, author=house.user("Mara Member"))
    question = house.do(shortlisting.plan, host, room, wish.id, "Who pays for the pipes?", ask=True)
    assert house.do(shortlisting.plan, host, room, wish.id, "Who pays for the pipes?", ask=True).id == question.id
    assert (question.number, question.text, question.asked_for) == (2, "Who pays for the pipes?", "Mara Member")
    assert [one.standing for one in audience.public(room, None)] == ["asked"]
    house.comment(room, priya, "The cities do.", question=2)
    assert [one.standing for one in audience.public(room, None)] == ["answered"]
    page = house.app.test_client().get(f"/d/{room.slug}").get_data(as_text=True)
    assert "<span>for <bdi>Mara Member</bdi></span>" in page
    assert "(asked for Mara Member)" in export.whole("text", room)
    assert [q.get("asked_for") for q in export.as_values(room)["questions"]] == [None, "Mara Member"]


def test_an_asker_without_a_name_has_none_anywhere(house, room):
    host, nemo = house.host_of(room), house.user("Nemo Nameless")
    wish = made(house, room, author=nemo, is_anonymous=True)
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    assert "Nemo" not in house.app.test_client().get(f"/d/{room.slug}/questions").get_data(as_text=True)
    assert "text" in refused(house, shortlisting.to_comment, host, room, wish.id, "approved").fields
    house.do(shortlisting.plan, host, room, wish.id, ask=True)
    for path in ("", "/questions", "/transcript", "/events?after=0&epoch=" + room.epoch):
        assert "Nemo" not in house.app.test_client().get(f"/d/{room.slug}{path}").get_data(as_text=True), path
    for said in (
        export.whole("text", room),
        export.whole("html", room),
        str(export.as_values(room)),
        export.whole("markdown", room),
    ):
        assert "Nemo" not in said
        assert "a reader" in said
    house.do(shortlisting.set_taking, host, room, takes=True, anonymous=False)
    assert "is_anonymous" in refused(house, proposals.make, nemo, room, "Again?", is_anonymous=True).fields


def test_of_two_hosts_one_is_told_that_the_other_was_faster(house, room):
    host, other = house.host_of(room), house.user("Otto Other")
    house.seat(room, other, SeatRole.HOST)
    wish = made(house, room)
    house.do(shortlisting.decline, host, room, wish.id, "Asked already", "new")
    late = refused(house, shortlisting.put, other, room, wish.id, ProposalState.APPROVED, "new")
    assert (late.code, late.status) == ("faster", 409)
    assert "declined" in late.message
    assert refused(house, shortlisting.plan, other, room, wish.id).code == "faster"
    mine = audience.own(room, wish.author)[0]
    assert (mine.standing, mine.proposal.reason) == ("declined", "Asked already")
    assert "reason" in refused(house, shortlisting.decline, host, room, wish.id, " ", "declined").fields


@pytest.mark.parametrize("verb", ["approve", "plan", "ask"])
def test_an_old_page_takes_no_question_that_its_host_has_not_read(house, room, verb):
    mara, host = house.user("Mara Member"), house.app.test_client()
    first = made(house, room, "X, which the host has read?", author=mara)
    house.sign_in(host, house.host_of(room))
    page = host.get(f"/d/{room.slug}/console").get_data(as_text=True)
    assert page.count('name="seen" value="new.') > 2
    seen = page.partition('name="seen" value="new.')[2].partition('"')[0]
    house.do(proposals.take_back, mara, room, first.id)
    second = made(house, room, "Y, unseen and libellous")
    data = {"csrf_token": house.token(host), "seen": f"new.{seen}", "text": ""}
    path = f"/d/{room.slug}/console/audience/"
    # SQLite has given the id of the first to the second.
    answer = host.post(f"{path}{second.id}/{verb}", data=data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "taken_back")
    assert [one.standing for one in audience.own(room, db.session.get(User, second.author_id))] == ["new"]
    data["seen"] = merging.marks({"new": "Y, unseen and libellous"})
    assert host.post(f"{path}{second.id}/{verb}", data=data).status_code == 303


def test_merging_counts_everybody_once(house, room):
    host = house.host_of(room)
    one, two = made(house, room, "Who pays?"), made(house, room, "Who will pay?")
    both, only = house.user(), house.user()
    for wish in (one, two):
        house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
        house.do(proposals.vote, both, room, wish.id, wants=True)
    house.do(proposals.vote, only, room, two.id, wants=True)
    house.do(shortlisting.merge, host, room, two.id, one.id, "approved")
    # Both voters, and the asker of the second, who wanted it too.
    assert proposals.counts(room, [one.id])[one.id] == 3
    assert [wish.standing for wish in audience.own(room, two.author)] == ["merged"]
    assert refused(house, proposals.take_back, two.author, room, two.id).status == 409
    assert "into" in refused(house, shortlisting.merge, host, room, one.id, two.id, "approved").fields


def test_whose_question_is_merged_reads_no_other_that_is_not_shown(house, room):
    host, ada, bob = house.host_of(room), house.user("Ada Asker"), house.user("Bob Asker")
    first, second = made(house, room, "First?", author=ada), made(house, room, "Second, unseen?", author=bob)
    house.do(shortlisting.merge, host, room, first.id, second.id, "new")
    client = house.app.test_client()
    house.sign_in(client, ada)
    assert "Second, unseen?" not in client.get(f"/d/{room.slug}/questions").get_data(as_text=True)
    house.do(shortlisting.put, host, room, second.id, ProposalState.APPROVED, "new")
    assert '<q dir="auto">Second, unseen?</q>' in client.get(f"/d/{room.slug}/questions").get_data(as_text=True)
    house.do(shortlisting.decline, host, room, second.id, "rude", "approved")
    assert "Second, unseen?" not in client.get(f"/d/{room.slug}/questions").get_data(as_text=True)


def test_a_question_that_is_merged_no_more_does_not_go_with_the_other(house, room):
    host, bob = house.host_of(room), house.user("Bob Asker")
    first, second = made(house, room, "First?"), made(house, room, "Second?", author=bob)
    house.do(shortlisting.merge, host, room, first.id, second.id, "new")
    house.do(shortlisting.put, host, room, first.id, ProposalState.APPROVED, "merged")
    house.do(proposals.take_back, bob, room, second.id)
    assert [one.proposal.text for one in audience.public(room, None)] == ["First?"]


def test_each_question_that_becomes_a_comment_is_posted(house, room):
    """On SQLite the next question takes the id of the one that has just gone."""
    host, mara = house.host_of(room), house.user("Mara Member")
    for words in ("First, who pays?", "Second, who decides?"):
        wish = made(house, room, words, mara)
        assert house.do(shortlisting.to_comment, host, room, wish.id, "new").source == words
        assert refused(house, shortlisting.to_comment, host, room, wish.id, "new").status == 404


def test_a_comment_becomes_a_question_and_a_question_a_comment(house, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    comment = house.comment(room, mara, "And **who** pays?")
    wish = house.do(shortlisting.from_comment, host, room, comment.id)
    assert house.do(shortlisting.from_comment, host, room, comment.id).id == wish.id
    assert (wish.text, wish.author_id, wish.state) == ("And who pays?", mara.id, ProposalState.APPROVED)
    house.do(shortlisting.to_comment, host, room, wish.id, "approved")
    assert audience.public(room, None) == []
    other = made(house, room, "I only want to say hello.", mara)
    kept = house.do(shortlisting.to_comment, host, room, other.id, "new")
    assert (kept.source, kept.author_id, kept.question_id) == ("I only want to say hello.", mara.id, None)
    held = house.comment(room, mara, "Hidden?")
    house.do(moderation.hide, host, held, "off topic")
    assert refused(house, shortlisting.from_comment, host, room, held.id).status == 404


def test_whose_question_is_shown_cannot_rename_into_a_panelist(house, room):
    house.panelist(room, "Priya Raman")
    bob = house.user("Harmless Bob")
    wish = made(house, room, "Are all of you corrupt?", author=bob)
    seq = room.last_seq
    house.do(accounts.change_profile, bob, Profile(name="Harmless Rob"))
    assert room.last_seq == seq, "nobody may know of it yet"
    house.do(shortlisting.put, house.host_of(room), room, wish.id, ProposalState.APPROVED, "new")
    assert "name" in refused(house, accounts.change_profile, bob, Profile(name="Priya Rаman")).fields
    seq = room.last_seq
    house.do(accounts.change_profile, bob, Profile(name="Bob Roberts"))
    assert [one.name for one in audience.public(room, None)] == ["Bob Roberts"]
    assert room.last_seq == seq + 1, "open pages look again"


def test_a_question_asked_for_somebody_gives_them_the_name_they_have_now(house, room):
    bob, host = house.user("Harmless Bob"), house.host_of(room)
    question = house.do(shortlisting.plan, host, room, made(house, room, author=bob).id, ask=True)
    other = house.do(shortlisting.plan, host, room, made(house, room, "Why?", author=house.user("Harmless Bob")).id)
    house.do(accounts.change_profile, bob, Profile(name="Bob Roberts"))
    for one in (question, other):
        db.session.refresh(one)
    assert (question.asked_for, other.asked_for) == ("Bob Roberts", "Harmless Bob")


def test_nobody_hears_of_a_new_name_that_an_asker_does_not_show(house, room):
    nemo = house.user("Nemo Nameless")
    wish = made(house, room, author=nemo, is_anonymous=True)
    house.do(shortlisting.put, house.host_of(room), room, wish.id, ProposalState.APPROVED, "new")
    seq = room.last_seq
    house.do(accounts.change_profile, nemo, Profile(name="Nemo Nobody"))
    assert room.last_seq == seq


@pytest.mark.parametrize("ask", [False, True])
def test_the_second_hosts_words_for_a_wish_are_not_thrown_away(house, room, ask):
    host = house.host_of(room)
    wish = made(house, room, "What about rain?", house.user("Mara Member"))
    question = house.do(shortlisting.plan, host, room, wish.id, "How much rain falls?")
    told = refused(house, shortlisting.plan, host, room, wish.id, "How does rain change until 2050?", ask=ask)
    assert (told.code, told.status) == ("faster", 409)
    assert "“How much rain falls?”" in told.message
    assert not question.is_asked
    for words in ("", "What about rain?", "How much rain falls?\r\n"):
        assert house.do(shortlisting.plan, host, room, wish.id, words).id == question.id


def test_who_may_not_write_may_not_ask(house, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    house.do(sanctions.mute, host, room, mara, "rude")
    assert refused(house, proposals.make, mara, room, "May I?").code == "muted"
    look_alike = house.user("Hana H0st")
    assert refused(house, proposals.make, look_alike, room, "May I?").status == 403
    closed = house.discussion(phase=Phase.CLOSED)
    assert refused(house, proposals.make, house.user(), closed, "Too late?").status == 409
    house.do(shortlisting.set_taking, host, room, takes=False, anonymous=False)
    assert refused(house, proposals.make, house.user(), room, "May I?").code == "not_taken"


def test_a_removed_question_gives_its_wish_back(house, room):
    host = house.host_of(room)
    wish = made(house, room)
    question = house.do(shortlisting.plan, host, room, wish.id)
    assert audience.for_hosts(room, []) == []
    house.do(questions.remove, host, question)
    db.session.expire_all()
    assert [one.standing for one in audience.for_hosts(room, [])] == ["shortlisted"]


def test_the_record_says_what_hosts_did_and_names_no_asker(house, room):
    nemo = house.user("Nemo Nameless")
    wish = made(house, room, author=nemo, is_anonymous=True)
    house.do(shortlisting.put, house.host_of(room), room, wish.id, ProposalState.SHORTLISTED, "new")
    line = db.session.scalar(select(ModerationAction).order_by(ModerationAction.id.desc()).limit(1))
    assert (line.verb, line.before, line.after) == ("proposal.put", {"state": "new"}, {"state": "shortlisted"})
    assert "Nemo" not in str(line.before) + str(line.after) + line.reason
    assert db.session.scalar(select(func.count()).select_from(ProposalVote)) == 0
    assert posting.LONGEST > proposals.LONGEST


def test_a_refusal_keeps_what_was_typed(house, room):
    client = house.app.test_client()
    mara = house.user("Mara Member")
    house.sign_in(client, mara)
    token = house.token(client)
    answer = client.post(f"/d/{room.slug}/questions", data={"csrf_token": token, "text": "Why? " * 200})
    assert answer.status_code == 422
    assert "Why? Why? Why?" in answer.get_data(as_text=True)
    house.do(sanctions.mute, house.host_of(room), room, mara, "rude")
    answer = client.post(f"/d/{room.slug}/questions", data={"csrf_token": token, "text": "My long thought"})
    assert answer.status_code == 403
    assert "My long thought" in answer.get_data(as_text=True)
    room_page = house.app.test_client().get(f"/d/{room.slug}/questions?x=1")
    assert "Sign in to ask a question" in room_page.get_data(as_text=True)


def told_since(room, after: int) -> set[tuple[str, int | None, str]]:
    """Who was told of what since event `after`: kind, subject, audience."""
    db.session.refresh(room)
    found = db.session.scalars(select(Event).where(Event.discussion_id == room.id, Event.seq > after))
    return {(event.kind, event.subject_id, event.audience) for event in found}


def test_everybody_hears_of_what_everybody_sees_and_nobody_else_of_what_waits(house, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    asker = f"user:{mara.id}"

    def told_by(action, *arguments, **named):
        db.session.refresh(room)
        before = room.last_seq
        done = house.do(action, *arguments, **named)
        told = told_since(room, before)
        return done, {(audience, subject) for kind, subject, audience in told if kind == "proposal.changed"}

    wish, told = told_by(proposals.make, mara, room, "Who pays for it?")
    assert told == {("hosts", wish.id), (asker, wish.id)}
    steps = [
        (ProposalState.APPROVED, "new"),
        (ProposalState.SHORTLISTED, "approved"),
        (ProposalState.NEW, "shortlisted"),
    ]
    for to, seen in steps:
        _done, told = told_by(shortlisting.put, host, room, wish.id, to, seen)
        assert told == {("everyone", wish.id)}, to
    other = made(house, room, "Who will pay?")
    house.do(shortlisting.put, host, room, other.id, ProposalState.SHORTLISTED, "new")
    _done, told = told_by(shortlisting.merge, host, room, wish.id, other.id, "new")
    # The one that grows by votes is seen; that another has gone into it, only hosts and its asker see.
    assert told == {("everyone", other.id), ("hosts", wish.id), (asker, wish.id)}
    _done, told = told_by(shortlisting.plan, host, room, other.id)
    assert told == {("hosts", other.id), (f"user:{other.author_id}", other.id)}
    late, _told = told_by(proposals.make, mara, room, "And who decides?")
    _done, told = told_by(shortlisting.decline, host, room, late.id, "Asked already", "new")
    assert told == {("hosts", late.id), (asker, late.id)}


def test_readers_are_told_of_many_votes_at_once(clock, house, room):
    wish = made(house, room)
    house.do(shortlisting.put, house.host_of(room), room, wish.id, ProposalState.APPROVED, "new")
    before, voters = room.last_seq, [house.user() for _ in range(3)]
    for voter in voters:
        house.do(proposals.vote, voter, room, wish.id, wants=True)
    assert told_since(room, before) == {("proposal.voted", None, "everyone")}
    assert room.last_seq == before + 1
    clockwork.turn()
    assert told_since(room, before) == {("proposal.voted", None, "everyone")}
    clock.advance(proposals.VOTES_TOLD_EVERY)
    clockwork.turn()
    db.session.refresh(room)
    assert (room.last_seq, room.votes_untold_at) == (before + 2, None), "of the two that came after the first"
    clock.advance(proposals.VOTES_TOLD_EVERY)
    clockwork.turn()
    assert len(told_since(room, before)) == 1
    house.do(proposals.vote, voters[0], room, wish.id, wants=True)
    assert room.last_seq == before + 2, "this vote was there already"
    house.do(proposals.vote, voters[0], room, wish.id, wants=False)
    db.session.refresh(room)
    assert room.last_seq == before + 3


def test_beside_the_stream_stands_what_is_most_wanted_and_can_still_be_asked(house, clock, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    wishes = [
        made(house, room, f"Question {number}?", anonymous) for number, anonymous in enumerate((None, None, mara))
    ]
    shy = made(house, room, "Without a name?", is_anonymous=True)
    assert audience.most_wanted(room) == []
    for wish in (*wishes, shy):
        house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    for voter in (house.user(), house.user()):
        house.do(proposals.vote, voter, room, wishes[2].id, wants=True)
    voter = house.user()
    house.do(proposals.vote, voter, room, shy.id, wants=True)
    found = audience.most_wanted(room)
    assert [(wish.proposal.id, wish.votes) for wish in found] == [(wishes[2].id, 2), (shy.id, 1), (wishes[0].id, 0)]
    assert [wish.name for wish in found][:2] == ["Mara Member", ""]
    assert audience.voted(room, voter) == [shy.id]
    house.do(shortlisting.plan, host, room, wishes[2].id)
    assert audience.most_wanted(room)[0].proposal.id == wishes[2].id, "it is planned, and not asked yet"
    house.do(shortlisting.plan, host, room, wishes[2].id, ask=True)
    assert [wish.proposal.id for wish in audience.most_wanted(room)] == [shy.id, wishes[0].id, wishes[1].id]
    house.do(shortlisting.put, host, room, shy.id, ProposalState.NEW, "approved")
    assert [wish.proposal.id for wish in audience.most_wanted(room)] == [wishes[0].id, wishes[1].id]


def test_readers_hear_what_of_it_everybody_sees_as_the_page_shows_it(app, house, clock, room):
    host = house.host_of(room)
    visitor, place = app.test_client(), f"/d/{room.slug}"

    def region() -> str:
        page = visitor.get(place).get_data(as_text=True)
        return page[page.index('<section class="side-wishes"') :].partition("</section>")[0]

    def pushed(after: int) -> list[str]:
        said = visitor.get(f"{place}/events?after={after}&epoch={room.epoch}").json["events"]
        return [
            event["regions"]["wishes"].removesuffix("</section>")
            for event in said
            if "wishes" in event.get("regions", {})
        ]

    wish = made(house, room, "Who pays for it?")
    db.session.refresh(room)
    assert " hidden" in region().partition(">")[0]
    for change in (
        lambda: house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new"),
        lambda: house.do(proposals.vote, house.user(), room, wish.id, wants=True),
        lambda: house.do(shortlisting.plan, host, room, wish.id, ask=True),
    ):
        db.session.refresh(room)
        before = room.last_seq
        change()
        assert pushed(before)[-1:] == [region()]
    assert "Who pays" not in region()


def test_where_no_questions_are_taken_or_all_is_over_nothing_of_them_stands_there(app, house, room):
    host = house.host_of(room)
    wish = made(house, room, "Who pays for it?")
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    page = app.test_client().get(f"/d/{room.slug}").get_data(as_text=True)
    assert page.count("Who pays for it?") == 2, "as the button's name and as the text"
    house.do(shortlisting.set_taking, host, room, takes=False, anonymous=False)
    assert "Who pays" not in app.test_client().get(f"/d/{room.slug}").get_data(as_text=True)


@pytest.mark.postgresql
def test_a_vote_that_waits_while_the_clock_tells_of_others_is_told_too(house, room):
    wish = made(house, room)
    house.do(shortlisting.put, house.host_of(room), room, wish.id, ProposalState.APPROVED, "new")
    for voter in (house.user(), house.user()):
        house.do(proposals.vote, voter, room, wish.id, wants=True)
    db.session.refresh(room)
    assert room.votes_untold_at is not None
    with house.meanwhile(r"SELECT .*FOR UPDATE", proposals.take, room.id):
        house.do(proposals.vote, house.user(), room, wish.id, wants=True)
    db.session.refresh(room)
    assert room.votes_untold_at is not None, "the third was not among those that were told"


@pytest.mark.postgresql
def test_who_leaves_while_their_vote_waits_is_not_counted(house, room):
    wish, voter = made(house, room), house.user("Mina Leaver")
    house.do(shortlisting.put, house.host_of(room), room, wish.id, ProposalState.APPROVED, "new")
    with house.meanwhile(r"SELECT .*FOR UPDATE", leaving.leave, voter, leaving.Words.KEEP):
        assert refused(house, proposals.vote, voter, room, wish.id, wants=True).status == 404
    assert proposals.counts(room, [wish.id]) == {}


@pytest.mark.postgresql
def test_a_vote_that_waits_until_after_the_end_is_not_counted(house, room):
    wish, host = made(house, room), house.host_of(room)
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    with house.meanwhile(r"SELECT .*FOR UPDATE", phases.close, host, room):
        assert refused(house, proposals.vote, house.user(), room, wish.id, wants=True).code == "closed"
    assert proposals.counts(room, [wish.id]) == {}


@pytest.mark.parametrize("end", ["deleted", "hidden", "set aside"])
def test_a_question_made_of_a_comment_goes_with_it(house, room, end):
    """It stayed on the page of all questions, with the text that was "gone for good"."""
    host, zoe = house.host_of(room), house.user("Zoe Zebra")
    comment = house.comment(room, zoe, "I live in Mill Lane 12, and you?", question=1)
    house.do(shortlisting.from_comment, host, room, comment.id)
    assert "Mill Lane" in audience.public(room, None)[0].proposal.text
    seq = room.last_seq
    if end == "deleted":
        house.do(comments.delete, zoe, comment)
    elif end == "hidden":
        house.do(moderation.hide, host, comment, "Private")
    else:
        house.do(flags.set_aside, comment, {"cause": "flags"})
    assert audience.public(room, None) == [] == audience.most_wanted(room)
    told = select(Event.audience).where(Event.seq > seq, Event.kind == "proposal.changed")
    assert Audience.EVERYONE in set(db.session.scalars(told)), "open pages look again"
    waiting = [one.proposal.text for one in audience.for_hosts(room, [])]
    assert len(waiting) == (0 if end == "deleted" else 1)
    if end == "deleted":
        assert refused(house, shortlisting.from_comment, host, room, comment.id).status == 404


def test_of_a_deleted_comment_the_run_sheet_keeps_what_the_host_has_written(house, room):
    host, zoe = house.host_of(room), house.user("Zoe Zebra")
    comment = house.comment(room, zoe, "I live in Mill Lane 12, and you?", question=1)
    wish = house.do(shortlisting.from_comment, host, room, comment.id)
    house.do(shortlisting.plan, host, room, wish.id, "Where do you live?")
    house.do(comments.delete, zoe, comment)
    assert [one.proposal.text for one in audience.public(room, None)] == ["Where do you live?"]


@pytest.mark.parametrize("end", ["hidden", "set aside", "hidden before"])
def test_of_a_hidden_comment_readers_see_what_the_host_has_written_alone(house, room, app, end):
    """Its words stayed on the page of all questions and beside the stream."""
    host, zoe = house.host_of(room), house.user("Zoe Zebra")
    comment = house.comment(room, zoe, "Does Jo Doe of Mill Lane 12 take money?", question=1)
    wish = house.do(shortlisting.from_comment, host, room, comment.id)
    hidden = [moderation.hide, host, comment, "Names somebody"]
    if end == "hidden before":
        house.do(*hidden)
    house.do(shortlisting.plan, host, room, wish.id, "How is money accounted for?")
    seq = room.last_seq if end != "hidden before" else 0
    if end == "set aside":
        house.do(flags.set_aside, comment, {"cause": "flags"})
    elif end == "hidden":
        house.do(*hidden)
    assert [one.proposal.text for one in audience.public(room, None)] == ["How is money accounted for?"]
    assert not any("Mill Lane" in app.test_client().get(f"/d/{room.slug}{of}").text for of in ("", "/questions"))
    told = select(Event.audience).where(Event.seq > seq, Event.kind == "proposal.changed")
    assert Audience.EVERYONE in set(db.session.scalars(told)), "open pages look again"
    if end != "hidden before":
        house.do(moderation.restore, host, comment)
    assert [one.standing for one in audience.public(room, None)] == ["shortlisted"]


@pytest.mark.parametrize("end", ["taken back", "made a comment", "left"])
def test_what_was_merged_into_a_question_that_goes_waits_for_the_hosts_again(house, room, end):
    """It stood in no list any more, and its asker read that it goes with another one."""
    host, mara, otto = house.host_of(room), house.user("Mara Member"), house.user("Otto Other")
    mine, other = made(house, room, "Who pays for water?", mara), made(house, room, "Who pays?", otto)
    house.do(shortlisting.put, host, room, other.id, ProposalState.APPROVED, "new")
    house.do(shortlisting.merge, host, room, mine.id, other.id, "new")
    if end == "taken back":
        house.do(proposals.take_back, otto, room, other.id)
    elif end == "made a comment":
        house.do(shortlisting.to_comment, host, room, other.id, "approved")
    else:
        house.do(leaving.leave, otto, leaving.Words.REMOVE)
    assert [(one.proposal.id, one.standing) for one in audience.for_hosts(room, [])] == [(mine.id, "new")]
    assert [one.standing for one in audience.own(room, mara)] == ["new"]


def test_a_comment_that_its_asker_may_not_write_is_refused_in_words_for_the_host(house, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    wish = made(house, room, author=mara)
    house.do(sanctions.mute, host, room, mara, "Rude")
    refusal = refused(house, shortlisting.to_comment, host, room, wish.id, "new")
    assert (refusal.code, "your" in refusal.message) == ("asker_refused", False)
    assert [one.proposal.id for one in audience.for_hosts(room, [])] == [wish.id]
