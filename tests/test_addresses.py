"""Lists of people as hosts have them: every shape is read, what is wrong is named, and no list does harm."""

import codecs
import time

import pytest

from forum import addresses
from forum.addresses import Row
from forum.refusals import Refused
from tests import corpora


def people(source: str) -> list[tuple[str, str, str, str]]:
    return [(row.email, row.name, row.zone, row.language) for row in addresses.read(source)]


ADA = ("ada@example.org", "Ada Adler", "Africa/Kampala", "fr")


@pytest.mark.parametrize(
    "source",
    [
        "email,name,time zone,language\nada@example.org,Ada Adler,Africa/Kampala,fr\n",
        "Language;Name;E-Mail;Time Zone\r\nfr;Ada Adler;ADA@example.org;africa/kampala\r\n",
        "tz\tE-mail address\tFirst name\tLast name\tlang\r\nAfrica/Kampala\tada@example.org\tAda\tAdler\tfr",
        "ada@example.org,Ada Adler,fr,Africa/Kampala",
        "Africa/Kampala;Ada Adler;ada@example.org;fr",
        '\ufeff"Ada Adler" <ada@example.org>\tfr\tAfrica/Kampala',
        'email,name,zone,lang\n"ada@example.org","Ada\n Adler",Africa/Kampala,fr',
        'email,name,zone,lang,notes\n="ada@example.org",\'=Ada Adler,Africa/Kampala,fr,"a, b"'.replace("'=Ada", "Ada"),
    ],
)
def test_a_table_is_read_by_its_headings_or_by_what_stands_in_it(source):
    assert people(source) == [ADA]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Gus, x@example.org, tokyo", ("Gus", "Asia/Tokyo", "")),
        ("Ada, x@example.org, Kyiv, uk", ("Ada", "Europe/Kyiv", "uk")),
        ("uk, Paris, x@example.org", ("Paris", "", "uk")),
        ("Paris, x@example.org, Paris", ("Paris", "Europe/Paris", "")),
        ("1, Lima, x@example.org", ("Lima", "", "")),
        ("li, x@example.org", ("li", "", "")),
        ("li, x@example.org, fr", ("li", "", "fr")),
        ("uk, x@example.org", ("uk", "", "")),
        ("id, x@example.org, pt_BR", ("id", "", "pt-BR")),
        ("x@example.org, Europe/Kyiv, uk", ("", "Europe/Kyiv", "uk")),
        ("Ada, x@example.org, The Institute of Rain", ("Ada", "", "")),
    ],
)
def test_without_headings_the_name_stands_in_front_and_is_no_city_and_no_language(line, found):
    assert people(line) == [("x@example.org", *found)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Ada;Lovelace;x@example.org", "Ada Lovelace"),
        ("7;Ada;Lovelace;x@example.org;The Institute of Rain", "Ada Lovelace"),
        ("Gabriel;García Márquez;x@example.org", "Gabriel García Márquez"),
        ("Anna;van der Berg;x@example.org", "Anna van der Berg"),
        ("ada;lovelace;x@example.org", "ada lovelace"),
        ("Dr.;Ada;Lovelace;x@example.org", "Dr. Ada Lovelace"),
        ("Frau;Ada;B.;Lovelace;x@example.org", "Frau Ada B. Lovelace"),
        ("王;小明;x@example.org", "王 小明"),
        ("Ada Lovelace;Rain Ltd;x@example.org", "Ada Lovelace"),
        ("Ada;The Institute of Rain;x@example.org", "Ada"),
        ("Ada;Lovelace;Rain Ltd;x@example.org", "Ada Lovelace"),
        ("Ada;speaker;x@example.org", "Ada"),
        ("Ada;+49 30 123;x@example.org", "Ada"),
        ("Ada;x@example.org;Lovelace", "Ada"),
        ("x@example.org;Ada;Lovelace", "Ada"),
    ],
)
def test_first_and_last_name_before_the_address_are_one_name_without_headings_too(line, name):
    assert people(line) == [("x@example.org", name, "", "")]


def test_one_address_a_line_and_several_in_one():
    source = 'Ada Adler <ada@example.org>\n\n  bob@example.org\n"Curie, Marie" <marie@example.org>\nd@x.org, e@x.org\n'
    assert [one[:2] for one in people(source)] == [
        ("ada@example.org", "Ada Adler"), ("bob@example.org", ""), ("marie@example.org", "Curie, Marie"),
        ("d@x.org", ""), ("e@x.org", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("between", ["; ", ";", ";\n", "\n"])
@pytest.mark.parametrize("many", [1, 2, 3])
def test_last_and_first_name_before_an_address_are_turned_and_nobody_is_lost(between, many):
    outlook = ["Lee, Ann <ann@example.org>", "Ray, Bob <bob@example.org>", "Fox, Cat <cat@example.org>"][:many]
    turned = [("ann@example.org", "Ann Lee"), ("bob@example.org", "Bob Ray"), ("cat@example.org", "Cat Fox")][:many]
    assert [one[:2] for one in people(between.join(outlook))] == turned
    assert [one[:2] for one in people(between.join(outlook) + ";")] == turned


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("van der Berg, Anna <x@example.org>", "Anna van der Berg"),
        ("García Márquez, Gabriel José <x@example.org>", "Gabriel José García Márquez"),
        ("7, Paris, Ann <x@example.org>, Europe/Paris", "Ann Paris"),
        ("Lee, Ann Lee <x@example.org>", "Ann Lee"),
        ("The Institute of Rain, Ann Lee <x@example.org>", "Ann Lee"),
        ("panelist, Ann Lee <x@example.org>", "Ann Lee"),
        ("Ann Lee <x@example.org>", "Ann Lee"),
        ("Lee, <x@example.org>", "Lee"),
    ],
)
def test_what_stands_before_a_shown_name_goes_behind_it_if_it_is_a_last_name(line, name):
    assert [one[:2] for one in people(line)] == [("x@example.org", name)]


def test_bare_addresses_with_spaces_between_are_as_many_people():
    assert [one[0] for one in people("ann@x.org bob@x.org\n cat@x.org\tdan@x.org  eve@x.org")] == [
        "ann@x.org", "bob@x.org", "cat@x.org", "dan@x.org", "eve@x.org",
    ]  # fmt: skip
    assert len(people(" ".join(f"p{n}@example.org" for n in range(1_500)))) == 1_500


@pytest.mark.parametrize(
    "line",
    [
        "Ann, ann@x.org, bob@x.org, Bob", "Ann;ann@x.org;Bob;bob@x.org", "Ann Lee <ann@x.org>, Bob, bob@x.org",
        "Ann, ann@x.org bob@x.org", "ann@x.org, Ann, for bob@x.org",
    ],
)  # fmt: skip
def test_a_line_with_addresses_that_cannot_be_told_apart_is_at_fault_with_all_of_them(line):
    (row,) = addresses.read(line)
    assert set(row.faults) == {"email"}
    assert "ann@x.org" in row.email and "bob@x.org" in row.email


def test_one_address_twice_and_a_handle_are_one_person():
    assert people("Ada, ada@x.org, ada@x.org") == [("ada@x.org", "Ada", "", "")]
    assert people("Ada, ada@x.org, @ada") == [("ada@x.org", "Ada", "", "")]
    assert people("@ada, Ada, ada@x.org")[0][0] == "ada@x.org"


def test_a_line_below_headings_is_not_cut():
    found = people("email;notes;name\nann@x.org;met by bob@x.org;Ann@home\n")
    assert [one[0] for one in found] == ["ann@x.org"]
    assert people("ann@x.org; bob@x.org\ncat@x.org;Cat Fox")[2][:2] == ("cat@x.org", "Cat Fox")


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_file_may_be_written_in_any_of_the_usual_ways(name):
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(name, b"")
    data = mark + "name;email\nZoë Müller;zoe@example.org\n".encode(name)
    assert people(addresses.decode(data)) == [("zoe@example.org", "Zoë Müller", "", "")]


PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10" + bytes(range(256)) * 20
NO_TEXT = [
    PICTURE,
    PICTURE.replace(b"\0", b""),
    *("name;email\nZoë;zoe@example.org\n".encode(f"utf-16-{end}") for end in ("le", "be")),
]


@pytest.mark.parametrize("data", NO_TEXT)
def test_a_file_that_is_no_text_is_refused_with_how_to_save_it(data):
    with pytest.raises(Refused) as caught:
        addresses.decode(data)
    assert caught.value.fields == {"file": "This file is not text. Save it as CSV (UTF-8) and choose it again."}


@pytest.mark.parametrize("data", [b"x" * 1_000_001, b"PK\x03\x04 a workbook", b"%PDF-1.7"])
def test_what_is_no_list_is_refused_with_what_to_do(data):
    with pytest.raises(Refused) as caught:
        addresses.decode(data)
    assert set(caught.value.fields) == {"file"}


def test_what_is_wrong_with_a_row_is_named_and_the_others_stay():
    rows = addresses.read(
        "email,name,zone,lang\nada@example.org,Ada,,\nnobody,Bob,,\nADA@example.org,Again,,\nc@x.org,C,Mars/Base,\n"
        f"d@x.org,D,,english please\n,E,,\nf@x.org,{'F' * 81},,\n"
    )
    assert [sorted(row.faults) for row in rows] == [
        [],
        ["email"],
        ["twice"],
        ["zone"],
        ["language"],
        ["email"],
        ["name"],
    ]
    assert [row.line for row in rows] == [2, 3, 4, 5, 6, 7, 8]
    assert "line 2" in rows[2].faults["twice"]
    again = addresses.read(addresses.written(rows))
    assert again == rows  # also the lines of the host's own file
    mended = addresses.corrected(rows, {1: {"email": "bob@x.org"}, 2: {"email": ""}, 3: {"zone": "Europe/London"}})
    assert [row.email for row in mended if not row.faults] == ["ada@example.org", "bob@x.org", "c@x.org"]
    assert len(mended) == len(rows) - 1


def test_no_header_of_a_letter_can_be_smuggled_into_a_row():
    for email in (
        "a@example.org\r\nBcc: eve@example.org", "a@example.org,eve@example.org", "a@example.org>\nX: y", "a b@x.org",
        '"a\r\nBcc: e@x.org"@x.org', "a@example.org\u2028Bcc: x", "a@exa\x00mple.org", "<a@x.org> <b@x.org>",
    ):  # fmt: skip
        row = addresses.checked(Row(1, email, "A\r\nBcc: eve@example.org"))
        assert "email" in row.faults, email
    row = addresses.checked(Row(1, "a@example.org", "A\r\nBcc: eve@example.org\u202e"))
    assert "name" in row.faults or not set(row.name) & set("\r\n\u202e")


@pytest.mark.parametrize(
    "source",
    [
        "", " \n\t\n", "email,name\n", "x" * 1_000_001, "a@x.org\n" * 10_000,
        "\n".join(f"p{n}@x.org" for n in range(2_001)), ", ".join(f"p{n}@x.org" for n in range(2_001)),
    ],
)  # fmt: skip
def test_too_little_and_too_much_is_refused_with_words(source):
    with pytest.raises(Refused) as caught:
        addresses.read(source)
    assert set(caught.value.fields) == {"source"}


def test_a_line_from_the_head_of_a_mail_is_not_cut():
    many = [f"Person, Number {n} <p{n}@example.org>" for n in range(1_500)]
    assert len(people("; ".join(many))) == 1_500
    assert people(", ".join(f"p{n}@example.org" for n in range(1_500)))[-1][0] == "p1499@example.org"


def cpu_seconds(source: str) -> float:
    """What reading a list takes."""
    begun = time.process_time()
    addresses.read(source)
    return time.process_time() - begun


def test_hostile_lists_take_no_longer_than_others_and_keep_the_good_rows():
    good = "good@example.org,Good One\n"
    usual = cpu_seconds(good * 2_000)
    for bad in (
        "x" * 100_000, '"' + "y" * 100_000, "\0" * 5_000, '"unclosed,quote\n' * 300, ",".join("a@b.org" * 9_000),
        "=cmd|' /C calc'!A0,@SUM(1+1)", "-2+3+cmd|' /C calc'!A0", ";" * 50_000, "<" * 50_000, "@" * 50_000,
        "\u202e\u2066\ufeff\u200b", "a@b.org" + "\u0301" * 30_000,
    ):  # fmt: skip
        source = f"{good}{bad}\n{good.replace('good', 'fine')}"
        rows = addresses.read(source)
        assert min(cpu_seconds(source) for _ in range(2)) < 10 * usual, bad[:40]
        kept = {row.email for row in rows if not row.faults}
        assert {"good@example.org", "fine@example.org"} <= kept, bad[:40]
        assert all(len(row.name) <= 300 and len(row.email) <= 300 for row in rows)
        addresses.read(addresses.written(rows))


def test_the_corpora_of_bad_input_are_only_rows():
    for line in corpora.rows("patt_csv", "payloadbox_csv", "patt_crlf", "blns", "confusables_ascii"):
        row = addresses.checked(Row(1, "a@example.org", line[:300]))
        assert "name" in row.faults or (len(row.name) <= 80 and "\n" not in row.name)
        assert all(len(found.email) <= 300 for found in addresses.read(f"a@example.org\n{line}"))
        typed = addresses.checked(Row(1, line[:300]))
        assert "email" in typed.faults or not set(typed.email) & set("\r\n <>,;")
