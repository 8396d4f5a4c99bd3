"""Every cell of the table of rights, over HTTP and over the socket: what the table allows happens, and nothing else."""

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import UpdateBase, delete, func, select, update

from forum import addresses, clock
from forum.access.table import STAFF, TABLE, Role
from forum.actions import escalation, guests, proposals, sanctions, shortlisting, snippets
from forum.addresses import Row
from forum.database import db, writing
from forum.live import broadcast, presence, spoken
from forum.live.broadcast import Reader
from forum.models import (
    BackstageMessage,
    Comment,
    CommentState,
    Discussion,
    Event,
    Flag,
    Guest,
    HeldAnswer,
    Invitation,
    Level,
    Mailing,
    Mute,
    PanelCall,
    Phase,
    Proposal,
    ProposalState,
    ProposalVote,
    Question,
    QuestionState,
    Reaction,
    ReadyCheck,
    Review,
    Safeguards,
    Seat,
    SeatRole,
    Session,
    SiteRole,
    Snippet,
    User,
    Visibility,
)
from forum.refusals import Refused
from forum.web.inviting import Look
from tests.untouched import may_have_written

WORDS = "Words that were there before."


# What is the same after a refusal. A thousand times in a run: as text they take a third of the time.
FOOTPRINT = (
    select(Discussion.phase, Discussion.ends_at, Discussion.title),
    select(func.max(Event.seq)),
    select(Comment.id, Comment.state, Comment.source, Comment.question_id),
    select(Question.id, Question.state),
    select(Seat.id),
    select(Mute.id),
    select(Review.comment_id, Review.decision),
    select(Flag.id),
    select(Safeguards.level),
    select(BackstageMessage.id),
    select(HeldAnswer.id, HeldAnswer.body),
    select(Invitation.id, Invitation.state),
    select(Guest.id),
    select(PanelCall.id, PanelCall.state),
    select(ReadyCheck.id, ReadyCheck.ended_at),
    select(Snippet.id, Snippet.times),
    select(Proposal.id, Proposal.state),
    select(ProposalVote.user_id),
    select(Reaction.user_id),
)


class World:
    """A discussion, one person for every role in it, and a browser for each; `reset` undoes what was allowed."""

    def __init__(self, app, house, phase: Phase) -> None:
        self.app, self.house, self.phase = app, house, phase
        self.discussion = house.discussion(phase="live", ask=1)
        self.waiting = house.question(self.discussion, "Asked later?")
        self.guest = house.user("Gwen Guest")
        self.people = self._people()
        self.own = {
            role: house.comment(self.discussion, user, WORDS, question=1)
            for role, user in self.people.items()
            if user is not None and role not in {Role.UNCONFIRMED, Role.MUTED, Role.SUSPENDED}
        }
        self.other = house.comment(self.discussion, self.guest, WORDS, question=1)
        self.flagged = house.comment(self.discussion, self.guest, WORDS, question=1)
        house.do(escalation.set_level, self.people[Role.HOST], self.discussion, "everyone", None)
        self.held = house.comment(self.discussion, house.user("Hal Held"), WORDS, question=1)
        house.do(escalation.set_level, self.people[Role.HOST], self.discussion, "open", None)
        self._mute(self.people[Role.MUTED])
        house.do(sanctions.suspend, self.people[Role.ADMINISTRATOR], self.people[Role.SUSPENDED], "rude")
        for role in (Role.UNCONFIRMED, Role.MUTED, Role.SUSPENDED):
            self.own[role] = self._written_before(role)
        self.snippet = house.do(snippets.add, self.people[Role.HOST], self.discussion, "Rules", "Be kind.")
        self.wish = house.do(proposals.make, self.guest, self.discussion, "Who asks in a cell?")
        house.do(shortlisting.put, self.people[Role.HOST], self.discussion, self.wish.id, ProposalState.APPROVED, "new")
        self.clients = {role: app.test_client() for role in self.people}
        form = self.clients[Role.VISITOR].get("/sign-in").get_data(as_text=True)
        self.tokens = {Role.VISITOR: form.split('name="csrf_token" value="')[1].split('"')[0]}
        for role, user in self.people.items():
            if user is not None:
                house.sign_in(self.clients[role], user)
                self.tokens[role] = house.token(self.clients[role])
        # Whole minutes, as a form says them.
        start = clock.now().replace(second=0, microsecond=0)
        with writing():
            found = db.session.get_one(Discussion, self.discussion.id)
            found.starts_at = start + timedelta(hours=1 if phase in {Phase.DRAFT, Phase.ANNOUNCED} else -1)
            found.ends_at = start + timedelta(hours=2) if phase is not Phase.CLOSED else start
            found.time_zone = "UTC"
        names = (
            "title",
            "intro",
            "visibility",
            "starts_at",
            "ends_at",
            "time_zone",
            "questions_shown",
            "hosted_by",
            "announcement",
            "announcement_html",
            "announced_at",
            "summary",
            "summary_html",
        )
        self.fields = {name: getattr(self.discussion, name) for name in names}
        self.footprints = [str(question.compile(db.engine)) for question in FOOTPRINT]
        self.kept = db.session.scalars(select(Seat.id)).all(), db.session.scalars(select(Mute.id)).all()
        self.resetting = self._resetting()
        self.reset()

    def _people(self):
        house, discussion = self.house, self.discussion
        people = {
            Role.VISITOR: None,
            Role.UNCONFIRMED: house.user("Una Unsure", confirmed=False),
            Role.SUSPENDED: house.user("Sue Spended"),
            Role.MUTED: house.user("Max Silent"),
            Role.MEMBER: house.user("Mina Mayer"),
            Role.PANELIST: house.panelist(discussion, "Pia Orlando"),
            Role.MODERATOR: house.user("Tom Fuller"),
            Role.HOST: house.host_of(discussion),
            Role.OWNER: db.session.get_one(User, discussion.owner_id),
            Role.ADMINISTRATOR: house.user("Ada Adler", role=SiteRole.ADMINISTRATOR),
        }
        with writing():
            db.session.get_one(User, discussion.owner_id).name = "Olga Winter"
        house.seat(discussion, people[Role.MODERATOR], SeatRole.MODERATOR)
        assert set(people) == set(Role)
        return people

    def _mute(self, user) -> None:
        self.house.do(sanctions.mute, self.people[Role.HOST], self.discussion, user, "rude")

    def _written_before(self, role: Role) -> Comment:
        """What somebody wrote when they still could."""
        comment = self.house.comment(self.discussion, self.guest, WORDS, question=1)
        with writing():
            db.session.execute(update(Comment).where(Comment.id == comment.id).values(author_id=self.people[role].id))
        return comment

    def reset(self) -> None:
        """Put everything back to where a cell begins."""
        with writing():
            connection = db.session.connection()
            for statement in self.resetting:
                connection.execute(statement)
        db.session.expire_all()

    def _resetting(self) -> tuple[UpdateBase, ...]:
        """What `reset` says, put together once, and said past the session: it takes a quarter of the time."""
        seats, mutes = self.kept
        return (
            update(Discussion).where(Discussion.id == self.discussion.id).values(phase=self.phase, **self.fields),
            delete(Comment).where(Comment.key.like("cell-%") | Comment.key.like("snippet-%")),
            delete(Discussion).where(Discussion.rehearsal_of_id.is_not(None)),
            delete(Mailing),  # and with it the guests
            delete(ProposalVote),
            delete(Reaction),
            delete(Proposal).where(Proposal.id != self.wish.id),
            update(Proposal).values(state=ProposalState.APPROVED),
            delete(Snippet).where(Snippet.id != self.snippet.id),
            update(Comment).values(
                source=WORDS, html=WORDS, state=CommentState.PUBLISHED, question_id=self.q1, highlighted_at=None
            ),
            update(Comment).where(Comment.id == self.held.id).values(state=CommentState.HELD),
            update(Review).values(decision=None, decided_at=None),
            delete(Flag),
            delete(Review).where(Review.comment_id != self.held.id),
            update(Safeguards).values(level=Level.OPEN),
            update(Question).where(Question.id == self.waiting.id).values(number=None, state=QuestionState.DRAFT),
            delete(Question).where(Question.text == "Written in a cell?"),
            delete(Seat).where(Seat.id.not_in(seats)),
            delete(Mute).where(Mute.id.not_in(mutes)),
        )

    @property
    def q1(self) -> int:
        return next(question.id for question in self.discussion.questions if question.number == 1)

    def invitation(self, role: Role) -> dict[str, object]:
        """What the form sends when its list has been looked through."""
        rows = [addresses.checked(Row(2, f"{role}-guest@example.org"))]
        look = Look(guests.plan(self.discussion, rows), addresses.written(rows), "", "", None, None)
        return {"source": look.source, "seen": look.digest, "send": 1, "key": secrets.token_urlsafe(16)}

    def seat_of(self, role: Role) -> int:
        return next(seat.id for seat in self.discussion.seats if seat.user_id == self.people[role].id)

    def footprint(self) -> tuple[object, ...]:
        """What a refused request must leave as it is."""
        db.session.rollback()
        ask = db.session.connection().exec_driver_sql
        return tuple(tuple(map(tuple, ask(question))) for question in self.footprints)

    def get(self, role: Role, path: str):
        return self.clients[role].get(f"/d/{self.discussion.slug}{path}")

    def post(self, as_role: Role, path: str, **fields: object):
        fields["csrf_token"] = self.tokens.get(as_role, "")
        address = f"/d/{self.discussion.slug}{path}"
        return self.clients[as_role].post(address, data=fields, headers={"Accept": "application/json"})


def step(name: str):
    return lambda world, role: world.post(role, f"/console/{name}")


def on_own(action: str, **fields: object):
    return lambda world, role: (
        world.post(role, f"/comments/{world.own[role].id}/{action}", **fields)
        if role in world.own
        else world.post(role, f"/comments/{world.other.id}/{action}", **fields)
    )


def edit_discussion(world: World, role: Role):
    discussion = world.discussion
    when = {
        f"{name}_{part}": getattr(discussion, name).strftime(shape)
        for name in ("starts_at", "ends_at")
        for part, shape in (("date", "%Y-%m-%d"), ("time", "%H:%M"))
    }
    words = {"title": "Another title", "slug": discussion.slug, "time_zone": "UTC"}
    return world.post(role, "/edit", **words, **when, visibility="public", questions_shown="all")


# How each verb is done over HTTP. A new verb without a way here fails the test.
WAYS = {
    "discussion.read": lambda world, role: world.get(role, ""),
    "discussion.edit": edit_discussion,
    "discussion.publish": step("publish"),
    "discussion.withdraw": step("withdraw"),
    "discussion.open": step("open"),
    "discussion.pause": step("pause"),
    "discussion.resume": step("resume"),
    "discussion.close": step("close"),
    "discussion.extend": lambda world, role: world.post(role, "/console/extend", minutes=10),
    "seat.give": lambda world, role: world.post(
        role, "/seats/new", name="Nora Newcomer", email="nora@example.org", role="panelist"
    ),
    "question.write": lambda world, role: world.post(role, "/questions/new", text="Written in a cell?"),
    "question.ask": lambda world, role: world.post(role, f"/questions/{world.waiting.id}/ask"),
    "rehearsal.begin": lambda world, role: world.post(role, "/console/rehearse"),
    "snippet.write": lambda world, role: world.post(role, "/console/snippets/new", label="Hello", words="Said again."),
    "snippet.post": lambda world, role: world.post(
        role, f"/console/snippets/{world.snippet.id}/post", seen=world.snippet.times
    ),
    "proposal.make": lambda world, role: world.post(role, "/questions", text=f"Asked in a cell by {role}?"),
    "proposal.vote": lambda world, role: world.post(role, f"/questions/{world.wish.id}/vote"),
    "proposal.work": lambda world, role: world.post(
        role, f"/console/audience/{world.wish.id}/shortlist", seen="approved"
    ),
    "comment.post": lambda world, role: world.post(
        role, "/comments", body="Posted in a cell.", question=1, key=f"cell-{secrets.token_hex(8)}"
    ),
    "comment.post_for": lambda world, role: world.post(
        role,
        "/comments",
        body="Dictated.",
        question=1,
        key=f"cell-{secrets.token_hex(8)}",
        **{"for": world.people[Role.PANELIST].id},
    ),
    "comment.edit": on_own("edit", body="Changed in a cell."),
    "comment.delete": on_own("delete"),
    "comment.move": on_own("move", question=""),
    "comment.hide": lambda world, role: world.post(role, f"/comments/{world.other.id}/hide", reason="cell"),
    "comment.flag": lambda world, role: world.post(role, f"/comments/{world.flagged.id}/flag", reason="spam"),
    "reaction.give": lambda world, role: world.post(role, f"/comments/{world.flagged.id}/helpful"),
    "queue.work": lambda world, role: world.post(role, f"/console/queue/{world.held.id}/approve"),
    "safeguards.set": lambda world, role: world.post(role, "/console/escalation", level="everyone"),
    "comment.highlight": lambda world, role: world.post(role, f"/comments/{world.other.id}/highlight"),
    "announcement.make": lambda world, role: world.post(role, "/console/announcement", announcement=f"Said by {role}."),
    "summary.write": lambda world, role: world.post(role, "/console/summary", summary=f"Summed up by {role}."),
    "person.mute": lambda world, role: world.post(role, f"/comments/{world.other.id}/mute", reason="cell"),
    "guest.list": lambda world, role: world.get(role, "/guests"),
    "guest.invite": lambda world, role: world.post(role, "/guests", **world.invitation(role)),
    "panelist.invite": lambda world, role: world.post(role, f"/panel/{world.seat_of(Role.PANELIST)}/invite"),
    "panelist.call": lambda world, role: world.post(
        role, "/panel/call", panelist=world.people[Role.PANELIST].id, question=1
    ),
    "seat.introduce": lambda world, role: world.post(role, "/backstage/introduction", title="Director"),
    "backstage.open": lambda world, role: world.get(role, "/backstage"),
    "backstage.write": lambda world, role: world.post(
        role, "/backstage/messages", body="Said in a cell.", key=f"cell-{secrets.token_hex(8)}"
    ),
    "backstage.check": lambda world, role: world.post(role, "/backstage/check"),
    "answer.hold": lambda world, role: world.post(role, f"/backstage/answers/{world.waiting.id}", body="Held."),
    "record.read": lambda world, role: world.get(role, "/console"),
    "console.open": lambda world, role: world.get(role, "/console"),
}
BY_SOCKET = {"presence.writing"}


def test_every_verb_has_a_way():
    assert set(WAYS) | BY_SOCKET == set(TABLE)


@pytest.mark.parametrize("phase", list(Phase))
def test_every_cell_over_http(app, house, phase, statements):
    world = World(app, house, phase)
    before = world.footprint()
    with statements() as made:
        for verb, way in WAYS.items():
            for role in Role:
                db.session.rollback()
                made.clear()
                answer = way(world, role)
                is_written = may_have_written(made)
                cell = f"{verb} as {role} in {phase}: {answer.status_code} {answer.get_data(as_text=True)[:200]}"
                if role in TABLE[verb][phase]:
                    assert answer.status_code in {200, 201, 302, 303}, cell
                    if is_written:
                        world.reset()
                        before = world.footprint()
                    continue
                _must_be_refused(world, answer, role, cell)
                assert not is_written or world.footprint() == before, cell


def _must_be_refused(world: World, answer, role: Role, cell: str) -> None:
    """With a no, with the way to an account, or, of what is a draft, as if nothing were there."""
    assert answer.status_code in {303, 403, 404, 409}, cell
    if answer.status_code == 303:
        assert role is Role.VISITOR, cell
        assert answer.headers["Location"].startswith("/sign-"), cell
    if world.phase is Phase.DRAFT and role not in STAFF:
        assert answer.status_code == 404, cell
        assert world.discussion.title not in answer.get_data(as_text=True), cell


@pytest.mark.parametrize("phase", list(Phase))
def test_every_cell_over_the_socket(app, house, phase):
    """The handlers under the wire; tests/live speaks to them over real sockets."""
    world = World(app, house, phase)
    written = []
    for visibility in Visibility:
        with writing():
            db.session.get_one(Discussion, world.discussion.id).visibility = visibility
        for role, user in world.people.items():
            session = user and db.session.scalar(select(Session.id).where(Session.user_id == user.id))
            reader = Reader(f"{role}-{visibility}", written.append, user.id if user else None, session)
            said = {"discussion": world.discussion.id, "after": 0, "epoch": world.discussion.epoch}
            may_read = role in TABLE["discussion.read"][phase]
            if visibility is Visibility.INVITED:
                may_read = may_read and role not in {
                    Role.VISITOR,
                    Role.UNCONFIRMED,
                    Role.MEMBER,
                    Role.MUTED,
                    Role.SUSPENDED,
                }
            broadcast.add(reader)
            joined = True
            try:
                spoken.join(reader, said)
            except Refused as refusal:
                joined = refusal.status != 404
            assert joined is may_read, (role, phase, visibility)
            assert (world.discussion.id in reader.rooms) is may_read
            if not may_read:
                broadcast.remove(reader.sid)
                continue
            spoken.typing(reader, {"discussion": world.discussion.id, "question": 1})
            writers = presence.now(world.discussion.id)["writing"]
            names = {writer["user_id"] for writer in writers}
            assert (user is not None and user.id in names) is (role in TABLE["presence.writing"][phase]), (role, phase)
            broadcast.remove(reader.sid)
        presence._writing.clear()
