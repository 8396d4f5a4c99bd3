"""Inviting an audience: looked through, corrected, sent once, refused, answered; and whose business it is."""

import csv
import html
import io
import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from forum import clock, create_app
from forum.actions import discussions, guest_mail, guests, invitations, leaving, members, phases, rsvps
from forum.actions.drafting import DiscussionDraft
from forum.addresses import Row
from forum.archive import export
from forum.database import db, writing
from forum.live import clockwork
from forum.models import (
    DeadAddress,
    Discussion,
    Guest,
    Letter,
    Mailing,
    ModerationAction,
    NoMail,
    Rsvp,
    RsvpKind,
    SiteRole,
    User,
    Visibility,
)  # fmt: skip
from forum.notify import bounces, mail
from forum.refusals import Refused
from tests.archive.unpacked import said as text_of_file
from tests.conftest import forget_person, free_port
from tests.house import House

LIST = "Name;E-Mail;Time zone\nAda Adler;ada@example.org;Africa/Kampala\nBob;bob@example.org;\n"
DSN = Path(__file__).parents[1] / "notify" / "bounces" / "postfix.eml"


class Box:
    """A mail server that knows whom it refuses, for good or for now."""

    def __init__(self):
        self.messages, self.senders = [], []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 <script>No such \x07person</script> here"
        if address.startswith("later"):
            return "451 4.7.1 Greylisted, come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.senders.append(envelope.mail_from)
        return "250 OK"

    def to(self, address) -> EmailMessage:
        return [message for message in self.messages if message["To"] == address][-1]


@pytest.fixture
def post():
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


@pytest.fixture
def site(app, database, post, clock):
    settings = {"mail_url": f"smtp://127.0.0.1:{post.port}", "mail_bounces": "bounces@talk.example.org"}
    site = create_app(database.model_copy(update=settings))
    site.testing = True
    site.before_request_funcs.setdefault(None, []).insert(0, forget_person)
    with site.app_context():
        yield site
        db.session.remove()
        db.engine.dispose()


class Desk:
    """A host's browser at the guests of one discussion."""

    def __init__(self, site, phase="announced", **fields):
        self.site, self.house = site, House(site)
        self.event = self.house.discussion(phase=phase, slug="river", title="Whose river?", **fields)
        self.host = self.house.host_of(self.event)
        self.client = site.test_client()
        self.house.sign_in(self.client, self.host)
        self.token = self.house.token(self.client)

    def post(self, path="", **fields):
        data = {"csrf_token": self.token} | fields
        return self.client.post(f"/d/river/guests{path}", data=data, content_type="multipart/form-data")

    def preview(self, source=LIST, **fields):
        return self.post(source=source, key="k" * 16, **fields).get_data(as_text=True)

    def send(self, source=LIST, **fields):
        """Look through the list and press “Send” on what is shown; return the answer and what was sent with it."""
        form = fields_of(self.preview(source, **fields)) | {"key": fields.get("key", f"key-{len(source)}-{'x' * 16}")}
        return self.post(**form, send="1"), form

    def page(self, query=""):
        return self.client.get(f"/d/river/guests{query}").get_data(as_text=True)

    def mail(self):
        """Let the clockwork write and the sender send."""
        for _ in range(3):
            clockwork.remind()
        mail.deliver_due(self.site)
        db.session.rollback()
        db.session.expire_all()


@pytest.fixture
def desk(site):
    return Desk(site)


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the preview's form, without its buttons."""
    form = page[page.index('<form class="plain-form"') :]
    found = {}
    for tag in re.findall(r"<input [^>]*>", form):
        if 'type="file"' not in tag and (name := re.search(r' name="([^"]+)"', tag)):
            found[name[1]] = html.unescape(re.search(r' value="([^"]*)"', tag)[1])
    for name, words in re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(words)
    return found


def listed(page: str) -> str:
    """The list of guests on the hosts' page, without the form's tokens."""
    return re.sub(r'value="[^"]+"', "", page[page.index('id="list-title"') :])


def count(model) -> int:
    db.session.rollback()
    return db.session.query(model).count()


def guest(email) -> Guest:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Guest).filter_by(email=email).one()


def link_to(post, address) -> str:
    return re.search(r"https?://[^/\s]+(/guest/\S+)", post.to(address).get_content())[1]


# ---- looking through ----


def test_a_preview_says_what_would_be_sent_and_stores_nothing(desk, clock):
    shown = desk.preview(words="Bring your own maps.\n\nHana")
    assert "2 letters would leave." in shown
    assert "Nothing is stored or sent yet." in shown
    assert "Send 2 invitations" in shown
    assert "Invitation: Whose river?" in shown
    letter = html.unescape(shown.split("<pre")[1].split(">", 1)[1].split("</pre>")[0])
    assert letter.startswith(
        "Hello Ada Adler,\n\nHana Host-Maier invites you to a written discussion on Roundtext:\n\nWhose"
    )
    assert "\n\nBring your own maps.\n\nHana\n\nOpen this link" in letter
    assert "Bring your own maps." in letter
    assert "18:00" in letter  # 15:00 UTC for Kampala
    assert "Hana Host-Maier invites you" in letter
    assert count(Guest) == count(Mailing) == count(Letter) == 0
    other = desk.post(**fields_of(shown), show="bob@example.org").get_data(as_text=True)
    letter = other.split("<pre")[1].split("</pre>")[0]
    assert "Hello Bob," in letter
    assert "15:00–16:00 (Europe/London)" in letter


def test_the_preview_shows_nobodys_secret_and_what_is_sent_is_otherwise_the_same(desk, post):
    shown = desk.preview(words="Come!")
    letter = html.unescape(shown.split("<pre")[1].split(">", 1)[1].split("</pre>")[0])
    desk.send(words="Come!")
    desk.mail()
    sent = post.to("ada@example.org")
    assert sent["Subject"] == "Invitation: Whose river?"
    secret = link_to(post, "ada@example.org").removeprefix("/guest/")
    assert secret not in shown
    assert sent.get_content().replace("\r\n", "\n").replace(secret, "…").strip() == letter.strip()


def test_faulty_rows_are_corrected_in_place_without_losing_the_others(desk, post):
    shown = desk.preview(
        LIST + "Cleo;cleo(at)example.org;\nDan;dan@example.org;Mars/Base\nAda again;ADA@example.org;\n"
    )
    assert "2 letters would leave." in shown
    assert "2 rows need another look." in shown
    assert "and leave 2 rows out" in shown
    fields = fields_of(shown)
    assert fields["email-2"] == "cleo(at)example.org"
    fields |= {"email-2": "cleo@example.org", "zone-3": "Europe/Paris"}
    again = desk.post(**fields, look="1").get_data(as_text=True)
    assert "4 letters would leave." in again
    assert "need another look" not in again.split("<table")[0]
    assert desk.post(**fields_of(again), send="1").status_code == 303
    assert {one.email for one in db.session.query(Guest)} == {
        f"{name}@example.org" for name in ("ada", "bob", "cleo", "dan")
    }
    assert guest("dan@example.org").time_zone == "Europe/Paris"


def test_a_line_that_says_an_address_again_needs_no_other_look(desk):
    shown = desk.preview(LIST + "Ada again;ADA@example.org;\n")
    assert "2 letters would leave." in shown
    assert "This address stands in line 2 already. It gets one letter." in shown
    assert "another look" not in shown
    assert "rows out" not in shown
    assert "guests-wrong" not in shown


def test_a_line_that_repeats_somebody_who_is_invited_promises_no_letter(desk):
    assert desk.post(**fields_of(desk.preview()), send="1").status_code == 303
    shown = desk.preview("Name;Email\nAda;ada@example.org\nAda;ada@example.org\nEve;eve@example.org\n")
    assert "1 letter would leave." in shown
    assert "It gets one letter" not in shown


def test_a_line_at_fault_keeps_no_letter_from_the_same_address_in_a_better_one(desk):
    shown = desk.preview("Name;Email;Zone\nAda;ada@example.org;Mars/Base\nAda;ada@example.org;\n")
    assert "1 letter would leave." in shown
    assert "1 row needs another look." in shown
    fields = fields_of(shown) | {"zone-0": "Europe/Paris"}
    mended = desk.post(**fields, look="1").text
    assert "1 letter would leave." in mended
    assert "need another look" not in mended


def test_nothing_leaves_that_the_page_did_not_show(desk):
    fields = fields_of(desk.preview())
    answer = desk.post(**fields | {"words": "Other words."}, send="1")
    assert answer.status_code == 409
    assert "Look at it once more" in answer.get_data(as_text=True)
    assert "Other words." in answer.get_data(as_text=True)
    assert count(Guest) == 0
    with writing():
        db.session.add(NoMail(email="bob@example.org", at=desk.event.starts_at))
    assert desk.post(**fields, send="1").status_code == 409
    assert count(Guest) == 0


def test_who_comes_already_and_who_wants_no_mail_cannot_be_told_apart(desk):
    member = desk.house.user("Mara Member")
    desk.house.do(rsvps.say, member, desk.event, RsvpKind.TAKE_PART, "UTC")
    unknown = desk.house.user("Una Known")
    with writing():
        db.session.add(NoMail(email="quiet@example.org", at=desk.event.starts_at))
    table = desk.preview(f"{member.email}\nquiet@example.org\n{desk.host.email}\n{unknown.email}\nnew@example.org\n")
    rows = {email: row for row in table.split("<tr>")[1:] for email in re.findall(r"<bdi>([^<\s]+@[^<\s]+)</bdi>", row)}
    said = {email: re.sub(r"\s+", " ", row.split("</td>")[3]) for email, row in rows.items()}
    assert said[member.email] == said["quiet@example.org"]
    assert "no letter" in said[desk.host.email]
    # an account is nobody's business: it looks like any other address
    assert said[unknown.email].replace(unknown.email, "") == said["new@example.org"].replace("new@example.org", "")


# ---- sending ----


def test_pressing_twice_sends_once(desk, post):
    first, form = desk.send()
    assert (first.status_code, first.location) == (303, "/d/river/guests")
    second = desk.post(**form, send="1")
    assert (second.status_code, second.location) == (303, "/d/river/guests")
    desk.mail()
    desk.mail()
    assert count(Guest) == 2
    assert sorted(message["To"] for message in post.messages) == ["ada@example.org", "bob@example.org"]
    line = db.session.query(ModerationAction).filter_by(verb="guests.invited").one()
    assert line.after == {"count": 2}
    assert "example.org" not in str(line.after)
    again, _form = desk.send(LIST + "Cleo;cleo@example.org;\n")
    assert again.status_code == 303
    desk.mail()
    assert [message["To"] for message in post.messages][2:] == ["cleo@example.org"]


def test_a_list_that_was_changed_by_going_back_is_not_taken_for_sent(desk):
    first, form = desk.send()
    assert first.status_code == 303
    more = desk.post(**form | {"source": form["source"] + "cleo@example.org,Cleo,,,9\n"}, send="1")
    assert more.status_code == 409
    shown = more.get_data(as_text=True)
    assert "1 letter would leave." in shown
    assert desk.post(**fields_of(shown), send="1").status_code == 303
    assert count(Guest) == 3


def test_a_letter_has_a_way_out_and_comes_back_to_a_signed_address(desk, post):
    desk.send()
    desk.mail()
    message = post.to("ada@example.org")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"bounces\+[0-9a-z]+-[a-z2-7]{20}@talk\.example\.org", post.senders[0])
    assert message["From"] == "roundtext@127.0.0.1"


def test_what_mail_servers_say_is_shown_to_hosts_and_can_be_put_right(desk, post, caplog):
    desk.send("ada@example.org\nnobody@example.org,Nob Ody\nlater@example.org\n")
    waiting = desk.page()
    assert waiting.count("waiting to be sent") == 3
    desk.mail()
    page = desk.page()
    assert "refused by the mail server" in page
    assert "550 5.1.1 &lt;script&gt;No such person&lt;/script&gt; here" in page
    assert "451 4.7.1 Greylisted, come back" in page
    assert "<script>No such" not in page
    problems = desk.page("?show=problems")
    assert "nobody@example.org" in listed(problems)
    assert "ada@example.org" not in listed(problems)
    assert "Did not arrive 1" in problems
    assert "nobody@example.org" not in caplog.text
    number = guest("nobody@example.org").id
    wrong = desk.post(f"/{number}", email="still wrong", name="Nob", key="a" * 16)
    assert wrong.status_code == 422
    assert 'value="still wrong"' in wrong.get_data(as_text=True)
    for _ in range(2):  # pressed twice
        assert desk.post(f"/{number}", email="nora@example.org", name="Nora", key="b" * 16).status_code == 303
    desk.mail()
    assert "Hello Nora," in post.to("nora@example.org").get_content()
    assert len([message for message in post.messages if message["To"] == "nora@example.org"]) == 1
    assert "Did not arrive 0" in desk.page()


def test_a_letter_that_comes_back_is_shown_and_sent_again_only_when_a_host_says_so(desk, post):
    desk.send()
    desk.mail()
    sender = next(s for s, m in zip(post.senders, post.messages, strict=True) if m["To"] == "bob@example.org")
    assert bounces.take(message_from_bytes(DSN.read_bytes(), policy=policy.default), sender) is True
    page = desk.page("?show=problems")
    assert "came back" in page
    assert "User unknown in virtual mailbox table" in page
    number = guest("bob@example.org").id
    assert desk.post("/again", key="c" * 16).status_code == 422
    for _ in range(2):
        assert desk.post("/again", guest=str(number), key="c" * 16).status_code == 303
    desk.mail()
    assert len([message for message in post.messages if message["To"] == "bob@example.org"]) == 2
    assert "came back" not in desk.page()
    assert db.session.get(DeadAddress, "bob@example.org") is not None
    press(desk, post, "bob@example.org", kind="look")
    assert count(DeadAddress) == 0


def test_there_is_an_end_to_how_many_a_day(desk, monkeypatch, clock):
    monkeypatch.setattr(guests, "MOST_A_DAY", 3)
    desk.send()
    answer, _form = desk.send("c@x.org\nd@x.org\n")
    assert answer.status_code == 409
    assert "1 more can go today" in answer.get_data(as_text=True)
    assert "c@x.org" in answer.get_data(as_text=True)
    assert count(Guest) == 2
    clock.advance(timedelta(days=1, seconds=1))
    desk_again = desk.house.discussion(phase="announced", slug="other", host=desk.host)
    desk.house.do(guests.invite, desk.host, desk_again, [Row(1, "c@x.org")], "", "k" * 20)
    assert count(Guest) == 3


def test_there_is_an_end_to_how_many_a_day_for_all_hosts_of_the_site_together(desk, monkeypatch):
    assert (guests.MOST_A_DAY, guests.MOST_OF_SITE_A_DAY) == (2_000, 10_000)
    monkeypatch.setattr(guests, "MOST_OF_SITE_A_DAY", 2)
    desk.send()
    other = desk.house.discussion(phase="announced")
    with pytest.raises(Refused) as raised:
        desk.house.do(guests.invite, desk.house.host_of(other), other, [Row(1, "c@x.org")], "", "k" * 20)
    assert (raised.value.code, count(Guest)) == ("too_many", 2)


@pytest.mark.parametrize("why", ["waits", "on its way", "has unsubscribed", "wants no mail", "comes"])
def test_nobody_is_written_to_again_who_has_a_letter_to_come_or_wants_none(desk, why):
    desk.send("ada@example.org\n")
    if why != "waits":
        clockwork.remind()
    with writing():
        ada = db.session.query(Guest).one()
        if ada.letter is not None and why != "on its way":
            ada.letter.sent_at = ada.invited_at
        if why == "has unsubscribed":
            ada.unsubscribed_at = ada.invited_at
        elif why == "wants no mail":
            db.session.add(NoMail(email=ada.email, at=ada.invited_at))
        elif why == "comes":
            rsvps.answer(ada.email, ada.discussion, RsvpKind.READ_ALONG, "UTC")
    assert desk.post("/again", guest=str(guest("ada@example.org").id), key="c" * 16).status_code == 422
    assert count(Mailing) == 1


def test_a_letter_to_a_wrong_address_does_not_leave_once_it_is_corrected(desk, post):
    desk.send("ada@example.org\n")
    clockwork.remind()
    ada = guest("ada@example.org")
    right = Row(1, "ada@example.com")
    desk.house.do(guests.correct, desk.host, db.session.get_one(Discussion, desk.event.id), ada.id, right, "c" * 16)
    desk.mail()
    assert [message["To"] for message in post.messages] == ["ada@example.com"]


def test_who_gets_a_letter_at_another_address_has_answered_none_of_the_one_before(desk, post):
    """That the wrong address opened a letter, wants no more, or was told, is not known of the right one."""
    desk.send("ada@example.org\n")
    clockwork.remind()
    ada, now = guest("ada@example.org"), clock.now()
    with writing():
        ada.opened_at = ada.told_starts_at = ada.cancelled_at = ada.unsubscribed_at = now
    right = Row(1, "ada@example.com")
    desk.house.do(guests.correct, desk.host, db.session.get_one(Discussion, desk.event.id), ada.id, right, "c" * 16)
    marks = (ada.opened_at, ada.told_starts_at, ada.cancelled_at, ada.unsubscribed_at)
    assert marks == (None, None, None, None)
    desk.mail()
    assert "ada@example.com" in [message["To"] for message in post.messages]


def test_two_thousand_people_are_looked_through_and_stored_at_once(desk):
    source = "email,name\n" + "".join(f"guest{n}@example.org,Person {n}\n" for n in range(2_000))
    answer, _form = desk.send(source)
    assert answer.status_code == 303
    assert count(Guest) == 2_000
    assert len(guest_mail.due()) == 50  # some at a time: nobody waits for two thousand letters
    clockwork.remind()
    assert db.session.query(Letter).count() == 2_000
    assert desk.page().count('<li id="guest-') == 100


# ---- behind the link ----


def press(desk, post, address, **fields):
    client = desk.site.test_client()
    page = client.get(link_to(post, address)).get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(link_to(post, address), data={"csrf_token": token} | fields)


def test_a_mail_scanner_that_opens_the_link_changes_nothing(desk, post):
    desk.send()
    desk.mail()
    link = link_to(post, "ada@example.org")
    desk.page()  # says that they are on their way, once
    before = desk.page()
    client = desk.site.test_client()
    for path in (link, f"{link}/stop"):
        for method in (client.get, client.head):
            answer = method(path)
            assert answer.status_code == 200
            assert "noindex" in answer.headers["X-Robots-Tag"]
            assert answer.headers["Cache-Control"] == "no-store"
    assert count(Rsvp) == count(NoMail) == 0
    assert listed(desk.page()) == listed(before)


def test_a_guest_answers_by_the_link_and_is_reminded_in_their_own_time(desk, post, clock):
    desk.send()
    desk.mail()
    answer = press(desk, post, "ada@example.org", kind="take_part", zone="Africa/Kampala")
    assert (answer.status_code, answer.location) == (303, "/d/river")
    said = db.session.query(Rsvp).one()
    assert (said.email, said.kind.value, said.time_zone) == ("ada@example.org", "take_part", "Africa/Kampala")
    assert said.confirmed_at == clock.now()
    press(desk, post, "bob@example.org", kind="look")
    page = desk.page()
    assert "takes part" in page
    assert "has opened the link" in page
    press(desk, post, "ada@example.org", kind="read_along", zone="Africa/Kampala")
    assert count(Rsvp) == 1
    assert "reads along" in desk.page("?show=coming")
    assert press(desk, post, "bob@example.org", kind="take_part", zone="Nowhere").status_code == 422
    assert press(desk, post, "bob@example.org", kind="everything", zone="UTC").status_code == 422
    assert desk.post("/again", guest=str(guest("ada@example.org").id), key="d" * 16).status_code == 422


def test_who_is_invited_to_what_goes_on_already_is_told_so_and_promised_no_reminder(site, post):
    desk = Desk(site, "live")
    desk.send()
    desk.mail()
    assert "It is going on now." in post.to("ada@example.org").get_content()
    link = link_to(post, "ada@example.org")
    client = site.test_client()
    shown = client.get(link).text
    token = shown.split('name="csrf_token" value="')[1].split('"')[0]
    answered = client.post(
        link, data={"csrf_token": token, "kind": "take_part", "zone": "UTC"}, follow_redirects=True
    ).text
    for page in (shown, client.get("/d/river/rsvp").text, answered):
        assert "It is going on now." in page
        assert "an hour before" not in page


def test_a_link_that_is_made_up_or_of_somebody_taken_off_opens_nothing(desk, post):
    desk.send()
    desk.mail()
    link = link_to(post, "ada@example.org")
    client = desk.site.test_client()
    for other in (link[:-1], "/guest/x", f"/guest/{'.' * 300}", link.replace("/guest/", "/guest/A")):
        assert client.get(other).status_code == 410
        assert client.get(f"{other}/stop").status_code == 410
        assert client.post(f"{other}/stop").status_code == 410
    desk.post(f"/{guest('ada@example.org').id}/remove")
    assert client.get(link).status_code == 410
    assert count(Guest) == 1
    # the way out works all the same
    assert client.post(f"{link}/stop").status_code == 200
    assert db.session.get(NoMail, "ada@example.org") is not None


def test_one_click_of_a_mail_program_ends_the_letters_of_every_host(desk, post):
    desk.send()
    desk.mail()
    press(desk, post, "ada@example.org", kind="take_part", zone="UTC")
    path = re.search(r"(/guest/\S+/stop)", post.to("ada@example.org")["List-Unsubscribe"])[1]
    stranger = desk.site.test_client()
    for _ in range(2):
        assert stranger.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    bob = re.search(r"(/guest/\S+/stop)", post.to("bob@example.org")["List-Unsubscribe"])[1]
    assert "You have said" not in stranger.get(bob).get_data(as_text=True)
    stranger.post(bob)
    assert "wants no more mail" in desk.page()
    number = guest("ada@example.org").id
    assert desk.post("/again", guest=str(number), key="e" * 16).status_code == 422
    other = desk.house.discussion(phase="announced", slug="other", host=desk.host)
    with pytest.raises(Refused):
        desk.house.do(guests.invite, desk.host, other, [Row(1, "ada@example.org")], "", "f" * 16)


def test_who_ends_the_invitations_still_comes_and_is_reminded_until_they_end_that_too(desk, post):
    desk.send()
    desk.mail()
    press(desk, post, "ada@example.org", kind="take_part", zone="UTC")
    stop = f"{link_to(post, 'ada@example.org')}/stop"
    stranger = desk.site.test_client()
    before = stranger.get(stop).get_data(as_text=True)
    assert "You have said that you take part." in before
    assert "so do the reminders" in before
    after = stranger.post(stop).get_data(as_text=True)
    assert "You have said that you take part." in after
    assert (count(Rsvp), count(NoMail)) == (1, 1)
    assert "takes part" in listed(desk.page("?show=coming"))
    post.messages.clear()
    moved(desk, 5)
    desk.mail()
    (news,) = [message for message in post.messages if message["To"] == "ada@example.org"]
    assert news["Subject"] == "New time: Whose river?"
    assert news["List-Unsubscribe"].split("/")[-2] == "unsubscribe"
    reminders = re.search(r'href="(/unsubscribe/[^"]+)"', after)[1]
    assert "not counted" in stranger.get(reminders).get_data(as_text=True)
    stranger.post(reminders)
    assert count(Rsvp) == 0
    assert "You have said" not in stranger.get(stop).get_data(as_text=True)
    assert "wants no more mail" in desk.page()


def test_who_unsubscribes_while_letters_wait_gets_none(desk, post):
    desk.send()
    with writing():
        db.session.add(NoMail(email="ada@example.org", at=desk.event.starts_at))
    desk.mail()
    assert [message["To"] for message in post.messages] == ["bob@example.org"]


def test_who_is_taken_off_while_a_letter_waits_gets_none(desk, post):
    desk.send()
    clockwork.remind()
    desk.post(f"/{guest('ada@example.org').id}/remove")
    desk.mail()
    assert [message["To"] for message in post.messages] == ["bob@example.org"]


# ---- the event changes ----


def moved(desk, hours, **changes):
    event = db.session.get_one(Discussion, desk.event.id)
    names = ("title", "slug", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown")
    fields = {name: getattr(event, name) for name in names}
    fields["starts_at"] += timedelta(hours=hours)
    fields["ends_at"] += timedelta(hours=hours)
    desk.house.do(discussions.edit, desk.host, event, DiscussionDraft(**fields | changes))


def test_who_was_mailed_and_has_not_answered_hears_once_of_a_new_time_and_of_the_end_of_it(desk, post):
    desk.send("ada@example.org\nbob@example.org\nnobody@example.org\nquiet@example.org\n")
    desk.mail()
    press(desk, post, "bob@example.org", kind="read_along", zone="UTC")
    desk.site.test_client().post(f"{link_to(post, 'quiet@example.org')}/stop")
    post.messages.clear()
    moved(desk, 5)
    desk.mail()
    desk.mail()
    assert sorted((m["To"], m["Subject"]) for m in post.messages) == [
        ("ada@example.org", "New time: Whose river?"), ("bob@example.org", "New time: Whose river?"),
    ]  # fmt: skip
    assert "you are invited to" in post.to("ada@example.org").get_content()
    assert "you said that you want to come" in post.to("bob@example.org").get_content()
    post.messages.clear()
    desk.house.do(phases.withdraw, desk.host, db.session.get_one(Discussion, desk.event.id))
    moved(desk, 1, title="What is written since")
    desk.mail()
    desk.mail()
    assert sorted(m["To"] for m in post.messages) == ["ada@example.org", "bob@example.org"]
    assert {m["Subject"] for m in post.messages} == {"It will not take place: Whose river?"}


def test_who_was_invited_in_their_language_is_told_the_rest_in_it_too(desk, post):
    desk.send("email,name,language\nada@example.org,Ada,es\n")
    desk.mail()
    press(desk, post, "ada@example.org", kind="take_part", zone="America/Bogota")
    moved(desk, 5)
    desk.mail()
    assert post.to("ada@example.org")["Subject"] == "Nueva hora: Whose river?"


def test_letters_that_wait_do_not_leave_for_what_is_called_off_or_closed_to_guests(desk, post):
    desk.send()
    desk.house.do(phases.withdraw, desk.host, db.session.get_one(Discussion, desk.event.id))
    desk.mail()
    assert post.messages == []
    with writing():
        event = db.session.get_one(Discussion, desk.event.id)
        phases.publish(desk.host, event)
        event.visibility = Visibility.INVITED
    desk.mail()
    assert post.messages == []
    with writing():
        db.session.get_one(Discussion, desk.event.id).visibility = Visibility.UNLISTED
    desk.mail()
    assert len(post.messages) == 2


def test_guests_hear_nothing_of_what_was_closed_to_them_before_it_was_called_off(desk, post):
    desk.send()
    desk.mail()
    post.messages.clear()
    moved(desk, 0, visibility="invited", title="Whom we dismiss")
    desk.house.do(phases.withdraw, desk.host, db.session.get_one(Discussion, desk.event.id))
    moved(desk, 0, visibility="public")
    desk.mail()
    assert post.messages == []


# ---- whose business it is ----


@pytest.mark.parametrize("phase", ["draft", "announced", "live", "paused", "closed"])
def test_guests_are_the_hosts_business(site, phase):
    desk = Desk(site, "live")
    desk.send()
    with writing():
        db.session.get_one(Discussion, desk.event.id).phase = phase
    moderator, panelist = desk.house.user("Momo Derato"), desk.house.panelist(desk.event)
    desk.house.seat(desk.event, moderator, "moderator")
    for person in (None, desk.house.user(), panelist, moderator):
        client = site.test_client()
        token = ""
        if person is not None:
            desk.house.sign_in(client, person)
            token = desk.house.token(client)
        number = guest("ada@example.org").id
        for path in ("", "/list.csv", f"/{number}"):
            answer = client.get(f"/d/river/guests{path}")
            assert answer.status_code in {403, 404}, (phase, person, path)
            assert "ada@example.org" not in answer.get_data(as_text=True)
        for path in ("", "/again", f"/{number}", f"/{number}/remove"):
            sent = {"csrf_token": token, "source": LIST, "guest": number, "email": "x@x.org", "key": "z" * 16}
            assert client.post(f"/d/river/guests{path}", data=sent).status_code in {303, 403, 404}
    assert count(Guest) == 2
    assert "ada@example.org" in desk.page()
    possible = desk.post(source="new@example.org", key="n" * 16).status_code
    assert possible == (200 if phase in {"announced", "live", "paused"} else 409)
    if phase in {"draft", "closed"}:
        assert "Look through it" not in desk.page()


def test_another_discussions_guest_is_unknown(desk):
    desk.send()
    number = guest("ada@example.org").id
    desk.house.discussion(phase="announced", slug="other", host=desk.host)
    client = desk.client
    assert client.get(f"/d/other/guests/{number}").status_code == 404
    assert client.post(f"/d/other/guests/{number}/remove", data={"csrf_token": desk.token}).status_code == 404
    sent = {"csrf_token": desk.token, "guest": number, "key": "z" * 16}
    assert client.post("/d/other/guests/again", data=sent).status_code == 422


def test_by_invitation_means_by_a_seat_and_that_is_said(site):
    desk = Desk(site, visibility="invited")
    assert "Give these people seats" in desk.page()
    answer = desk.post(source=LIST, key="k" * 16)
    assert answer.status_code == 409
    assert "Give these people seats" in answer.get_data(as_text=True)
    assert count(Guest) == 0


def test_no_reader_and_no_file_hears_of_guests(desk, post):
    desk.send("secretguest@example.org,Zacharias Quill\n")
    desk.mail()
    press(desk, post, "secretguest@example.org", kind="take_part", zone="UTC")
    event = db.session.get_one(Discussion, desk.event.id)
    said = [text_of_file(kind, event) for kind in export.KINDS]
    reader = desk.site.test_client()
    for path in (
        "/d/river",
        "/d/river/rsvp",
        "/d/river/feed.atom",
        "/d/river/transcript",
        "/d/river/events?after=0",
        "/",
    ):
        said.append(reader.get(path).get_data(as_text=True))
    assert not [one[:200] for one in said if "secretguest" in str(one) or "Quill" in str(one)]


def test_the_saved_list_is_safe_in_a_spreadsheet(desk):
    desk.send('email,name\nada@example.org,"=cmd|\' /C calc\'!A0"\nbob@example.org,@SUM(1)\ncleo@example.org,"+1-2"\n')
    answer = desk.client.get("/d/river/guests/list.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert len(rows) == 3
    assert all(not value.startswith(("=", "+", "-", "@", "\t")) for row in rows for value in row.values())


# ---- hostile lists ----


def test_hostile_files_are_refused_or_shown_and_never_lost(desk):
    files = [
        b"email\n" + b"a@b.org," * 30_000, b"\0" * 100_000, b"x" * 1_000_001, b"PK\x03\x04", b"\xff\xfe\x00", b"",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a@x.org\n".encode("utf-16-le"),
        "\n".join(f"p{n}@x.org" for n in range(10_000)).encode(), b'"' * 9_999, b"ada@example.org\n" + b"=" * 100_000,
        b"a@example.org\r\nBcc: eve@example.org,Eve\r\n", b"email,name\na@x.org,<script>alert(1)</script>\n",
    ]  # fmt: skip
    for data in files:
        answer = desk.post(file=(BytesIO(data), "list.csv"), key="k" * 16, words="My own words.")
        page = answer.get_data(as_text=True)
        assert answer.status_code in {200, 422}, data[:40]
        assert "<script>alert" not in page
        assert "My own words." in page
        assert count(Guest) == 0
    assert desk.post(source="a@x.org", words="w" * 1_001, key="k" * 16).status_code == 422
    assert desk.post(source="a@x.org", words="\x07", key="k" * 16).status_code == 422


def test_no_header_is_smuggled_into_an_invitation(desk, post):
    desk.send('email,name\na@example.org,"A\r\nBcc: eve@example.org"\n"b@example.org\r\nBcc: eve@example.org",B\n')
    desk.mail()
    assert [message["To"] for message in post.messages] == ["a@example.org"]
    assert post.messages[0]["Bcc"] is None
    assert "eve@example.org" not in str(post.messages[0].items())


# ---- the panel's and administrators' letters ----


def test_a_panelists_letter_that_did_not_arrive_is_in_the_console(desk, post):
    panelist = desk.house.panelist(desk.event, "Nob Ody")
    with writing():
        db.session.get_one(User, panelist.id).email = "nobody@example.org"
    seat = next(seat for seat in desk.event.seats if seat.user_id == panelist.id)
    desk.house.do(invitations.invite, desk.host, seat)
    seen = db.session.get_one(Discussion, desk.event.id).last_seq
    desk.mail()
    console = desk.client.get("/d/river/console").get_data(as_text=True)
    assert "The letter to Nob Ody did not arrive." in console
    assert "550 5.1.1" in console
    assert db.session.get_one(Discussion, desk.event.id).last_seq > seen  # open consoles hear of it
    with writing():
        db.session.get_one(User, panelist.id).email = "nob@example.org"
    desk.house.do(invitations.invite, desk.host, seat)
    desk.mail()
    assert "did not arrive" not in desk.client.get("/d/river/console").get_data(as_text=True)


def test_an_administrator_sees_whose_invitation_did_not_arrive(desk, post):
    ada = desk.house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)
    desk.house.do(members.invite, ada, "nobody@example.org, fine@example.org")
    desk.mail()
    client = desk.site.test_client()
    desk.house.sign_in(client, ada)
    page = client.get("/site/people").get_data(as_text=True)
    assert page.count("the invitation did not arrive") == 1
    assert "550 5.1.1" in page


def test_who_leaves_the_site_is_on_no_list_of_guests(desk):
    member = desk.house.user("Mara Member")
    desk.send(f"{member.email}\n")
    assert count(Guest) == 1
    desk.house.do(leaving.leave, db.session.get_one(User, member.id), leaving.Words.KEEP)
    assert count(Guest) == 0
