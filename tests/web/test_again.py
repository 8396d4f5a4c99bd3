"""Without script: forms that come again from an old page, replies to what is gone, and what a preview carries on."""

import re

import pytest
from sqlalchemy import select

from forum.actions import comments, held, moderation, phases, proposals, questions
from forum.actions.merging import marks
from forum.database import db
from forum.models import Comment, HeldAnswer, Phase
from tests.web.test_kept import Form

JSON = {"Accept": "application/json"}


def posted() -> list[tuple[str, int | None]]:
    db.session.rollback()
    return [(one.source, one.author_id) for one in db.session.scalars(select(Comment).order_by(Comment.id))]


def words() -> list[str]:
    return [source for source, _ in posted()]


@pytest.fixture
def say(client, room, member):
    """Send the composer's form as a browser without script does."""

    def send(body="Water is shared.", headers=None, **more):
        fields = {"body": body, "question": "1", "key": "a-key-of-the-page", "csrf_token": member.form_token} | more
        return client.post(f"/d/{room.slug}/comments", data=fields, headers=headers)

    return send


def test_other_words_under_the_key_of_an_old_page_are_another_comment(house, member, say):
    for body in ("First.", "First.", "Second.", "Second.", "First.\r\n"):
        assert say(body).status_code == 303
    assert words() == ["First.", "Second."]
    # The same words stay the same comment, whatever became of it; so does a key that a program sends.
    first = db.session.scalars(select(Comment).order_by(Comment.id)).first()
    house.do(comments.edit, member, first, "First, but better.")
    assert say("First.").location.endswith(f"#c{first.id}")
    assert say("Something else.", JSON).json["id"] == first.id
    house.do(comments.delete, member, first)
    assert say("First.").status_code == 409
    assert words() == ["", "Second."]


@pytest.mark.parametrize("end", ["deleted", "hidden"])
def test_other_words_from_an_old_page_are_not_lost_with_the_comment_it_made(client, house, room, member, say, end):
    """They were nowhere, and the page said nothing of it."""
    say("First.")
    first = db.session.scalars(select(Comment)).one()
    if end == "hidden":
        house.do(moderation.hide, house.host_of(room), first, "Off the point")
        assert say("First.").location.endswith(f"#c{first.id}")
        assert say("Second.").status_code == 303
        assert words() == ["First.", "Second."]
        return
    house.do(comments.delete, member, first)
    refused = say("Second.")
    assert refused.status_code == 409 and "load the page again" in refused.text and "Second." in refused.text
    form = Form(client.get(f"/d/{room.slug}").text, 'id="say"')
    assert form.seen["body"] == "Second."
    assert form.press(client).status_code == 303
    assert words() == ["", "Second."]


def test_a_reply_to_what_is_gone_can_be_posted_as_no_reply(client, house, room, say):
    first = house.comment(room, house.user(), "Trust comes first.", question=1)
    house.do(moderation.hide, house.host_of(room), first, "Off the point")
    refused = say("I agree.", reply_to=str(first.id))
    assert refused.status_code == 422
    assert "<b>Reply</b>: The comment you answer is no longer there" in refused.text
    # Nor does what is kept hold on to it: every later text would be refused.
    page = client.get(f"/d/{room.slug}").text
    assert "I agree." in page and 'name="reply_to" value=""' in page
    assert Form(refused.text).press(client).status_code == 303
    assert words()[1:] == ["I agree."]


def test_a_kept_reply_says_whose_it_is_and_can_become_none(client, house, room, say):
    first = house.comment(room, house.user(), "Trust comes first.", question=1)
    assert say("x" * 10_001, reply_to=str(first.id)).status_code == 422
    page = client.get(f"/d/{room.slug}").text
    assert f"You reply to comment {first.id}." in page and f'name="reply_to" value="{first.id}"' in page
    away = re.search(r'href="(/d/[^"]*)">Do not reply', page)[1]
    page = client.get(away.partition("#")[0]).text
    assert "You reply to" not in page and 'name="reply_to" value=""' in page and "xxx" in page


def test_the_texts_of_two_windows_are_both_kept(client, house, room):
    """Signed out in both, the second text took the first one's place."""
    path = f"/d/{room.slug}"

    def composer(page):
        return Form(client.get(page).text, 'id="say"')

    first, second = composer(path), composer(path)
    for form, body in ((first, "From the first window."), (second, "From the second window.")):
        assert client.post(form.action, data=dict(form.sends) | {"body": body}).location.startswith("/sign-up")
    page = client.get(path).text
    assert composer(path).seen["body"] == "From the second window."
    [other] = re.findall(r'href="([^"#]*)#say"><q dir="auto">From the first window.</q>', page)
    assert composer(other).seen["body"] == "From the first window."
    # Both are still theirs once they have signed in, and go one after the other.
    house.sign_in(client, house.user("Ann Lee"))
    for body in ("From the first window.", "From the second window."):
        form = composer(other)
        assert form.seen["body"] == body
        assert client.post(form.action, data=dict(form.sends) | {"body": body + " Mended."}).status_code == 303
    assert words() == ["From the first window. Mended.", "From the second window. Mended."]
    assert "Kept for you too" not in client.get(path).text and composer(path).seen["body"] == ""


def test_a_kept_text_can_be_thrown_away(client, room, say):
    assert say("x" * 10_001).status_code == 422
    path = f"/d/{room.slug}"
    form = Form(client.get(path).text, 'id="say"')
    assert "xxx" in form.seen["body"]
    away = client.post(form.action, data=dict(form.sends) | form.seen | {"discard": "1"})
    assert away.location == f"{path}#say"
    page = client.get(path).text
    assert "xxx" not in page and "Throw this text away" not in page and words() == []


def test_a_text_that_was_posted_by_script_is_not_offered_again(client, room, say):
    assert say("x" * 10_001).status_code == 422
    assert say("Short.", JSON, key="made-by-a-script").status_code == 201
    assert "xxx" not in client.get(f"/d/{room.slug}").text


def test_what_is_typed_for_a_panelist_stays_theirs_through_a_preview_and_a_refusal(house, room, host, member, client):
    priya = house.panelist(room, "Priya Raman")
    fields = {"csrf_token": house.token(host), "body": "By telephone.", "question": "1", "for": str(priya.id)}
    preview = host.post(f"/d/{room.slug}/comments", data=fields | {"preview": "1"})
    assert "on behalf of Priya Raman" in preview.text
    assert Form(preview.text).press(host).status_code == 303
    assert posted() == [("By telephone.", priya.id)]
    refused = host.post(f"/d/{room.slug}/comments", data=fields | {"body": "y" * 10_001})
    assert refused.status_code == 422
    assert f'<option value="{priya.id}" selected>' in host.get(f"/d/{room.slug}").text
    theirs = {"csrf_token": member.form_token, "preview": "1"}
    assert client.post(f"/d/{room.slug}/comments", data=fields | theirs).status_code == 403, (
        "nobody else types for them"
    )


def test_a_comment_changed_in_two_windows_loses_neither(client, house, room, member):
    comment = house.comment(room, member, "Frist.", question=1)
    path = f"/d/{room.slug}/comments/{comment.id}/edit"
    page = Form(client.get(path).text)
    fields = dict(page.sends) | {"csrf_token": member.form_token}
    assert client.post(path, data=fields | {"body": "First, and much longer."}).status_code == 303
    stale = client.post(path, data=fields | {"body": "First."})
    assert stale.status_code == 409
    assert "First, and much longer." in stale.text and Form(stale.text).seen == {"body": "First."}
    assert client.post(path, data=fields).status_code == 303, "sent as it was shown it changes nothing"
    assert words() == ["First, and much longer."]
    assert Form(stale.text).press(client).status_code == 303
    assert words() == ["First."]


def test_an_answer_held_in_two_windows_loses_neither(client, house, room):
    priya = house.panelist(room, "Priya Raman")
    question = house.question(room, "Who pays?")
    house.sign_in(client, priya)
    path = f"/d/{room.slug}/backstage/answers/{question.id}"

    def keep(body, seen):
        answer = client.post(path, data={"csrf_token": house.token(client), "body": body, "seen": seen}, headers=JSON)
        db.session.rollback()
        stored = db.session.scalar(select(HeldAnswer.body))
        return answer.status_code, stored, answer.json

    empty = marks({"body": ""})
    assert empty in client.get(f"/d/{room.slug}/backstage").text
    status, stored, said = keep("Everybody, and here is why.", empty)
    assert (status, stored) == (200, "Everybody, and here is why.")
    assert keep("", empty)[:2] == (200, "Everybody, and here is why."), "left empty as it was, it takes nothing away"
    status, stored, refused = keep("Nobody.", empty)
    assert (status, stored) == (409, "Everybody, and here is why.")
    assert "in another window" in refused["error"]["message"]
    assert keep("Everybody.", said["seen"])[:2] == (200, "Everybody.")
    assert keep("Nobody.", refused["error"]["seen"])[0] == 409, "that is not what stands there by now"
    assert keep("Nobody.", marks({"body": "Everybody."}))[:2] == (200, "Nobody.")
    assert keep("", marks({"body": "Nobody."}))[:2] == (200, None)


def test_a_held_answer_is_released_as_it_stands_in_its_field(client, house, room):
    priya = house.panelist(room, "Priya Raman")
    question = house.question(room, "Who pays?")
    house.do(held.hold, priya, question, "Everybody.")
    house.do(questions.ask, house.host_of(room), question)
    house.sign_in(client, priya)
    page = client.get(f"/d/{room.slug}/backstage").text
    form = page[page.index(f'id="hold-{question.id}"') :]
    form = form[: form.index("</form>")]
    action = re.search(r'formaction="([^"]+)"', form)[1]
    key = re.search(r'name="key" value="([^"]+)"', form)[1]
    sent = {"csrf_token": house.token(client), "key": key, "body": "Everybody, in turn.", "seen": "anything"}
    assert client.post(action, data=sent).status_code == 303
    assert words() == ["Everybody, in turn."]


@pytest.fixture
def two_devices(client, house, room):
    """Return how a page that shows “First.” presses Release on what is held, and what else happens meanwhile."""
    priya = house.panelist(room, "Priya Raman")
    question = room.questions[0]
    house.sign_in(client, priya)
    house.do(held.hold, priya, question, "First.")
    page = client.get(f"/d/{room.slug}/backstage").text
    form = page[page.index(f'id="hold-{question.id}"') :]
    form = form[: form.index("</form>")]
    action = re.search(r'formaction="([^"]+)"', form)[1]
    fields = {name: re.search(rf'name="{name}" value="([^"]+)"', form)[1] for name in ("key", "seen")}

    def press(body, headers=None, **more):
        return client.post(
            action, data=fields | {"csrf_token": house.token(client), "body": body} | more, headers=headers
        )

    def held_here():
        db.session.rollback()
        return [one.body for one in db.session.scalars(select(HeldAnswer))]

    return press, held_here, lambda body, seen="": house.do(held.hold, priya, question, body, seen)


def test_releasing_takes_the_place_of_nothing_newer_that_was_kept_elsewhere(two_devices, client):
    press, held_here, hold = two_devices
    hold("Second, an hour longer.")
    refused = press("Third.")
    assert refused.status_code == 409
    assert "nothing is posted yet" in refused.text
    assert "Second, an hour longer." in refused.text and Form(refused.text).seen == {"body": "Third."}
    assert held_here() == ["Second, an hour longer."] and words() == []
    assert Form(refused.text).press(client).status_code == 303
    assert words() == ["Third."]


def test_a_page_that_was_left_as_it_was_releases_what_was_kept_elsewhere(two_devices):
    press, held_here, hold = two_devices
    hold("Second, an hour longer.")
    assert press("First.").status_code == 303
    assert (words(), held_here()) == (["Second, an hour longer."], [])


def test_what_is_typed_where_the_answer_is_not_released_yet_is_held_and_not_taken_for_posted(two_devices):
    press, held_here, _hold = two_devices
    assert press("First.").status_code == press("First.").status_code == press("").status_code == 303
    refused = press("First, and better.", JSON)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "released")
    assert (words(), held_here()) == (["First."], ["First, and better."])
    assert press("First, and better.").status_code == 303
    assert (words(), held_here()) == (["First.", "First, and better."], [])


def test_an_old_console_opens_no_discussion_again(host, house, room):
    page = host.get(f"/d/{room.slug}/console").text
    form = page[page.index('id="step-extend"') :]
    seen = re.search(r'name="seen" value="([^"]+)"', form)[1]
    fields = {"csrf_token": house.token(host), "minutes": "10", "seen": seen}
    house.do(phases.close, house.host_of(room), room)
    late = host.post(f"/d/{room.slug}/console/extend", data=fields, headers=JSON)
    assert (late.status_code, late.json["error"]["code"]) == (409, "closed")
    db.session.refresh(room)
    assert room.phase is Phase.CLOSED
    page = host.get(f"/d/{room.slug}/console").text
    form = page[page.index('id="step-extend"') :]
    again = re.search(r'action="([^"]+)"', form)[1]
    seen = re.search(r'name="seen" value="([^"]+)"', form)[1]
    assert host.post(again, data=fields | {"seen": seen}).status_code == 303
    db.session.refresh(room)
    assert room.phase is Phase.LIVE


def test_a_field_at_fault_comes_back_with_its_name_and_can_be_mended(host, house, room):
    comment = house.comment(room, house.user(), "Shouting.", question=1)
    fields = {"csrf_token": house.token(host), "reason": "Shouting all day long", "hours": "two"}
    refused = host.post(f"/d/{room.slug}/console/comments/{comment.id}/mute", data=fields)
    assert refused.status_code == 422
    assert Form(refused.text).seen == {"reason": "Shouting all day long", "hours": "two"}
    assert "For so many hours" in refused.text and "<b>hours</b>" not in refused.text
    alarm = host.post(f"/d/{room.slug}/console/silence", data=fields | {"silence_minutes": "abc"})
    assert alarm.status_code == 422
    assert Form(alarm.text).seen["silence_minutes"] == "abc"


def test_what_is_gone_meanwhile_is_no_wrong_address(client, host, house, room, member):
    comment = house.comment(room, member, "Never mind.", question=1)
    wish = house.do(proposals.make, member, room, "Why not?")
    house.do(comments.delete, member, comment)
    house.do(proposals.take_back, member, room, wish.id)
    token = {"csrf_token": house.token(host)}
    for path, data in (
        (f"comments/{comment.id}/hide", {"reason": "Off the point"}),
        (f"console/audience/{wish.id}/decline", {"reason": "No"}),
    ):
        gone = host.post(f"/d/{room.slug}/{path}", data=token | data)
        assert gone.status_code == 404, path
        assert "Check it, or start from the home page" not in gone.text
        assert "Back to the" in gone.text
    # What nobody may know stays what does not exist.
    hidden = house.discussion(ask=1, visibility="invited")
    never = client.post("/d/never/comments", data={"csrf_token": member.form_token, "body": "Hello"})
    secret = client.post(f"/d/{hidden.slug}/comments", data={"csrf_token": member.form_token, "body": "Hello"})
    assert never.status_code == secret.status_code == 404
    assert never.text.replace("never", hidden.slug).count("Back to") == secret.text.count("Back to") == 0


def test_every_refused_post_leads_back(client, house, room, member, say):
    assert f'<a href="/d/{room.slug}">Back to the discussion</a>' in say("").text
    house.do(phases.pause, house.host_of(room), room)
    paused = say("Is it over?")
    assert paused.status_code == 409 and f'<a href="/d/{room.slug}">Back to the discussion</a>' in paused.text


def test_a_damaged_key_is_refused_with_advice(client, room, say):
    for key in ("abc\0defghij", "short", "x" * 65):
        assert say(key=key).status_code == 422
    assert words() == []
