"""Signing in with the account of an office's own identity provider (OpenID Connect, code flow with PKCE).

The provider says whose mail address it is; whether there is an account for it, and with which rights, stands
here. Who signs in this way is asked for a second factor by the provider, not by us.

Few offices have such a provider: what speaks with it is loaded when somebody signs in there.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import requests

from settings.accounts import Oidc

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session
    from joserfc.jwk import KeySet

_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Of signatures that the provider alone can make; ``none`` and shared secrets are none of them."""
_SECONDS: Final = 10
_LARGEST: Final = 1 << 20
_LEEWAY: Final = 60


class OidcError(Exception):
    """The provider does not say who it is; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What has to be known again when the browser comes back; kept in its cookie, signed."""

    state: str
    nonce: str
    verifier: str
    """Of PKCE."""
    next: str
    """The page that was wanted."""

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, kept: str) -> Begun:
        return cls(**json.loads(kept))


def begin(rules: Oidc, callback: str, back: str) -> tuple[str, Begun]:
    """Where to send the browser, and what to remember. Raises :class:`OidcError`."""
    provider = _discover(rules)
    begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), back)
    with _client(rules, callback) as client:
        url, _ = client.create_authorization_url(
            provider["authorization_endpoint"],
            state=begun.state,
            nonce=begun.nonce,
            code_verifier=begun.verifier,
        )
    return str(url), begun


def finish(rules: Oidc, callback: str, query: str, begun: Begun, now: datetime) -> str:
    """The mail address of whom the provider sent back with ``query``. Raises :class:`OidcError`."""
    from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415 - start-up

    provider = _discover(rules)
    with _client(rules, callback) as client:
        try:
            answer: dict[str, Any] = client.fetch_token(
                provider["token_endpoint"],
                authorization_response=f"{callback}?{query}",
                state=begun.state,
                code_verifier=begun.verifier,
                timeout=_SECONDS,
            )
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            raise OidcError(f"the token was refused: {error}") from error
    keys = _keys(_get(provider["jwks_uri"]))
    claims = _claims(rules, str(answer.get("id_token", "")), keys, begun, now)
    if "email" not in claims and "userinfo_endpoint" in provider:
        told = _get(provider["userinfo_endpoint"], str(answer.get("access_token", "")))
        if told.get("sub") == claims.get("sub"):
            claims = {**told, **claims}
    email = claims.get("email")
    if not isinstance(email, str) or "@" not in email or claims.get("email_verified") is False:
        raise OidcError("the provider names no verified mail address (scope email)")
    return email


def _claims(rules: Oidc, token: str, keys: KeySet, begun: Begun, now: datetime) -> dict[str, Any]:
    from joserfc import jwt  # noqa: PLC0415 - start-up
    from joserfc.errors import JoseError  # noqa: PLC0415 - start-up

    expected = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": rules.issuer},
        aud={"essential": True, "value": rules.client_id},
        exp={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": begun.nonce},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        expected.validate(claims)
    except (JoseError, ValueError) as error:
        raise OidcError(f"the identity token is not valid: {error}") from error
    if claims.get("azp", rules.client_id) != rules.client_id:
        raise OidcError("the identity token was made for another program")
    return dict(claims)


def _discover(rules: Oidc) -> dict[str, Any]:
    provider = _get(f"{rules.issuer.rstrip('/')}/.well-known/openid-configuration")
    wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if provider.get("issuer") != rules.issuer or not all(
        isinstance(provider.get(key), str) for key in wanted
    ):
        raise OidcError("the provider describes another issuer than accounts.oidc.issuer, or no endpoints")
    return provider


def _keys(published: dict[str, Any]) -> KeySet:
    from joserfc.errors import JoseError  # noqa: PLC0415 - start-up
    from joserfc.jwk import KeySet  # noqa: PLC0415 - start-up

    try:
        return KeySet.import_key_set({"keys": published["keys"]})
    except (KeyError, TypeError, ValueError, JoseError) as error:
        raise OidcError(f"the provider's keys cannot be read: {error}") from error


def _client(rules: Oidc, callback: str) -> OAuth2Session:
    from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415 - start-up

    return OAuth2Session(
        rules.client_id,
        rules.client_secret.get_secret_value(),
        scope=rules.scope,
        redirect_uri=callback,
        code_challenge_method="S256",
    )


def _get(url: str, token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = requests.get(url, headers=headers, timeout=_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json() if len(answer.content) <= _LARGEST else None
    except (requests.RequestException, ValueError) as error:
        raise OidcError(f"{url} cannot be read: {error}") from error
    if answer.status_code != 200 or not isinstance(found, dict):
        raise OidcError(f"{url} is not what OpenID Connect wants there")
    return found
