"""Who may do what: the one place that pages, sockets and commands ask."""

from forum.access.asking import (
    is_invited,
    is_open_to_all,
    may,
    may_create,
    require,
    require_administrator,
    require_create,
)
from forum.access.lists import listed_for, may_find, run_by, runs_any
from forum.access.refusing import barred, suspension, told
from forum.access.roles import mute_of, role_of, roles_of, seat_of
from forum.access.table import PANEL, RUN, STAFF, Role

__all__ = [
    "PANEL",
    "RUN",
    "STAFF",
    "Role",
    "barred",
    "is_invited",
    "is_open_to_all",
    "listed_for",
    "may",
    "may_create",
    "may_find",
    "mute_of",
    "require",
    "require_administrator",
    "require_create",
    "role_of",
    "roles_of",
    "run_by",
    "runs_any",
    "seat_of",
    "suspension",
    "told",
]
