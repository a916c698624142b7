"""Attacks on the subject token, each next to the untouched one that passes. AWS here is real, and laxer than AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import botocore
import pytest
import requests

from federation_emulator.core.trace import Link, Part, Refusal
from federation_emulator.services.sts.signed_request import REGIONS
from tests.emulator.chain import ACCOUNT, AUDIENCE, OTHER_ACCOUNT, REGION, Chain, Keys
from tests.emulator.signing import TARGET, document, edited, exchange, header, without

FORMAT = {"error": "invalid_request", "error_description": "AWS request has invalid format."}


def refused(chain: Chain, token: Any, expected: dict[str, str] | None = None) -> Refusal:
    """Insist on a refusal and return why."""
    answer: requests.Response = exchange(chain.google, token)
    assert answer.status_code == 400, answer.text
    if expected is not None:
        assert answer.json() == expected
    return chain.google.refusal(Link.TOKEN_EXCHANGE)


@pytest.fixture(scope="module")
def chain(deployed: Chain) -> Chain:
    return deployed


@pytest.fixture(autouse=True)
def untouched(chain: Chain, role_keys: Keys) -> None:
    """What each attack changes is the only thing wrong: the same token without it passes."""
    chain.google.clock.ahead = timedelta(0)
    for good in (document(role_keys), document(role_keys, target=f"https:{AUDIENCE}", sign_target=False)):
        assert exchange(chain.google, good).status_code == 200


@pytest.mark.parametrize(
    "key_id",
    [
        ACCOUNT,
        OTHER_ACCOUNT,
        "test",
        "root",
        "AKIA" + "A" * 15,
        "AKIA" + "A" * 17,
        "akia" + "a" * 16,
        "AKIA" + "a" * 16,
        "AROA" + "A" * 16,
        "AIDA" + "A" * 16,
        "ABIA" + "A" * 16,
        "A" * 20,
    ],
)
def test_an_access_key_id_that_aws_never_issues_is_refused_before_aws_is_asked(chain: Chain, key_id: str) -> None:
    answer = exchange(chain.google, document(Keys(key_id, "test")))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert "of type InvalidClientTokenId" in answer.json()["error_description"]
    assert "one that AWS issues" in chain.google.refusal().rule


@pytest.mark.parametrize("name", ["host", "x-amz-date", "authorization", "x-amz-security-token"])
def test_no_header_may_be_repeated_or_left_out(chain: Chain, role_keys: Keys, name: str) -> None:
    twice = document(role_keys)
    twice["headers"].append({**header(twice, name), "key": name.title()})
    assert name in refused(chain, twice, FORMAT).actual
    refused(chain, without(document(role_keys), name))


def test_the_target_may_be_listed_once_more_as_googles_library_for_java_does(chain: Chain, role_keys: Keys) -> None:
    """Source: google-auth-library-java, ``AwsCredentials.buildSubjectToken``: signed, and added again."""
    twice = document(role_keys)
    again = dict(header(twice, "x-goog-cloud-target-resource"))
    twice["headers"].append(again)
    assert exchange(chain.google, twice).status_code == 200
    thrice = {**twice, "headers": [*twice["headers"], again]}
    assert "x-goog-cloud-target-resource" in refused(chain, thrice, FORMAT).actual
    other = {**twice, "headers": [*twice["headers"][:-1], {**again, "value": f"{again['value']}-2"}]}
    assert "x-goog-cloud-target-resource" in refused(chain, other, FORMAT).actual


def test_other_regions_and_the_global_host_pass_when_signed_for_themselves(chain: Chain, role_keys: Keys) -> None:
    for host, region in (
        ("sts.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sts.ap-northeast-1.amazonaws.com", "ap-northeast-1"),
        ("sts.amazonaws.com", "us-east-1"),
    ):
        assert exchange(chain.google, document(role_keys, host=host, region=region)).status_code == 200
        wrong = "us-west-2"
        assert refused(chain, document(role_keys, host=host, region=wrong), FORMAT).actual == f"{wrong}/sts"


@pytest.mark.parametrize("text", ["x", "%7B", "[]", "null", "%FF", "{" * 3000, '{"url": 1e999}', quote("\u0000")])
def test_what_is_not_the_json_of_a_request_is_refused(chain: Chain, text: str) -> None:
    assert refused(chain, text)


@pytest.mark.parametrize("headers", [None, {}, "x", [1], [{"key": "a"}], [{"key": "a", "value": 1}], [["a", "b"]]])
def test_headers_of_the_wrong_shape_are_refused(chain: Chain, role_keys: Keys, headers: Any) -> None:
    refused(chain, {**document(role_keys), "headers": headers}, FORMAT)


def test_a_token_is_decoded_once_only(chain: Chain, role_keys: Keys) -> None:
    refused(chain, quote(quote(json.dumps(document(role_keys)))))


def test_a_plus_stands_for_a_space_as_javas_encoder_writes_it(chain: Chain, role_keys: Keys) -> None:
    text = quote_plus(json.dumps(document(role_keys)))
    assert "+" in text
    assert exchange(chain.google, text).status_code == 200
    encoded = "URL-encoded JSON"
    for raw in (json.dumps(document(role_keys)), text.replace("%", "%%"), text + "%", text + "%zz", text + "\n"):
        assert encoded in refused(chain, raw).rule


def test_a_name_that_comes_twice_in_the_json_is_refused(chain: Chain, role_keys: Keys) -> None:
    text = json.dumps(document(role_keys))
    for twice in (
        text.replace('{"url"', '{"method": "POST", "url"', 1),
        text.replace('{"key"', '{"value": "x", "key"', 1),
    ):
        assert "URL-encoded JSON" in refused(chain, quote(twice)).rule


def test_a_header_name_that_only_looks_right_is_refused(chain: Chain, role_keys: Keys) -> None:
    for right, name in (
        ("x-amz-security-token", "X-Amz-Security-To\u212aen"),
        ("host", "ho\u017ft"),
        *(("host", name) for name in ("host ", " host", "host:", "host\r\nx")),
    ):
        token = document(role_keys)
        header(token, right)["key"] = name
        assert "unexpected" in refused(chain, token, FORMAT).actual


def test_a_header_value_with_anything_around_it_is_refused(chain: Chain, role_keys: Keys) -> None:
    for name in ("host", "x-amz-date", "x-amz-security-token", "authorization", TARGET):
        for change in ("{} ", " {}", "{}\t", "\r\n{}", "{}\u0000", "{}\u00e9", "{}  x"):
            assert name in refused(chain, edited(document(role_keys), name, change.format), FORMAT).actual


def test_the_list_of_signed_headers_is_whole_in_order_and_each_once(chain: Chain, role_keys: Keys) -> None:
    changes: list[Callable[[list[str]], list[str]]] = [
        lambda names: [*names, names[0]],
        lambda names: list(reversed(names)),
        lambda names: [*names, ""],
        lambda names: [name.title() for name in names],
        lambda names: ["authorization", *names],
        lambda names: [name for name in names if name != "host"],
        lambda names: [name for name in names if name != "x-amz-date"],
        lambda names: [name for name in names if name != "x-amz-security-token"],
    ]
    for change in changes:
        token = document(role_keys)
        value = header(token, "authorization")
        before, names, after = re.split(r"(?<=SignedHeaders=)([^,]*)", value["value"])
        value["value"] = before + ";".join(change(names.split(";"))) + after
        assert refused(chain, token, FORMAT).part is Part.CALLER


def test_every_region_of_awss_standard_partition_is_known_and_no_other() -> None:
    data = Path(botocore.__file__).parent / "data" / "partitions.json"
    partitions = {each["id"]: set(each["regions"]) for each in json.loads(data.read_text())["partitions"]}
    assert partitions["aws"] - {"aws-global"} == REGIONS


def test_an_opt_in_region_passes_and_another_partitions_does_not(chain: Chain, role_keys: Keys) -> None:
    for region in ("af-south-1", "me-central-1", "mx-central-1"):
        made = document(role_keys, host=f"sts.{region}.amazonaws.com", region=region)
        assert exchange(chain.google, made).status_code == 200
    for other in ("us-gov-west-1", "cn-north-1", "us-east-9", "xx-evil-1", "EU-WEST-1"):
        made = document(role_keys, host=f"sts.{other}.amazonaws.com", region=other)
        assert "AWS STS" in refused(chain, made, FORMAT).rule


def test_a_presigned_url_is_refused_and_its_secrets_are_not_repeated(chain: Chain, role_keys: Keys) -> None:
    token = document(role_keys)
    session = quote(role_keys.token, safe="")
    for url in (
        f"{token['url']}&X-Amz-Security-Token={session}&X-Amz-Signature=5ec2e7",
        f"https://AKIA:5ec2e7@sts.{REGION}.amazonaws.com/?{token['url'].partition('?')[2]}",
    ):
        seen = refused(chain, {**token, "url": url}, FORMAT).actual
        assert "5ec2e7" not in seen
        assert session[:20] not in seen


ODD_URLS = (
    "https://sts.amazonaws.com.evil.example.com/?{q}",
    "https://sts.{r}.amazonaws.com.evil.example.com/?{q}",
    "https://evil-sts.{r}.amazonaws.com/?{q}",
    "https://sts.{r}.amazonaws.com./?{q}",
    "https://sts.{r}.amazonaws.com@evil.example.com/?{q}",
    "https://sts.evil.amazonaws.com/?{q}",
    "https://sts-fips.{r}.amazonaws.com/?{q}",
    "HTTPS://sts.{r}.amazonaws.com/?{q}",
    "https://sts.{r}.amazonaws.com/path?{q}",
    "https://sts.{r}.amazonaws.com/?{q}#x",
    "https://sts.{r}.amazonaws.com/?Version=2011-06-15&Action=GetCallerIdentity",
    "https://sts.{r}.amazonaws.com//?{q}",
    "https://sts.{r}.amazonaws.com/%2F?{q}",
    "https://sts.{r}.amazonaws.com/?{q}&",
    "https://sts.{r}.amazonaws.com/?{q}%00",
    "https://sts.{r}.amazonaws.com/?Action=GetCallerIdentit%79&Version=2011-06-15",
    "https://sts.{r}.amazonaws.com/?Action=GetCallerIdentity;Version=2011-06-15",
    "https://sts.{r}.amazonaws.com:8443/?{q}",
    "https://sts.{r}.amazonaws.com\\@evil.example.com/?{q}",
    "https://STS.{r}.amazonaws.com/?{q}",
    "https://sts.{r}.amazonaws.com\uff0fevil/?{q}",
    "https://sts\u3002{r}.amazonaws.com/?{q}",
    "https://sts..amazonaws.com/?{q}",
    "https://sts.{r}.amazonaws.com/?{q}\n",
    " https://sts.{r}.amazonaws.com/?{q}",
    "//sts.{r}.amazonaws.com/?{q}",
    "https://sts.{r}.api.aws/?{q}",
    "https://sts.{r}.amazonaws.com.cn/?{q}",
)


def test_a_url_that_only_looks_right_is_refused(chain: Chain, role_keys: Keys) -> None:
    token = document(role_keys)
    query = token["url"].partition("?")[2]
    for url in (*(url.format(r=REGION, q=query) for url in ODD_URLS), None, ["x"]):
        assert "AWS STS" in refused(chain, {**token, "url": url}, FORMAT).rule


@pytest.mark.parametrize("minutes", [14.9, -14.9])
def test_a_signature_is_fresh_for_15_minutes_around_its_date(chain: Chain, role_keys: Keys, minutes: float) -> None:
    chain.google.clock.ahead = timedelta(minutes=minutes)
    assert exchange(chain.google, document(role_keys)).status_code == 200
