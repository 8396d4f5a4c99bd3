"""What other sites put into their pages to show a discussion there."""

from markupsafe import escape

from forum.models import Discussion

WIDTH, HEIGHT = 640, 720


def lines(discussion: Discussion, site: str) -> dict[str, str]:
    """Return the line with a script, and the frame alone; `site` is our public address without a slash at the end."""
    source, title = f"{site}/embed.js", escape(discussion.title)
    return {
        "script": f'<script async src="{source}" data-discussion="{discussion.slug}" data-title="{title}"></script>',
        "frame": frame(discussion, site, "100%", HEIGHT),
    }


def frame(discussion: Discussion, site: str, width: int | str, height: int) -> str:
    """Return the element of a frame with the discussion in it."""
    return (
        f'<iframe src="{site}/d/{discussion.slug}/embed" title="{escape(discussion.title)}" width="{width}" '
        f'height="{height}" style="border:0;max-width:100%" loading="lazy"></iframe>'
    )
