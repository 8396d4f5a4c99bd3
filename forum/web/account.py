"""One's own account: what others read, the password, and where one is signed in."""

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from werkzeug.wrappers import Response as AnyResponse

from forum import access, pictures
from forum.actions import accounts, invitations, leaving, links, passwords, quiet, sessions, silences
from forum.actions.accounts import Profile
from forum.actions.leaving import Words
from forum.archive import person
from forum.database import db, writing
from forum.models import NoticeKind, User
from forum.refusals import Refused, invalid
from forum.web import errors, kept, signing, throttles
from forum.web.account_forms import Form, done, page
from forum.web.forms import signed_in
from forum.web.guards import private, settings

_PROFILE = ("name", "affiliation", "biography", "country")
# What each form of the page shows again when it is refused.
_KEPT = {
    "accounts.account": (*_PROFILE, "language"),
    "accounts.change_address": ("email",),
    "accounts.leave": ("words",),
}


def add_to(blueprint: Blueprint) -> None:
    """Give `blueprint` the account's addresses."""
    add = blueprint.add_url_rule
    add("/account", "account", show, methods=["GET", "POST"])
    add("/account/password", "change_password", change_password, methods=["POST"])
    add("/account/address", "change_address", change_address, methods=["POST"])
    add("/address/<token>", "move", move, methods=["GET", "POST"])
    add("/account/mail", "choose_mail", choose_mail, methods=["POST"])
    add("/quiet/<token>", "quiet", end_letters, methods=["GET", "POST"])
    add("/account/data.json", "data", data)
    add("/account/leave", "leave", leave, methods=["POST"])
    add("/account/sessions/<int:session_id>/end", "end_session", end_session, methods=["POST"])
    add("/account/sessions/end-others", "end_others", end_others, methods=["POST"])


def show() -> AnyResponse:
    """Show the account, and change what others read about its owner."""
    user = _owner()
    return _to_sign_in() if user is None else _form(user).answer(_change_profile)


def _change_profile(form: Form) -> Response:
    language = form.text("language") if "language" in request.form else None
    profile = Profile(**{field: form.text(field) for field in _PROFILE}, language=language)
    form.check()
    user = _me()
    throttles.count("profile of", str(user.id))
    with writing():
        accounts.change_profile(user, profile)
    refresh()  # what is said next is said in the language just chosen
    return _done(_("Your account is saved."))


def change_password() -> AnyResponse:
    """Set another password: every session ends, and this browser gets a new one."""
    user = _owner()
    return _to_sign_in() if user is None else _form(user).answer(_change_password)


def _change_password(form: Form) -> Response:
    old, new = form.text("old_password"), form.text("password")
    form.check()
    user = _me()
    invitations.require_proven(user)
    passwords.require_fit(new)
    password_hash = user.password_hash
    throttles.count("password of", str(user.id))
    db.session.rollback()
    if password_hash is not None and not passwords.fits(password_hash, old):
        raise invalid(old_password=_("This is not your password. Try again, or set a new one by mail."))
    new_hash = passwords.hashed(new)
    with writing():
        if user.password_hash != password_hash:
            raise invalid(old_password=_("The password was changed a moment ago. Type the new one."))
        accounts.change_password(user, new_hash)
        sessions.begin(user, signing.device())
    throttles.give_back("password of", str(user.id))
    signing.enter(user)
    return _done(_("Your password is changed, and every other device is signed out."))


def change_address() -> AnyResponse:
    """Ask for another email address: a link goes to the new one. Without mail it is changed at once."""
    user = _owner()
    return _to_sign_in() if user is None else _form(user).answer(_change_address)


def _change_address(form: Form) -> Response:
    typed, password = form.text("email"), form.text("email_password")
    form.check()
    email, user = accounts.clean_email(typed), _me()
    invitations.require_proven(user)
    if email is None:
        raise invalid(email=_("Give your email address, like name@example.org."))
    password_hash = user.password_hash
    throttles.count("password of", str(user.id))
    throttles.count("mail to", email)
    db.session.rollback()
    if password_hash is None or not passwords.fits(password_hash, password):
        raise invalid(email_password=_("This is not your password. Without one, set one below first."))
    with writing():
        if settings().sends_mail:
            accounts.ask_to_move(user, email)
        else:
            accounts.move(user, email)
    throttles.give_back("password of", str(user.id))
    if settings().sends_mail:
        return _done(_("We have mailed a link to the new address. It is used once you open it."))
    return _done(_("Your address is changed."))


def move(token: str) -> AnyResponse:
    """Show a button, because mail scanners open links, and change the address when it is pressed."""
    email = links.about(token, "address")

    def work(form: Form) -> Response:
        form.check()
        with writing():
            accounts.move_by_link(token)
        return _done(_("Your address is changed."))

    return Form("accounts/move.html", email=email).answer(work)


def choose_mail() -> AnyResponse:
    """Choose of what one hears by mail: a field for each kind."""
    user = _owner()
    return _to_sign_in() if user is None else _form(user).answer(_choose_mail)


def _choose_mail(form: Form) -> Response:
    wanted = {kind for kind in NoticeKind if form.text(kind.value) == "1"}
    wants_digests = form.text(quiet.DIGEST) == "1"
    form.check()
    with writing():
        quiet.set_quiet(_me(), wanted)
        quiet.set_digests(_me(), wants_digests)
    return _done(_("Your choice is saved."))


def end_letters(token: str) -> AnyResponse:
    """End the letters about what happens to somebody: a button for people, one POST for mail programs (RFC 8058)."""
    _user, kind = quiet.by_token(token)
    if request.method == "POST":
        with writing():
            quiet.silence_by(token)
    return page("accounts/quiet.html", {"ok": True}, kind=kind, done=request.method == "POST")


end_letters.needs_no_token = True  # type: ignore[attr-defined]


def data() -> AnyResponse:
    """Give this person a file with everything that is stored of them."""
    user = _owner()
    if user is None:
        return _to_sign_in()
    invitations.require_proven(user)
    throttles.count("data of", str(user.id))
    response = private(jsonify(person.of(user)))
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


def leave() -> AnyResponse:
    """Delete the account: fields words (keep, remove) and leave_password."""
    user = _owner()
    return _to_sign_in() if user is None else _form(user).answer(_leave)


def _leave(form: Form) -> Response:
    words, password = form.fields.choice("words", Words, Words.KEEP), form.text("leave_password")
    form.check()
    user = _me()
    invitations.require_proven(user)
    password_hash = user.password_hash
    throttles.count("password of", str(user.id))
    db.session.rollback()
    if password_hash is not None and not passwords.fits(password_hash, password):
        raise invalid(leave_password=_("This is not your password. Your account stays as it is."))
    with writing():
        faces = leaving.leave(user, words)
    for face in faces:
        pictures.throw_away(face, settings())
    signing.leave()
    return done("/", _("Your account is deleted."))


def end_session(session_id: int) -> AnyResponse:
    """Sign out one device."""
    user = _owner()
    if user is None:
        return _to_sign_in()
    is_this = user.session is not None and user.session.id == session_id
    with writing():
        sessions.end(user, session_id)
    if is_this:
        signing.leave()
        return done("/")
    return _done(_("That device is signed out."))


def end_others() -> AnyResponse:
    """Sign out every device but this one."""
    user = _owner()
    if user is None:
        return _to_sign_in()
    with writing():
        sessions.end_all(user, besides=user.session)
    return _done(_("Every other device is signed out."))


def _form(user: User) -> Form:
    stored = {name: getattr(user, name) for name in (*_PROFILE, "language")}
    return Form(
        "accounts/account.html",
        *_KEPT.get(request.endpoint or "", ()),
        typed=stored,
        sessions=sessions.open_of(user),
        unproven=invitations.unproven(user),
        suspension=access.suspension(user),
        silenced=silences.silenced(user),
    )


def _owner() -> User | None:
    """Return who is signed in; a program that is not gets a refusal, a person the way to sign in."""
    user = signed_in()
    if user is None and errors.wants_json():
        raise Refused("sign_in", _("Sign in to do this."))
    return user


def _me() -> User:
    user = signed_in()
    if user is None:
        raise Refused("sign_in", _("Sign in to do this."))
    return user


def _to_sign_in() -> AnyResponse:
    """Lead to the sign-in; raises Refused where that would cost what was typed while the session ended."""
    refusal = Refused("sign_in", _("Sign in to do this. What you typed is kept for you."))
    if not errors.wants_json() and kept.of_request(refusal) is not None:
        raise refusal
    return redirect(url_for("accounts.sign_in", next="/account"), 303)


def _done(words: str) -> Response:
    return done("/account", words)
