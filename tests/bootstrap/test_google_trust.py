"""The condition and the bindings let in whom they should, judged by Google's expressions and the tokens' claims."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bootstrap import google_trust
from bootstrap.settings import Settings
from bootstrap.subjects import deploying
from keyless_bigquery.trust.attributes import condition_problem, mapping_problem
from keyless_bigquery.trust.expressions import evaluate
from keyless_bigquery.trust.functions import Functions
from tests.bootstrap.given import JOBS, PULL_REQUEST, settings, token

POOL = "projects/1/locations/global/workloadIdentityPools/github-prod"


def opened(claims: Mapping[str, str], of: Settings) -> set[str]:
    """What a token opens: the condition first, then the two principals that bindings name."""
    given = {"assertion": dict(claims)}
    if evaluate(google_trust.attribute_condition(of.github), given, Functions()) is not True:
        return set()
    mapped = {
        name: evaluate(expression, given, Functions()) for name, expression in google_trust.attribute_mapping().items()
    }
    means = {
        f"principal://iam.googleapis.com/{POOL}/subject/{mapped['google.subject']}",
        *(
            f"principalSet://iam.googleapis.com/{POOL}/{name}/{value}"
            for name, value in mapped.items()
            if name.startswith("attribute.")
        ),
    }
    bound = {
        "preview": google_trust.everybody_admitted(POOL, of.github),
        "deploy": google_trust.one_subject(POOL, deploying(of.github, of.environment)),
    }
    return {access for access, member in bound.items() if member in means}


@pytest.mark.parametrize("job", JOBS)
def test_a_token_opens_exactly_what_its_job_is_for(job: str) -> None:
    claims, expected = JOBS[job]
    assert opened(claims, settings()) == expected


def test_another_environments_job_on_main_only_looks() -> None:
    assert opened(token("environment:dev"), settings()) == {"preview"}
    assert opened(token("environment:dev"), settings("dev")) == {"preview", "deploy"}


@pytest.mark.parametrize("ref", [PULL_REQUEST, "refs/heads/mine"])
def test_a_job_that_names_the_environment_away_from_main_does_nothing(ref: str) -> None:
    assert opened(token("environment:prod", ref=ref), settings()) == set()


def test_an_older_repository_is_known_by_its_numbers_too() -> None:
    named = settings(subjects="named")
    assert opened(token("environment:prod", named=True), named) == {"preview", "deploy"}
    assert opened(token("pull_request", ref=PULL_REQUEST, named=True), named) == {"preview"}
    assert opened(token("environment:prod", named=True, name=("reports", "1")), named) == set()


def test_a_subject_in_the_other_form_deploys_nothing() -> None:
    assert opened(token("environment:prod", named=True), settings()) == {"preview"}
    assert opened(token("environment:prod"), settings(subjects="named")) == {"preview"}


def test_google_would_take_the_mapping_and_the_condition() -> None:
    assert mapping_problem(google_trust.attribute_mapping()) is None
    assert condition_problem(google_trust.attribute_condition(settings().github)) is None


def test_no_binding_names_a_whole_pool_or_an_attribute_that_is_not_mapped() -> None:
    member = google_trust.everybody_admitted(POOL, settings().github)
    assert not member.endswith("/*")
    assert member.split("/")[-2] in google_trust.attribute_mapping()
