"""A configuration is judged value by value: what names no resource and is no address of Google's is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keyless_bigquery.components.shipped import credential_configuration
from keyless_bigquery.trust.subject_tokens import AwsOidc
from keyless_bigquery.trust.trust import GoogleEndpoints, TrustChain

PROVIDER = "projects/1/locations/global/workloadIdentityPools/pool/providers/aws-role"
EMAIL = "reader@my-project.iam.gserviceaccount.com"
KEY = "-----BEGIN PRIVATE KEY-----MIIEvQIBADANBg"
IMPERSONATION = f"/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
IMDSV2 = "http://169.254.169.254/latest/api/token"


def written(email: str | None = EMAIL, **given: Any) -> str:
    chain = TrustChain(aws_account_id="210987654321", role_name="Reader", function_name="orders", **given)
    return chain.credential_configuration(provider_name=PROVIDER, service_account_email=email)


GOOD = json.loads(written())


def changed(**fields: Any) -> str:
    """The configuration with other fields; without those that are None."""
    return json.dumps({name: value for name, value in {**GOOD, **fields}.items() if value is not None})


def with_source(**fields: Any) -> str:
    return changed(credential_source={**GOOD["credential_source"], **fields})


@pytest.mark.parametrize(
    "text",
    [
        written(),
        written(None),
        written(endpoints=GoogleEndpoints(base_url="http://127.0.0.1:8080")),
        written(None, endpoints=GoogleEndpoints(base_url="http://localhost:8080")),
        written(endpoints=GoogleEndpoints(base_url="https://{service}-readers.p.googleapis.com")),
        written(None, endpoints=GoogleEndpoints(base_url="https://{service}.europe-west1.rep.googleapis.com")),
        changed(universe_domain=None),
        changed(service_account_impersonation={"token_lifetime_seconds": 600}),
        changed(service_account_impersonation={"token_lifetime_seconds": 43_200}),
        changed(quota_project_id="my-project"),
        changed(
            service_account_impersonation_url=GOOD["token_url"]
            .replace("sts", "iamcredentials")
            .removesuffix("/v1/token")
            + "/v1/projects/-/serviceAccounts/1-compute@developer.gserviceaccount.com:generateAccessToken"
        ),
        with_source(imdsv2_session_token_url=IMDSV2),
    ],
)
def test_what_this_package_and_gcloud_write_may_travel(text: str) -> None:
    assert credential_configuration(text) is None


def at(base: str, path: str = "/v1/token") -> str:
    return base + path


NO_TYPES: tuple[Any, ...] = ("jwt", KEY, "urn:ietf:params:oauth:token-type:id_token", [])
REFUSED: tuple[tuple[str, Any], ...] = (
    *(("audience", value) for value in ("", KEY, 1, PROVIDER, f"//iam.googleapis.com/{PROVIDER}\n", {"key": KEY})),
    ("audience", f"//iam.googleapis.com/{PROVIDER.replace('projects/1', 'projects/my-project')}"),
    ("audience", "//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider"),
    *(("subject_token_type", value) for value in NO_TYPES),
    *(("token_url", value) for value in (KEY, 1, {"key": KEY}, "", "https://sts.googleapis.com")),
    ("token_url", at("https://evil.example")),
    ("token_url", at("https://sts.googleapis.com.evil.example")),
    ("token_url", at("https://evil.example/sts.googleapis.com")),
    ("token_url", at("https://sts.googleapis.com@evil.example")),
    ("token_url", at("https://sts.googleapis.com:8443")),
    ("token_url", at("http://sts.googleapis.com")),
    ("token_url", at("http://127.0.0.1.evil.example:1")),
    ("token_url", at("http://10.0.0.1")),
    ("token_url", at("https://bigquery.googleapis.com")),
    ("token_url", at("https://sts-evil.example.p.googleapis.com")),
    ("token_url", at("https://sts.googleapis.com", f"/v1/token?key={KEY}")),
    ("token_url", at("https://sts.googleapis.com", f"/v1/token/{KEY}")),
    ("token_url", at("http://user:secret@127.0.0.1:1")),
    ("token_url", at("https://sts.googleapis.com", "/v1/introspect")),
    *(("token_info_url", value) for value in (KEY, 1, at("https://evil.example", "/v1/introspect"))),
    ("service_account_impersonation_url", at("https://evil.example", IMPERSONATION)),
    ("service_account_impersonation_url", at("https://sts.googleapis.com", IMPERSONATION)),
    *(
        ("service_account_impersonation_url", at("https://iamcredentials.googleapis.com", path))
        for path in (
            IMPERSONATION.replace(EMAIL, "reader@evil.example"),
            IMPERSONATION.replace(EMAIL, KEY),
            IMPERSONATION.replace("generateAccessToken", "signJwt"),
            IMPERSONATION.replace("-/", "other/", 1),
        )
    ),
    *(
        ("service_account_impersonation", value)
        for value in (KEY, {}, {"private_key": KEY}, {"token_lifetime_seconds": 3600, "private_key": KEY})
    ),
    *(
        ("service_account_impersonation", {"token_lifetime_seconds": value})
        for value in (599, 43_201, True, 3600.0, KEY)
    ),
    *(("universe_domain", value) for value in (KEY, "", 1, "evil.example", "googleapis.com\n")),
    *(
        ("quota_project_id", value)
        for value in (KEY, "", 1, "123456789012", {"type": "service_account", "private_key": KEY})
    ),
)


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_value_of_another_form_is_refused_by_its_name_and_is_not_shown(name: str, value: Any) -> None:
    verdict = credential_configuration(changed(**{name: value}))
    assert verdict is not None
    assert verdict[0].startswith(f"its {name} must be ")
    assert KEY not in str(verdict)
    assert "evil" not in str(verdict)
    assert "secret@" not in str(verdict)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region_url", "http://169.254.169.254/"),
        ("url", f"http://u:secret@evil.example/?k={KEY}"),
        ("url", {"private_key": KEY}),
        ("regional_cred_verification_url", "https://evil.example/{region}"),
        ("imdsv2_session_token_url", f"{IMDSV2}/x"),
        ("imdsv2_session_token_url", None),
    ],
)
def test_a_session_and_its_signature_go_nowhere_but_where_gcloud_writes(name: str, value: Any) -> None:
    verdict = credential_configuration(with_source(**{name: value}))
    assert verdict is not None
    assert verdict[0].startswith(f"its credential_source.{name} must be http")
    assert KEY not in str(verdict)
    assert "evil" not in str(verdict)


@pytest.mark.parametrize("name", sorted(GOOD["credential_source"].keys() - {"environment_id"}))
def test_an_address_of_aws_that_is_missing_is_named(name: str) -> None:
    source = {key: value for key, value in GOOD["credential_source"].items() if key != name}
    verdict = credential_configuration(changed(credential_source=source))
    assert verdict is not None
    assert verdict[0] == f"it has no credential_source.{name}"


@pytest.mark.parametrize("name", ["audience", "subject_token_type", "token_url"])
def test_a_name_that_is_missing_is_named(name: str) -> None:
    verdict = credential_configuration(changed(**{name: None}))
    assert verdict is not None
    assert verdict[0] == f"it has no {name}"


def test_a_sovereign_clouds_hosts_and_domain_need_the_endpoint() -> None:
    sovereign = GoogleEndpoints(universe_domain="cloud.example")
    text, endpoint = written(endpoints=sovereign), "https://{service}.cloud.example"
    assert credential_configuration(text, endpoint=endpoint) is None
    # As gcloud writes it: the address of the account is that of Google's own cloud.
    mixed = changed(universe_domain="cloud.example", token_url="https://sts.cloud.example/v1/token")
    assert credential_configuration(mixed, endpoint=endpoint) is None
    for other in (None, "https://{service}.another.example", "https://cloud.example"):
        assert credential_configuration(text, endpoint=other) is not None


def test_the_configuration_of_a_token_that_aws_signs_is_refused_with_the_ways_that_there_are() -> None:
    issuer = "https://00000000-0000-4000-8000-000000000000.tokens.sts.global.api.aws"
    text = written(subject_token=AwsOidc(issuer))
    verdict = credential_configuration(text)
    assert verdict is not None
    assert "aws-oidc" in verdict[0]
    assert "subjectToken to aws-signature" in verdict[1]
    assert "into the package of a function" in verdict[1]
