"""What editors say to each other about a thing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.models import Genre, Title
from apps.catalog.tests.factories import GenreFactory, TitleFactory
from apps.workflow import signals
from apps.workflow.models import Comment
from apps.workflow.moves import State
from apps.workflow.services import comments

from .steps import refused_field, title_in, unchanged

pytestmark = pytest.mark.django_db
LATER = datetime(2027, 1, 31, 12, tzinfo=UTC)


def test_a_remark_is_answered_and_the_answers_do_not_nest(esha: User, ravi: User, title: Title) -> None:
    remark = comments.add(title, "  The synopsis gives it away.\r\nAct two! ", by=ravi)
    answer = comments.add(title, "Shorter now.", by=esha, reply_to=remark)
    thanks = comments.add(title, "Thanks.", by=ravi, reply_to=answer)
    (found,) = comments.thread_list(title)

    assert found == remark
    assert found.text == "The synopsis gives it away.\nAct two!"
    assert list(found.replies.all()) == [answer, thanks]
    assert [one.who for one in found.replies.all()] == [esha.email, ravi.email]


def test_anything_can_be_commented_on_in_any_state(esha: User) -> None:
    genre: Genre = GenreFactory()
    comments.add(genre, "Do we need this one?", by=esha)
    for state in State:
        comments.add(title_in(state), "Seen.", by=esha)

    assert Comment.objects.count() == 1 + len(State)
    assert Comment.objects.about(genre).get().subject == genre


def test_a_comment_is_not_an_edit(esha: User, title: Title) -> None:
    before = Title.objects.filter(pk=title.pk).values().get()
    comments.add(title, "Hm.", by=esha)

    assert Title.objects.filter(pk=title.pk).values().get() == before


def test_who_may_not_comment_or_not_see_the_thing_says_nothing(
    title: Title, esha: User, groups: None
) -> None:
    remark = comments.add(title, "A remark.", by=esha)
    outsider = UserFactory(is_staff=True)
    may_comment = UserFactory(is_staff=True)
    may_comment.user_permissions.set([_permission("workflow", "add_comment")])
    may_see = UserFactory(is_staff=True)
    may_see.user_permissions.set([_permission("catalog", "view_title")])
    for person in (outsider, may_comment, may_see, UserFactory()):
        for deed in (
            lambda person=person: comments.add(title, "Me too.", by=person),
            lambda person=person: comments.resolve(remark, by=person),
            lambda person=person: comments.reopen(remark, by=person),
        ):
            with unchanged(), pytest.raises(PermissionDenied):
                deed()


def _permission(app: str, codename: str) -> Any:
    return Permission.objects.get(content_type__app_label=app, codename=codename)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        (" \n\t ", "required"),
        ("x" * 4001, "max_length"),
        ("a\x00b", "control"),
        ("a\x1b[31mb", "control"),
        ("abc\u202egnp.exe", "control"),
        ("half a smile \ud83d", "control"),
    ],
)
def test_text_that_cannot_be_kept_is_refused(text: str, code: str, esha: User, title: Title) -> None:
    with refused_field("text", code):
        comments.add(title, text, by=esha)


def test_text_of_all_kinds_comes_back_as_it_was_written(esha: User, title: Title) -> None:
    texts = ["x" * 4000, "<b>bold</b> & 'quoted'", "नमस्ते, क्‍या हाल है? 👩‍🚀", "a\n\n\tb", "50 %, “well”"]
    for text in texts:
        comments.add(title, text, by=esha)

    assert [one.text for one in comments.thread_list(title)] == texts


def test_text_is_never_markup(esha: User, title: Title) -> None:
    comment = comments.add(title, "<script>alert(1)</script>", by=esha)
    shown = Template("{{ comment.text }} {{ comment }}").render(Context({"comment": comment}))

    assert "<" not in shown


def test_a_reply_belongs_to_a_remark_on_the_same_thing(esha: User, title: Title) -> None:
    elsewhere = comments.add(TitleFactory(), "About another title.", by=esha)
    # The same number, but of another kind of thing.
    genre = GenreFactory(pk=title.pk)
    on_genre = comments.add(genre, "About a genre.", by=esha)
    for remark in (elsewhere, on_genre):
        with refused_field("reply_to", "does_not_exist"):
            comments.add(title, "Here?", by=esha, reply_to=remark)


def test_a_remark_is_settled_once_and_taken_up_again(esha: User, ravi: User, title: Title) -> None:
    remark = comments.add(title, "The synopsis gives it away.", by=ravi)
    comments.resolve(remark, by=esha, at=LATER)
    comments.resolve(remark, by=ravi)
    assert (remark.resolved_by, remark.resolved_at) == (esha, LATER)
    comments.reopen(remark, by=ravi)

    assert (remark.resolved_by, remark.resolved_at) == (None, None)


def test_an_answer_to_a_settled_remark_takes_it_up_again(esha: User, ravi: User, title: Title) -> None:
    remark = comments.add(title, "The synopsis gives it away.", by=ravi)
    comments.resolve(remark, by=esha)
    comments.add(title, "It still does.", by=ravi, reply_to=remark)
    remark.refresh_from_db()

    assert remark.resolved_at is None


def test_a_reply_is_not_settled_by_itself(esha: User, title: Title) -> None:
    reply = comments.add(title, "Yes.", by=esha, reply_to=comments.add(title, "Sure?", by=esha))
    for deed in (comments.resolve, comments.reopen):
        with refused_field("comment", "not_a_remark"):
            deed(reply, by=esha)


def test_a_remark_on_what_is_gone_is_not_settled(esha: User, title: Title) -> None:
    remark = comments.add(title, "Delete this?", by=esha)
    Title.objects.filter(pk=title.pk).delete()
    remark = Comment.objects.get(pk=remark.pk)
    with refused_field("comment", "does_not_exist"):
        comments.resolve(remark, by=esha)


def test_threads_cost_the_same_however_many_they_are(esha: User, ravi: User, title: Title) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            for remark in comments.thread_list(title):
                assert remark.who
                assert all(reply.who for reply in remark.replies.all())
        return len(queries)

    def talk() -> None:
        remark = comments.add(title, "A remark.", by=esha)
        comments.add(title, "An answer.", by=ravi, reply_to=remark)
        comments.resolve(remark, by=ravi)

    talk()
    for_one = cost()
    for _ in range(10):
        talk()

    assert cost() == for_one <= 2


def test_the_remarks_of_somebody_who_was_erased_stay_without_a_name(esha: User, title: Title) -> None:
    remark = comments.add(title, "A remark.", by=esha)
    comments.resolve(remark, by=esha)
    esha.delete()
    (found,) = comments.thread_list(title)

    assert (found.text, found.who, found.resolved_by) == ("A remark.", "former member of staff", None)
    assert found.resolved_at


def test_a_comment_is_announced_once_it_is_committed(
    esha: User, ravi: User, title: Title, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[tuple[int, list[int]]] = []

    def listen(comment_id: int, mentioned: list[int], **_: Any) -> None:
        heard.append((comment_id, mentioned))

    signals.commented.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            comment = comments.add(title, "@ravi, please look.", by=esha)
            assert heard == []
    finally:
        signals.commented.disconnect(listen)

    assert heard == [(comment.pk, [ravi.pk])]
