"""A whole chain as values: what is expected and what was seen, for tests that change one thing."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

from keyless_bigquery.components import outputs
from keyless_bigquery.settings.settings import Settings
from keyless_bigquery.trust.organisation import ACCOUNTS_CONSTRAINT, PROVIDERS_CONSTRAINT
from keyless_bigquery.trust.subject_tokens import AwsOidc
from keyless_bigquery.trust.trust import attribute_condition, attribute_mapping
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Hidden, Off, Silent
from keyless_tools.doctor.expected import Expected, expected_of
from keyless_tools.doctor.observed import Guarded, Listed, Seen
from keyless_tools.doctor.stack import Stack
from tests.components.recording import DEFAULTS, REQUIRED

POOL = "projects/123456789012/locations/global/workloadIdentityPools/bq-dev-0a1b"
PROVIDER = f"{POOL}/providers/aws-lambda"
EMAIL = "bq-reader-dev@my-project.iam.gserviceaccount.com"
TABLE = "my-project.keyless_dev.users"


def stack(*, direct: bool = False, **changed: str) -> Stack:
    """A stack of one reader, deployed as it is configured."""
    access = {"access": "direct"} if direct else {}
    settings = Settings.read({**DEFAULTS, **REQUIRED, **access, **changed}, stack="dev")
    (reader,) = settings.readers
    email = None if direct else EMAIL
    message = {
        outputs.FUNCTION_NAME: reader.trust.function_name,
        outputs.ROLE_ARN: f"arn:aws:iam::{settings.aws_account_id}:role/{reader.trust.role_name}",
        outputs.LOG_GROUP: f"/aws/lambda/{reader.trust.function_name}",
        outputs.PRINCIPAL: reader.trust.principal_set(POOL),
        outputs.TABLE: settings.table_of(reader),
        outputs.TABLES: [settings.table_of(reader), *reader.tables],
        outputs.CREDENTIAL_CONFIGURATION: reader.trust.credential_configuration(
            provider_name=PROVIDER, service_account_email=email
        ),
    } | ({} if email is None else {outputs.SERVICE_ACCOUNT: email})
    everywhere = {outputs.POOL_NAME: POOL, outputs.PROVIDER_NAME: PROVIDER, outputs.READERS: {reader.label: message}}
    return Stack(name="dev", settings=settings, outputs=everywhere)


def expected(**options: Any) -> Expected:
    """What is expected of that stack."""
    (found,) = expected_of(stack(**options))
    return found


def policy(role: str, *members: str) -> Answer[JSON]:
    """An allow policy of one binding."""
    return Found(value={"bindings": [{"role": role, "members": list(members)}]})


def seen(chain: Expected) -> Seen:
    """Everything as it should be."""
    who = chain.principal if chain.service_account is None else f"serviceAccount:{chain.service_account}"
    entry = {"role": "READER", **({"userByEmail": EMAIL} if chain.service_account else {"iamMember": chain.principal})}
    allowed: Answer[JSON] = Found(value={"listPolicy": {"allValues": "ALLOW"}})
    return Seen(
        function=Found(
            value={
                "Configuration": {"Role": chain.role_arn, "Environment": {"Variables": dict(chain.variables)}},
                "Code": {"Location": "https://somewhere.invalid"},
            }
        ),
        credential_configuration=Found(value=chain.credential_configuration),
        function_policies={"": Absent()},
        role_policies=Found(value={"inline": list(chain.inline_policies), "attached": []}),
        role=Found(
            value={
                "RoleId": "AROA1",
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ]
                },
            }
        ),
        log_group=Found(value={"logGroupName": chain.log_group}),
        services={
            project: {name: Found(value={"state": "ENABLED"}) for name in names}
            for project, names in chain.services.items()
        },
        pool=Found(value={"name": POOL, "state": "ACTIVE"}),
        provider=Found(
            value={
                "name": PROVIDER,
                "state": "ACTIVE",
                **(
                    {"oidc": {"issuerUri": chain.trust.subject_token.issuer}}
                    if isinstance(chain.trust.subject_token, AwsOidc)
                    else {"aws": {"accountId": chain.trust.aws_account_id}}
                ),
                "attributeMapping": attribute_mapping(chain.trust.subject_token),
                "attributeCondition": attribute_condition([chain.trust]),
            }
        ),
        providers=Found(value={"workloadIdentityPoolProviders": [{"name": PROVIDER}]}),
        organisation_policies={PROVIDERS_CONSTRAINT: allowed, ACCOUNTS_CONSTRAINT: allowed},
        members_policy=allowed,
        service_account=None if chain.service_account is None else Found(value={"email": chain.service_account}),
        account_policy=None
        if chain.service_account is None
        else policy("roles/iam.workloadIdentityUser", chain.principal),
        project_policy=policy("roles/bigquery.jobUser", who),
        data_project_policy=Found(value={}),
        dataset=Found(value={}),
        table=Found(value={"location": "US", "schema": {"fields": [{"name": "user_id"}, {"name": "name"}]}}),
        table_policy=policy("roles/bigquery.dataViewer", who),
        listed={
            str(name): Listed(
                table=Found(value={"location": "US"}) if name.table else None,
                policy=policy("roles/bigquery.dataViewer", who) if name.table else None,
                dataset=Found(value={"location": "US", "access": [] if name.table else [entry]}),
                project_policy=Found(value={}),
            )
            for name in chain.listed
        },
        guarded={
            str(name): Guarded(row_policies=Found(value={}), reads={}, more_reads=False)
            for name in (chain.table, *chain.listed)
            if name.table
        },
        at=datetime(2026, 1, 1, tzinfo=UTC),
        last_log=Found(value=[(1767225600000, "START RequestId: 1"), (1767225600001, "REPORT RequestId: 1")]),
    )


def configuration(chain: Expected) -> dict[str, Any]:
    """The credential configuration, to be changed."""
    found: dict[str, Any] = json.loads(chain.credential_configuration)
    return found


CHAIN, DIRECT = expected(), expected(direct=True)
SEEN = seen(CHAIN)
ACCOUNT = f"serviceAccount:{EMAIL}"
UNSEEN: list[Answer[Any]] = [
    Absent(),
    Hidden(permission="some.thing.get", role="roles/some.viewer"),
    Off(service="some.googleapis.com"),
    Silent(why="no answer"),
]


def changed(before: Seen = SEEN, /, **fields: Any) -> Seen:
    """The same, but for some fields."""
    return dataclasses.replace(before, **fields)
