"""What a person may not see is on no surface: unique words are planted, and every address is read as everybody."""

import itertools
import json
import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum import clock
from forum.actions import (
    announcements,
    backstage,
    calls,
    comments,
    discussions,
    drafts,
    escalation,
    flags,
    guests,
    held,
    invitations,
    moderation,
    phases,
    proposals,
    questions,
    queue,
    rehearsals,
    rsvps,
    sanctions,
    shortlisting,
    snippets,
    summaries,
)
from forum.actions.drafting import DiscussionDraft
from forum.actions.escalation import Rules
from forum.actions.posting import CommentDraft
from forum.actions.questions import QuestionDraft
from forum.addresses import Row
from forum.archive import export
from forum.database import db, writing
from forum.incoming import receiving
from forum.live import clockwork, spoken
from forum.live.broadcast import Reader
from forum.models import (
    Comment,
    Digests,
    Discussion,
    Guest,
    Letter,
    Phase,
    ProposalState,
    Question,
    RsvpKind,
    Seat,
    SeatRole,
    Session,
    Site,
    User,
)
from forum.notify import addresses
from forum.notify.addresses import Target
from tests.archive.unpacked import said as text_of_file
from tests.archive.unpacked import text_of
from tests.conftest import _app_of, _empty, nobody_reads
from tests.house import House

pytestmark = pytest.mark.timeout(900)  # some two thousand pages

# Where nobody but its own machine looks: mail that is kept because no SMTP server is set.
LOCAL_ONLY = {"accounts.outbox"}
QUERIES = ("", "?order=time", "?show=q1", "?show=general", "?refresh=5", "?text=1")


class Garden:
    """Every kind of thing that somebody may not see, each holding a word of its own."""

    def __init__(self, app, house) -> None:
        self.app, self.house = app, house
        self.words: dict[str, set[str]] = {}
        self.host = house.user("Hanna Gastgeb")
        self.open = house.discussion(host=self.host, ask=1, slug="open-one", questions_shown="none")
        self.counted = house.discussion(host=self.host, ask=1, slug="counted-one", questions_shown="count")
        self.draft = house.discussion(
            phase="draft", host=self.host, slug="wordslugdraft", title=self.plant("drafttitle", "host"),
            intro=self.plant("draftintro", "host"), editors_note=self.plant("draftnote", "host"),
            hosted_by=self.plant("drafthost", "host"),
        )  # fmt: skip
        self.invited = house.discussion(
            host=self.host, ask=1, slug="wordsluginvited", title=self.plant("invitedtitle", "host"),
            intro=self.plant("invitedintro", "host"), visibility="invited",
        )  # fmt: skip
        self.words["wordslugdraft"] = self.words["wordsluginvited"] = {"host"}
        for discussion in (self.open, self.counted, self.draft, self.invited):
            # The panel sees the questions to come before readers do; nobody of these people sits on another panel.
            seen_by = ("host", "panelist") if discussion is self.open else ("host",)
            house.question(discussion, self.plant(f"unasked{discussion.id}", *seen_by))
        skipped = house.question(self.open, self.plant("skipped", "host"))
        house.do(questions.skip, self.host, skipped)
        spare = QuestionDraft(self.plant("spare", "host"), is_spare=True)
        house.do(questions.write, self.host, self.open, spare)
        house.do(snippets.add, self.host, self.open, self.plant("snippetlabel", "host"), self.plant("snippet", "host"))
        self.people = {
            "visitor": None,
            "member": house.user("Mina Mayer"),
            "muted": house.user("Max Silent"),
            "panelist": house.panelist(self.open, "Pia Orlando"),
            "host": self.host,
        }
        self._withdrawn()
        self._comments()
        self._queue()
        self._backstage()
        self._rehearsal()
        self._audience()
        self._guests()
        with writing():
            db.session.add(Site.fresh())
            db.session.get_one(Site, 1).held_words = self.plant("siteword")
        seated = {seat.user_id for seat in db.session.query(Seat)}
        for user in db.session.query(User):
            mine = {role for role, person in self.people.items() if person is not None and person.id == user.id}
            self.words[user.email] = mine | ({"host"} if user.id in seated else set())
        self.epoch = self.open.epoch

    def _withdrawn(self) -> None:
        """What was announced and is a draft again: calendars are told of what was public, and of nothing since."""
        house = self.house
        once = house.discussion(phase="announced", host=self.host, slug="once-announced", title="Announced once")
        coming = house.do(rsvps.say, self.people["member"], once, RsvpKind.READ_ALONG, "UTC")
        self.tokens = {
            "unsubscribe": rsvps._token("stop", coming.id, coming.email),
            "rsvp": rsvps._token("rsvp", coming.id, coming.email),
        }
        house.do(phases.withdraw, self.host, once)
        fields = ("starts_at", "ends_at", "time_zone", "visibility", "questions_shown")
        kept = {name: getattr(once, name) for name in fields}
        title, intro = self.plant("withdrawntitle", "host"), self.plant("withdrawnintro", "host")
        changed = DiscussionDraft(title=title, slug="wordslugwithdrawn", intro=intro, **kept)
        house.do(discussions.edit, self.host, once, changed)
        self.words["wordslugwithdrawn"] = {"host"}

    def _guests(self) -> None:
        """Whom the hosts have invited, with what a mail server said of one."""
        rows = [Row(1, f"{self.plant('guestemail', 'host')}@example.org", self.plant("guestname", "host"))]
        self.house.do(guests.invite, self.host, self.open, rows, self.plant("guestwords", "lettersalone"), "k" * 16)
        with writing():
            lost = Letter(
                to="x@example.org", subject="", body="", kind="guest", written_at=clock.now(), refused_at=clock.now(),
                refusal=self.plant("guestrefusal", "host"),
            )  # fmt: skip
            db.session.add(lost)
            db.session.flush()
            db.session.query(Guest).filter_by(email=rows[0].email).update({"letter_id": lost.id, "is_waiting": False})

    def _queue(self) -> None:
        """What is held, rejected, set aside and flagged, with what was said about it."""
        house, writer = self.house, self.people["member"]
        words = f"{self.plant('filterword', 'host')}\nholdthis"
        rules = Rules(hold_first=False, hold_links=False, words=words, hide_after_flags=1)
        house.do(escalation.set_rules, self.host, self.open, rules)
        mine = [f"{self.plant(word, 'host', 'member')} holdthis" for word in ("heldtext", "rejectedtext")]
        rejected = [house.comment(self.open, writer, body, question=1) for body in mine][1]
        house.do(queue.reject, self.host, rejected, self.plant("rejection", "host", "member"))
        # Of somebody else: taken back before anybody looked, put into the queue again, and never looked at.
        stranger = house.user("Sven Stranger")
        taken = house.comment(self.open, stranger, f"{self.plant('takenback')} holdthis", question=1)
        house.do(comments.delete, stranger, taken)
        again = house.comment(self.open, stranger, f"{self.plant('undone', 'host')} holdthis", question=1)
        house.do(queue.approve, self.host, again)
        house.do(queue.undo, self.host, again)
        house.comment(self.open, stranger, f"{self.plant('heldofanother', 'host')} holdthis")
        flagged = house.comment(self.open, stranger, self.plant("setaside", "host"), question=1)
        house.do(flags.flag, house.user("Fred Flagger"), flagged, "other", self.plant("flagnote", "host"))

    def _comments(self) -> None:
        house, writer = self.house, self.house.user("Wanda Writer")
        comment = house.comment(self.open, writer, self.plant("hiddentext", "host"), question=1)
        house.comment(self.open, writer, "An answer to it.", question=1, reply_to=comment.id)
        house.do(moderation.hide, self.host, comment, "off topic")
        gone = house.comment(self.open, writer, self.plant("deletedtext"), question=1)
        house.do(comments.delete, writer, gone)
        edited = house.comment(self.open, writer, self.plant("olderversion"), question=1)
        house.do(comments.edit, writer, edited, "A newer version.")
        restored = house.comment(self.open, writer, "Hidden by mistake.", question=1)
        house.do(moderation.hide, self.host, restored, self.plant("reasonofahide", "host"))
        house.do(moderation.restore, self.host, restored, self.plant("reasonofarestore", "host"))
        house.do(announcements.announce, self.host, self.open, self.plant("takendown"))
        house.do(announcements.take_down, self.host, self.open)
        house.do(announcements.announce, self.host, self.invited, self.plant("invitedannouncement", "host"))
        house.do(summaries.of_discussion, self.host, self.invited, self.plant("invitedsummary", "host"))
        house.comment(self.invited, self.host, self.plant("invitedtext", "host"), question=1)
        house.do(sanctions.mute, self.host, self.open, self.people["muted"], self.plant("mutereason", "host", "muted"))
        house.do(sanctions.object_to, self.people["muted"], self.open, self.plant("objection", "host", "muted"))
        house.do(
            drafts.keep, self.open, drafts.Form("somebody else"), CommentDraft(self.plant("someonesdraft"), 1, None, "")
        )

    def _backstage(self) -> None:
        """What is said behind the stage, what is held, who is called on, and the secrets of a link."""
        house, pia, other = self.house, self.people["panelist"], self.house.panelist(self.open, "Otto Second")
        words = self.plant("backstage", "host", "panelist")
        house.do(backstage.say, self.host, self.open, words, "key-of-a-message")
        house.do(backstage.say, self.host, self.invited, self.plant("otherbackstage", "host"), "key-of-a-message")
        house.do(backstage.say, self.host, self.draft, self.plant("draftbackstage", "host"), "key-of-a-message")
        coming = next(q for q in self.open.questions if not q.is_asked and q.state == "draft")
        asked = next(q for q in self.open.questions if q.is_asked)
        house.do(held.hold, pia, coming, self.plant("heldcoming", "panelist"))
        house.do(held.hold, pia, asked, self.plant("heldasked", "panelist"))
        house.do(held.hold, other, coming, self.plant("heldbyanother"))
        thrown = house.question(self.open, self.plant("thrownout", "host"))
        house.do(held.hold, pia, thrown, self.plant("heldorphan", "panelist"))
        house.do(questions.remove, self.host, thrown)
        house.do(calls.call, self.host, self.open, pia.id, asked)
        seat = next(seat for seat in self.open.seats if seat.user_id == pia.id)
        self.words[house.do(invitations.invite, self.host, seat).rpartition("/")[2]] = set()

    def _audience(self) -> None:
        """Questions that wait, are declined, or whose asker wants no name shown."""
        house, member = self.house, self.people["member"]
        house.do(shortlisting.set_taking, self.host, self.open, takes=True, anonymous=True)
        house.do(proposals.make, member, self.open, self.plant("newwish", "host", "member"))
        no = house.do(proposals.make, member, self.open, self.plant("declinedwish", "member"))
        house.do(shortlisting.decline, self.host, self.open, no.id, self.plant("whynot", "host", "member"), "new")
        nemo = house.user(self.plant("namelessasker", "host"))
        for words in ("Shown to all?", "Asked for nobody?"):
            wish = house.do(proposals.make, nemo, self.open, words, is_anonymous=True)
            house.do(shortlisting.put, self.host, self.open, wish.id, ProposalState.APPROVED, "new")
        house.do(shortlisting.plan, self.host, self.open, wish.id, ask=True)
        stranger = house.user("Stella Stranger")
        house.do(proposals.make, stranger, self.open, self.plant("wishofanother", "host"))
        house.do(proposals.make, self.host, self.invited, self.plant("invitedwish", "host"))

    def _rehearsal(self) -> None:
        """What is tried out by hosts and panel before the event."""
        house = self.house
        coming = house.discussion(phase="announced", host=self.host, slug="coming-one")
        rehearsal = house.do(rehearsals.begin, self.host, coming)
        self.words[rehearsal.slug] = {"host"}
        asked = house.asked(rehearsal, self.plant("rehearsedquestion", "host"))
        house.comment(rehearsal, self.host, self.plant("rehearsed", "host"), question=asked.number)

    def plant(self, word: str, *seen_by: str) -> str:
        word = f"zq{word}qz"
        self.words[word] = set(seen_by)
        return word

    def client(self, role: str):
        client = self.app.test_client()
        if self.people[role] is not None:
            self.house.sign_in(client, self.people[role])
        return client

    def addresses(self):
        """Every address that answers GET, with everything that is there in its places."""
        places = {
            "slug": [discussion.slug for discussion in db.session.query(Discussion)],
            "guest_id": [str(guest.id) for guest in db.session.query(Guest)],
            "comment_id": [str(comment.id) for comment in db.session.query(Comment)],
            "user_id": [str(user.id) for user in db.session.query(User)],
            "question_id": [str(question.id) for question in db.session.query(Question)],
            "seat_id": [str(seat.id) for seat in db.session.query(Seat)],
            "session_id": [str(session.id) for session in db.session.query(Session)],
            "action": [
                "edit",
                "delete",
                "move",
                "hide",
                "restore",
                "highlight",
                "unhighlight",
                "mute",
                "unmute",
                "flag",
            ],
            "token": ["a-token", *self.tokens.values()],
            "part": ["1"],
            "filename": ["robots.txt"],
            "kind": ["csv", "json", "html", "md", "txt", "epub", "docx"],
        }
        for rule in self.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint in LOCAL_ONLY:
                continue
            unknown = rule.arguments - set(places)
            assert not unknown, f"{rule}: say in this test what stands at {unknown}"
            yield from self._filled(rule, places)

    def _filled(self, rule, places):
        """The addresses of `rule`, but those at which no kind of file is, and those that say what another does.

        Where somebody may not read, the discussion is refused before anything in it is looked for, whatever that is: a
        thing is asked for at its own discussion and, as somebody else's, at those which everybody reads.
        """
        answered, homes = self.app.url_map.bind("localhost"), self._homes()
        abroad = {self.open.slug, self.counted.slug}
        names = sorted(rule.arguments)
        kinds = {name: next(part for part in _parts(str(rule.rule)) if part.endswith(f"{name}>")) for name in names}
        for values in itertools.product(*(places[name] for name in names)):
            chosen = dict(zip(names, values, strict=True))
            home = next((homes[name][chosen[name]] for name in names if name in homes), None)
            # As somebody else's it is looked for in the same way whatever is to be done with it.
            looked_for = chosen.get("slug") in abroad and chosen.get("action", "edit") == "edit"
            if home is not None and chosen["slug"] != home and not looked_for:
                continue
            path = str(rule.rule)
            for name, value in chosen.items():
                path = path.replace(kinds[name], value)
            if answered.test(path):
                yield path

    def _homes(self) -> dict[str, dict[str, str]]:
        """The slug of the discussion in which each thing is."""
        kinds = {"comment_id": Comment, "question_id": Question, "seat_id": Seat, "guest_id": Guest}
        return {
            name: {
                str(thing.id): db.session.get_one(Discussion, thing.discussion_id).slug
                for thing in db.session.query(kind)
            }
            for name, kind in kinds.items()
        }


def _parts(rule: str):
    at = 0
    while (start := rule.find("<", at)) >= 0:
        at = rule.index(">", start) + 1
        yield rule[start:at]


@pytest.fixture(scope="module")
def _grown(database):
    app = _app_of(database)
    with app.app_context():
        _empty()
        yield Garden(app, House(app))
        db.session.remove()


@pytest.fixture
def kept_garden(_grown):
    """The garden of those who only look at it, one for them all: they stand first in this file.

    A worker that has come to the others of this file and is given some of these again grows it anew.
    """
    nobody_reads()
    db.session.rollback()
    if db.session.scalar(select(Discussion.epoch).where(Discussion.slug == _grown.open.slug)) != _grown.epoch:
        _empty()
        _grown.__init__(_grown.app, House(_grown.app))
    yield _grown
    db.session.rollback()


@pytest.fixture
def garden(app, house):
    """A garden for one test, which changes it."""
    return Garden(app, house)


def wanted(garden: Garden, role: str) -> list[str]:
    return [word for word, seen_by in garden.words.items() if role not in seen_by]


@pytest.mark.parametrize("role", ["visitor", "member", "muted", "panelist"])
def test_no_page_shows_what_is_not_for_this_person(kept_garden, role, caplog):
    caplog.set_level(logging.DEBUG)
    client, forbidden = kept_garden.client(role), wanted(kept_garden, role)
    asked = 0
    for address in kept_garden.addresses():
        queries = QUERIES if address.count("/") == 2 and address.startswith("/d/") else ("",)
        if address.endswith(("/events", "/comments")):
            epochs = {d.epoch for d in db.session.query(Discussion)}
            queries = (*(f"?after=0&epoch={epoch}" for epoch in epochs), "?question=1", "?question=", "?question=time")
        for query in queries:
            answer = client.get(address + query)
            asked += 1
            assert answer.status_code != 500, address + query
            said = f"{text_of(answer.data)} {answer.headers}"
            # Whoever asks under an address that does not exist for them reads back that address, and nothing else.
            said = said.replace(address, "").replace(address.replace("/", "%2F"), "")
            for word in forbidden:
                assert word not in said or _is_echo(word, address), f"{word} at {address}{query} for {role}"
    assert asked > 100
    for word in kept_garden.words:
        if word.startswith("zq"):
            assert word not in caplog.text, f"{word} is in the log"


@pytest.mark.parametrize("role", ["visitor", "member", "muted", "panelist"])
def test_no_query_finds_what_is_not_for_this_person(kept_garden, role):
    """Every surface that answers a question: search for each word itself, oEmbed, single questions, lists in pieces."""
    client, forbidden = kept_garden.client(role), wanted(kept_garden, role)
    slugs = [discussion.slug for discussion in db.session.query(Discussion)]
    for word in forbidden:
        for where in ("", "&in=open-one", "&in=counted-one"):
            found = client.get(f"/search?q={word}{where}", headers={"Accept": "application/json"}).get_json()
            assert found["comments"] == [] and not found["total"], (word, where)
        assert "<mark>" not in client.get(f"/search?q={word}").text
    addresses = [f"/oembed?url=http://localhost/d/{slug}" for slug in slugs]
    addresses += [f"/organise/new?like={slug}" for slug in slugs]
    for slug in slugs:
        for number in range(1, 5):
            addresses += [f"/d/{slug}/{name}?question={number}" for name in ("embed", "feed.atom", "comments")]
        addresses += [
            f"/search?q=a&in={slug}",
            f"/search?q=zq&in={slug}&person=W",
            f"/d/{slug}?reply=1",
            f"/d/{slug}?around=1",
        ]
    for address in addresses:
        answer = client.get(address)
        said = f"{answer.get_data(as_text=True)} {answer.headers}".replace(address, "")
        for word in forbidden:
            assert word not in said or word in address, f"{word} at {address} for {role}"


def _is_echo(word: str, address: str) -> bool:
    return word.startswith("wordslug") and word in address


def test_the_host_sees_what_is_for_hosts(kept_garden):
    """Or the words above would be looked for where they never are."""
    client = kept_garden.client("host")
    seen = " ".join(
        client.get(address).data.decode("utf-8", "replace")
        for address in kept_garden.addresses()
        if address.startswith("/d/")
    )
    missing = [word for word, seen_by in kept_garden.words.items() if "host" in seen_by and word not in seen]
    assert [word for word in missing if word.startswith("zq")] == []


@pytest.mark.parametrize("role", ["visitor", "member", "muted", "panelist"])
def test_no_socket_hears_what_is_not_for_this_person(kept_garden, role):
    user = kept_garden.people[role]
    session = None
    if user is not None:
        kept_garden.client(role)
        session = db.session.query(Session).filter_by(user_id=user.id).first().id
    for discussion in db.session.query(Discussion).all():
        frames: list[object] = []
        reader = Reader(f"{role}-{discussion.id}", frames.append, user.id if user else None, session)
        try:
            heard = spoken.join(reader, {"discussion": discussion.id, "after": 0, "epoch": discussion.epoch})
        except Exception as refusal:
            heard = str(refusal)
        said = json.dumps([heard, [str(frame) for frame in frames]])
        for word in wanted(kept_garden, role):
            assert word not in said, (word, role, discussion.slug)


def test_no_export_and_no_letter_holds_what_was_said_or_held_behind_the_stage(kept_garden):
    private = [
        word for word in kept_garden.words if word.startswith(("zqheld", "zqback", "zqdraftback", "zqotherback"))
    ]
    assert len(private) > 5
    said = [letter.body + letter.subject for letter in db.session.query(Letter)]
    assert said, "the invitation was mailed"
    for discussion in db.session.query(Discussion):
        said += [text_of_file(kind, discussion) for kind in export.KINDS]
    for word in private:
        assert word not in " ".join(map(str, said)), word


def test_no_file_for_readers_holds_what_readers_do_not_see(kept_garden):
    words = [word for word in wanted(kept_garden, "visitor") if "slug" not in word]
    for kind in ("html", "markdown", "csv", "text", "epub", "docx"):
        said = text_of_file(kind, kept_garden.open)
        assert "An answer to it." in said
        assert [word for word in words if word in said] == [], kind
    # The discussion file is the hosts' own: it has the questions to come and the seats' addresses, and nothing else.
    file = export.whole("json", kept_garden.open)
    private = [word for word in wanted(kept_garden, "host") if word in file]
    assert private == []


def _without_tokens(page: str) -> str:
    return " ".join(part for part in page.split() if "csrf" not in part and not part.startswith(("content=", "value=")))


# ---- who changes what is there, each in a garden of their own ----


@pytest.mark.parametrize("role", ["visitor", "member"])
def test_what_is_over_shows_no_more_than_what_was_live(garden, role):
    """The archive tells search engines, statistics and replay what a live page does not."""
    garden.house.do(phases.close, garden.host, garden.open)
    client, forbidden = garden.client(role), wanted(garden, role)
    for address in garden.addresses():
        if address.startswith("/d/open-one") or "/d/" not in address:
            answer = client.get(address)
            said = f"{answer.data.decode('utf-8', 'replace')} {answer.headers}".replace(address, "")
            assert [word for word in forbidden if word in said and not _is_echo(word, address)] == [], (address, role)
    assert "ld+json" in client.get("/d/open-one/transcript").text


def test_no_reminder_and_no_notice_holds_what_is_not_for_its_reader(garden):
    """Written by the job, two hours on: of what was hidden, deleted, held and withdrawn meanwhile too."""
    house, member = garden.house, garden.people["member"]
    writer = house.user("Nora Noisy")
    room = garden.house.discussion(host=garden.host, ask=1, slug="noisy-one")
    comments_of = [
        house.comment(room, writer, f"@Mina Mayer {garden.plant(f'noticed{n}')}", question=1) for n in range(3)
    ]
    house.comment(room, writer, "@Mina Mayer: seen by all.", question=1)
    house.do(moderation.hide, garden.host, comments_of[0], garden.plant("noticedreason", "host"))
    house.do(comments.delete, writer, comments_of[1])
    house.do(comments.edit, writer, comments_of[2], "Nobody is named any more.")
    soon = garden.house.discussion(phase="announced", host=garden.host, slug="soon-one")
    house.do(rsvps.say, member, soon, RsvpKind.READ_ALONG, "UTC")
    with writing():
        for session in db.session.query(Session):
            db.session.delete(session)
    before = {letter.id for letter in db.session.query(Letter)}
    with clock.stopped_at(clock.now() + timedelta(minutes=65)):
        clockwork.turn()
        clockwork.remind()
    letters = [letter for letter in db.session.query(Letter) if letter.id not in before]
    assert {"notices", "live", "cancelled"} <= {letter.kind for letter in letters}
    by_address = {person.email: role for role, person in garden.people.items() if person is not None}
    for letter in letters:
        for word in wanted(garden, by_address.get(letter.to, "visitor")):
            assert word not in letter.subject + letter.body, (word, letter.kind)


def test_no_letter_holds_what_is_not_for_its_reader(garden):
    by_address = {person.email: role for role, person in garden.people.items() if person is not None}
    with writing():
        garden.open.digests = Digests.ALWAYS
        garden.open.phase, garden.open.closed_at = Phase.CLOSED, clock.now() - timedelta(minutes=15)
        garden.open.created_at = clock.now() - timedelta(hours=1)
        garden.open.questions[0].closed_at = garden.open.closed_at
    for _ in range(2):
        clockwork.remind()
    letters = list(db.session.query(Letter))
    told = {by_address.get(letter.to) for letter in letters if letter.kind == "digest"}
    assert told >= {"panelist", "host", None}
    assert {by_address.get(letter.to) for letter in letters} >= {"muted", "panelist"}
    for letter in letters:
        for word in wanted(garden, by_address.get(letter.to, "visitor")):
            assert word not in letter.subject + letter.body, (word, letter.to)


def test_no_answer_by_mail_learns_or_publishes_what_is_not_for_its_writer(garden, caplog):
    """Every address that could be, in the hands of people with an account: what mail server and letters tell."""
    garden.app.config["SETTINGS"] = garden.app.config["SETTINGS"].model_copy(update={"mail_replies": "a@example.org"})
    before = db.session.query(Letter).count()
    asked = 0
    for discussion in db.session.query(Discussion).all():
        targets = [(0, comment.id) for comment in db.session.query(Comment).filter_by(discussion_id=discussion.id)]
        targets += [(question.id, 0) for question in db.session.query(Question).filter_by(discussion_id=discussion.id)]
        for role in ("member", "muted"):
            person = garden.people[role]
            for number, target in enumerate([(0, 0), *targets]):
                to = addresses.again(Target(person.id, discussion.id, *target))
                for sender in (person.email, "eve@example.com"):
                    raw = f"From: {sender}\nMessage-ID: <{discussion.id}-{number}@x>\n\nMy own words.\n".encode()
                    outcome = receiving.receive(garden.app, receiving.read(raw), to)
                    asked += 1
                    assert [word for word in wanted(garden, role) if word in outcome.reply] == []
    db.session.rollback()
    assert asked > 100
    letters = db.session.query(Letter).order_by(Letter.id).all()[before:]
    by_address = {person.email: role for role, person in garden.people.items() if person is not None}
    assert len(letters) > 20
    for letter in letters:
        for word in wanted(garden, by_address[letter.to]):
            assert word not in letter.subject + letter.body, (word, letter.to)
    assert "My own words" not in caplog.text


def test_a_draft_and_a_private_discussion_are_as_if_they_were_not(garden):
    client = garden.client("member")
    nothing = client.get("/d/no-such-thing")
    for discussion in (garden.draft, garden.invited):
        for path in ("", "/transcript", "/feed.atom", "/calendar.ics", "/recent", "/console", "/events?after=0"):
            there = client.get(f"/d/{discussion.slug}{path}")
            other = client.get(f"/d/no-such-thing{path}")
            assert there.status_code == other.status_code == 404
            mine = there.get_data(as_text=True).replace(discussion.slug, "no-such-thing")
            assert _without_tokens(mine) == _without_tokens(other.get_data(as_text=True))
    assert nothing.status_code == 404
    with writing():
        phases.publish(garden.host, db.session.get_one(Discussion, garden.draft.id))
    assert client.get(f"/d/{garden.draft.slug}").status_code == 200
    assert SeatRole.HOST in {seat.role for seat in garden.draft.seats}
