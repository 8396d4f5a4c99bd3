"""Real attacks through every place for words, in Chromium without our policy: nothing of them acts, runs or loads."""

import hashlib
import re
from datetime import timedelta
from itertools import islice

import pytest

from forum import clock, text
from forum.database import db, writing
from forum.models import Comment, Discussion, Question, QuestionState, Seat, SeatRole, User
from tests import corpora

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

CORPORA = (
    "ammonia", "bleach", "blns", "loofah_sanitizer", "mistune_security", "nh3", "owasp_xss_evasion", "sanitize_html",
    "sanitize_rb_malicious",
)  # fmt: skip
AT_ONCE = 240

# Whatever acts in a page: elements and attributes that only our own templates may have, and only with our addresses.
ACTIVE = """() => {
  const own = location.origin;
  const wrong = [];
  const local = (url) => new URL(url, location.href).origin === own;
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName;
    if (['iframe', 'object', 'embed', 'applet', 'base', 'math', 'frame', 'video', 'audio', 'marquee'].includes(name))
      wrong.push(element.outerHTML);
    if (['script', 'style', 'img', 'link', 'source'].includes(name)) {
      const url = element.getAttribute('src') ?? element.getAttribute('href') ?? '';
      if (!local(url) || (name === 'style') || (name === 'script' && !url && element.type !== 'application/json'))
        wrong.push(element.outerHTML.slice(0, 200));
    }
    if (name === 'form' && !local(element.getAttribute('action') ?? '')) wrong.push(element.outerHTML.slice(0, 200));
    for (const { name: attribute, value } of element.attributes) {
      if (attribute.startsWith('on') || attribute === 'srcdoc' || attribute === 'formaction' && !local(value))
        wrong.push(`${name} ${attribute}=${value}`);
      if (['href', 'src', 'action', 'xlink:href'].includes(attribute)
          && /^[\\s\\u0000-\\u0020]*(javascript|vbscript|data|file|blob):/i.test(value))
        wrong.push(`${name} ${attribute}=${value}`);
    }
    if (element.closest('.comment-text, .console-text') && !element.matches('.comment-text, .console-text')) {
      const allowed = ['p', 'br', 'strong', 'em', 'a', 'ul', 'ol', 'li', 'blockquote', 'code', 'pre', 'hr'];
      if (!allowed.includes(name)) wrong.push(element.outerHTML.slice(0, 200));
    }
    if (name === 'bdi' && element.children.length) wrong.push(element.outerHTML.slice(0, 200));
  }
  return wrong;
}"""


def line(payload: str, limit: int) -> str:
    """What a form would store of `payload` as a name or title, or a plain word where it refuses."""
    try:
        return text.clean_line(payload[:limit], limit)
    except text.TextFault:
        return "refused"


def body(payload: str) -> str:
    try:
        return text.clean_body(payload[:10_000])
    except text.TextFault:
        return "refused"


def planted(house, payloads: list[str]) -> Discussion:
    """Return a discussion where each payload is comment, name, affiliation, title and question."""
    bodies = [body(payload) for payload in payloads]
    intro, note = ("\n\n".join(some)[:10_000] for some in (bodies, bodies[::-1]))
    discussion = house.discussion(title=line(payloads[0], 200), intro=intro, editors_note=note)
    now = clock.now()
    with writing():
        asked = []
        for number, payload in enumerate(payloads, start=1):
            state = QuestionState.CLOSED if number < len(payloads) else QuestionState.OPEN
            asked.append(
                Question(
                    discussion_id=discussion.id, position=number, number=number, text=line(payload, 1000), state=state,
                    asked_at=now,
                )
            )  # fmt: skip
        people = [_person(discussion, number, payload) for number, payload in enumerate(payloads)]
        db.session.add_all([*asked, *people])
        db.session.flush()
        for number, (payload, source, question, user) in enumerate(zip(payloads, bodies, asked, people, strict=True)):
            db.session.add(
                Seat(
                    discussion_id=discussion.id, user_id=user.id, role=SeatRole.PANELIST, position=number + 2,
                    name=line(payload, 80), title=line(payload, 120), affiliation=line(payload, 120),
                )
            )  # fmt: skip
            db.session.add(
                Comment(
                    discussion_id=discussion.id, author_id=user.id, source=source, html=text.render(source),
                    key=user.email.partition("@")[0], question_id=question.id,
                    posted_at=now + timedelta(milliseconds=number),
                )
            )  # fmt: skip
    db.session.expire_all()
    return discussion


def _person(discussion: Discussion, number: int, payload: str) -> User:
    mark = hashlib.sha256(f"{discussion.id} {number}".encode()).hexdigest()[:12]
    now = clock.now()
    return User(
        email=f"{mark}@example.org", name=line(payload, 80), affiliation=line(payload, 120), created_at=now,
        biography=body(payload)[:1000], confirmed_at=now,
    )  # fmt: skip


@pytest.mark.timeout(900)
def test_nothing_that_people_write_acts_even_without_our_policy(scene):
    rows = iter([row for row in corpora.rows(*CORPORA) if row.strip()])
    host = scene.house.user("Ada Adler", role="administrator")
    # The browser itself leaves the policy out: taking the header off each answer on its way was half of the time.
    page = scene.context(host, bypass_csp=True).new_page()
    acted: list[str] = []
    page.on("dialog", lambda dialog: (acted.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: acted.append(popup.url))
    elsewhere = re.compile(f"^(?!{re.escape(scene.address)}/)")
    page.route(elsewhere, lambda route: (acted.append(route.request.url), route.abort()))
    seen = 0
    while payloads := list(islice(rows, AT_ONCE)):
        discussion = planted(scene.house, payloads)
        somebody = db.session.query(Comment).filter_by(discussion_id=discussion.id).first().author_id
        for path in (f"/d/{discussion.slug}", f"/d/{discussion.slug}/transcript", f"/people/{somebody}"):
            page.goto(scene.address + path)
            assert page.evaluate(ACTIVE) == [], path
            if path.endswith("/transcript"):
                assert page.locator(".comment-text").count() == len(payloads)
        seen += len(payloads)
        slug = discussion.slug
    page.goto(f"{scene.address}/d/{slug}/console")
    assert page.evaluate(ACTIVE) == []
    page.goto(scene.address)
    assert page.evaluate(ACTIVE) == []
    assert acted == []
    assert seen > 900
    # The policy was really gone, and what looks for activity finds it.
    assert page.evaluate("eval('1 + 1')") == 2
    with page.expect_event("requestfailed"):
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p onclick=1><img src=//example.org/x>')")
    assert len(page.evaluate(ACTIVE)) == 2
    assert acted == ["http://example.org/x"]


def test_words_that_attack_raise_no_violation_in_normal_use(scene):
    """`Scene` fails on every violation of the policy; here the attacks come with it, over the push as well."""
    payloads = corpora.rows("owasp_xss_evasion")[:60]
    discussion = planted(scene.house, payloads)
    page = scene.visit(discussion, scene.house.host_of(discussion))
    for payload in payloads[:20]:
        if body(payload) != "refused":
            scene.house.comment(discussion, body=payload, question=len(payloads))
    scene.settle(discussion, page)
    assert page.evaluate(ACTIVE) == []
    at = f"/d/{discussion.slug}"
    for path in ("/", f"{at}/transcript", f"{at}/console", f"{at}/edit", "/account", "/about"):
        answer = page.goto(scene.address + path)
        assert answer.ok, path
        assert "script-src" in answer.headers["content-security-policy"]
        assert page.evaluate(ACTIVE) == [], path
