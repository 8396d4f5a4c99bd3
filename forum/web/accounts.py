"""Signing up, in and out, confirming an address, and a password by mail."""

from typing import cast

from flask import Blueprint, Flask, Response, make_response, redirect, request, url_for
from flask import session as cookie
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from forum import access, speaking
from forum.actions import accounts, first_passwords, links, members, passwords, sessions, site
from forum.actions.accounts import Newcomer
from forum.database import db, once_more, writing
from forum.models import User
from forum.refusals import Refused, invalid
from forum.web import account, errors, outbox, signing, throttles
from forum.web.account_forms import Form, done, page
from forum.web.forms import signed_in
from forum.web.guards import settings

blueprint = Blueprint("accounts", __name__)

# The browser that signed up, so that its own confirmation link asks for no password.
_MARK = "signing_up"


@blueprint.record_once
def _set_up(state: BlueprintSetupState) -> None:
    signing.init_app(cast(Flask, state.app))


@blueprint.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> Response:
    """Make an account. Without mail it is signed in at once; with mail the answer is the same for every address."""
    form = Form("accounts/sign_up.html", "name", "email")
    there = form.lead_on()
    if there is None and request.method != "POST" and not site.is_open():
        # The page for those who have an account says what the others can do.
        there = make_response(redirect(url_for("accounts.sign_in", next=form.then), 303))
    return there or form.answer(_sign_up)


def _sign_up(form: Form) -> Response:
    newcomer = Newcomer(form.text("name"), form.text("email"), form.text("password"))
    form.check()
    site.require_open()
    newcomer = newcomer.checked()
    throttles.count("sign-up from", throttles.visitor())
    if settings().sends_mail:
        throttles.count("mail to", newcomer.email)
    password_hash = passwords.hashed(newcomer.password)
    if settings().sends_mail:
        once_more(lambda: accounts.ask_to_confirm(newcomer, password_hash, form.then, speaking.asked_for()))
        cookie[_MARK] = links.keyed(_MARK, newcomer.email, password_hash)
        return _look_into_mail(newcomer.email, form.then)
    user = once_more(lambda: _begin(accounts.sign_up(newcomer, password_hash, speaking.asked_for())))
    signing.enter(user)
    return done(form.then, status=201)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Sign in. A wrong address, a wrong password and an address not confirmed get one answer, after one time."""
    form = Form("accounts/sign_in.html", "email")
    return form.lead_on() or form.answer(_sign_in)


def _sign_in(form: Form) -> Response:
    typed, password = form.text("email"), form.text("password")
    form.check()
    email = accounts.clean_email(typed)
    if email is None:
        raise invalid(email=_("Give your email address, like name@example.org."))
    if not 0 < len(password) <= passwords.LONGEST:
        raise invalid(password=_("Give your password."))
    tries = (
        ("sign-in from", throttles.visitor()),
        ("sign-in to from", email, throttles.visitor()),
        ("sign-in to", email),
    )
    for attempt in tries:
        throttles.count(*attempt)
    user = User.with_email(email)
    password_hash = user.password_hash if user else None
    db.session.rollback()  # nobody waits for a connection that waits for argon2
    fitting = passwords.fits(password_hash, password)
    if user is None or not fitting or user.confirmed_at is None:
        raise _wrong()
    with writing():
        # Whoever is changing the password ends first: it ends the sessions that it finds.
        db.session.refresh(user, with_for_update={"key_share": True})
        if user.password_hash != password_hash:
            raise _wrong()
        signing.begin(user)
    for attempt in tries:
        throttles.give_back(*attempt)
    signing.enter(user)
    return done(form.then)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session; what the browser kept goes with it."""
    user = signed_in()
    if user is not None and user.session is not None:
        with writing():
            sessions.end(user, user.session.id)
    signing.leave()
    return done(Form("").then)


@blueprint.route("/confirm", methods=["GET", "POST"])
def ask_again() -> Response:
    """Mail the confirmation link once more."""
    return Form("accounts/ask_again.html", "email").answer(_ask_again)


def _ask_again(form: Form) -> Response:
    email = _address(form)
    with writing():
        accounts.ask_again_to_confirm(email, form.then)
    return _look_into_mail(email, form.then)


@blueprint.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Response:
    """Show a button, because mail scanners open links, and confirm when it is pressed.

    In another browser than the one that signed up it asks for the password: whoever signed up with somebody else's
    address must not have it confirmed by them.
    """
    user = links.user_of(token, "confirm")
    trusted = cookie.get(_MARK) == links.keyed(_MARK, user.email, user.password_hash or "")
    form = Form("accounts/confirm.html", trusted=trusted, email=user.email)

    def work(form: Form) -> Response:
        if not trusted:
            _require_password(form, user)
        with writing():
            confirmed = _begin(accounts.confirm(token))
        signing.enter(confirmed)
        return done(form.then)

    return form.answer(work)


@blueprint.route("/reset", methods=["GET", "POST"])
def ask_for_reset() -> Response:
    """Mail a link that sets a new password."""
    return Form("accounts/ask_for_reset.html", "email").answer(_ask_for_reset)


def _ask_for_reset(form: Form) -> Response:
    email = _address(form)
    with writing():
        accounts.ask_for_reset(email)
    return _look_into_mail(email, form.then)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Response:
    """Set a new password, end every session, and sign this browser in."""
    user = links.user_of(token, "reset")

    def work(form: Form) -> Response:
        password_hash = _new_password(form)
        with writing():
            owner = _begin(accounts.reset(token, password_hash))
        signing.enter(owner)
        return done(form.then)

    return Form("accounts/reset.html", email=user.email).answer(work)


@blueprint.route("/seat/<token>", methods=["GET", "POST"])
def first_password(token: str) -> Response:
    """Let a host or moderator choose their first password, and lead them to the console."""
    try:
        seat = first_passwords.seat_of(token)
    except Refused as refusal:
        return _past_first_password(token, refusal)

    def work(form: Form) -> Response:
        password_hash = _new_password(form)
        with writing():
            taken = first_passwords.choose(token, password_hash, speaking.asked_for())
            owner = _begin(taken.user)
        signing.enter(owner)
        return done(f"/d/{taken.discussion.slug}/console", _("Welcome, %(name)s.", name=taken.name))

    return Form("accounts/reset.html", email=seat.user.email, seat=seat).answer(work)


@blueprint.errorhandler(CSRFError)
def _expired(error: CSRFError) -> Response:
    """Say of a mailed link that another tab has used, which began a session, that it is over: it never loads again."""
    kind = (request.endpoint or "").rpartition(".")[2]
    try:
        if kind in {"reset", "confirm", "welcome"}:
            links.user_of((request.view_args or {}).get("token", ""), kind)
    except Refused as refusal:
        return errors.refuse(refusal)
    return errors.expired(error)


def _past_first_password(token: str, refusal: Refused) -> Response:
    """Lead whoever opens the letter again on to the console; a visitor by the sign-in, which would lead back here."""
    discussion, user = first_passwords.place_of(token), signed_in()
    console = url_for("console.show", slug=discussion.slug) if discussion else "/"
    if user is None:
        return errors.refuse(refusal, then=console)
    if request.method == "POST" or discussion is None or not access.may(user, "console.open", discussion):
        raise refusal
    return done(console)


def _new_password(form: Form) -> str:
    """Return the hash of the password that was chosen. Raises Refused (invalid)."""
    password = form.text("password")
    form.check()
    passwords.require_fit(password)
    return passwords.hashed(password)


@blueprint.route("/welcome/<token>", methods=["GET", "POST"])
def welcome(token: str) -> Response:
    """Let somebody whom an administrator has invited choose a name and a password, and sign them in."""
    email = links.user_of(token, "welcome").email

    def work(form: Form) -> Response:
        newcomer = Newcomer(form.text("name"), email, form.text("password"))
        form.check()
        newcomer = newcomer.checked()
        password_hash = passwords.hashed(newcomer.password)
        with writing():
            person = _begin(members.welcome(token, newcomer, password_hash, speaking.asked_for()))
        signing.enter(person)
        return done("/")

    return Form("accounts/welcome.html", "name", email=email).answer(work)


def _address(form: Form) -> str:
    """Return the address to mail to, counted: five letters an hour is enough for anybody."""
    email = accounts.clean_email(form.text("email"))
    form.check()
    if email is None:
        raise invalid(email=_("Give your email address, like name@example.org."))
    throttles.count("reset from", throttles.visitor())
    throttles.count("mail to", email)
    return email


def _require_password(form: Form, user: User) -> None:
    password, password_hash = form.text("password"), user.password_hash
    form.check()
    throttles.count("password of", str(user.id))
    db.session.rollback()
    if not passwords.fits(password_hash, password):
        raise invalid(
            password=_("This is not the password that was chosen when signing up. Try again, or set a new one.")
        )


def _begin(user: User) -> User:
    signing.begin(user)
    return user


def _look_into_mail(email: str, then: str) -> Response:
    return page("accounts/look_into_mail.html", {"ok": True, "mail": True}, email=email, then=then)


def _wrong() -> Refused:
    words = _("The address or the password is wrong. Check both, or set a new password.")
    if settings().sends_mail:
        words = _(
            "The address or the password is wrong, or the address is not confirmed yet. Check both and your mail."
        )
    return Refused("wrong", words, 422, fields={"email": words})


account.add_to(blueprint)
outbox.add_to(blueprint)
