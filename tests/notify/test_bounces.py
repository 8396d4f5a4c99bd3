"""Mail that comes back, as mail servers really write it: what it says of a letter, and what nobody can make it say."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from forum.actions import accounts, deliveries, links, reminders, rsvps
from forum.database import db, writing
from forum.live import clockwork
from forum.models import DeadAddress, Letter, RsvpKind, User
from forum.notify import bounces, envelope, letters, mail

FOLDER = Path(__file__).parent / "bounces"
WORDS = {
    "postfix": "550 5.1.1 <gone@example.org>: Recipient address rejected: User unknown",
    "exim": "550 No such person at this address",
    "exim-plain": "550 5.1.1 unknown user",
    "exchange": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
    "gmail": "550-5.1.1 The email account that you tried to reach does not exist.",
    "qmail": "Sorry, no mailbox here by that name. (#5.1.1)",
}


def message(name):
    return message_from_bytes((FOLDER / f"{name}.eml").read_bytes(), policy=policy.default)


@pytest.fixture
def site(app):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_bounces": "bounces@talk.example.org"})
    return app


@pytest.fixture
def settings(site):
    return site.config["SETTINGS"]


@pytest.fixture
def letter(site, clock):
    with writing():
        return letters.write("gone@example.org", "reset", path="/reset/x")


def now_of(letter) -> Letter:
    db.session.rollback()
    return db.session.get(Letter, letter.id, populate_existing=True)


@pytest.mark.parametrize("name", list(WORDS))
def test_what_comes_back_is_noted_with_the_words_of_the_other_server(site, settings, letter, clock, name):
    assert bounces.take(message(name), envelope.return_path(letter, settings)) is True
    found = now_of(letter)
    assert found.bounced_at == clock.now()
    assert found.refusal.startswith(WORDS[name]), found.refusal
    assert len(found.refusal) <= 200
    assert db.session.get(DeadAddress, "gone@example.org") is not None


@pytest.mark.parametrize("name", ["postfix-delayed", "exim-warning"])
def test_a_server_that_still_tries_is_not_final(site, settings, letter, clock, name):
    assert bounces.take(message(name), envelope.return_path(letter, settings)) is True
    found = now_of(letter)
    assert (found.delayed_at, found.bounced_at) == (clock.now(), None)
    assert found.refusal
    assert db.session.query(DeadAddress).count() == 0
    # what comes back for good afterwards counts, and a late warning does not take it back
    bounces.take(message("postfix"), envelope.return_path(letter, settings))
    bounces.take(message(name), envelope.return_path(letter, settings))
    assert (now_of(letter).delayed_at, now_of(letter).bounced_at) == (None, clock.now())


@pytest.mark.parametrize("name", ["postfix-expired", "spam"])
def test_a_letter_that_is_lost_says_nothing_of_the_address_when_it_is_not_about_that(site, settings, letter, name):
    assert bounces.take(message(name), envelope.return_path(letter, settings)) is True
    assert now_of(letter).bounced_at is not None
    assert db.session.query(DeadAddress).count() == 0


@pytest.mark.parametrize("name", ["out-of-office", "delivered"])
def test_an_answer_of_an_absent_person_is_no_bounce(site, settings, letter, name):
    assert bounces.take(message(name), envelope.return_path(letter, settings)) is False
    found = now_of(letter)
    assert (found.bounced_at, found.delayed_at, found.refusal) == (None, None, "")


def test_a_forged_one_does_nothing(site, settings, letter):
    other = envelope.return_path(letter, settings.model_copy(update={"secret_key": "another site"}))
    good = envelope.return_path(letter, settings)
    forged = [
        other, good.replace("+1-", "+2-"), good[:20] + good[21:], "bounces@talk.example.org", "", "x", "+" * 500,
        "bounces+1-@talk.example.org", f"bounces+zzzzzzzzzzzzz-{'a' * 20}@x", f"bounces+0-{'a' * 20}@x", "\0@\0",
    ]  # fmt: skip
    for recipient in forged:
        if recipient != good:
            assert bounces.take(message("postfix"), recipient) is False, recipient
    assert now_of(letter).bounced_at is None
    off = settings.model_copy(update={"mail_bounces": ""})
    assert envelope.return_path(letter, off) == ""
    assert envelope.letter_of(good, off) is None


def test_the_address_survives_servers_that_change_its_case_and_fits(site, settings, letter):
    address = envelope.return_path(letter, settings)
    local = address.partition("@")[0]
    assert address == address.lower()
    assert re.fullmatch(r"[a-z0-9._+-]{1,64}", local)
    assert len(local.rpartition("-")[2]) * 5 >= 80  # bits of the signature
    for spelled in (address.upper(), f"<{address}>", local, local.upper()):
        assert envelope.letter_of(spelled, settings).id == letter.id


def test_strange_words_are_safe_and_short(site, settings, letter):
    raw = (FOLDER / "postfix.eml").read_bytes()
    for said in (b"550 \x00\x1b[31m<script>" + b"x" * 90_000, "550 Ärger \u202e \u2028 zurück".encode(), b""):
        nasty = re.sub(rb"Diagnostic-Code: smtp;.*?(?=\n\n)", b"Diagnostic-Code: smtp; " + said, raw, flags=re.DOTALL)
        with writing():
            db.session.get(Letter, letter.id).bounced_at = None
        assert bounces.take(message_from_bytes(nasty, policy=policy.default), envelope.return_path(letter, settings))
        words = now_of(letter).refusal
        assert len(words) <= 200
        assert words.isprintable()


def test_rubbish_is_read_in_no_time(site, settings, letter):
    address = envelope.return_path(letter, settings)
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(300))
    for raw in (
        b"", b"\0" * 1000, b"Subject: =?utf-8?q?" + b"=41" * 50_000, b"From: " + b"<" * 100_000 + b"\n\n5.1.1 550",
        b"From: mailer-daemon@x\n\n" + b"550 " * 100_000, deep,
        b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 5_000,
        b"From: mailer-daemon@x\n\nqmail-send program " + b"<a>:" * 5_000,
    ):  # fmt: skip
        assert bounces.take(message_from_bytes(raw, policy=policy.default), address) in {True, False}


def test_nobody_is_reminded_at_a_dead_address_until_they_show_that_they_read_there(site, settings, house, clock):
    event = house.discussion(phase="announced", slug="river")
    mara = house.user("Mara Member")
    house.do(rsvps.say, mara, event, RsvpKind.TAKE_PART, "UTC")
    with writing():
        lost = letters.write(mara.email, "reset", path="/reset/x")
    bounces.take(message("postfix"), envelope.return_path(lost, settings))
    clock.advance(timedelta(minutes=15))
    clockwork.remind()
    hour = db.session.query(Letter).filter_by(kind="hour").one()
    assert hour.refused_at is not None
    assert "came back on" in hour.refusal
    before = db.session.query(Letter).filter(Letter.sent_at.is_not(None)).count()
    mail.deliver_due(site)
    db.session.rollback()
    assert db.session.get(Letter, hour.id, populate_existing=True).sent_at is None
    # what they ask for themselves still goes out
    assert db.session.query(Letter).filter(Letter.sent_at.is_not(None)).count() == before + 1
    with writing():
        deliveries.somebody_reads_at(db.session.get(User, mara.id).email)
    assert db.session.query(DeadAddress).count() == 0
    assert reminders.due() == []


def test_signing_in_shows_that_somebody_reads(site, house, clock):
    from forum.actions import sessions

    mara = house.user("Mara Member")
    with writing():
        db.session.add(DeadAddress(email=mara.email, at=clock.now()))
    house.do(sessions.begin, db.session.get(User, mara.id))
    assert db.session.query(DeadAddress).count() == 0


def test_whoever_opens_a_mailed_link_shows_that_somebody_reads(site, house, clock):
    event, mara = house.discussion(phase="announced", slug="river"), house.user("Mara Member")
    with writing():
        for email in ("nora@example.org", "mara@new.example.org"):
            db.session.add(DeadAddress(email=email, at=clock.now()))
    site.config["SETTINGS"] = site.config["SETTINGS"].model_copy(update={"mail_url": "smtp://127.0.0.1:9"})
    house.do(rsvps.ask, "nora@example.org", event, RsvpKind.TAKE_PART, "UTC")
    assert db.session.get(DeadAddress, "nora@example.org") is not None, "anybody can type it"
    house.do(rsvps.confirm, re.search(r"/rsvp/(\S+)", db.session.query(Letter).one().body)[1])
    assert db.session.get(DeadAddress, "nora@example.org") is None
    house.do(lambda: accounts.move_by_link(links.token_for(mara, "address", "mara@new.example.org")))
    assert db.session.query(DeadAddress).count() == 0


@pytest.mark.parametrize(("status", "is_dead"), [("5.2.2", False), ("5.2.1", True), ("5.7.1", False), ("5.1.1", True)])
def test_a_full_mailbox_is_not_a_dead_one(status, is_dead):
    report = f"Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: {status}\n"
    raw = (
        f"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n{report}\n--b--\n"
    )
    verdict = bounces.read(message_from_bytes(raw.encode(), policy=policy.default))
    assert (verdict.is_final, verdict.is_dead) == (True, is_dead)
