"""Providers of kind `oidc`: what they may hold, how they are changed, and how they are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from federation_emulator.client.issuer import Issuer
from federation_emulator.core.store import Collection
from federation_emulator.services.iam.key_set import KeySetProblem, read_key_set
from federation_emulator.services.iam.model import Oidc, Provider
from tests.emulator.chain import ACCOUNT, POOL, POOL_PATH, POOLS_PATH
from tests.emulator.google_server import PROJECT, Google
from tests.emulator.identity import MAPPING, PATH, PROVIDER, make_provider

URI = "https://issuer.example.com/path"
CREATE = f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={PROVIDER}"
ISSUER = Issuer(URI)
KEYS = ISSUER.key_set()
GITHUB = "https://token.actions.githubusercontent.com"
ORG_POLICY = "constraints/iam.workloadIdentityPoolProviders"


@pytest.fixture(scope="module")
def pooled(shared: Google) -> Google:
    """One with a pool, for requests that are refused or made with an id of their own."""
    shared.done("POST", f"/v1/projects/{PROJECT}/services/iam.googleapis.com:enable", {})
    shared.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {})
    return shared


def create(google: Google, oidc: Any, **fields: Any) -> Any:
    return google.call("POST", CREATE, {"oidc": oidc, "attributeMapping": MAPPING, **fields})


def test_a_provider_is_made_changed_by_its_parts_listed_and_deleted(pooled: Google) -> None:
    make_provider(pooled, {"issuerUri": URI, "allowedAudiences": ["one"], "jwksJson": KEYS})
    made = pooled.done("GET", PATH)
    assert made["oidc"] == {"issuerUri": URI, "allowedAudiences": ["one"], "jwksJson": KEYS}
    assert "aws" not in made
    for mask, sent, expected in (
        # Only what the mask names is taken; what it names and the body lacks is reset.
        (
            "oidc.allowed_audiences",
            {"issuerUri": "https://x", "allowedAudiences": ["b"]},
            {"allowedAudiences": ["b"], "jwksJson": KEYS},
        ),
        ("oidc.jwksJson,oidc.allowedAudiences", {}, {}),
        ("oidc", {"issuerUri": URI, "jwksJson": KEYS}, {"jwksJson": KEYS}),
    ):
        pooled.done("PATCH", f"{PATH}?updateMask={mask}", {"oidc": sent})
        assert pooled.done("GET", PATH)["oidc"] == {"issuerUri": URI, **expected}
    assert PATH.rpartition("/")[2] in str(pooled.done("GET", f"{POOL_PATH}/providers"))
    for fields, mask in (
        ({"aws": {"accountId": ACCOUNT}}, "aws"),
        ({"oidc": {}}, "oidc.issuerUri"),
        ({}, "attributeMapping"),
    ):
        assert pooled.call("PATCH", f"{PATH}?updateMask={mask}", fields).status_code == 400
    pooled.done("DELETE", PATH)
    assert pooled.done("GET", PATH)["state"] == "DELETED"
    assert create(pooled, {"issuerUri": URI}).status_code == 409
    pooled.done("POST", f"{PATH}:undelete", {})
    assert pooled.done("GET", PATH)["oidc"]["issuerUri"] == URI


@pytest.mark.parametrize(
    ("oidc", "fields", "says"),
    [
        ({}, {}, "oidc.issuer_uri: it must be an https:// URL"),
        *(({"issuerUri": uri}, {}, "oidc.issuer_uri") for uri in (
            "http://issuer.example.com", "issuer.example.com", "https://", f"{URI}?a=b", f"{URI}#a", f"{URI}?",
            f"{URI} ", "https://user@issuer.example.com", f"https://{'x' * 2000}", "https://issuer.example.com\n",
            "https://[:::::]", "https://-._.", "https://a..b", f"https://{'x' * 64}.com", f"{URI}/..", f"{URI}/./a",
            "https://bücher.example", "http://127.0.0.2", "http://127.0.0.1.example.com", "http://me@127.0.0.1",
            "http://127.0.0.1:0", "http://localhost:65536", "http://127.0.0.1\\@example.com", "HTTP://127.0.0.1",
            "http://[::1]example.com", "ftp://127.0.0.1", "http://0.0.0.0", "http://127.1",
        )),
        ({"issuerUri": URI, "allowedAudiences": ["a"] * 11}, {}, "at most 10, of 1 to 256 characters"),
        ({"issuerUri": URI, "allowedAudiences": ["a" * 257]}, {}, "at most 10, of 1 to 256 characters"),
        ({"issuerUri": URI, "allowedAudiences": [""]}, {}, "at most 10, of 1 to 256 characters"),
        ({"issuerUri": URI, "jwksJson": "{"}, {}, "Input JWK is not in a valid json format"),
        ({"issuerUri": URI}, {"attributeMapping": {}}, "must have an attribute mapping, with google.subject"),
        ({"issuerUri": URI}, {"attributeMapping": {"attribute.a": "assertion.a"}}, "google.subject must be mapped"),
        ({"issuerUri": URI}, {"aws": {"accountId": ACCOUNT}}, "oneof field 'provider_config' is already set"),
        ({"issuerUri": GITHUB}, {}, "The attribute condition must reference one of the provider's claims."),
        ({"issuerUri": GITHUB}, {"attributeCondition": "'assertion' == google.subject"}, "must reference one of"),
        ({"issuerUri": URI, "allowedAudience": ["a"]}, {}, 'Unknown name "allowedAudience"'),
    ],
)  # fmt: skip
def test_what_a_provider_may_not_hold_is_refused(pooled: Google, oidc: Any, fields: Any, says: str) -> None:
    answer = pooled.call(
        "POST",
        f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=refused",
        {"oidc": oidc, "attributeMapping": MAPPING, **fields},
    )
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize("uri", ["http://127.0.0.1:8080/realms/test", "http://localhost", "https://[::1]:65535/"])
def test_an_issuer_on_this_machine_may_have_http(pooled: Google, uri: str) -> None:
    provider = f"local-{len(uri)}"
    body = {"oidc": {"issuerUri": uri}, "attributeMapping": MAPPING}
    pooled.done("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={provider}", body)
    assert pooled.done("GET", f"{POOL_PATH}/providers/{provider}")["oidc"] == {"issuerUri": uri}


def test_what_a_provider_may_hold_at_most_is_taken(pooled: Google) -> None:
    oidc = {"issuerUri": GITHUB, "allowedAudiences": ["a" * 256] * 10}
    body = {"oidc": oidc, "attributeMapping": MAPPING, "attributeCondition": "assertion.repository_owner == 'a'"}
    path = f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=github"
    assert pooled.call("POST", path, body).status_code == 200
    body["oidc"] = {"issuerUri": URI, "discoveryUri": f"{URI}/.well-known/openid-configuration"}
    assert pooled.call("POST", path.replace("github", "discovery"), body).status_code == 501


def test_an_organisation_that_allows_aws_only_refuses_the_issuer(quiet_google: Google) -> None:
    google = quiet_google
    for name in ("iam", "cloudresourcemanager"):
        google.done("POST", f"/v1/projects/{PROJECT}/services/{name}.googleapis.com:enable", {})
    google.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {})
    policy = google.done("POST", f"/v1/projects/{PROJECT}:getIamPolicy")
    policy["bindings"].append({"role": "roles/orgpolicy.policyAdmin", "members": ["user:deployer@local.invalid"]})
    google.done("POST", f"/v1/projects/{PROJECT}:setIamPolicy", {"policy": policy})
    for allowed, status in (("https://sts.amazonaws.com", 400), (URI, 200)):
        values = {"constraint": ORG_POLICY, "listPolicy": {"allowedValues": [allowed]}}
        google.done("POST", f"/v1/projects/{PROJECT}:setOrgPolicy", {"policy": values})
        assert create(google, {"issuerUri": URI}).status_code == status


def keys(**changes: Any) -> str:
    """A set of one EC key that differs from a right one; None leaves a field out."""
    right = next(key for key in json.loads(KEYS)["keys"] if key["alg"] == "ES256")
    return json.dumps({"keys": [{name: value for name, value in {**right, **changes}.items() if value is not None}]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "must be"),
        ('{"keys": []}', "1 to 100"),
        ('{"keys": [], "keys": []}', "comes twice"),
        (json.dumps({"keys": json.loads(KEYS)["keys"] * 2}), "a kid of its own"),
        (json.dumps({"keys": [], "more": 1}), "no more"),
        (keys(x5c="x"), "has x5c"),
        (keys(d="x"), "has d"),
        (keys(kid=None), "a kid of its own"),
        (keys(kid="k" * 257), "a kid of its own, of 1 to 256 printable"),
        (keys(kid="a b"), "a kid of its own, of 1 to 256 printable"),
        (keys(use="enc"), "use sig"),
        (keys(kty="oct"), "RSA of 2048"),
        (keys(kty="RSA"), "RSA of 2048"),
        (keys(crv="P-521"), "with crv"),
        (keys(x="AQAB"), "with crv"),
        (keys(x=1), "an object of strings"),
        (keys(x="a+b/"), "with crv"),
        (keys(kty="RSA", n="AQAB", e="AQAB"), "RSA of 2048"),
        (" " * 65_537, "65537 characters"),
    ],
)
def test_a_key_set_of_another_form_is_refused(text: str, problem: str) -> None:
    with pytest.raises(KeySetProblem, match=problem):
        read_key_set(text)


def test_a_key_serves_the_algorithm_of_its_kind_only() -> None:
    found = read_key_set(KEYS)
    served = {
        name: [each for each in ("RS256", "ES256", "ES384", "none") if found[ISSUER.key_id(name)].serves(each)]
        for name in ("RS256", "ES256", "ES384")
    }
    assert served == {"RS256": ["RS256"], "ES256": ["ES256"], "ES384": []}
    assert next(iter(read_key_set(keys(alg=None, use=None)).values())).serves("ES256")
    assert not next(iter(read_key_set(keys(alg="RS256")).values())).serves("ES256")


def test_a_provider_is_kept_over_a_restart_and_one_of_before_is_read(tmp_path: Path) -> None:
    kept = Collection("providers", Provider, folder=tmp_path)
    made = Provider(name="p", oidc=Oidc(issuer_uri=URI, allowed_audiences=("a",), jwks_json=KEYS))
    kept.put("p", made)
    assert Collection("providers", Provider, folder=tmp_path).get("p") == made
    file = tmp_path / "providers.json"
    before = json.loads(file.read_text())
    before["p"] = {name: value for name, value in before["p"].items() if name != "oidc"} | {"account_id": ACCOUNT}
    file.write_text(json.dumps(before))
    assert Collection("providers", Provider, folder=tmp_path).get("p") == Provider(name="p", account_id=ACCOUNT)
