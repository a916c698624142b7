"""Thousands of damaged policies: what is taken is exactly what was sent, with a fresh etag, and lets no stranger in."""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.emulator.chain import ACCOUNT_PATH, MEMBER, READER, SCOPE, Chain, LocalAccount
from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT
from tests.emulator.signing import document, exchange
from tests.fuzz.junk import mutated
from tests.fuzz.run import REQUESTS, Answer, Client, Fuzzer, Sent, problem_of

SHARE = 0.25
_HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {DEPLOYER_TOKEN}"}
_MEMBER = re.compile(
    r"(user|group|serviceAccount|domain|deleted:\w+):\S+|principal(Set)?://iam\.googleapis\.com/.+", re.S
)
_OTHERS = [
    "allUsers",
    "allAuthenticatedUsers",
    f"serviceAccount:{READER.upper()}",
    f"user:{READER}",
    "user:",
    "principal:x",
    MEMBER.replace("attribute.aws_role", "attribute"),
    MEMBER.replace("/", "%2F"),
    MEMBER.replace("principalSet", "principal"),
    f"deleted:{MEMBER}",
]


@dataclass
class Attempt:
    """A policy to set."""

    body: Any


def damage(rng: random.Random, made: Attempt) -> str:
    made.body = mutated(rng, made.body)
    return "something in the body"


def other_member(rng: random.Random, made: Attempt) -> str:
    member = rng.choice(_OTHERS)
    for binding in _bindings(made.body):
        if isinstance(binding.get("members"), list):
            binding["members"].append(member)
    return f"member {member}"


def other_role(rng: random.Random, made: Attempt) -> str:
    role = rng.choice(["roles/owner ", "roles/unknown", "owner", "", "roles/iam.serviceAccountTokenCreator"])
    for binding in _bindings(made.body):
        binding["role"] = role
    return f"role {role!r}"


def other_etag(rng: random.Random, made: Attempt) -> str:
    etag = rng.choice(["AAAA", "BwX=", "", None, "\u00e9", 1, "a" * 9999])
    if isinstance(made.body, dict) and isinstance(made.body.get("policy"), dict):
        made.body["policy"]["etag"] = etag
    return "etag"


def _bindings(body: Any) -> list[dict[str, Any]]:
    policy = body.get("policy") if isinstance(body, dict) else None
    bindings = policy.get("bindings") if isinstance(policy, dict) else None
    return [binding for binding in bindings if isinstance(binding, dict)] if isinstance(bindings, list) else []


def granted(policy: Any) -> set[tuple[str, str, str]]:
    """Who is granted what, on which condition."""
    found: set[tuple[str, str, str]] = set()
    for binding in policy.get("bindings") or []:
        condition = json.dumps(binding.get("condition") or None, sort_keys=True)
        found |= {(binding["role"], member, condition) for member in binding.get("members") or []}
    return found


def etag_of(text: Any) -> bytes | str:
    try:
        return base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_"))
    except (binascii.Error, ValueError, AttributeError):
        return str(text)


def test_no_damaged_policy_breaks_the_server_or_grants_what_it_does_not_say(chain: Chain, aws: LocalAccount) -> None:
    good = chain.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")
    stranger = _stranger(chain, aws)
    counts: dict[int, int] = {}

    def post(path: str, body: Any, headers: dict[str, str] = _HEADERS) -> tuple[str, Answer]:
        return problem_of(client, Sent("POST", path, headers, json.dumps(body).encode()))

    def fresh(rng: random.Random) -> Attempt:
        _, answer = post(f"{ACCOUNT_PATH}:getIamPolicy", {})
        policy = {**json.loads(json.dumps(good)), "etag": answer.json()["etag"]}
        if rng.random() < 0.3:
            policy["bindings"].append({"role": "roles/iam.serviceAccountUser", "members": ["user:a@example.com"]})
        return Attempt({"policy": policy})

    def judge(made: Attempt) -> str:
        _, before = post(f"{ACCOUNT_PATH}:getIamPolicy", {})
        problem, answer = post(f"{ACCOUNT_PATH}:setIamPolicy", made.body)
        counts[answer.status] = counts.get(answer.status, 0) + 1
        _, after = post(f"{ACCOUNT_PATH}:getIamPolicy", {})
        if problem:
            return problem
        if answer.status != 200:
            return "" if after.body == before.body else "a refused policy changed something"
        policy = made.body.get("policy") or {}
        if policy.get("etag") and etag_of(policy["etag"]) != etag_of(before.json()["etag"]):
            return "a stale etag was taken"
        if granted(after.json()) != granted(policy):
            return "what is granted is not what was sent"
        if not all(role.startswith("roles/") and _MEMBER.fullmatch(who) for role, who, _ in granted(policy)):
            return "a role or a member that is none was taken"
        return "a stranger may impersonate" if stranger(client) == 200 else ""

    with closing(Client(chain.google.url)) as client:
        changes = (damage, damage, damage, damage, other_member, other_role, other_etag)
        Fuzzer("policies", fresh, changes, judge).run(int(REQUESTS * SHARE / 4))
    assert min(counts[200], counts[400], counts[409]) >= REQUESTS * SHARE / 250, counts


def _stranger(chain: Chain, aws: LocalAccount) -> Any:
    """Someone of the same pool whom no policy here means: asks for an access token, returns the status."""
    provider = {"attributeCondition": ""}
    path = f"/v1/projects/{PROJECT}/locations/global/workloadIdentityPools/keyless-pool/providers/aws-provider"
    chain.google.done("PATCH", f"{path}?updateMask=attributeCondition", provider)
    token = exchange(chain.google, document(aws.assume("Other-Role"))).json()["access_token"]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    sent = Sent(
        "POST",
        f"/v1/projects/-/serviceAccounts/{READER}:generateAccessToken",
        headers,
        json.dumps({"scope": [SCOPE]}).encode(),
    )
    return lambda client: client.send(sent).status
