"""The whole federation, deployed by hand: what the Pulumi program makes, without the engine."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from google.api_core.client_options import ClientOptions
from google.auth.aws import Credentials
from google.auth.external_account import Credentials as ExternalAccount
from google.auth.transport.requests import Request
from google.cloud import bigquery

from tests.emulator.google_server import NUMBER, PROJECT, Google

ACCOUNT = "210987654321"
OTHER_ACCOUNT = "111122223333"
REGION = "us-east-1"
ROLE = "Keyless-Reader"  # both cases, as IAM keeps them
FUNCTION = "reader-function"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
UNIVERSE = "local.invalid"  # any but the default: google-auth then leaves out its look-up at Google
POOL, PROVIDER = "keyless-pool", "aws-provider"
POOL_NAME = f"projects/{NUMBER}/locations/global/workloadIdentityPools/{POOL}"
PROVIDER_NAME = f"{POOL_NAME}/providers/{PROVIDER}"
AUDIENCE = f"//iam.googleapis.com/{PROVIDER_NAME}"
READER = f"reader@{PROJECT}.iam.gserviceaccount.com"
GENERATE = f"/v1/projects/-/serviceAccounts/{READER}:generateAccessToken"
POOLS_PATH = f"/v1/projects/{PROJECT}/locations/global/workloadIdentityPools"
POOL_PATH = f"{POOLS_PATH}/{POOL}"
PROVIDER_PATH = f"{POOL_PATH}/providers/{PROVIDER}"
ACCOUNT_PATH = f"/v1/projects/{PROJECT}/serviceAccounts/{READER}"
BIGQUERY_PATH = f"/bigquery/v2/projects/{PROJECT}"
SERVICES = ["iam", "sts", "iamcredentials", "bigquery", "cloudresourcemanager"]
MAPPING = {
    "google.subject": "assertion.arn",
    "attribute.aws_role": (
        "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + "
        "'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn"
    ),
}
CONDITION = (
    f"assertion.account == '{ACCOUNT}' && assertion.arn.startsWith('arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/')"
)
MEMBER = f"principalSet://iam.googleapis.com/{POOL_NAME}/attribute.aws_role/arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}"


@dataclass(frozen=True)
class Keys:
    """AWS credentials; ``token`` is empty for a user's own keys."""

    key: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class LocalAccount:
    """An account of the local AWS, as its root user."""

    url: str
    account: str = ACCOUNT

    def client(self, service: str) -> Any:
        """A boto3 client of the account's root user."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.account,
            aws_secret_access_key="test",
        )

    def assume(self, role: str, *, session: str = FUNCTION) -> Keys:
        """Make the role if need be, and take it on, as Lambda does for a function."""
        iam = self.client("iam")
        statement = {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        arn = f"arn:aws:iam::{self.account}:role/{role}"
        made = self.client("sts").assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    def function(self, name: str, files: Mapping[str, str], *, functions: Any = None, **settings: Any) -> Any:
        """Make a function of these files under a role of its name, and return a client of Lambda."""
        functions = functions or self.client("lambda")
        trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            for path, text in files.items():
                entry = zipfile.ZipInfo(path)
                entry.external_attr = 0o755 << 16
                archive.writestr(entry, text)
        known = {"Runtime": "python3.11", "Handler": "main.handler", "Timeout": 60, "Role": role}
        code = {"ZipFile": package.getvalue()}
        functions.create_function(FunctionName=name, Code=code, **{**known, **settings})
        return functions

    def user(self, *, path: str) -> Keys:
        """Make an IAM user below a path and give out its keys."""
        iam, name = self.client("iam"), f"user-{secrets.token_hex(4)}"
        iam.create_user(UserName=name, Path=path)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"])


@dataclass(frozen=True)
class Chain:
    """A deployed federation with a dataset of its own: ``users`` is granted, ``secrets`` is not."""

    google: Google
    aws: LocalAccount
    dataset: str

    @property
    def users(self) -> str:
        """The granted table, as SQL names it."""
        return f"`{PROJECT}.{self.dataset}.users`"

    @property
    def secrets(self) -> str:
        """The table that the deployer alone may read, as SQL names it."""
        return f"`{PROJECT}.{self.dataset}.secrets`"

    def sql(self, text: str) -> str:
        """Fill in ``{users}``, ``{secrets}`` and ``{dataset}``."""
        filled = text.replace("{users}", self.users).replace("{secrets}", self.secrets)
        return filled.replace("{dataset}", f"{PROJECT}.{self.dataset}")

    @property
    def tables_path(self) -> str:
        """Where the dataset's tables are in the REST API."""
        return f"{BIGQUERY_PATH}/datasets/{self.dataset}/tables"

    def configuration(self, **changes: Any) -> dict[str, Any]:
        """The credential configuration, pointed at the local Google where the client lets one."""
        return {
            "universe_domain": UNIVERSE,
            "type": "external_account",
            "audience": AUDIENCE,
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "token_url": f"{self.google.url}/v1/token",
            "credential_source": {
                "environment_id": "aws1",
                "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
                "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
                "regional_cred_verification_url": (
                    "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
                ),
            },
            "service_account_impersonation_url": f"{self.google.url}{GENERATE}",
            **changes,
        }

    def credentials(self, **changes: Any) -> Credentials:
        """Real google-auth credentials; keys come from the environment, as on Lambda."""
        made: Credentials = Credentials.from_info(self.configuration(**changes), scopes=[SCOPE])  # type: ignore[no-untyped-call]  # google-auth's own
        return made

    def direct_credentials(self, **changes: Any) -> Credentials:
        """The same without a service account: the federated principal itself."""
        info = self.configuration(**changes)
        del info["service_account_impersonation_url"]
        made: Credentials = Credentials.from_info(info, scopes=[SCOPE])  # type: ignore[no-untyped-call]  # google-auth's own
        return made

    def client(self, credentials: ExternalAccount | None = None, *, project: str = PROJECT) -> bigquery.Client:
        """A real BigQuery client, whose jobs are the project's."""
        options = ClientOptions(api_endpoint=self.google.url, universe_domain=UNIVERSE)
        return bigquery.Client(project=project, credentials=credentials or self.credentials(), client_options=options)

    def grant(self, path: str, role: str, member: str) -> None:
        """Add one member the way clients do: read, change, write with the etag."""
        policy = self.google.done("POST", f"{path}:getIamPolicy")
        policy.setdefault("bindings", []).append({"role": role, "members": [member]})
        self.google.done("POST", f"{path}:setIamPolicy", {"policy": policy})

    def revoke(self, path: str, role: str, member: str) -> None:
        """Take one member off."""
        policy = self.google.done("POST", f"{path}:getIamPolicy")
        for binding in policy.get("bindings", []):
            binding["members"] = [m for m in binding["members"] if (binding["role"], m) != (role, member)]
        self.google.done("POST", f"{path}:setIamPolicy", {"policy": policy})


def token_of(credentials: Credentials) -> str:
    """Let google-auth get a token, and return it."""
    credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth's own
    return str(credentials.token)


def deploy(
    google: Google, aws_account: LocalAccount, *, condition: str = CONDITION, dataset: str | None = None
) -> Chain:
    """Make everything that the Pulumi program makes on Google's side.

    Args:
        google: Where; nothing of it is there yet.
        aws_account: The provider's AWS account.
        condition: The provider's attribute condition.
        dataset: One with its tables that is in the BigQuery emulator already; left out, a new one is made.
    """
    names = [f"{name}.googleapis.com" for name in SERVICES]
    google.done("POST", f"/v1/projects/{PROJECT}/services:batchEnable", {"serviceIds": names})
    google.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {})
    provider = {"aws": {"accountId": ACCOUNT}, "attributeMapping": MAPPING, "attributeCondition": condition}
    google.done("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={PROVIDER}", provider)
    google.done("POST", f"/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "reader"})
    chain = Chain(google, aws_account, dataset or make_dataset(google))
    chain.grant(ACCOUNT_PATH, "roles/iam.workloadIdentityUser", MEMBER)
    chain.grant(f"/v1/projects/{PROJECT}", "roles/bigquery.jobUser", f"serviceAccount:{READER}")
    chain.grant(f"{chain.tables_path}/users", "roles/bigquery.dataViewer", f"serviceAccount:{READER}")
    return chain


def make_dataset(google: Google) -> str:
    """Make a dataset with the tables ``users`` and ``secrets``, three rows in each. Returns its id."""
    dataset = f"ds_{secrets.token_hex(6)}"
    google.done("POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": {"datasetId": dataset}, "location": "US"})
    for table in ("users", "secrets"):
        make_table(google, dataset, table)
    return dataset


def make_table(google: Google, dataset: str, table: str) -> None:
    """Make a table of three rows, ``(1, "TABLE-1")`` to ``(3, "TABLE-3")``; nothing on it is granted."""
    path = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    fields = [{"name": "user_id", "type": "INT64"}, {"name": "name", "type": "STRING"}]
    reference = {"projectId": PROJECT, "datasetId": dataset, "tableId": table}
    google.done("POST", path, {"tableReference": reference, "schema": {"fields": fields}})
    rows = [{"json": {"user_id": n, "name": f"{table}-{n}"}} for n in (1, 2, 3)]
    google.done("POST", f"{path}/{table}/insertAll", {"rows": rows})
