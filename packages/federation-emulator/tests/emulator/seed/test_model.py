"""A seed is checked as a whole: every problem is reported at once, with its key, its value and the rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from federation_emulator.client.issuer import Issuer
from federation_emulator.expected import SeedError
from federation_emulator.seed.model import CHAIN_SERVICES, MOST_BYTES, Seed, read_seed, seed_from
from keyless_bigquery.components.program import ROOT

TABLE: dict[str, Any] = {"columns": {"id": "INT64"}, "rows": [{"id": 1}]}
GRANT: dict[str, Any] = {"role": "roles/bigquery.jobUser", "members": ["user:somebody@local.invalid"]}

KEYS = Issuer("", algorithms=("ES256",)).key_set()
OIDC: dict[str, Any] = {"issuer": "https://issuer.example.com", "mapping": {"google.subject": "assertion.sub"}}


def refused(written: object) -> str:
    with pytest.raises(SeedError) as raised:
        seed_from(written)
    return str(raised.value)


def test_an_empty_seed_is_a_project_with_the_apis_that_the_chain_needs() -> None:
    assert seed_from({}) == Seed()
    assert seed_from({}).services == list(CHAIN_SERVICES)
    assert seed_from({}).project.id == "local-keyless"


def test_the_example_is_a_seed() -> None:
    example = read_seed(ROOT / "packages/federation-emulator/src/federation_emulator/example.yaml")
    assert example.aws.roles == ["reader", "stranger"]
    assert [grant.resource for grant in example.grants] == [
        "serviceAccounts/reporter",
        "project",
        "datasets/shop/tables/orders",
    ]


def test_all_problems_are_reported_at_once() -> None:
    pools = {"ci": {}, "pool": {"providers": {"gh": {"condition": "x"}}}}
    text = refused({"aws": {"account": 42}, "pool": {}, "project": {"id": "UPPER"}, "pools": pools})
    assert text.startswith("the seed has 6 problems:\n")
    assert "  aws.account: an AWS account is 12 digits in quotes, got 42" in text
    assert "  pool: there is no such key; see the table in the README of federation-emulator" in text
    assert "  project.id: " in text


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ([], "the seed must be a mapping"),
        ({"project": {"number": "12345678901"}}, "a project's number is 12 digits in quotes, got '12345678901'"),
        (
            {"pools": {"pool": {"providers": {"aws-one": {"account": "1"}}}}},
            "pools.pool.providers.aws-one.account: an AWS account is",
        ),
        (
            {"pools": {"pool": {"providers": {"aws-one": {"oidc": {}}}}}},
            "pools.pool.providers.aws-one.oidc: there is no such key",
        ),
        *(
            ({"pools": {"pool": {"providers": {"aws-one": {**OIDC, **changes}}}}}, f"pools.pool.providers.aws-one{why}")
            for changes, why in (
                ({"issuer": "http://issuer.example.com"}, ".issuer: Invalid value 'http://issuer.example.com'"),
                ({"issuer": ""}, ".issuer: Invalid value ''"),
                ({"allowedAudiences": ["a"] * 11}, ".allowedAudiences: Invalid value for oidc.allowed_audiences"),
                ({"jwks": {"keys": []}}, ".jwks: Input JWK is not in a valid json format: it has 0 keys"),
                ({"jwks": "{}"}, ".jwks: Input JWK is not in a valid json format"),
                ({"jwks": "absent.json"}, ".jwks: 'absent.json' can't be read as a file with a JSON key set: "),
                ({"account": "210987654321"}, ": a provider has an account, for AWS, or an issuer, for OIDC"),
                ({"mapping": {}}, ": a provider with an issuer needs a mapping with"),
                ({"mapping": {"attribute.a": "assertion.a"}}, ".mapping: google.subject must be mapped"),
                ({"condition": "assertion.sub =="}, ".condition: "),
            )
        ),
        ({"pools": {"pool": {"providers": {"aws-one": {"jwks": KEYS}}}}}, "jwks belong to an issuer; add it"),
        ({"pools": {"ci": {}}}, "pools.ci: Invalid value 'ci' for workload_identity_pool_id: it must have 4-32 "),
        ({"pools": {"pool": {"providers": {"UP": {}}}}}, "pools.pool.providers.UP: Invalid value 'UP' for workload_"),
        ({"serviceAccounts": ["ci"]}, "serviceAccounts[0]: Invalid service account id 'ci'"),
        ({"datasets": {"a-b": {}}}, "datasets.a-b: Invalid dataset ID"),
        ({"datasets": {"d": {"tables": {"a/b": TABLE}}}}, "datasets.d.tables.a/b: Invalid table ID"),
        ({"grants": [{"resource": "table", **GRANT}]}, "grants[0].resource: a grant is on `project`"),
        ({"grants": [{"resource": "project", "role": "r"}]}, "grants[0].members: this key is needed"),
        ({"grants": [{"resource": "serviceAccounts/who", **GRANT}]}, "grants[0].resource: the seed has no service"),
        ({"grants": [{"resource": "datasets/d/tables/t", **GRANT}]}, "grants[0].resource: the seed has no datasets/d"),
        ({"datasets": {"d": {"tables": {"t": {"columns": {}}}}}}, "datasets.d.tables.t.columns: "),
        ({"datasets": {"d": {"tables": {"t": {**TABLE, "rows": [{"x": 1}]}}}}}, "rows name columns that the table has"),
        ({"faults": {"errorShare": 2}}, "faults.errorShare: "),
        ({"aws": {"roles": ["a b"]}}, "aws.roles[0]: "),
    ],
)
def test_a_problem_names_its_key_and_the_rule(written: object, why: str) -> None:
    assert why in refused(written)


def test_a_key_set_is_a_mapping_a_text_or_a_file_next_to_the_seed(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(KEYS)
    for written in (KEYS, "keys.json", json.loads(KEYS)):
        seed = tmp_path / "cloud.yaml"
        seed.write_text(yaml.safe_dump({"pools": {"pool": {"providers": {"aws-one": {**OIDC, "jwks": written}}}}}))
        assert json.loads(read_seed(seed).pools["pool"].providers["aws-one"].jwks) == json.loads(KEYS)
    (tmp_path / "keys.json").write_bytes(b" " * 70_000)
    seed.write_text(yaml.safe_dump({"pools": {"pool": {"providers": {"aws-one": {**OIDC, "jwks": "keys.json"}}}}}))
    with pytest.raises(SeedError, match=r"pools\.pool\.providers\.aws-one\.jwks: .*the limit is 65536"):
        read_seed(seed)


def test_a_grant_on_what_the_seed_has_is_taken() -> None:
    seed = seed_from(
        {
            "serviceAccounts": ["who-else"],
            "datasets": {"d": {"tables": {"t": TABLE}}},
            "grants": [
                {"resource": resource, **GRANT}
                for resource in ("project", "serviceAccounts/who-else", "datasets/d", "datasets/d/tables/t")
            ],
        }
    )
    assert len(seed.grants) == 4


def test_a_file_that_is_no_yaml_too_large_or_absent_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cloud.yaml"
    for content, why in ((b"a: [", "is no YAML"), (b"\xff", "is no YAML"), (b"#" * (MOST_BYTES + 1), "is larger than")):
        path.write_bytes(content)
        with pytest.raises(SeedError, match=rf"cloud\.yaml {why}"):
            read_seed(path)
    path.unlink()
    with pytest.raises(SeedError, match=r"cloud\.yaml can't be read: No such file"):
        read_seed(path)


def test_a_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    written = tmp_path / "seed.yaml"
    written.write_text("pools:\n  pool-a: {}\n  pool-b: {}\n")
    assert set(read_seed(written).pools) == {"pool-a", "pool-b"}
    written.write_text("pools:\n  pool-a: {}\n  pool-a: {}\n")
    with pytest.raises(SeedError, match="'pool-a' comes twice"):
        read_seed(written)
