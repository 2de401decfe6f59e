"""``[accounts]``: how people sign in; who they are stands in the database (``qualwatch user``)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from settings.section import Section


class Oidc(Section):
    """The identity provider of an office (OpenID Connect); empty: people sign in with passwords alone."""

    issuer: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")] = ""
    """As the provider itself writes it in ``/.well-known/openid-configuration``."""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    client_secret_file: str = ""
    """A file that holds it, instead."""
    scope: str = "openid email profile"
    label: str = "统一身份认证"
    """What the button says."""

    @model_validator(mode="after")
    def _it_knows_us(self) -> Oidc:
        if self.issuer and not self.client_id:
            raise ValueError("issuer is set but client_id is empty: write what the provider registered")
        return self


class Accounts(Section):
    session_hours: Annotated[int, Field(ge=1, le=720)] = 12
    """Longest time without signing in again."""
    idle_minutes: Annotated[int, Field(ge=5, le=10_080)] = 120
    """Minutes without a page after which one has to sign in again."""
    invitation_hours: Annotated[int, Field(ge=1, le=720)] = 72
    """How long a one-time link to choose a password is valid."""
    password_length: Annotated[int, Field(ge=8, le=64)] = 10
    """Least number of characters of a password."""
    second_factor: Literal["optional", "administrators", "all"] = "optional"
    """Who has to set up a code of an authenticator beside the password before anything else."""
    token_days: Annotated[int, Field(ge=1, le=1095)] = 180
    """Longest life of a token of the programming interface."""
    oidc: Oidc = Oidc()
