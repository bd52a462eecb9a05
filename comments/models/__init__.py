"""Good talk: discussions, and the threads of comments that hang on them and on anything else that declares them.

Invariants:

1. A comment belongs to the thread of its parent and is at most `DEPTH_MAX` deep, in its path as in its depth: the
   path holds every ancestor and itself, and a foreign key over the whole path keeps it.
2. The counts of replies, of branches and of threads are the numbers of visible comments: the statement that shows or
   hides a comment counts it, by a trigger. So are votes: likes counts them, and the scores follow at once.
3. Pages begin where the last one ended: whoever walks all of them sees each comment that was there once.
4. Removing a comment removes no reply: a row with replies cannot be deleted, and what was taken away stays as a
   tombstone as long as a visible comment hangs below it. Its author deletes a discussion while nothing is said in it.
5. The HTML that is shown was rendered by us from the Markdown that is kept, sanitised, and stored with the version of
   the renderer.
6. A discussion or a comment outlives the account of its author.
7. Every act of a moderator is a row with who, when and why; what is hidden, removed or restored has one. A discussion
   that is held, hidden, removed or deleted takes nothing more, and what was said in it comes back with it.
8. A person follows a thread at most once, is told at most once a day in one mail, and of nothing that a moderator has
   not let pass; the mail and what it told are one transaction.
9. An act about what somebody wrote is looked at again once, by another moderator; what was decided stays.
10. What was said elsewhere first is taken in once, however often it is imported.

A thing can be talked about when its model declares it, and has `get_absolute_url()` and `visible_to(user)`:

    threads = GenericRelation("comments.Thread")
"""

from comments.models.comments import COMMENT_MAX, DEPTH_MAX, Comment, Revision, on_visible_threads
from comments.models.discussions import BODY_MAX, TITLE_MAX, VERDICT_MAX, Discussion
from comments.models.feeds import FeedKey
from comments.models.moderation import APPEAL_MAX, Act, Appeal, Curb, Limit, Mute, Report
from comments.models.origins import Origin
from comments.models.subscriptions import DigestTurn, Subscription
from comments.models.threads import Thread

__all__ = [
    "APPEAL_MAX",
    "BODY_MAX",
    "COMMENT_MAX",
    "DEPTH_MAX",
    "TITLE_MAX",
    "VERDICT_MAX",
    "Act",
    "Appeal",
    "Comment",
    "Curb",
    "DigestTurn",
    "Discussion",
    "FeedKey",
    "Limit",
    "Mute",
    "Origin",
    "Report",
    "Revision",
    "Subscription",
    "Thread",
    "on_visible_threads",
]
