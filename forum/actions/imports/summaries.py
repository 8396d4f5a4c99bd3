"""The summary of a whole discussion or of one question, in a discussion file."""

from typing import Any

from forum import text
from forum.archive.discussion_file import DiscussionFile
from forum.archive.lines import Path


def summed_up(file: DiscussionFile, path: Path, values: dict[str, Any]) -> dict[str, str]:
    """Return the summary of the whole or of a question, with its HTML."""
    if not values["summary"].strip():
        return {"summary": "", "summary_html": ""}
    try:
        words = text.clean_text(values["summary"], 5000)
    except text.TextFault as fault:
        file.fault((*path, "summary"), fault.message)
        return {}
    return {"summary": words, "summary_html": text.render(words)}
