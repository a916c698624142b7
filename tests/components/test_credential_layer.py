"""The layer holds the one file, where the variable says and in the function's region; anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest

from keyless_bigquery.components import claims
from keyless_bigquery.components.credential_layer import CredentialLayer, CredentialLayerArgs
from keyless_bigquery.trust.trust import GoogleEndpoints, TrustChain
from tests.components.recording import CALLER_LOOK_UP, FOUND, UNKNOWN, Recording, record

LAYER = "aws:lambda/layerVersion:LayerVersion"
FUNCTION = "arn:aws:lambda:eu-west-1:210987654321:function:orders"
TRUST = TrustChain(
    aws_account_id="210987654321", role_name="Reader", function_name="orders", endpoints=GoogleEndpoints()
)
CONFIGURATION = TRUST.credential_configuration(
    provider_name="projects/1/locations/global/workloadIdentityPools/pool/providers/aws-role",
    service_account_email="reader@my-project.iam.gserviceaccount.com",
)


PLAIN = "google_endpoint"


def program(*layers: tuple[str, dict[str, Any]], later: bool = False) -> Callable[[], None]:
    """A user's program with these layers; `later`: those of their arguments that may be outputs are."""

    def run() -> None:
        options = pulumi.ResourceOptions(providers=[aws.Provider("aws", region="us-east-1")])
        for name, given in layers:
            arguments = {"credential_configuration": CONFIGURATION, **given}
            if later:
                arguments = {
                    key: value if key == PLAIN else pulumi.Output.from_input(value) for key, value in arguments.items()
                }
            layer = CredentialLayer(name, cast("CredentialLayerArgs", arguments), options)
            pulumi.export(f"{name}-arn", layer.arn)
            pulumi.export("environment", layer.environment)

    return run


def made(given: dict[str, Any], *, later: bool = False) -> Recording:
    return record(program=program(("orders", given), later=later), answers=FOUND)


def test_the_layer_holds_the_file_where_the_variable_says() -> None:
    stack = made({})
    layer = stack.only(LAYER)
    assert (layer.name, layer.inputs["layerName"]) == ("orders-layer", "orders")
    files = layer.inputs["code"].assets
    assert {name: asset.text for name, asset in files.items()} == {"credential-configuration.json": CONFIGURATION}
    assert stack.outputs["environment"] == {"GOOGLE_APPLICATION_CREDENTIALS": "/opt/credential-configuration.json"}


@pytest.mark.parametrize("later", [False, True])
def test_the_layer_is_made_in_the_functions_region(later: bool) -> None:
    for given, region in (
        ({}, None),
        ({"region": "ap-northeast-1"}, "ap-northeast-1"),
        ({"function_arn": FUNCTION}, "eu-west-1"),
        ({"function_arn": f"{FUNCTION}:live", "region": "eu-west-1"}, "eu-west-1"),
    ):
        assert made(given, later=later).only(LAYER).inputs.get("region") == region


def test_two_layers_fit_one_program_and_a_preview_knows_what_needs_no_cloud() -> None:
    stack = record(program=program(("orders", {}), ("audit", {"layer_name": "audit_2"})), preview=True, answers=FOUND)
    assert {layer.inputs["layerName"] for layer in stack.of_type(LAYER)} == {"orders", "audit_2"}
    assert stack.outputs["audit-arn"] == UNKNOWN
    assert stack.outputs["environment"] != UNKNOWN


def test_a_configuration_that_is_known_later_is_no_hindrance_to_a_preview() -> None:
    def run() -> None:
        provider = aws.Provider("aws", region="us-east-1")
        role = aws.iam.Role("role", name="r", assume_role_policy="{}", opts=pulumi.ResourceOptions(provider=provider))
        options = pulumi.ResourceOptions(providers=[provider])
        CredentialLayer("orders", {"credential_configuration": role.arn, "function_arn": role.arn}, options)

    inputs = record(program=run, preview=True, answers=FOUND).only(LAYER).inputs
    assert inputs["layerName"] == "orders"
    assert {name for name, value in inputs.items() if isinstance(value, pulumi.output.Unknown)} == {"code", "region"}


HEAD = "1 argument of CredentialLayer orders can't be used; nothing of it was created.\n  - "


def refusal(given: dict[str, Any], *, later: bool) -> str:
    """What the message says of the one argument."""
    with pytest.raises(pulumi.RunError) as refused:
        made(given, later=later)
    assert str(refused.value).startswith(HEAD)
    return str(refused.value).removeprefix(HEAD)


KEY_FILE = json.dumps({"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----secret"})
GOOD = json.loads(CONFIGURATION)


def changed(**fields: Any) -> str:
    """The configuration with other fields; without those that are None."""
    return json.dumps({name: value for name, value in {**GOOD, **fields}.items() if value is not None})


REFUSED: tuple[tuple[str, Any, str], ...] = (
    ("credential_configuration", KEY_FILE, "its type is not external_account"),
    ("credential_configuration", '{"type": "authorized_user", "refresh_token": "secret"}', "its type is not external"),
    ("credential_configuration", "", "not a JSON object"),
    ("credential_configuration", "[]", "not a JSON object"),
    ("credential_configuration", "/secret/key.json", "not a JSON object"),
    ("credential_configuration", "[" * 100_000, "not a JSON object"),
    ("credential_configuration", '{"type": "external_account", "a": "secret", "a": ""}', "each there once"),
    ("credential_configuration", changed(private_key="secret"), "it has 'private_key', which no such"),
    ("credential_configuration", changed(client_secret="secret"), "it has 'client_secret', which no such"),
    ("credential_configuration", changed(audience=None), "it has no audience"),
    ("credential_configuration", changed(token_url="ftp://h/secret"), "its token_url must be"),
    ("credential_configuration", changed(credential_source=None), "environment_id is aws1"),
    ("credential_configuration", changed(credential_source={"file": "/secret"}), "environment_id is aws1"),
    (
        "credential_configuration",
        changed(credential_source={**GOOD["credential_source"], "headers": {"Authorization": "secret"}}),
        "it has 'credential_source.headers', which no such",
    ),
    ("layer_name", "", "1 to 140 letters"),
    ("layer_name", "l" * 141, "1 to 140 letters"),
    ("layer_name", "orders layer", "1 to 140 letters"),
    ("layer_name", "commandes-é", "1 to 140 letters"),
    ("layer_name", "arn:aws:lambda:us-east-1:210987654321:layer:orders", "1 to 140 letters"),
    ("region", "", "not the name of an AWS region"),
    ("region", "us-east-1a", "not the name of an AWS region"),
    ("region", "us-gov-west-1", "standard AWS partition"),
    ("function_arn", "", "ARN of a Lambda function"),
    ("function_arn", "orders", "ARN of a Lambda function"),
    ("function_arn", FUNCTION.replace("aws", "aws-cn", 1), "of the partition aws"),
    ("function_arn", FUNCTION.replace("eu-west-1", "cn-north-1"), "standard AWS partition"),
    ("function_arn", f"{FUNCTION}\n", "ARN of a Lambda function"),
)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(("argument", "value", "rule"), REFUSED)
def test_a_bad_argument_is_refused_with_its_key_value_rule_and_fix_before_a_layer_is_made(
    argument: str, value: str, rule: str, later: bool
) -> None:
    text = refusal({argument: value}, later=later)
    assert text.startswith(f"{argument} is ")
    assert rule in text
    assert text.endswith((".", ":orders", "ap-northeast-1"))
    assert "secret" not in text.replace("client_secret", "")


@pytest.mark.parametrize("later", [False, True])
def test_a_layer_in_another_region_than_the_functions_is_refused(later: bool) -> None:
    assert refusal({"region": "us-east-1", "function_arn": FUNCTION}, later=later) == (
        "region is 'us-east-1': function_arn's is eu-west-1, and Lambda attaches a layer to functions of its own region"
        " alone. Leave it out: the function's is taken."
    )


def test_a_name_that_no_layer_may_have_needs_a_layer_name() -> None:
    with pytest.raises(pulumi.RunError, match="layer_name is 'my orders'"):
        record(program=program(("my orders", {})))
    named = record(program=program(("my orders", {"layer_name": "orders"})), answers=FOUND)
    assert named.only(LAYER).inputs["layerName"] == "orders"


def test_what_is_no_text_and_what_is_misspelt_is_refused() -> None:
    for argument, value, rule in (
        ("credential_configuration", None, "not a JSON object"),
        ("layer_name", ["a"], "1 to 140 letters"),
        ("region", 1, "not the name of an AWS region"),
        ("functionarn", FUNCTION, "there is no such argument. Did you mean function_arn?"),
    ):
        assert rule in refusal({argument: value}, later=False)
    misspelt = refusal({"credential_configurations": KEY_FILE}, later=False)
    assert misspelt.startswith("credential_configurations is '[not shown]': there is no such argument. Did you mean")
    assert made({"credential_configuration": GOOD}).only(LAYER).inputs["code"].assets.keys()


@pytest.mark.parametrize("later", [False, True])
def test_a_function_of_another_account_than_the_aws_providers_is_refused_before_a_layer_is_made(later: bool) -> None:
    foreign = FUNCTION.replace("210987654321", "111111111111")
    assert refusal({"function_arn": foreign}, later=later) == (
        f"function_arn is {foreign!r}: it is of account 111111111111, and the AWS provider, which makes the layer, of"
        " 210987654321: Lambda attaches no layer of another account that gives it no right to it. Give an AWS provider"
        " of the function's account."
    )
    for function, account in ((FUNCTION, "210987654321"), (foreign, "111111111111")):
        answers = {**FOUND, CALLER_LOOK_UP: {"accountId": account}}
        assert record(program=program(("orders", {"function_arn": function}), later=later), answers=answers).only(LAYER)


@pytest.mark.parametrize("later", [False, True])
def test_one_layer_name_is_of_one_component_in_a_region(later: bool) -> None:
    first = ("orders", {"function_arn": FUNCTION})
    for second, refused in (
        ({"layer_name": "orders", "region": "eu-west-1"}, True),
        ({"layer_name": "orders", "region": "us-east-1"}, False),
        # The provider's region is that of the function.
        ({"layer_name": "orders"}, True),
        ({"region": "eu-west-1"}, False),
    ):
        both = program(first, ("audit", second), later=later)
        if refused:
            with pytest.raises(pulumi.RunError, match=r"layer_name is 'orders': another component .* one layer\. Give"):
                record(program=both, answers=FOUND)
        else:
            assert len(record(program=both, answers=FOUND).of_type(LAYER)) == 2


def test_a_layer_name_that_is_taken_is_refused_in_a_preview_whose_configuration_is_not_known_yet() -> None:
    def run() -> None:
        provider = aws.Provider("aws", region="us-east-1")
        role = aws.iam.Role("role", name="r", assume_role_policy="{}", opts=pulumi.ResourceOptions(provider=provider))
        for name in ("orders", "audit"):
            CredentialLayer(
                name,
                {"credential_configuration": role.arn, "layer_name": "orders"},
                pulumi.ResourceOptions(providers=[provider]),
            )

    with pytest.raises(pulumi.RunError, match="1 argument of CredentialLayer audit can't be used"):
        record(program=run, preview=True, answers=FOUND)


def test_a_second_layer_of_one_name_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = program(("orders", {}), ("orders", {}))
    monkeypatch.setattr(claims, "MockMonitor", type("Other", (), {}))  # as with the engine's own monitor
    with pytest.raises(pulumi.RunError, match=r"^name is 'orders': this program has a CredentialLayer of that name"):
        record(program=twice, answers=FOUND)


def test_an_endpoint_of_ones_own_is_taken_where_it_is_given_and_refused_where_it_is_not() -> None:
    endpoint = "https://{service}.apis.internal.example"
    own = CONFIGURATION.replace("https://sts.googleapis.com", "https://sts.apis.internal.example").replace(
        "https://iamcredentials.googleapis.com", "https://iamcredentials.apis.internal.example"
    )
    for later in (False, True):
        given = {"credential_configuration": own}
        assert made({**given, PLAIN: endpoint}, later=later).only(LAYER)
        assert "its token_url must be" in refusal(given, later=later)
        assert made({PLAIN: ""}, later=later).only(LAYER)
    assert "google_endpoint is 'http://apis.example': tokens travel" in refusal(
        {PLAIN: "http://apis.example"}, later=False
    )
