"""Naming somebody in a comment: who is meant, who is told, and what is mailed."""

from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.accounts.tests.steps import work
from apps.catalog.models import Title
from apps.catalog.tests.factories import GenreFactory, TitleFactory, staff
from apps.workflow import mentions
from apps.workflow.models import Comment, Mention
from apps.workflow.services import comments
from apps.workflow.tasks import address_of

from .steps import refused_field, unchanged

pytestmark = pytest.mark.django_db
mailing = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ravi", ["ravi"]),
        ("@ravi, @esha: look.", ["ravi", "esha"]),
        ("(@ravi) “@esha”", ["ravi", "esha"]),
        ("@ravi's idea; thanks @ravi.", ["ravi"]),
        ("@Ravi and @RAVI", ["ravi"]),
        ("@ravi@example.com.", ["ravi@example.com"]),
        ("@ravi/@esha", ["ravi", "esha"]),
        ("@ravi.k@mail.example.com!", ["ravi.k@mail.example.com"]),
        ("@o'hara@example.com", ["o'hara@example.com"]),
        ("ends here...@ravi", ["ravi"]),
        ("नमस्ते @ravi।", ["ravi"]),
        ("@first.last- @a+b@x.org", ["first.last", "a+b@x.org"]),
        ("write to ravi@example.com", []),
        ("at 5 @ home", []),
        ("@", []),
        ("@@", []),
    ],
)
def test_names_are_found_where_people_write_them(text: str, names: list[str]) -> None:
    assert mentions.named_in(text) == names


def test_a_text_full_of_signs_is_read_at_once() -> None:
    for text in ("@" * 4000, "@a" * 2000, "@" + "a." * 2000, "@-" * 2000, "@a@" * 1300, "@" + "'" * 3999):
        assert len(mentions.named_in(text)) <= 4000


def named(title: Title, text: str, by: User) -> set[str]:
    comment = comments.add(title, text, by=by)
    return set(comment.mentions.values_list("email", flat=True))


def test_somebody_is_named_by_address_or_by_what_stands_before_the_sign(
    title: Title, esha: User, ravi: User, priya: User
) -> None:
    assert named(title, "@ravi and @Priya@Example.com", esha) == {ravi.email, priya.email}
    assert named(title, "@ravi, yes @ravi@example.com", esha) == {ravi.email}
    assert named(title, "Nobody at all.", esha) == set()


def test_a_namesake_who_left_or_only_watches_confuses_nobody(title: Title, esha: User, ravi: User) -> None:
    staff("Editor", email="ravi@former.example", is_active=False)
    UserFactory(email="ravi@viewers.example")

    assert named(title, "@ravi", esha) == {ravi.email}


def test_naming_oneself_tells_nobody(title: Title, esha: User) -> None:
    assert named(title, "A note to @esha.", esha) == set()
    assert not ProcrastinateJob.objects.exists()


def test_a_name_of_nobody_or_of_several_is_refused_and_nothing_is_kept(
    title: Title, esha: User, ravi: User
) -> None:
    staff("Editor", email="sam@one.example")
    staff("Editor", email="sam@two.example")
    staff("Editor", email="left@example.com", is_active=False)
    UserFactory(email="viewer@example.com")
    UserFactory(email="elsewhere@example.com", is_staff=True)
    for name in (
        "sam", "sam@three.example", "left", "left@example.com", "viewer", "viewer@example.com", "elsewhere",
        "rav", "ravi@example", "r_vi", "ravi.k", "avi@example.com",
    ):  # fmt: skip
        with refused_field("text", "unknown_mention"):
            comments.add(title, f"@ravi and @{name}", by=esha)

    assert not ProcrastinateJob.objects.exists()
    assert named(title, "@sam@one.example", esha) == {"sam@one.example"}


def test_the_refusal_says_every_name_that_it_could_not_place(title: Title, esha: User, ravi: User) -> None:
    with pytest.raises(mentions.UnknownMention) as caught, transaction.atomic():
        comments.add(title, "@nobody, @ravi, @none@example.com", by=esha)

    assert caught.value.names == ["nobody", "none@example.com"]
    assert "@nobody, @none@example.com" in caught.value.extra["errors"][0]["detail"]


def test_who_may_not_see_the_thing_is_not_called_to_it(esha: User, groups: None) -> None:
    hidden = GenreFactory()
    reader = UserFactory(email="reader@example.com", is_staff=True)
    with refused_field("text", "unknown_mention"):
        comments.add(hidden, "@reader, look!", by=esha)

    assert not Mention.objects.filter(user=reader).exists()


def test_not_the_whole_company_is_named_at_once(title: Title, esha: User) -> None:
    people = [staff("Editor", email=f"editor{n}@example.com") for n in range(21)]
    calls = [f"@{one.email}" for one in people]
    with refused_field("text", "too_many_mentions"):
        comments.add(title, " ".join(calls), by=esha)

    assert len(named(title, " ".join(calls[:20]), esha)) == 20


def test_unseen_mentions_wait_until_somebody_looks(title: Title, esha: User, ravi: User) -> None:
    other = TitleFactory()
    first = comments.add(title, "@ravi", by=esha)
    second = comments.add(other, "@ravi, this too", by=esha)
    assert [one.comment for one in comments.mentions_of(ravi)] == [second, first]
    assert comments.seen(ravi, title) == 1
    assert comments.seen(ravi, title) == 0

    assert [one.comment for one in comments.mentions_of(ravi)] == [second]
    assert not comments.mentions_of(esha).exists()


def test_listing_mentions_costs_the_same_however_many_they_are(esha: User, ravi: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            for one in comments.mentions_of(ravi):
                assert one.comment.who
                assert str(one.comment.subject)
        return len(queries)

    comments.add(TitleFactory(), "@ravi", by=esha)
    for_one = cost()
    for _ in range(10):
        comments.add(TitleFactory(), "@ravi", by=esha)

    assert cost() == for_one


def test_a_job_knows_ids_only_and_is_undone_with_its_cause(title: Title, esha: User, ravi: User) -> None:
    comments.add(title, "@ravi, the password is swordfish", by=esha)
    job = ProcrastinateJob.objects.get()
    assert job.args == {"mention": Mention.objects.get().pk}

    with unchanged(), pytest.raises(ValueError), transaction.atomic():  # noqa: PT012
        comments.add(title, "@ravi, again", by=esha)
        raise ValueError
    assert ProcrastinateJob.objects.get() == job


# --- The mail ---------------------------------------------------------------------------------------


@mailing
def test_who_is_named_gets_a_mail_that_leads_to_the_thing(esha: User, ravi: User, settings: Any) -> None:
    title = TitleFactory(name="Tom & Jerry\nBcc: all@example.com")
    text = "@ravi, is “<b>Tom & Jerry</b>” right?\n\nIt's urgent."
    comments.add(title, text, by=esha)
    work()
    (letter,) = mail.outbox

    assert letter.to == [ravi.email]
    assert letter.subject == "esha@example.com mentioned you: Tom & Jerry Bcc: all@example.com"
    assert letter.extra_headers == {}
    assert letter.cc == letter.bcc == []
    assert text in str(letter.body)
    assert f"{settings.SITE_URL}/admin/" in str(letter.body)


def test_the_mail_leads_to_the_things_page_or_to_the_front_page(esha: User, settings: Any) -> None:
    settings.SITE_URL = "https://tv.example"
    without_a_page = Mention(pk=1)

    assert address_of(esha) == f"https://tv.example/admin/accounts/user/{esha.pk}/change/"
    assert address_of(without_a_page) == "https://tv.example/admin/"


@mailing
def test_two_people_get_two_mails_and_the_author_none(
    title: Title, esha: User, ravi: User, priya: User
) -> None:
    comments.add(title, "@ravi @priya @esha", by=esha)
    work()

    assert sorted(letter.to for letter in mail.outbox) == [[priya.email], [ravi.email]]


@mailing
def test_no_mail_to_who_has_looked_or_left_or_may_not_look(
    esha: User, ravi: User, priya: User, omar: User
) -> None:
    seen, gone = TitleFactory(), TitleFactory()
    comments.add(seen, "@ravi @priya @omar", by=esha)
    comments.add(gone, "@ravi", by=esha)
    comments.seen(ravi, seen)
    User.objects.filter(pk=priya.pk).update(is_active=False)
    omar.groups.clear()
    gone.delete()
    work()

    assert mail.outbox == []
    assert not ProcrastinateJob.objects.exclude(status="succeeded").exists()


@mailing
def test_the_mail_of_somebody_who_left_meanwhile_names_nobody(title: Title, esha: User, ravi: User) -> None:
    comments.add(title, "@ravi, goodbye.", by=esha)
    Comment.objects.update(author=None)
    work()

    assert mail.outbox[0].subject.startswith("former member of staff mentioned you")
