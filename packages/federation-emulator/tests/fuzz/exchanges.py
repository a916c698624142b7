"""Exchanges to be damaged, and an oracle that says which of them may be let in: written without a look at the rules."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

from tests.emulator.signing import TARGET, form
from tests.fuzz.junk import damaged, mutated
from tests.fuzz.run import Sent

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
CAMEL = {
    "grant_type": "grantType",
    "requested_token_type": "requestedTokenType",
    "subject_token": "subjectToken",
    "subject_token_type": "subjectTokenType",
}


@dataclass
class Exchange:
    """A request for a federated token, still in parts."""

    document: Any
    encode: Any = quote
    twice: bool = False
    fields: Any = field(default_factory=dict)
    more: list[tuple[str, str]] = field(default_factory=list)
    json_body: bool = False
    content_type: str = FORM
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/v1/token"
    tail: bytes = b""

    def sent(self) -> Sent:
        """The request as bytes."""
        fields = self.fields
        if isinstance(fields, dict) and "subject_token" not in fields:
            text = self.encode(json.dumps(self.document))
            fields = {**fields, "subject_token": quote(text) if self.twice else text}
        if self.json_body or not isinstance(fields, dict):
            body = json.dumps(fields).encode()
        else:
            pairs = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in fields.items()]
            body = urlencode([*pairs, *self.more], errors="surrogatepass").encode()
        headers = {"Content-Type": self.content_type, **self.headers}
        return Sent(self.method, self.path, headers, body + self.tail)


def fresh(rng: random.Random, documents: list[Any]) -> Exchange:
    """An undamaged exchange, as one client or another would write it."""
    made = Exchange(document=json.loads(json.dumps(rng.choice(documents))))
    made.fields = form("x")
    del made.fields["subject_token"]
    if rng.random() < 0.3:
        made.json_body, made.content_type = True, JSON
    return made


def change_document(rng: random.Random, made: Exchange) -> str:
    made.document = mutated(rng, made.document)
    return "something in the subject token's JSON"


def change_header(rng: random.Random, made: Exchange) -> str:
    headers = made.document.get("headers") if isinstance(made.document, dict) else None
    if not isinstance(headers, list) or not headers or not isinstance(headers[0], dict):
        return "nothing"
    at = rng.randrange(len(headers))
    entry = headers[at]
    name = str(entry.get("key"))[:40]
    way = rng.choice(["drop", "repeat", "rename", "recase", "value", "move", "whitespace"])
    if way == "drop":
        del headers[at]
    elif way == "repeat":
        headers.append({**entry, "key": rng.choice([name, name.upper(), name.title(), name.lower()])})
    elif way == "rename":
        entry["key"] = damaged(rng, name)
    elif way == "recase":
        entry["key"] = rng.choice([name.upper(), name.title(), name.lower(), name.swapcase()])
    elif way == "value":
        entry["value"] = damaged(rng, str(entry.get("value")))
    elif way == "move":
        headers.insert(rng.randrange(len(headers)), headers.pop(at))
    else:
        entry["value"] = rng.choice([" {}", "{} ", "{}\n", "\t{}", "{}\x00"]).format(entry.get("value"))
    return f"{way} of header {name!r}"


def change_date(rng: random.Random, made: Exchange) -> str:
    shift = rng.choice([-3600, -901, -60, -1, 1, 60, 901, 3600, 86400, -86400])
    moment = datetime.now(UTC) + timedelta(seconds=shift)
    for entry in _entries(made):
        if str(entry.get("key")).lower() == "x-amz-date":
            entry["value"] = moment.strftime("%Y%m%dT%H%M%SZ")
    return f"the date moved to {shift} s from now"


def change_authorization(rng: random.Random, made: Exchange) -> str:
    way = rng.choice(["signature", "signed headers", "scope", "key", "spaces"])
    for entry in _entries(made):
        if str(entry.get("key")).lower() != "authorization":
            continue
        value = str(entry.get("value"))
        before, _, signature = value.rpartition("=")
        if way == "signature":
            at = rng.randrange(len(signature) + 1)
            entry["value"] = f"{before}={signature[:at]}{rng.choice('0123456789abcdefF')}{signature[at + 1 :]}"
        elif way == "signed headers":
            entry["value"] = value.replace(
                "SignedHeaders=", f"SignedHeaders={rng.choice(['a;', 'host;', ';', 'date;'])}"
            )
        elif way == "scope":
            old, new = rng.choice(
                [("/sts/", "/s3/"), ("us-east-1", "eu-west-1"), ("aws4_request", "aws4"), ("/2", "/1")]
            )
            entry["value"] = value.replace(old, new)
        elif way == "key":
            entry["value"] = value.replace("Credential=A", "Credential=B")
        else:
            entry["value"] = value.replace(", ", rng.choice([",", ",  ", " , ", ",\t"]))
    return f"{way} in Authorization"


def _entries(made: Exchange) -> list[dict[str, Any]]:
    headers = made.document.get("headers") if isinstance(made.document, dict) else None
    return [entry for entry in headers if isinstance(entry, dict)] if isinstance(headers, list) else []


def change_url(rng: random.Random, made: Exchange) -> str:
    if not isinstance(made.document, dict) or not isinstance(made.document.get("url"), str):
        return "nothing"
    url = made.document["url"]
    place, _, query = url.partition("?")
    host = place.removeprefix("https://").rstrip("/")
    made.document["url"] = rng.choice(
        [
            f"https://{host}?{query}",
            f"https://{host}/?{query}",
            f"https://{host}//?{query}",
            f"http://{host}/?{query}",
            f"https://{host.upper()}/?{query}",
            f"https://{host}:443/?{query}",
            f"https://{host}./?{query}",
            f"https://{host}.evil.example.com/?{query}",
            f"https://user@{host}/?{query}",
            f"https://evil.example.com\\@{host}/?{query}",
            f"https://{host}/?{query}#",
            f"https://{host}/?{query}&X-Amz-Expires=60",
            f"https://{host}/?{'&'.join(reversed(query.split('&')))}",
            f"https://{host}/?{quote(query)}",
            f"https://sts-fips.us-east-1.amazonaws.com/?{query}",
            damaged(rng, url),
        ]
    )
    return "the URL"


def change_target(rng: random.Random, made: Exchange) -> str:
    for entry in _entries(made):
        if str(entry.get("key")).lower() == TARGET:
            value = str(entry.get("value"))
            entry["value"] = rng.choice([f"https:{value}", f"http:{value}", f"{value}/", value.upper(), value[2:], ""])
    return "the target header"


def change_encoding(rng: random.Random, made: Exchange) -> str:
    way = rng.choice(["plus", "all", "twice", "none", "lower", "damaged"])
    made.twice = way == "twice"
    made.encode = {
        "plus": quote_plus,
        "all": lambda text: quote(text, safe=""),
        "none": str,
        "lower": lambda text: quote(text).lower(),
        "damaged": lambda text: damaged(random.Random(len(text)), quote(text)),
        "twice": quote,
    }[way]
    return f"encoding: {way}"


def change_field(rng: random.Random, made: Exchange) -> str:
    if not isinstance(made.fields, dict) or not made.fields:
        return "nothing"
    name = rng.choice(list(made.fields))
    value = made.fields[name]
    way = rng.choice(["drop", "damage", "type", "camel", "repeat", "options", "unknown", "rename"])
    if way == "drop":
        del made.fields[name]
    elif way == "damage":
        made.fields[name] = damaged(rng, str(value))
    elif way == "type":
        made.fields[name] = mutated(rng, [value])
    elif way == "camel":
        made.fields = {CAMEL.get(key, key): each for key, each in made.fields.items()}
    elif way == "repeat":
        made.more.append((name, str(value)))
    elif way == "options":
        made.fields["options"] = rng.choice(["{}", "%7B%7D", '{"userProject": "p"}', "x", '{"a": {}}'])
    elif way == "unknown":
        made.fields[rng.choice(["actor_token", "resource", "client_id", "\u00e9"])] = "x"
    else:
        made.fields[damaged(rng, name)] = made.fields.pop(name)
    return f"{way} of field {name}"


def change_http(rng: random.Random, made: Exchange) -> str:
    way = rng.choice(["type", "authorization", "method", "path", "tail", "other"])
    if way == "type":
        made.content_type = rng.choice(
            [
                "",
                FORM,
                JSON,
                "text/plain",
                f"{FORM}; charset=utf-8",
                f"{JSON}; charset=utf-16",
                "multipart/form-data",
                "x",
            ]
        )
    elif way == "authorization":
        made.headers["Authorization"] = rng.choice(["", "Bearer x", "Basic eDp5", "Bearer deployer-token-of-the-tests"])
    elif way == "method":
        made.method = rng.choice(["GET", "PUT", "PATCH", "DELETE", "HEAD2", "post"])
    elif way == "path":
        made.path += rng.choice(["/", "?alt=json", "?audience=x", "?access_token=x", "?prettyPrint=true", "%00", "?&&"])
    elif way == "tail":
        made.tail = rng.choice([b"\x00", b"&", b"&audience=x", b"\xff", b"}", b" ", b"&=", b"\r\n"])
    else:
        made.headers[rng.choice(["X-Forwarded-Host", "X-Goog-User-Project", "Accept"])] = "x"
    return f"HTTP: {way}"


CHANGES = (
    *(change_document, change_header, change_header, change_date, change_authorization, change_url, change_target),
    *(change_encoding, change_field, change_field, change_http),
)


def justified(sent: Sent, allowed: list[Any], expected: dict[str, str]) -> bool:
    """Say whether a request means the same as an undamaged one of a caller who may come in.

    Args:
        sent: What was let in.
        allowed: The subject tokens of those who may, as they were signed.
        expected: The exchange's other fields.
    """
    if sent.method != "POST" or sent.path.partition("?")[0] != "/v1/token":
        return False
    try:
        given = _fields(sent)
        token = json.loads(unquote_plus(given.pop("subject_token", "")))
        meaning = _meaning(token)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    same = all(given.get(name, "") == value for name, value in expected.items() if name != "scope")
    return same and bool(given.get("scope", "").strip()) and meaning in [_meaning(each) for each in allowed]


def _fields(sent: Sent) -> dict[str, str]:
    if sent.headers["Content-Type"].startswith(JSON):
        names = {camel: snake for snake, camel in CAMEL.items()}
        return {names.get(name, name): value for name, value in json.loads(sent.body).items()}
    pairs = [pair.partition("=") for pair in sent.body.decode("ascii").split("&")]
    named = [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
    if len(dict(named)) != len(named):
        raise ValueError("a field comes twice")
    return dict(named)


def _meaning(token: Any) -> tuple[Any, ...]:
    """What a subject token says, without the freedoms that a client has in saying it."""
    headers = [(entry["key"].encode("ascii").lower().decode(), entry["value"]) for entry in token["headers"]]
    target = next((pair for pair in headers if pair[0] == TARGET), None)
    if target is not None and headers.count(target) == 2:
        # As Google's library for Java sends it.
        headers.remove(target)
    if len(dict(headers)) != len(headers) or set(token) != {"url", "method", "headers"}:
        raise ValueError("something comes twice, or in addition")
    values = dict(headers)
    values["authorization"] = values["authorization"].replace(", ", ",")
    if TARGET not in values["authorization"]:
        values[TARGET] = values[TARGET].removeprefix("https:")
    return token["method"], token["url"].replace("amazonaws.com/?", "amazonaws.com?"), sorted(values.items())
