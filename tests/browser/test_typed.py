"""What is typed into a form that the page itself sends outlives a load, and a line that is gone; not what was sent."""

import pytest

from forum.models import SiteRole
from tests.browser.scene import until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

NAME = "input[name=affiliation]"


@pytest.fixture
def page(scene):
    page = scene.context(scene.house.user("Mara Member")).new_page()
    page.goto(f"{scene.address}/account")
    return page


def test_it_is_there_after_a_load_and_no_more_after_it_was_sent(scene, page):
    page.fill(NAME, "Water Lab")
    page.reload()
    assert page.input_value(NAME) == "Water Lab"
    page.locator(f"form:has({NAME}) button").first.click()
    page.wait_for_load_state()
    assert page.evaluate("sessionStorage.getItem('roundtext:typed')") is None
    page.goto(f"{scene.address}/about")
    page.goto(f"{scene.address}/account")
    assert page.input_value(NAME) == "Water Lab", "as it is stored"


def test_it_is_there_after_a_form_that_never_arrived(scene, page):
    page.goto(f"{scene.address}/about")
    page.goto(f"{scene.address}/account")
    page.fill(NAME, "Water Lab")
    page.context.route("**/account", lambda route: route.abort())  # the network is there, and the server is not
    page.locator(f"form:has({NAME}) button").first.click(no_wait_after=True)
    page.wait_for_timeout(500)
    page.context.unroute("**/account")
    page.go_back()
    page.goto(f"{scene.address}/account")
    assert page.input_value(NAME) == "Water Lab"


def test_a_form_that_cannot_leave_stays_with_what_was_typed(scene, page):
    """The browser's own error page came instead, and "Back" was the only way to the text."""
    page.fill(NAME, "Water Lab")
    button = page.locator(f"form:has({NAME}) button").first
    page.context.set_offline(True)
    for _press in range(2):
        button.click()
        assert page.locator(".form-offline").all_inner_texts() == [
            "You are offline, so nothing was sent. Press again when the connection is back."
        ]
    assert page.input_value(NAME) == "Water Lab"
    page.context.set_offline(False)
    button.click()
    page.wait_for_load_state()
    assert page.locator(".form-offline").count() == 0
    page.goto(f"{scene.address}/account")
    assert page.input_value(NAME) == "Water Lab", "as it is stored"


def test_a_link_within_the_page_makes_no_other_form_of_it(scene):
    page = scene.context(scene.house.user("Olga Winter", role=SiteRole.ORGANISER)).new_page()
    page.goto(f"{scene.address}/organise/new")
    page.fill("[name=title]", "A first title")
    page.evaluate("location.hash = '#main'")
    page.fill("[name=hosted_by]", "Us")
    page.reload()
    assert [page.input_value(f"[name={name}]") for name in ("title", "hosted_by")] == ["A first title", "Us"]
    page.evaluate("location.hash = '#field-title'")
    page.locator("main form[method=post] button:not([name])").last.click()
    page.wait_for_load_state()
    assert page.evaluate("sessionStorage.getItem('roundtext:typed')") is None


def test_what_is_chosen_is_kept_as_what_is_typed(scene, page):
    digest, country = page.locator("[name=digest]"), page.locator("select[name=country]")
    digest.uncheck()
    country.select_option("CO")
    page.reload()
    assert not digest.is_checked() and country.input_value() == "CO"
    digest.check()
    country.select_option("")
    assert page.evaluate("sessionStorage.getItem('roundtext:typed')") is None, "it says what the page says"
    page = scene.context(scene.house.user("Olga Winter", role=SiteRole.ORGANISER)).new_page()
    page.goto(f"{scene.address}/organise/new")
    radios = page.locator("input[type=radio]")
    name, value = radios.last.get_attribute("name"), radios.last.get_attribute("value")
    was = page.locator(f"input[name={name}]:checked").get_attribute("value")
    assert was != value
    radios.last.check()
    page.reload()
    assert page.locator(f"input[name={name}]:checked").get_attribute("value") == value
    page.locator(f"input[name={name}][value={was}]").check()
    assert page.evaluate("sessionStorage.getItem('roundtext:typed')") is None


def test_a_choice_alone_does_not_look_saved_much_later(scene, page):
    digest = page.locator("[name=digest]")
    digest.uncheck()
    page.goto(f"{scene.address}/about")
    page.goto(f"{scene.address}/account")
    assert digest.is_checked(), "nobody saved it"


def test_what_is_sent_and_not_answered_is_there_after_a_load_and_a_link(scene, page):
    comment = scene.house.comment(scene.house.discussion(ask=1, slug=f"typed-{id(scene)}"), question=1)
    moved = f"{scene.address}/d/{comment.discussion.slug}/c/{comment.id}"
    page.route("**/account", lambda route: route.abort() if route.request.method == "POST" else route.fallback())
    for come_back in (page.reload, lambda: page.goto(f"{scene.address}/about"), lambda: page.goto(moved)):
        page.fill(NAME, "Water Lab")
        page.evaluate("document.querySelector('form:has(input[name=affiliation])').requestSubmit()")
        page.wait_for_timeout(1_500)  # until the browser says that nobody answers
        page.goto(f"{scene.address}/account")
        come_back()
        page.goto(f"{scene.address}/account")
        assert page.input_value(NAME) == "Water Lab"


def test_the_browsers_way_back_puts_nobodys_words_into_the_form_of_the_next(scene, page):
    page.fill("[name=biography]", "Secret of Mara")
    theirs = scene.context(scene.house.user("Bo Barnes"))
    page.goto(f"{scene.address}/about")
    page.context.add_cookies(theirs.cookies(scene.address))
    page.go_back()
    page.wait_for_timeout(500)
    assert page.input_value("[name=biography]") == ""
    page.evaluate("location.hash = '#main'")
    page.fill("[name=biography]", "Words of Bo")
    page.uncheck("[name=digest]")
    page.goto(f"{scene.address}/about")
    page.go_back()
    page.wait_for_timeout(500)
    assert page.input_value("[name=biography]") == "Words of Bo"
    assert not page.is_checked("[name=digest]")


def test_what_a_page_refuses_and_does_not_give_back_is_kept(scene, page):
    page.fill(NAME, "Water Lab")
    # As large as no form may be, by a field that is no text.
    page.evaluate(
        """(name) => {
      const large = Object.assign(document.createElement('input'), { type: 'hidden', name: 'extra' });
      large.value = 'x'.repeat(7_000_000);
      document.querySelector(name).form.append(large);
    }""",
        NAME,
    )
    page.locator(f"form:has({NAME}) button").first.click()
    page.get_by_text("What you sent is too large.").wait_for()
    page.goto(f"{scene.address}/account")
    assert page.input_value(NAME) == "Water Lab"


def test_a_password_is_never_kept_and_nothing_of_a_visitor(scene, page):
    page.locator("input[type=password]").first.fill("the right one")
    page.fill(NAME, "Water Lab")
    assert "right" not in page.evaluate("sessionStorage['roundtext:typed'] ?? ''")
    visitor = scene.context().new_page()
    visitor.goto(f"{scene.address}/sign-up")
    visitor.fill("input[name=email]", "nora@example.org")
    assert "nora" not in (visitor.evaluate("sessionStorage['roundtext:typed'] ?? ''"))


def test_the_link_to_the_field_leads_into_it(scene):
    discussion = scene.house.discussion(ask=1, slug=f"skip-{id(scene)}")
    page = scene.visit(discussion, scene.house.user("Mara Member"))
    page.locator("a.skip[href='#say']").focus()
    page.keyboard.press("Enter")
    until(page, "() => document.activeElement.matches('#say textarea')")
    page.keyboard.type("for my part")
    assert page.locator("#say textarea").input_value() == "for my part"


def test_who_stands_on_a_link_of_an_embed_stays_there(scene):
    discussion = scene.house.discussion(ask=1, slug=f"frame-{id(scene)}")
    writer = scene.house.user("Wim Writer")
    scene.house.comment(discussion, writer, "The first.", question=1)
    page = scene.context().new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}/embed")
    page.locator("main a[href]").first.focus()
    address = page.evaluate("document.activeElement.getAttribute('href')")
    scene.house.comment(discussion, writer, "The second.", question=1)
    until(page, "() => document.querySelector('main').innerText.includes('The second.')", seconds=12)
    assert page.evaluate("document.activeElement.getAttribute('href')") == address
