"""Key sets that an issuer on this machine publishes, or does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from federation_emulator.client.issuer import aws_claims
from federation_emulator.core.trace import Link, Part
from tests.denials.case import By, Case, Step
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT_PATH
from tests.emulator.identity import AUDIENCE, MEMBER, ROLE_ARN, make_provider
from tests.emulator.issuer_pages import DISCOVERY, Page, Pages, answering


def _publishing(spoil: Callable[[Pages], object]) -> Step:
    """Deploy the provider for an issuer that publishes its keys, and spoil what it publishes."""

    def wrong(world: World) -> None:
        world.pages = pages = world.ending.enter_context(answering())
        make_provider(world.google, {"issuerUri": pages.issuer.uri})
        world.chain.grant(ACCOUNT_PATH, "roles/iam.workloadIdentityUser", MEMBER)
        _send(world)
        spoil(pages)

    return wrong


def _send(world: World) -> None:
    """Send a token that the issuer has signed by now."""
    token = _issuer(world).issuer.token(aws_claims(ROLE_ARN, audience=AUDIENCE, now=world.google.clock.now()))
    world.token = lambda: token


def _issuer(world: World) -> Pages:
    assert world.pages
    return world.pages


def _answering(path: str, **page: Any) -> Step:
    return _publishing(lambda pages: pages.answers.update({path: Page(**page)}))


def _rotated(pages: Pages) -> None:
    pages.issuer.rotate("RS256")
    pages.publish()


def _right(world: World) -> None:
    """Publish the issuer's keys."""
    _issuer(world).publish()


_BY = By(
    *(Link.TOKEN_EXCHANGE, Part.ID_TOKEN, "the issuer's keys must be within reach", 400, "invalid_grant"),
    says="Error connecting to the given credential's issuer.",
)
_KEY = By(Link.TOKEN_EXCHANGE, Part.ID_TOKEN, "the key set must have the token's key", 400, "invalid_grant")

CASES: tuple[Case, ...] = (
    _BY("no discovery document", "with it", _answering(DISCOVERY, status=404), _right, actual="status 404"),
    _BY("no published keys", "with them", _answering("/keys", status=503), _right, actual="status 503"),
    _BY("a redirect", "the keys", _answering("/keys", status=302, location="/more"), _right, actual="status 302"),
    _BY("keys of 64 KB", "fewer", _answering("/keys", body=" " * 65_537), _right, actual="more than 65536 bytes"),
    _BY("another issuer's document", "its own", _publishing(lambda pages: pages.publish(issuer="x")), _right),
    _BY(
        "keys on another machine",
        "on this one",
        _publishing(lambda pages: pages.publish(jwks_uri="https://example.com/keys")),
        _right,
        actual="which is not on this machine",
    ),
    _KEY("a key no longer published", "the new one", _publishing(_rotated), _send),
)
