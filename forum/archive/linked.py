"""What search engines are told of a discussion: schema.org's DiscussionForumPosting as JSON-LD."""

import json
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from forum import text
from forum.archive.readings import moment
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Visibility
from forum.people import Face

MOST_COMMENTS = 100


def posting(scene: Scene, site: str, comments: Iterable[Shown] = ()) -> Markup:
    """Return the JSON-LD of a discussion for inside a script element, with some of its comments; empty unless public.

    https://schema.org/DiscussionForumPosting. No "<" stands in it, so that nothing can end the element.
    """
    discussion = scene.discussion
    if discussion.visibility is not Visibility.PUBLIC or scene.phase == "draft":
        return Markup()
    address = f"{site}/d/{discussion.slug}"
    hosts = [_person(face, site) for face in scene.seated if face.role == "host"]
    organisation = [{"@type": "Organization", "name": discussion.hosted_by}] if discussion.hosted_by else []
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "@id": address,
        "url": address,
        "headline": discussion.title[:110],
        "text": text.excerpt(discussion.intro_html, 500) or discussion.title,
        "datePublished": moment(discussion.starts_at),
        "dateModified": moment(max(discussion.starts_at, discussion.closed_at or discussion.starts_at)),
        "author": (organisation + hosts) or [{"@type": "Organization", "name": discussion.title}],
        "commentCount": scene.tally.comments,
        "interactionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": {"@type": "CommentAction"},
            "userInteractionCount": scene.tally.comments,
        },
    }
    if discussion.hero:
        said["image"] = f"{site}/media/{discussion.hero}"
    shown = [_comment(one, address, site) for one in comments if one.is_published][:MOST_COMMENTS]
    if shown:
        said["comment"] = shown
    return Markup(json.dumps(said, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704


def _comment(shown: Shown, address: str, site: str) -> dict[str, Any]:
    return {
        "@type": "Comment",
        "@id": f"{address}/c/{shown.comment.id}",
        "url": f"{address}/c/{shown.comment.id}",
        "text": text.excerpt(shown.comment.html, 1000),
        "datePublished": moment(shown.comment.posted_at),
        "author": _person(shown.face, site),
    }


def _person(face: Face, site: str) -> dict[str, Any]:
    person: dict[str, Any] = {"@type": "Person", "name": face.name}
    if face.user_id is not None:
        person["url"] = f"{site}/people/{face.user_id}"
    if face.affiliation:
        person["affiliation"] = {"@type": "Organization", "name": face.affiliation}
    return person
