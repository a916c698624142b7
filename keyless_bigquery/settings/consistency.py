"""Rules about several settings together. Each looks at settings that are good one by one, and adds what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from keyless_bigquery import rules
from keyless_bigquery.packaging.target import RUNTIMES
from keyless_bigquery.settings import own_variables
from keyless_bigquery.settings.function_environment import variables
from keyless_bigquery.settings.problems import HIDDEN, Values
from keyless_bigquery.settings.reader_settings import ReaderSettings, listed, slug
from keyless_bigquery.settings.stack import OIDC_SUFFIX, StackSettings
from keyless_bigquery.trust.names import MOST_CONDITION_CHARACTERS, MOST_SUBJECT_BYTES
from keyless_bigquery.trust.subject_tokens import AWS_OIDC
from keyless_bigquery.trust.trust import attribute_condition

POOL_SUFFIX_BYTES = 2
"""Random bytes of a pool id's suffix, two hexadecimal digits each."""

_SNAP_START_SINCE = "python3.12"


def check(settings: StackSettings, values: Values) -> None:
    """Adds every disagreement between two or more settings to the problems of ``values``."""
    for rule in (
        _stack_name,
        _pool,
        _subject_token,
        _table,
        _access,
        _network,
        _snap_start,
        _key,
        _boundary,
        _names,
        _subjects,
        _condition,
        _tables,
        _environment,
    ):
        rule(settings, values)


def _stack_name(settings: StackSettings, values: Values) -> None:
    """No two stacks derive the same names. What a slug leaves out of a name, another stack's name may lack."""
    if slug(values.stack) == values.stack:
        return
    derived = {
        "serviceAccountId": settings.access == "impersonation",
        "datasetId": settings.table == "own",
        "roleName": True,
        "functionName": True,
    }
    unset = [
        key
        for key, needed in derived.items()
        if needed and values.own(key) is None and not all(reader.get(key) for reader in _each(values))
    ]
    if unset:
        rule = (
            f"{', '.join(unset)} would be derived from the stack's name {values.stack!r}, and stack"
            f" {slug(values.stack)!r} would get the same"
        )
        fix = (
            f"Name the stack with lower-case letters, digits and single hyphens: pulumi stack rename"
            f" {slug(values.stack) or 'NAME'}; or set what is derived with: pulumi config set {unset[0]} VALUE"
        )
        values.add(unset[0], None, rule, fix)


def _pool(settings: StackSettings, values: Values) -> None:
    if settings.pool == "own":
        if settings.provider_name is not None:
            rule = "it names a provider that exists, and with pool=own the stack makes one"
            values.add("providerName", settings.provider_name, rule, "Remove it, or set pool to existing.")
        if settings.pool_id is None:
            _derived_pool_id(settings, values)
        return
    if settings.provider_name is None:
        how_to_find = "`gcloud iam workload-identity-pools providers describe` prints it as `name`."
        values.text("providerName", rules.provider_name, how_to_find)
    for key in ("poolId", "poolProject", "googleProjectNumber"):
        if (value := values.own(key)) is not None:
            rule = "with pool=existing the provider's own name says it, and nothing of the pool is made here"
            values.add(key, value, rule, "Remove it, or set pool to own.")


def check_issuer(subject_token: str, issuer: str | None, values: Values) -> None:
    """Adds what is wrong with an issuer of subject tokens, given their kind."""
    if subject_token == AWS_OIDC and issuer is None:
        how_to_find = "`aws iam get-outbound-web-identity-federation-info` prints it as IssuerIdentifier."
        values.text("awsTokenIssuer", rules.token_issuer, how_to_find)
    elif subject_token != AWS_OIDC and issuer is not None:
        rule = "it is of the tokens that AWS signs, and with subjectToken=aws-signature there is none"
        values.add("awsTokenIssuer", issuer, rule, "Remove it, or set subjectToken to aws-oidc.")


def _subject_token(settings: StackSettings, values: Values) -> None:
    check_issuer(settings.subject_token, settings.aws_token_issuer, values)
    if settings.subject_token != AWS_OIDC:
        return
    if settings.pool == "own" and (verdict := rules.pool_or_provider_id(settings.own_provider_id)) is not None:
        rule = f"with subjectToken=aws-oidc it is {settings.own_provider_id!r}: {verdict[0]}"
        values.add("providerId", settings.provider_id, rule, f"Take at most {32 - len(OIDC_SUFFIX)} characters.")


def _derived_pool_id(settings: StackSettings, values: Values) -> None:
    longest = settings.pool_id_prefix + "00" * POOL_SUFFIX_BYTES
    if (verdict := rules.pool_or_provider_id(longest)) is not None:
        rule = f"the id derived from stack {values.stack!r} is invalid: {verdict[0]}"
        fix = "Choose a shorter stack name, or a fixed id with: pulumi config set poolId VALUE"
        values.add("poolId", longest, rule, fix)


def _table(settings: StackSettings, values: Values) -> None:
    if settings.table == "existing" and any(_dataset_unset(values, reader) for reader in _each(values)):
        rule = "with table=existing the table is another team's, so its dataset can't be derived from the stack's name"
        values.add("datasetId", None, rule, "Set it with: pulumi config set datasetId VALUE")


def _each(values: Values) -> list[Mapping[str, object]]:
    """What each reader sets for itself: nothing where there is no list."""
    return listed(values) or [{}]


def _dataset_unset(values: Values, reader: Mapping[str, object]) -> bool:
    return not reader.get("datasetId") and values.own("datasetId") is None


def _access(settings: StackSettings, values: Values) -> None:
    if settings.access != "direct":
        return
    set_here = [("serviceAccountId", values.own("serviceAccountId"))]
    set_here += [
        (f"readers[{place}].serviceAccountId", str(reader["serviceAccountId"]))
        for place, reader in enumerate(_each(values))
        if reader.get("serviceAccountId")
    ]
    for key, value in set_here:
        if value is not None:
            rule = "with access=direct there is no service account"
            values.add(key, value, rule, "Remove it, or set access to impersonation.")


def _network(settings: StackSettings, values: Values) -> None:
    pair = {"subnetIds": settings.subnet_ids, "securityGroupIds": settings.security_group_ids}
    for key, other in (("subnetIds", "securityGroupIds"), ("securityGroupIds", "subnetIds")):
        if pair[other] and not pair[key]:
            rule = f"{other} is set, and a function in a network needs subnets and security groups both"
            values.add(key, None, rule, f"Set it with: pulumi config set --path '{key}[0]' VALUE, or remove {other}.")


def _snap_start(settings: StackSettings, values: Values) -> None:
    runtime = settings.target.runtime
    runtimes = list(RUNTIMES)
    if settings.snap_start and runtimes.index(runtime) < runtimes.index(_SNAP_START_SINCE):
        rule = f"the functions run on {runtime}, and Lambda has SnapStart since {_SNAP_START_SINCE}"
        values.add("snapStart", "true", rule, "Take a later functionRuntime, or set it to false.")


def _key(settings: StackSettings, values: Values) -> None:
    arn = settings.environment_kms_key_arn
    if arn is not None and arn.split(":")[3] != settings.aws_region:
        rule = f"the function is in {settings.aws_region}, and Lambda takes a key of the same region only"
        values.add("environmentKmsKeyArn", arn, rule, "Take a key of that region.")


def _boundary(settings: StackSettings, values: Values) -> None:
    arn = settings.permissions_boundary_arn
    if arn is not None and arn.split(":")[4] != settings.aws_account_id:
        rule = f"the roles are in {settings.aws_account_id}, and a boundary is a policy of the same account"
        values.add("permissionsBoundaryArn", arn, rule, "Name one of that account, or remove it.")


_NAMES: Mapping[str, Callable[[ReaderSettings], str]] = {
    "name": lambda reader: reader.name,
    # IAM and Lambda take names that differ in case only for one name, or show them side by side to confuse.
    "roleName": lambda reader: reader.trust.role_name.casefold(),
    "functionName": lambda reader: reader.trust.function_name.casefold(),
    "serviceAccountId": lambda reader: reader.service_account_id,
    "tableId": lambda reader: f"{reader.dataset_id}.{reader.table_id}",
}


def _names(settings: StackSettings, values: Values) -> None:
    """Each reader has a name, role, function, account and table of its own: else one could read what another may."""
    for key, name_of in _NAMES.items():
        first: dict[str, int] = {}
        for place, reader in enumerate(settings.readers):
            other = first.setdefault(name_of(reader), place)
            if other != place:
                value = {"name": reader.name, "tableId": reader.table_id}.get(key, name_of(reader))
                rule = f"readers[{other}] has the same, and no reader may have a way into what another reads"
                values.add(f"readers[{place}].{key}", value, rule, "Give each reader one of its own.")
        if key == "name" and len(first) < len(settings.readers):
            return


def _subjects(settings: StackSettings, values: Values) -> None:
    for place, reader in enumerate(settings.readers):
        length = len(reader.trust.caller_arn.encode())
        if length > MOST_SUBJECT_BYTES:
            rule = (
                f"google.subject would be {reader.trust.caller_arn!r}, {length} bytes long, and Google STS takes at"
                f" most {MOST_SUBJECT_BYTES}"
            )
            fix = f"Make roleName and functionName {length - MOST_SUBJECT_BYTES} bytes shorter together."
            key = f"readers[{place}].roleName" if reader.name else "roleName"
            values.add(key, reader.trust.role_name, rule, fix)


def _condition(settings: StackSettings, values: Values) -> None:
    length = len(attribute_condition([reader.trust for reader in settings.readers]))
    if length > MOST_CONDITION_CHARACTERS:
        rule = (
            f"the provider's condition would name {len(settings.readers)} roles in {length} characters, and Google"
            f" takes at most {MOST_CONDITION_CHARACTERS}"
        )
        values.add("readers", values.own("readers"), rule, "Use shorter role names, or two stacks.")


def _tables(settings: StackSettings, values: Values) -> None:
    for place, (reader, own) in enumerate(zip(settings.readers, _each(values), strict=True)):
        first = settings.table_of(reader)
        if first in reader.tables:
            key = f"tables[{reader.tables.index(first)}]"
            path = f"readers[{place}].{key}" if own.get("tables") else key
            rule = f"it is the first table of {reader.label}, which has its grant already"
            fix = "Remove it." if own.get("tables") or not reader.name else "List it in the readers that need it."
            values.add(path, first, rule, fix)


def _environment(settings: StackSettings, values: Values) -> None:
    for place, reader in enumerate(settings.readers):
        first = settings.table_of(reader)
        tables = ",".join((first, *reader.tables)) if reader.tables else None
        given = variables(settings, reader, table=first, tables=tables)
        length = own_variables.size(given)
        if length > own_variables.MOST_BYTES:
            own = own_variables.size(reader.environment) if reader.environment else 0
            rule = (
                f"all variables of the function have {length} bytes as JSON, {own} of them its own, and Lambda takes at"
                f" most {own_variables.MOST_BYTES}"
            )
            key = f"readers[{place}].{own_variables.KEY}" if reader.name else own_variables.KEY
            fix = "Name fewer variables or columns, or keep long values in SSM Parameter Store and name them by path."
            values.add(key, HIDDEN, rule, fix)
