"""Every page there is, looked at by axe as somebody who sees all of it: wide and light, narrow and dark.

A new address without a place in PAGES fails the test. With SHOTS=folder in the environment the pictures stay there.
"""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE

import forum
from forum.actions import (
    announcements,
    backstage,
    calls,
    deliveries,
    escalation,
    flags,
    guest_mail,
    guests,
    held,
    highlights,
    invitations,
    links,
    members,
    moderation,
    phases,
    proposals,
    quiet,
    rsvps,
    sanctions,
    shortlisting,
    silences,
    snippets,
    summaries,
)
from forum.addresses import Row
from forum.database import db, writing
from forum.models import Discussion, Guest, Letter, ProposalState, RsvpKind, SiteRole, User

pytestmark = [pytest.mark.one_database, pytest.mark.browser]

# What is no page: data, files, answers to machines and scripts, redirections.
NO_PAGES = {
    "static", "home.icon", "home.alive", "home.ready", "discussion.recent", "discussion.earlier", "discussion.events",
    "discussion.permalink", "discussion.feed", "discussion.calendar_entry", "records.of_discussion_as",
    "records.of_site_as", "files.file", "archive.picture", "feeds.of_site", "feeds.of_person", "feeds.all_dates",
    "feeds.site_map", "feeds.site_map_part", "feeds.robots", "embed.script", "embed.describe", "accounts.data",
    "inviting.file",
}  # fmt: skip
# endpoint: who looks and where; {d} is the discussion's address, the other names are filled in by `Street`.
PAGES = {
    "home.home": [("visitor", "/"), ("administrator", "/")],
    "home.person": [("member", "/people/{panelist}"), ("administrator", "/people/{suspended}")],
    "home.about": [("visitor", "/about")],
    "discussion.show": [
        ("visitor", "{d}"), ("host", "{d}"), ("panelist", "{d}?order=time"), ("muted", "{d}"), ("member", "{closed}"),
        ("visitor", "{announced}"), ("host", "{draft}"), ("visitor", "{d}?text=1"), ("member", "{late}"),
    ],
    "files.show_transcript": [("visitor", "{d}/transcript"), ("visitor", "{closed}/transcript?order=time")],
    "discussion.show_highlights": [("visitor", "{d}/highlights")],
    "archive.keep": [("visitor", "{closed}/export"), ("host", "{d}/export")],
    "archive.numbers": [("visitor", "{d}/statistics"), ("visitor", "{closed}/statistics")],
    "search.show": [("visitor", "/search?q=meters"), ("member", "/search?q=meters&in=water&role=host")],
    "rsvps.show": [("visitor", "{announced}/rsvp"), ("member", "{announced}/rsvp"), ("visitor", "{closed}/rsvp")],
    "rsvps.confirm": [("visitor", "/rsvp/{rsvp_token}")],
    "rsvps.unsubscribe": [("visitor", "/unsubscribe/{stop_token}")],
    "archive.again": [("visitor", "{closed}/replay")],
    "embed.show": [("visitor", "{d}/embed"), ("visitor", "{announced}/embed")],
    "comments.ask": [
        *(("host", f"{{d}}/comments/{{comment}}/{verb}") for verb in ("move", "hide", "highlight", "mute")),
        ("member", "{d}/comments/{comment}/flag"), ("author", "{d}/comments/{comment}/edit"),
        ("author", "{d}/comments/{comment}/delete"),
    ],
    "comments.more": [(role, "{d}/comments/{comment}/more") for role in ("host", "member", "author")],
    "reactions.ask": [(role, "{d}/comments/{comment}/helpful") for role in ("member", "author")],
    "accounts.sign_up": [("visitor", "/sign-up")],
    "accounts.sign_in": [("visitor", "/sign-in?next=/d/water")],
    "accounts.ask_again": [("visitor", "/confirm")],
    "accounts.confirm": [("visitor", "/confirm/{confirm_token}"), ("visitor", "/confirm/no-good")],
    "accounts.ask_for_reset": [("visitor", "/reset")],
    "accounts.reset": [("visitor", "/reset/{reset_token}")],
    "accounts.first_password": [("visitor", "/seat/{seat_token}"), ("visitor", "/seat/no-good")],
    "accounts.welcome": [("visitor", "/welcome/{welcome_token}")],
    "accounts.account": [("member", "/account"), ("suspended", "/account")],
    "accounts.quiet": [("visitor", "/quiet/{quiet_token}")],
    "accounts.move": [("member", "/address/{address_token}")],
    "accounts.outbox": [("visitor", "/outbox")],
    "console.show": [("host", "{d}/console"), ("host", "{announced}/console")],
    "console.ask_to_close": [("host", "{d}/console/close")],
    "console.write_question": [("host", "{d}/questions/new")],
    "console.edit_question": [("host", "{d}/questions/{question}/edit")],
    "importing.bring_in": [("owner", "/organise/import")],
    "inviting.show": [("host", "{announced}/guests"), ("host", "{d}/guests"), ("host", "{draft}/guests")],
    "inviting.correct": [("host", "{announced}/guests/{guest}")],
    "guests.show": [("visitor", "/guest/{guest_token}")],
    "guests.stop": [("visitor", "/guest/{guest_token}/stop")],
    "organiser.mine": [("owner", "/organise")],
    "organiser.new": [("owner", "/organise/new"), ("administrator", "/organise/new?like=water")],
    "organiser.edit": [("host", "{d}/edit")],
    "organiser.give_seat": [("host", "{d}/seats/new")],
    "organiser.change_seat": [("host", "{d}/seats/{seat}/edit")],
    "invitations.show": [("visitor", "{invitation}")],
    "backstage.show": [("panelist", "{d}/backstage"), ("host", "{d}/backstage")],
    "backstage.introduce": [("panelist", "{d}/backstage/introduction")],
    "audience.show": [("member", "{d}/questions"), ("visitor", "{d}/questions")],
    "sanctions.object_to": [("muted", "{d}/objection")],
    "records.of_discussion": [("host", "{d}/record")],
    "records.of_site": [("administrator", "/record")],
    "records.own": [("author", "/account/record")],
    "site.settings": [("administrator", "/site")],
    "site.people": [("administrator", "/site/people")],
}  # fmt: skip


# As Axe.run asks, but once for both looks, and only for what is wrong: the rest was most of what it hands over.
VIOLATIONS = """() => axe.run({ resultTypes: ['violations'] })
  .then(({ violations }) => violations.map((one) => [one.id, one.nodes[0].html]))"""

# Nothing breaks it by itself: whoever types it makes a page that does not break it scroll sideways.
LONG = "Wasserversorgungs" * 11


class Street:
    """A discussion with something of everything, and where each page of it stands."""

    def __init__(self, house) -> None:
        self.house, do = house, house.do
        host = house.user("Hana Host-Maier")
        room = self.room = house.discussion(
            host=host, ask=2, slug="water", title=f"Water: {LONG}", hosted_by=f"The {LONG[:80]}",
            intro=f"We propose **two** things. {LONG}",
        )  # fmt: skip
        self.people = {
            "visitor": None, "host": host, "member": house.user("Mina Mayer"), "author": house.user("Wanda Writer"),
            "muted": house.user("Max Silent"), "suspended": house.user("Sue Spended"),
            "panelist": house.panelist(room, "Priya Raman"), "owner": db.session.get_one(User, room.owner_id),
            "administrator": house.user("Ada Adler", role=SiteRole.ADMINISTRATOR),
        }  # fmt: skip
        ada, member, panelist = (self.people[name] for name in ("administrator", "member", "panelist"))
        first = house.comment(room, self.people["author"], "Start with the *meters*.", question=1)
        house.comment(room, panelist, "Agree, and with @Wanda Writer too.", question=1, reply_to=first.id)
        do(highlights.highlight, host, first)
        gone = house.comment(room, self.people["author"], "Buy my pumps.", question=2)
        do(moderation.hide, host, gone, "Advertising")
        do(flags.flag, member, first, "other", "Is that so?")
        coming = house.question(room, f"Who pays for {LONG}?", 20)
        do(held.hold, panelist, coming, "All of us.")
        do(calls.call, host, room, panelist.id, room.questions[0])
        do(backstage.say, host, room, "Five minutes to go.", "key-of-a-message")
        do(backstage.ask_ready, host, room)
        do(snippets.add_usual, host, room)
        do(announcements.announce, host, room, "Ten more minutes.")
        do(summaries.of_question, host, room.questions[0], "Meters first.")
        do(escalation.set_level, host, room, "everyone", None)
        house.comment(room, member, "Held for now.", question=1)
        do(escalation.set_level, host, room, "slow", 30)
        wish = do(proposals.make, member, room, f"Why no {LONG} sooner?")
        do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
        do(proposals.make, self.people["author"], room, "And what of the rain?")
        do(sanctions.mute, host, room, self.people["muted"], "Shouting", 24)
        do(sanctions.object_to, self.people["muted"], room, "I was not shouting.")
        do(sanctions.suspend, ada, self.people["suspended"], "Threats", 240)
        do(silences.silence, member, self.people["muted"])
        do(members.invite, ada, "nora@example.org")
        seat = next(seat for seat in room.seats if seat.user_id == panelist.id)
        una = house.user("Una Unsure", confirmed=False)
        self.places = {
            "d": "/d/water", "panelist": panelist.id, "suspended": self.people["suspended"].id, "comment": first.id,
            "question": coming.id, "seat": seat.id, "invitation": do(invitations.invite, host, seat),
            **{name: f"/d/{name}" for name in ("closed", "announced", "draft", "late")},
            "confirm_token": links.token_for(una, "confirm"), "reset_token": links.token_for(member, "reset"),
            "welcome_token": links.token_for(User.with_email("nora@example.org"), "welcome"),
            "seat_token": links.token_for(host, "seat", str(room.id)),
            "quiet_token": quiet._token(member),
            "address_token": links.token_for(member, "address", "new@example.org"),
        }  # fmt: skip
        self._others()

    def _others(self) -> None:
        host = self.people["host"]
        for phase in ("announced", "draft"):
            other = self.house.discussion(
                phase=phase, slug=phase, host=host, title=f"Soon: {LONG}", hosted_by=f"The {LONG[:80]}", intro=LONG,
            )  # fmt: skip
            self.house.question(other, f"What is {LONG}?", 10)
            if phase == "announced":
                coming = self.house.do(rsvps.say, self.people["member"], other, RsvpKind.TAKE_PART, "Asia/Tokyo")
                for purpose in ("rsvp", "stop"):
                    self.places[f"{purpose}_token"] = rsvps._token(purpose, coming.id, coming.email)
                self._guests(host, other)
        for slug in ("closed", "late"):
            other = self.house.discussion(slug=slug, host=host, ask=1)
            self.house.comment(other, self.people["member"], "Well said.", question=1)
            with writing():
                db.session.get_one(Discussion, other.id).late_minutes = 60 if slug == "late" else 0
            self.house.do(phases.close, host, other)
            self.house.do(summaries.of_discussion, host, other, "All in all: meters.")

    def _guests(self, host, other) -> None:
        """Somebody waits for a letter, one is refused with many words, one comes."""
        rows = [Row(1, f"{name}@example.org", f"{name.title()} Guest") for name in ("ann", "ben", "cem")]
        self.house.do(guests.invite, host, other, rows, "Come.", "key-of-the-guests")
        ann, ben, cem = (db.session.query(Guest).filter_by(email=row.email).one() for row in rows)
        self.house.do(guest_mail.take, [ben.id, cem.id])
        with writing():
            letter = db.session.get_one(Letter, db.session.get_one(Guest, ben.id).letter_id)
            deliveries.refused(letter, "550 5.1.1 " + "NoSuchPersonHere" * 10)
        self.house.do(guest_mail.answer, guest_mail._token(cem), RsvpKind.TAKE_PART, "Asia/Tokyo")
        self.places |= {"guest": ann.id, "guest_token": guest_mail._token(db.session.get_one(Guest, cem.id))}

    def pages(self):
        for endpoint, found in PAGES.items():
            for role, path in found:
                yield endpoint, role, path.format(**self.places)


def test_every_address_is_here(app):
    reading = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert reading == set(PAGES) | NO_PAGES


# Looked at twice, loaded once: no script of ours asks how wide the window is or which colours it prefers (the style
# alone does), so a page is the same whether it comes into the narrow window or is there when it narrows.
LOOKS = [(390, "dark"), (1280, "light")]


def test_no_script_asks_how_wide_the_window_is_or_which_colours_it_prefers():
    """What `LOOKS` stands on. One that hears of another size and follows it may."""
    asks = re.compile(r"innerWidth|clientWidth|prefers-color-scheme|(min|max)-width")
    scripts = [*(Path(forum.__file__).parent / "static" / "js").glob("*.js")]
    assert len(scripts) > 20
    assert [script.name for script in scripts if asks.search(script.read_text())] == []


@pytest.mark.timeout(900)
def test_every_page_is_accessible_and_fits(scene, house):
    street, faults = Street(house), []
    tabs = {role: scene.context(user, bypass_csp=True).new_page() for role, user in street.people.items()}
    for number, (endpoint, role, path) in enumerate(street.pages()):
        page = tabs[role]
        answer = page.goto(scene.address + path)
        where = f"{role} at {path}"
        assert answer.status in {200, 410}, (where, answer.status)
        assert "text/html" in answer.headers["content-type"]
        if page.evaluate("document.querySelectorAll('h1').length") != 1:
            faults.append((where, "not one heading of the first rank"))
        if not re.search(r"\S", page.title()):
            faults.append((where, "no title"))
        page.evaluate(AXE)
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            if folder := os.environ.get("SHOTS"):
                name = f"{number:02}-{endpoint}-{role}-{width}.png"
                page.screenshot(path=Path(folder) / name, full_page=True)
            if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                faults.append((where, width, "wider than the window"))
            for rule, html in page.evaluate(VIOLATIONS):
                faults.append((where, width, rule, html[:160]))
    assert faults == []
