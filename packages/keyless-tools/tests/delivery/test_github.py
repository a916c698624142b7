"""One comment for each preview and one issue for each drift, however often it is said; nobody else's is touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyless_tools.delivery.errors import DeliveryError
from keyless_tools.delivery.github import GitHub, marker
from tests.delivery.github_stand_in import REPOSITORY, TOKEN, Repository
from tests.http_server import serving


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def github(repository: Repository) -> Iterator[GitHub]:
    with (
        serving(repository.answer) as server,
        GitHub.connect(api_url=server.url, repository=REPOSITORY, token=TOKEN) as connected,
    ):
        yield connected


def test_the_second_preview_takes_the_place_of_the_first(repository: Repository, github: GitHub) -> None:
    first = github.say(7, "preview dev", "one to create")
    assert github.say(7, "preview dev", "nothing to change") == first
    (comment,) = repository.comments[7]
    assert comment["body"] == "<!-- keyless-delivery: preview dev -->\nnothing to change"


def test_each_environment_and_each_pull_request_has_its_own(repository: Repository, github: GitHub) -> None:
    for number, about in ((7, "preview dev"), (7, "preview prod"), (8, "preview dev")):
        github.say(number, about, "said")
    assert {number: len(listed) for number, listed in repository.comments.items()} == {7: 2, 8: 1}


def test_a_comment_of_somebody_else_is_not_touched_whatever_it_begins_with(
    repository: Repository, github: GitHub
) -> None:
    theirs = repository.comment(7, f"{marker('preview dev')}\nmine", login="mallory")
    github.say(7, "preview dev", "ours")
    assert theirs["body"].endswith("mine")
    assert len(repository.comments[7]) == 2


def test_a_comment_that_only_quotes_the_marker_is_not_taken_for_it(repository: Repository, github: GitHub) -> None:
    repository.comment(7, f"see {marker('preview dev')}")
    github.say(7, "preview dev", "ours")
    assert len(repository.comments[7]) == 2


def test_it_is_found_among_hundreds(repository: Repository, github: GitHub) -> None:
    for _ in range(230):
        repository.comment(7, "chatter", login="somebody")
    github.say(7, "preview dev", "first")
    github.say(7, "preview dev", "second")
    assert [one["body"] for one in repository.comments[7][230:]] == [f"{marker('preview dev')}\nsecond"]


def test_drift_is_one_issue_until_it_is_over(repository: Repository, github: GitHub) -> None:
    assert github.close_issue("drift dev", "over") is None
    where = github.open_issue("drift dev", "Drift in dev", "512 => 256")
    assert github.open_issue("drift dev", "Drift in dev", "512 => 1024") == where
    (issue,) = repository.issues
    assert (issue["state"], issue["body"].splitlines()[-1]) == ("open", "512 => 1024")
    assert github.close_issue("drift dev", "Nothing differs any more.") == where
    assert issue["state"] == "closed"
    assert repository.comments[1][0]["body"] == "Nothing differs any more."
    github.open_issue("drift dev", "Drift in dev", "again")
    assert [one["state"] for one in repository.issues] == ["closed", "open"]


def test_a_job_without_the_right_is_told_which_right(repository: Repository, github: GitHub) -> None:
    repository.may_write = False
    with pytest.raises(
        DeliveryError, match=r"refused POST .*403 .*not accessible.*`permissions: pull-requests: write`"
    ):
        github.say(7, "preview dev", "said")


def test_another_token_is_refused_and_no_token_is_told(github: GitHub) -> None:
    url = str(github.client.base_url)
    with GitHub.connect(api_url=url, repository=REPOSITORY, token="another-token") as stranger:
        with pytest.raises(DeliveryError, match="401") as refused:
            stranger.say(7, "preview dev", "said")
        assert "another-token" not in str(refused.value) + repr(stranger)


def test_a_github_that_does_not_answer_is_one_line() -> None:
    connected = GitHub.connect(api_url="http://127.0.0.1:9", repository=REPOSITORY, token=TOKEN)
    with connected as absent, pytest.raises(DeliveryError, match=r"GitHub does not answer at http://127\.0\.0\.1:9"):
        absent.say(7, "preview dev", "said")
