"""A whole keyless function in a program of a user's own: what the stack of this project makes, as one component.

No ``from __future__ import annotations``: Pulumi infers the schema for other languages from the annotations themselves.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import pulumi

from keyless_bigquery.components import arguments, claims, look_ups, whole
from keyless_bigquery.components.children import Names
from keyless_bigquery.components.program import build_package, plain_errors
from keyless_bigquery.project import project_folder
from keyless_bigquery.settings.declaration import switch
from keyless_bigquery.settings.problems import Problem
from keyless_bigquery.settings.reader_settings import ONLY_READER, slug
from keyless_bigquery.settings.settings import KEYS, Settings, SettingsError

OWN_ARGUMENTS = ("function", "look_up_tables", "settings")
"""Those that are no setting."""

_FUNCTION = "lambda_src"
_REFUSED = {
    "readers": "A component is one reader: make one for each.",
    "pool": "Leave it out: providerName says it.",
}
"""Settings that a component has no use for."""


class KeylessReaderArgs(TypedDict):
    """What a keyless reader is made from. All of it is plain: it decides what is made, and is checked before."""

    google_project: str
    """Id (not number) of the Google Cloud project that pays for queries and holds the service account."""
    function: NotRequired[str]
    """Folder of the function: handler and `requirements.txt`. Absolute, or relative to the project. By default
    `lambda_src`."""
    handler: NotRequired[str]
    """The function in that folder that is called, as `module.function`. By default `handler.lambda_handler`."""
    aws_account_id: NotRequired[str]
    """The account that the function runs in. By default the AWS provider's, which it must be."""
    aws_region: NotRequired[str]
    """Region of the function. By default the AWS provider's, which it must be."""
    access: NotRequired[str]
    """`impersonation` of a service account of its own, the default, or `direct` grants to the role's principal."""
    provider_name: NotRequired[str]
    """Full resource name of a provider that exists and admits the role, in place of a pool of its own. It is never
    changed, and refused where it would admit another caller in the role's name."""
    table: NotRequired[str]
    """`own`, the default: dataset and table are made. `existing`: they are another team's, and get a read grant
    only."""
    dataset_id: NotRequired[str]
    """Id of the dataset. By default from the names of component and stack; must be set with `table: existing`."""
    table_id: NotRequired[str]
    """Id of the table. By default `users`."""
    data_project: NotRequired[str]
    """Id of the project that holds the dataset. By default `googleProject`."""
    tables: NotRequired[Sequence[str]]
    """What else the function may read: `project.dataset.table`, or `project.dataset` for all in a dataset."""
    look_up_tables: NotRequired[bool]
    """Whether tables that are not made here are looked up before anything is made, which is the default. `false` where
    the same program makes one: name it in the option `dependsOn` then."""
    columns: NotRequired[Sequence[Mapping[str, Any]]]
    """The columns that the function selects, each with `name`, `type`, `mode` and `description`; an own table is made
    of them. By default `user_id` and `name`."""
    environment: NotRequired[Mapping[str, str]]
    """The function's own environment variables. No secret: all who may read its configuration see them."""
    memory_mb: NotRequired[int]
    """Memory in MiB. By default 512."""
    timeout_seconds: NotRequired[int]
    """Time limit of one invocation, 10 to 900. By default 60."""
    schedule: NotRequired[str]
    """When EventBridge starts the function: `rate(1 hour)`, or `cron(0 6 * * ? *)` in UTC. By default never."""
    role_name: NotRequired[str]
    """Name of the execution role, which is what Google trusts. By default from the names of component and stack."""
    function_name: NotRequired[str]
    """Name of the function. By default from the names of component and stack."""
    service_account_id: NotRequired[str]
    """The part of the service account's e-mail before the @. By default from the names of component and stack."""
    deletion_protection: NotRequired[bool]
    """Whether pool, provider, service account, dataset and table survive `pulumi destroy`, which is the default."""
    settings: NotRequired[Mapping[str, Any]]
    """Any other setting of docs/options.md by its key, such as `{"logLevel": "WARN"}`."""


class KeylessReader(pulumi.ComponentResource):
    """An AWS Lambda function that reads BigQuery without a service account key, with all that belongs to it.

    On the Google side a pool with a provider that admits exactly the function's role, the service account that only it
    may impersonate, and the grants; on the AWS side the role, the log group and the function, whose package is built
    from its folder.
    """

    function_name: pulumi.Output[str]
    """What to invoke: the function's name, with its alias under SnapStart."""
    role_arn: pulumi.Output[str]
    """The function's execution role, as IAM knows it."""
    log_group: pulumi.Output[str]
    """Where the function's log goes."""
    principal: pulumi.Output[str]
    """The principal set that the bindings name: every session of the function's role, and of no other."""
    service_account: pulumi.Output[str | None]
    """E-mail address of the service account; none with direct access."""
    table: pulumi.Output[str]
    """The table that the function reads, as `project.dataset.table`."""
    tables: pulumi.Output[list[str]]
    """All that the function may read: that table, then those of `tables`."""
    credential_configuration: pulumi.Output[str]
    """What google-auth reads in the function. It holds no secret."""

    @plain_errors()
    def __init__(self, name: str, args: KeylessReaderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the resources.

        Args:
            name: Its name, with which those of all its resources begin.
            args: What it is made from.
            opts: As for each component. `providers` has the Google and the AWS provider.

        Raises:
            pulumi.RunError: Arguments can't be used, and nothing is made; it names each with value, rule and fix.
        """
        holder = claims.named(type(self), name, opts)
        # Without its arguments: what is refused, perhaps for being a secret, is not in the state then.
        super().__init__("keyless-bigquery:index:KeylessReader", name, None, opts)
        component = f"KeylessReader {name}"
        if not slug(name):
            raise pulumi.RunError(
                f"name is {name!r}: names in both clouds begin with it. Give it letters a-z or digits."
            )
        settings, function, look_up = _read(self, name, component, args)
        _check(self, holder, component, settings, look_up=look_up)
        made = whole.make(
            settings,
            archive=build_package(settings, function),
            google=self.get_provider("gcp:index:Provider"),
            aws_provider=self.get_provider("aws:index:Provider"),
            names=Names(prefix=f"{name}-"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        reader = made.readers.readers[ONLY_READER]
        self.function_name, self.role_arn, self.log_group = reader.function_name, reader.role_arn, reader.log_group
        self.principal, self.table, self.tables = reader.principal, reader.table, reader.tables
        self.service_account = pulumi.Output.from_input(reader.service_account)
        self.credential_configuration = reader.credential_configuration
        self.register_outputs(
            {
                "functionName": self.function_name,
                "roleArn": self.role_arn,
                "logGroup": self.log_group,
                "principal": self.principal,
                "serviceAccount": self.service_account,
                "table": self.table,
                "tables": self.tables,
                "credentialConfiguration": self.credential_configuration,
            }
        )


def _read(
    reader: pulumi.ComponentResource, name: str, component: str, args: Mapping[str, Any]
) -> tuple[Settings, Path, bool]:
    """The settings that the arguments are, the function's folder, and whether tables are looked up.

    Raises:
        pulumi.RunError: Some can't be used.
    """
    values = arguments.values(KeylessReaderArgs, args, defaults={"lookUpTables": "true"})
    args = args if isinstance(args, Mapping) else {}
    look_up = switch().read(values, "lookUpTables")
    problems = list(values.problems)
    # Where no region is given, it is the provider's and not the setting's default.
    given = {"awsRegion": ""} | {key: text for key in KEYS if (text := values.own(key)) is not None}
    if isinstance(more := args.get("settings"), Mapping):
        for key, value in ((str(key), value) for key, value in more.items() if value is not None):
            text, verdict = arguments.as_text(value)
            if verdict is not None:
                problems.append(Problem(key=f"settings.{key}", value=text, rule=verdict[0], fix=verdict[1]))
            elif values.own(key) is not None:
                rule = "it is given twice: here, and as an argument"
                problems.append(Problem(key=f"settings.{key}", value=text, rule=rule, fix="Remove one of the two."))
            elif key in _REFUSED:
                rule = "this setting is a stack's"
                problems.append(Problem(key=f"settings.{key}", value=text, rule=rule, fix=_REFUSED[key]))
            else:
                given[key] = text
    elif more is not None:
        rule, fix = "it must be a map of settings", 'For example: {"logLevel": "WARN"}'
        problems.append(Problem(key="settings", value=values.own("settings"), rule=rule, fix=fix))
    folder = project_folder() / (values.own("function") or _FUNCTION)
    if not _is_folder(folder):
        rule, fix = "there is no such folder", f"Make it, or name the one that has the handler. Looked for: {folder}"
        problems.append(Problem(key="function", value=str(args.get("function", _FUNCTION)), rule=rule, fix=fix))
    if given.get("providerName"):
        given["pool"] = "existing"
    if problems:
        raise arguments.refused(KeylessReaderArgs, component, problems)
    problems = [*look_ups.of_aws(given, pulumi.InvokeOptions(parent=reader))]
    try:
        settings = Settings.read(given, stack=slug(f"{name}-{pulumi.get_stack()}"))
    except SettingsError as error:
        raise arguments.refused(KeylessReaderArgs, component, [*problems, *error.problems]) from error
    if problems:
        raise arguments.refused(KeylessReaderArgs, component, problems)
    return settings, folder, look_up


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        return False


def _check(
    reader: pulumi.ComponentResource, holder: claims.Holder, component: str, settings: Settings, *, look_up: bool
) -> None:
    """Refuses ids that another component has, and tables that are not there.

    Raises:
        pulumi.RunError: There are some.
    """
    (only,) = settings.readers
    own_table = settings.table == "own"
    ids: dict[str, tuple[str, ...] | None] = {
        "roleName": (settings.aws_account_id, only.trust.role_name.casefold()),
        "functionName": (settings.aws_account_id, settings.aws_region, only.trust.function_name.casefold()),
        "serviceAccountId": (settings.google_project, only.service_account_id) if settings.access != "direct" else None,
        "datasetId": (settings.data_project, only.dataset_id) if own_table else None,
        "poolId": (settings.pool_project, settings.pool_id) if settings.pool_id else None,
    }
    problems = [claims.taken(holder, key, *claim) for key, claim in ids.items() if claim is not None]
    if look_up:
        names = {} if own_table else {"tableId": settings.table_of(only)}
        own_dataset = f"{settings.data_project}.{only.dataset_id}" if own_table else None
        names |= {f"tables[{place}]": table for place, table in enumerate(only.tables) if table != own_dataset}
        problems += look_ups.missing_tables(names, pulumi.InvokeOptions(parent=reader))
    if found := [problem for problem in problems if problem is not None]:
        raise arguments.refused(KeylessReaderArgs, component, found)
