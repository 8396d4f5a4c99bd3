"""Find comments by their words: an index of each database's own kind over what was written, and its language."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Words without case, accents and signs, by functions that never change, as a generated column asks for. PostgreSQL's own
# parser would keep an address in one piece; the collation makes letters letters whatever locale the database has.
_PLAIN = r"""
CREATE FUNCTION roundtext_plain(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT regexp_replace(
     regexp_replace(normalize(lower(words COLLATE "und-x-icu"), NFKD), U&'[\0300-\036F]', '', 'g') COLLATE "und-x-icu",
     '[[:punct:]_]+', ' ', 'g') $$
"""
_SQLITE = (
    "CREATE VIRTUAL TABLE comment_words USING fts5("
    "source, content='comment', content_rowid='id', "
    "tokenize=\"unicode61 remove_diacritics 2 categories 'L* N* Co M*'\")",
    "INSERT INTO comment_words (comment_words) VALUES ('rebuild')",
    "CREATE TRIGGER comment_words_new AFTER INSERT ON comment BEGIN "
    "INSERT INTO comment_words (rowid, source) VALUES (new.id, new.source); END",
    "CREATE TRIGGER comment_words_gone AFTER DELETE ON comment BEGIN "
    "INSERT INTO comment_words (comment_words, rowid, source) VALUES ('delete', old.id, old.source); END",
    "CREATE TRIGGER comment_words_changed AFTER UPDATE OF source ON comment BEGIN "
    "INSERT INTO comment_words (comment_words, rowid, source) VALUES ('delete', old.id, old.source); "
    "INSERT INTO comment_words (rowid, source) VALUES (new.id, new.source); END",
)


def upgrade() -> None:
    """Go one step on."""
    op.add_column("discussion", sa.Column("language", sa.String(length=12), nullable=False, server_default="en"))
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
    else:
        op.execute(_PLAIN)
        op.execute(
            "ALTER TABLE comment ADD COLUMN words tsvector "
            "GENERATED ALWAYS AS (to_tsvector('simple', roundtext_plain(source))) STORED"
        )
        op.execute("CREATE INDEX ix_comment_words ON comment USING gin (words)")


def downgrade() -> None:
    """Go one step back."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("new", "gone", "changed"):
            op.execute(f"DROP TRIGGER comment_words_{name}")
        op.execute("DROP TABLE comment_words")
    else:
        op.execute("DROP INDEX ix_comment_words")
        op.execute("ALTER TABLE comment DROP COLUMN words")
        op.execute("DROP FUNCTION roundtext_plain(text)")
    op.drop_column("discussion", "language")
