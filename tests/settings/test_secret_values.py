"""What a function may be told, and what looks like a secret; neither is taken for the other."""

from __future__ import annotations

import base64
import json
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_bigquery.settings.secret_values import secret_in
from keyless_bigquery.trust.trust import TrustChain

LETTERS = string.ascii_letters + string.digits
CHAIN = TrustChain(aws_account_id="210987654321", role_name="Keyless-Reader", function_name="keyless-bigquery-prod")


def made_up(alphabet: str, length: int, seed: int = 1) -> str:
    """A value that is random, and the same each time; no secret is written down in this repository."""
    return "".join(random.Random(seed).choices(alphabet, k=length))  # noqa: S311 - it must come again


KEY_FILE = json.dumps({"type": "service_account", "private_key_id": "a", "private_key": "b"})
PEM = "-----BEGIN " + "PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
SECRETS = {
    "an AWS access key id": ("NOTE", "AKIA" + made_up(string.ascii_uppercase + "234567", 16)),
    "a session's access key id": ("NOTE", "ASIA" + made_up(string.ascii_uppercase + "234567", 16)),
    "an AWS secret access key": ("NOTE", made_up(LETTERS + "/+", 40)),
    "another AWS secret access key": ("NOTE", made_up(LETTERS + "/+", 40, seed=7)),
    "a PEM private key": ("NOTE", PEM),
    "a PEM private key of a kind": ("NOTE", PEM.replace("PRIVATE", "EC PRIVATE")),
    "a service account key file": ("SETTINGS", KEY_FILE),
    "the same in base64": ("SETTINGS", base64.b64encode(KEY_FILE.encode() * 2).decode()),
    "a user's refresh token": ("SETTINGS", json.dumps({"type": "authorized_user", "refresh_token": "1//x"})),
    "a key file that isn't quite JSON": ("SETTINGS", "{'private_key': 'x',}"),
    "a Google API key": ("NOTE", "AIza" + made_up(LETTERS, 35)),
    "a Google access token": ("NOTE", "ya29." + made_up(LETTERS, 40)),
    "a JSON Web Token": ("NOTE", "eyJ" + made_up(LETTERS, 30) + ".eyJ" + made_up(LETTERS, 40) + "." + "x" * 10),
    "a GitHub token": ("NOTE", "ghp_" + made_up(LETTERS, 36)),
    "a password in a URL": ("DATABASE_URL", "postgres://reader:letmein@db.example.com/x"),
    "letters and digits": ("NOTE", made_up(LETTERS, 24)),
    "hexadecimal digits": ("NOTE", made_up("0123456789abcdef", 32)),
    "a value marked as secret": ("NOTE", "[secret]"),
    **{
        f"the name {name}": (name, "swordfish")
        for name in (
            *(
                "PASSWORD",
                "DB_PASSWORD",
                "dbPassword",
                "API_KEY",
                "apiKey",
                "SERVICE_ACCOUNT_KEY",
                "KEY",
                "SIGNING_KEY",
            ),
            *("CLIENT_SECRET", "SECRETS", "GITHUB_TOKEN", "TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            *("AWS_SESSION_TOKEN", "DB_PWD", "SERVICE_ACCOUNT_KEY_JSON", "PRIVATE_KEY_BASE64"),
        )
    },
}
HARMLESS = {
    "path of the credential configuration": ("GOOGLE_APPLICATION_CREDENTIALS", "credential-configuration.json"),
    "the credential configuration itself": (
        "CONFIGURATION",
        CHAIN.credential_configuration(
            provider_name="projects/123456789012/locations/global/workloadIdentityPools/keyless-3f2a9c1b/providers/aws-lambda",
            service_account_email="bq-reader-prod@my-project.iam.gserviceaccount.com",
        ),
    ),
    "a project": ("GOOGLE_CLOUD_PROJECT", "my-project-123456"),
    "a table": ("BIGQUERY_TABLE", "my-project.keyless_prod.users"),
    "columns": ("BIGQUERY_COLUMNS", "user_id,name,createdAt,LastSeenInRegion2"),
    "a location": ("BIGQUERY_LOCATION", "US"),
    "a number": ("BIGQUERY_MAXIMUM_BYTES_BILLED", "104857600"),
    "a URL": ("BIGQUERY_EMULATOR_HOST", "https://bigquery-myPrivateEndpoint1.p.googleapis.com/"),
    "a URL with a port": ("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:43210"),
    "a role's ARN": ("ROLE_ARN", "arn:aws:iam::210987654321:role/KeylessBigQueryReaderRoleForProduction2"),
    "a pool with a random suffix": (
        "POOL",
        "projects/123456789012/locations/global/workloadIdentityPools/keyless-3f2a9c1b",
    ),
    "a log level": ("LOG_LEVEL", "INFO"),
    "a UUID": ("RUN", "123e4567-e89b-12d3-a456-426614174000"),
    "an address": ("ACCOUNT", "bq-reader-prod@my-project.iam.gserviceaccount.com"),
    "a digest": ("PACKAGE_SHA256", made_up("0123456789abcdef", 64)),
    "a commit": ("GIT_COMMIT", made_up("0123456789abcdef", 40)),
    "a class name": ("HANDLER", "com.example.lambda.BigQueryReaderHandlerFactory2Bean"),
    "words": ("TITLE", "Monthly report of all new users in Region 2"),
    "a long word": ("MODE", "SlidingWindowOfThirtyDays30AndTotals"),
    "a handler": ("PYTHONPATH", "/opt/python/lib/python3.14/site-packages:/var/task"),
    "where a secret is kept": ("DB_PASSWORD", "arn:aws:secretsmanager:us-east-1:210987654321:secret:db-AbCdEf"),
    "a secret's name": ("API_KEY", "projects/123456789012/secrets/api-key/versions/latest"),
    "a token's file": ("AWS_WEB_IDENTITY_TOKEN", "/var/run/secrets/token"),
    "an empty secret": ("TOKEN", ""),
    "a key that opens nothing": ("PARTITION_KEY", "user_id"),
    "another": ("S3_OBJECT_KEY", "reports/latest"),
    "a public one": ("PUBLIC_KEY", "users"),
    "a key's name": ("KMS_KEY_ID", "alias/functions"),
    "a bound": ("MAX_TOKENS", "1000"),
    "a URL of tokens": ("TOKEN_URL", "https://sts.googleapis.com/v1/token"),
    "the working directory": ("PWD", "/var/task"),
    "an animal": ("MONKEY", "Rhesus"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_is_seen_and_not_repeated(case: str) -> None:
    name, value = SECRETS[case]
    what = secret_in(name, value)
    assert what is not None
    assert value not in what


@pytest.mark.parametrize("case", HARMLESS)
def test_what_a_function_may_be_told_is_let_through(case: str) -> None:
    assert secret_in(*HARMLESS[case]) is None


@given(st.text(LETTERS, min_size=20, max_size=20), st.text(LETTERS + " .:/", max_size=20))
def test_an_access_key_id_is_seen_wherever_it_stands(tail: str, around: str) -> None:
    key = "AKIA" + tail[:16].upper()
    assert secret_in("NOTE", f"{around} {key} {around}") is not None
