"""Make room for the panel: personal links, the green room, calls, held answers; seats get a biography."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("seat", sa.Column("biography", sa.String(length=600), nullable=False, server_default=""))
    op.add_column("seat", sa.Column("introduced_at", UtcDateTime(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("mailed_hash", sa.String(length=64), nullable=False),
        sa.Column("shown_hash", sa.String(length=64), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("state", _choice("invitationstate", "good", "replaced", "revoked"), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        _to("invitation", "seat_id", "seat", "CASCADE"),
        _to("invitation", "by_id", "user", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("mailed_hash", name=op.f("uq_invitation_mailed_hash")),
        sa.UniqueConstraint("shown_hash", name=op.f("uq_invitation_shown_hash")),
    )
    op.create_index(op.f("ix_invitation_seat_id"), "invitation", ["seat_id"])
    # SQLite copies the whole table for this; nothing refers to sessions, so nothing is lost with the old one.
    with op.batch_alter_table("session") as batch_op:
        batch_op.add_column(sa.Column("invitation_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_session_invitation_id_invitation"), "invitation", ["invitation_id"], ["id"], ondelete="SET NULL"
        )
    op.create_table(
        "backstage_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("posted_at", UtcDateTime(), nullable=False),
        _to("backstage_message", "discussion_id", "discussion", "CASCADE"),
        _to("backstage_message", "author_id", "user", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backstage_message")),
        sa.UniqueConstraint(
            "discussion_id", "author_id", "key", name=op.f("uq_backstage_message_discussion_id_author_id_key")
        ),
    )
    op.create_index("ix_backstage_message_room", "backstage_message", ["discussion_id", "id"])
    op.create_index(op.f("ix_backstage_message_author_id"), "backstage_message", ["author_id"])
    op.create_table(
        "ready_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _to("ready_check", "discussion_id", "discussion", "CASCADE"),
        _to("ready_check", "by_id", "user", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ready_check")),
    )
    op.create_index(op.f("ix_ready_check_discussion_id"), "ready_check", ["discussion_id"])
    op.create_table(
        "ready_answer",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to("ready_answer", "check_id", "ready_check", "CASCADE"),
        _to("ready_answer", "user_id", "user", "CASCADE"),
        sa.PrimaryKeyConstraint("check_id", "user_id", name=op.f("pk_ready_answer")),
    )
    op.create_table(
        "panel_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        sa.Column("state", _choice("callstate", "open", "answered", "passed", "withdrawn"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(question_id IS NULL) <> (comment_id IS NULL)", name=op.f("ck_panel_call_about_one_thing")),
        _to("panel_call", "discussion_id", "discussion", "CASCADE"),
        _to("panel_call", "user_id", "user", "CASCADE"),
        _to("panel_call", "by_id", "user", "SET NULL"),
        _to("panel_call", "question_id", "question", "CASCADE"),
        _to("panel_call", "comment_id", "comment", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_call")),
    )
    op.create_index(op.f("ix_panel_call_discussion_id"), "panel_call", ["discussion_id"])
    op.create_index(op.f("ix_panel_call_user_id"), "panel_call", ["user_id"])
    op.create_table(
        "held_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        _to("held_answer", "discussion_id", "discussion", "CASCADE"),
        _to("held_answer", "user_id", "user", "CASCADE"),
        _to("held_answer", "question_id", "question", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_answer")),
        sa.UniqueConstraint("question_id", "user_id", name=op.f("uq_held_answer_question_id_user_id")),
    )
    op.create_index(op.f("ix_held_answer_discussion_id"), "held_answer", ["discussion_id"])
    op.create_index(op.f("ix_held_answer_user_id"), "held_answer", ["user_id"])


def downgrade() -> None:
    """Go one step back."""
    for table in ("held_answer", "panel_call", "ready_answer", "ready_check", "backstage_message"):
        op.drop_table(table)
    with op.batch_alter_table("session") as batch_op:
        batch_op.drop_constraint(op.f("fk_session_invitation_id_invitation"), type_="foreignkey")
        batch_op.drop_column("invitation_id")
    op.drop_table("invitation")
    op.drop_column("seat", "introduced_at")
    op.drop_column("seat", "biography")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def _to(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )
