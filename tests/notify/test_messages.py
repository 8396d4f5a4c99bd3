"""Messages as mail programs really make them: what somebody wrote comes out, what they answer and sign does not."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum import text
from forum.actions.posting import LONGEST
from forum.incoming import automatic, markup, quoting, reading, receiving

MESSAGES = Path(__file__).parent / "messages"
WROTE = {
    "apple-mail-iphone": "Rivers. I write this on the train.",
    "apple-mail-japanese": "川が先です。",
    "apple-mail-macos": "Rivers come first.\n\nLakes can wait.",
    "apple-mail-photograph": "Look at this river:\n\nIs it not fine?",
    "fairemail": "Rivers and nothing else.",
    "gmail-android": "Rivers, of course 😀",
    "gmail-empty": "",
    "gmail-inline": "Lakes are what rivers end in.\n\nAnd I like your letters.",
    "gmail-spanish": "Los ríos son de todos.",
    "gmail-web": "Both, I would say: a river is **one** water with the lake it feeds, and whoever drinks from the one"
    " has a say in the other.\n\n- first the people\n- then the fish",
    "gmx-html-only": "Rivers, *always*: see [the map](https://rivers.example.org/map) and rivers.example.org.\n\n"
    "1 < 2 & that is all.\n\n1. source\n2. mouth",
    "k9-german": "Flüsse! Von unterwegs geschrieben.",
    "mutt": "I have thought about this for a while and come to the conclusion that the lake is where the river rests;"
    " whoever owns the one will want the other, and nobody should.\n\n* one river\n* one lake\n\nMara",
    "mutt-pgp-signed": "Signed: rivers.",
    "outlook-desktop": "Rivers first, in my view.\n\nKind regards\n\nMara",
    "outlook-french": "Les rivières d’abord ; les lacs… après.",
    "outlook-german": "Flüsse zuerst, finde ich; und über Seen können wir später sprechen.\n\nViele Grüße\nMara",
    "outlook-ios": "Rivers, said on the way.",
    "outlook-smime": "Signed by Outlook: rivers.",
    "outlook-web": "Rivers first, and lakes too.",
    "outlook-winmail": "Rivers, wrapped by Exchange.",
    "pgp-encrypted": "",
    "proton": "Rivers before everything.",
    "thunderbird": "Rivers are what feeds them, and whoever forgets that will have neither rivers nor lakes; so I"
    " would not choose.\n\nBy the way: this letter reached me on time.",
    "thunderbird-german": "Zuerst die **Flüsse**.",
    "thunderbird-russian": "Сначала реки.",
    "yahoo": "Rivers, I am sure of it.",
    "yahoo-plain": "Rivers, I am sure of it.",
}
MACHINES = ["bounce-postfix", "out-of-office-exchange", "receipt-read", "vacation-sieve"]


def message(name):
    return receiving.read((MESSAGES / f"{name}.eml").read_bytes())


def wrote(body, kind="text/plain; charset=utf-8", head=b""):
    raw = body if isinstance(body, bytes) else body.encode()
    mail = receiving.read(b"From: mara@example.org\nContent-Type: " + kind.encode() + b"\n" + head + b"\n" + raw)
    return reading.words_of(mail)


def test_every_message_here_is_looked_at():
    assert {path.stem for path in MESSAGES.glob("*.eml")} == set(WROTE) | set(MACHINES)


@pytest.mark.parametrize("name", WROTE)
def test_what_was_written_is_what_comes_out(name):
    found = reading.words_of(message(name))
    assert found.text == WROTE[name]
    assert found.files == (name in {"apple-mail-photograph", "pgp-encrypted"})
    assert found.is_sealed == (name == "pgp-encrypted")
    assert not automatic.is_automatic(message(name))
    assert automatic.sender_of(message(name)) == "mara@example.org"


@pytest.mark.parametrize("name", WROTE)
def test_the_other_half_of_two_kinds_of_text_says_the_same(name):
    """Each part of an alternative is enough by itself, for programs that send only one."""
    mail = message(name)
    if mail.get_content_type() != "multipart/alternative":
        return
    for part in mail.iter_parts():
        found = reading.words_of(part).text
        assert " ".join(found.replace("*", "").split()) == " ".join(WROTE[name].replace("*", "").split()), part[
            "Content-Type"
        ]


@pytest.mark.parametrize("name", MACHINES)
def test_what_a_machine_wrote_is_known(name):
    assert automatic.is_automatic(message(name))


@pytest.mark.parametrize(
    "head",
    ["Auto-Submitted: auto-replied", "Precedence: auto_reply", "List-Id: <talk.example.org>", "Return-Path: <>",
     "X-Autoreply: yes", "From: MAILER-DAEMON@example.org", "Return-Path: <MAILER-DAEMON>"],
)  # fmt: skip
def test_every_sign_of_a_machine_counts(head):
    assert automatic.is_automatic(receiving.read(head.encode() + b"\n\nI am away."))
    assert not automatic.is_automatic(receiving.read(b"Auto-Submitted: no\nFrom: a@example.org\n\nI am here."))


def test_who_sent_it_is_read_strictly():
    def sender(*values):
        return automatic.sender_of(receiving.read("".join(f"From: {value}\n" for value in values).encode() + b"\nx"))

    for value in ("Mara@Example.org", "Mara <mara@example.org>", '"Mara, of <River>" <mara@example.org>',
                  "mara@example.org (Mara)", "mara@example.org <mara@example.org>",
                  "=?utf-8?Q?M?= <mara@example.org>"):  # fmt: skip
        assert sender(value) == "mara@example.org", value
    for value in ("mara@example.org, eve@example.org", "<mara@example.org> <eve@example.org>", "Mara", "",
                  "mara@example.org)eve@evil.org", "mara@example.org]<eve@evil.org>x"):  # fmt: skip
        assert sender(value) == "", value
    assert sender("mara@example.org", "eve@example.org") == ""


def test_whom_it_is_for_is_said_by_the_mail_server_or_else_by_the_sender():
    def recipients(head):
        return receiving.recipients_of(receiving.read(head.encode() + b"\n\nx"))

    both = "To: Otto <otto@example.org>, <answers+abc@talk.example.org>\nCc: eve@example.org"
    assert recipients(both) == ["answers+abc@talk.example.org"]
    assert recipients(f"Delivered-To: answers+def@talk.example.org\n{both}") == ["answers+def@talk.example.org"]
    assert recipients("To: otto@example.org") == ["otto@example.org"]
    assert recipients("Subject: x") == []


# ---- what is a person's own stays ----


def test_nothing_of_ones_own_is_taken_for_a_quote():
    own = (
        "On 3 May at 10:00 the minister wrote:\n\nNothing of the kind.",
        "From: my point of view\nTo: be honest\nthis is good.",
        "> as the report says\n\nI do not think so.",
        "Three points:\n\n- one\n- two\n\nBest regards is what they wrote.",
        "Sent from the ministry, the letter says nothing. I have read it twice.",
        "a -- b\n\n---\n\nafter a rule",
        "He said: the river is mine: no.",
        "First point\n--\nSecond point\n--\nThird point",
    )
    for words in own:
        assert wrote(words).text == words


@pytest.mark.parametrize(
    "own",
    [
        "I think so.\n\nIn 2019 the ministry wrote:\n\nWater is a right.\n\nI disagree strongly with that.",
        "From: the North\nTo: the South\nDate: 2019\n\nThat is my table.",
        "On 3 May 2019 the ministry wrote:\n\n> Water is a right.\n\nI disagree.",
    ],
)
@pytest.mark.parametrize("begins", ["\n\nOn Sat, 28 Nov 2026 at 10:00, Roundtext <r@example.org> wrote:\n>", "\n\n"])
def test_what_looks_like_the_beginning_of_a_quote_stays_above_our_letter(own, begins):
    assert wrote(f"{own}{begins} -=-=- Write your answer above this line. -=-=-\n> Hana answered you").text == own


def test_a_warning_that_a_server_puts_above_our_letter_is_not_ones_own():
    head = "From: Roundtext <r@example.org>\nSent: Saturday, 28 November 2026 10:00\nTo: Mara <m@example.org>"
    for introduced in (head, "On Sat, 28 Nov 2026 at 10:00, Roundtext <r@example.org> wrote:"):
        quoted = "CAUTION: this came from outside.\n\n-=-=- Write your answer above this line. -=-=-\nHana said"
        assert wrote(f"Rivers.\n\n{introduced}\n\n{quoted}").text == "Rivers."


def parts(kind, *inside):
    said = "".join(f"--x\nContent-Type: {one}\n" for one in inside)
    return wrote(f"{said}--x--\n", f"multipart/{kind}; boundary=x")


def test_a_part_that_somebody_else_has_added_takes_no_words_away():
    own = "text/plain\n\nRivers first."
    checked = "text/html\n\n<p>Checked for viruses.</p>"
    assert parts("mixed", own, checked).text == "Rivers first.\n\nChecked for viruses."
    same = "multipart/alternative; boundary=y\n\n"
    for one in (own, "text/html\n\n<p>Rivers first.</p>"):
        same += f"--y\nContent-Type: {one}\n"
    assert parts("mixed", f"{same}--y--", checked).text == "Rivers first."
    assert parts("mixed", checked.replace("html", "html; charset=utf-8"), own).text.endswith("Rivers first.")


@pytest.mark.parametrize(
    "named", ["text/html; name=report.html", "text/html\nContent-Disposition: inline; filename=r.html"]
)
def test_a_page_that_has_a_name_is_a_file(named):
    found = parts("mixed", "text/plain\n\nRivers first.", f"{named}\n\n<p>Confidential.</p>")
    assert (found.text, found.files) == ("Rivers first.", 1)


def test_of_what_is_said_twice_one_is_read():
    html = "text/html\n\n<p>Rivers <b>first</b>.</p>"
    assert parts("alternative", "text/plain\n\nRivers first.", html).text == "Rivers **first**."
    assert parts("alternative", "text/plain\n\nRivers first.", "text/html\n\n<p></p>").text == "Rivers first."


def test_what_is_quoted_above_the_line_of_who_wrote_is_ones_own():
    words = (
        "> as the report says\n\nI do not think so.\n\nOn 23 Nov 2026, at 14:05, Roundtext <r@example.org> wrote:\n> x"
    )
    assert wrote(words).text == "> as the report says\n\nI do not think so."


def test_the_mark_of_our_letters_ends_an_answer_in_a_language_nobody_thought_of():
    words = (
        "Rivers.\n\n23.11.2026 14:05 Roundtext r@example.org idatzi du\n\n-=-=- Idatzi goian. -=-=-\nhttps://x/quiet/y"
    )
    assert "quiet" not in wrote(words).text
    assert wrote(words).text.startswith("Rivers.")


def test_lines_are_joined_as_they_were_meant():
    assert wrote("One \ntwo \nthree.\n\nFour", "text/plain; format=flowed").text == "One two three.\n\nFour"
    assert wrote("日本 \n語", "text/plain; charset=utf-8; format=flowed; delsp=yes").text == "日本語"
    assert wrote("short\nlines\nof a poem").text == "short\nlines\nof a poem"
    wrapped = "The river that flows through the town is not a thing that anybody could own,\nor ought to.\n\n- a\n- b"
    assert wrote(wrapped).text == wrapped.replace("own,\nor", "own, or")


# ---- letters and broken things ----


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("iso-8859-1", "Flüsse – “ja”".encode("cp1252"), "Flüsse – “ja”"),
        ("windows-1252", "é…".encode("cp1252"), "é…"),
        ("koi8-r", "реки".encode("koi8-r"), "реки"),
        ("iso-2022-jp", "川".encode("iso-2022-jp"), "川"),
        ("gb2312", "河流".encode("gb18030"), "河流"),
        ("us-ascii", "Flüsse".encode(), "Flüsse"),
        ("utf-8", "Flüsse".encode("cp1252"), "Flüsse"),
        ("x-unknown-8bit", "Flüsse".encode(), "Flüsse"),
        ("punycode", "Flüsse".encode(), "Flüsse"),
        ("zip", "Flüsse".encode(), "Flüsse"),
        ("\x00\xff", "Flüsse".encode(), "Flüsse"),
    ],
)  # fmt: skip
def test_every_charset_is_read_and_a_wrong_one_as_well_as_can_be(charset, raw, text):
    assert wrote(raw, f'text/plain; charset="{charset}"').text == text


def test_controls_are_dropped_and_nothing_is_refused_for_them():
    found = wrote("a\x00b\x07c\u2028d\u200b\ufeff \r\ne").text
    text.clean_body(found)
    assert found == "abcd\ne"


def test_html_is_words_and_nothing_of_it_runs():
    hostile = (
        '<img src=x onerror=alert(1)><a href="javascript:alert(1)">press</a><p style="display: none">hidden</p>'
        "<b>bold</b><iframe src=//evil>x</iframe><!-- <p>no</p> --><style>p{}</style>&lt;script&gt;alert(2)"
    )
    found = wrote(hostile, "text/html").text
    assert "hidden" not in found
    shown = text.render(found)
    for sign in ("<script", "javascript:", "onerror=", "<iframe", "<img"):
        assert sign not in shown


def test_malformed_mail_costs_nothing_but_itself():
    for raw in (
        b"", b"\n", b"\xff\xfe", b"Content-Type: multipart/mixed\n\nno boundary", b"Content-Type: /;=\n\nx",
        b"Content-Type: text/plain; charset*0*=utf-8''%\n\nx", b"Content-Transfer-Encoding: base64\n\n=A=B!",
        b"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>open", b"From\n\nx",
    ):  # fmt: skip
        mail = receiving.read(raw)
        assert mail is not None
        reading.words_of(mail)
        automatic.is_automatic(mail)
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500))
    assert receiving.read(nested) is None
    assert receiving.read(b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 5000) is None
    assert receiving.read(b"Content-Type: text/plain; " + b"a=b; " * 5000 + b"\n\nx") is None


@pytest.mark.parametrize(
    "unit", ["<div>", "<b>y</b>", "<b><p>", "<", "<a ", "<!--", "<blockquote>x", "&amp", "On 12:00\n", "From: a@b.cd\n",
             "--\n", "> x \n", "\n", " ", "-=-=- ", "_", "On "],
)  # fmt: skip
def test_a_megabyte_of_anything_is_read_in_seconds(unit):
    for kind in ("text/html", "text/plain; format=flowed"):
        began = time.process_time()
        wrote(unit * (1_000_000 // len(unit)), kind)
        assert time.process_time() - began < 8  # the library that we did not take needs minutes


SNIPPETS = st.sampled_from(
    ["> ", "\n", "On ", " wrote:", "From: ", "Sent: x\n", "To: a@b.cd\n", "-=-=-", "-- \n", "<div>", "</div>", "<b>",
     "<blockquote>", "</p>", "<br>", "<a href='", "&#", "--x\n", "Content-Type: ", "multipart/mixed; boundary=x\n\n",
     "text/html\n\n", "charset=", "=?utf-8?q?", "=\n", "\x00", "\ud800", "é", "12:00", "@", "Sent from my iPhone",
     "____________________________"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SNIPPETS | st.text(max_size=6), max_size=60))
def test_no_words_make_the_readers_stumble(pieces):
    said = "".join(pieces)
    assert isinstance(quoting.cut(said), str)
    markup.lines_of(said)
    raw = said.encode("utf-8", "surrogatepass")
    mail = receiving.read(raw)
    if mail is not None:
        automatic.is_automatic(mail)
        automatic.sender_of(mail)
        receiving.recipients_of(mail)
        found = reading.words_of(mail).text
        if 0 < len(found) <= LONGEST:
            text.clean_body(found)
