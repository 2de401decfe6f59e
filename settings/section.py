"""What all tables of the configuration are made of, and the kinds of values that several of them have."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

TIME = r"([01]\d|2[0-3]):[0-5]\d"
TimeOfDay = Annotated[str, Field(pattern=f"^{TIME}$", description="Hour and minute, for example 08:30")]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, because a misspelt key would silently change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def region_in_force(code: str) -> str:
    """Its code today, empty for none; raises ``ValueError`` that says what to write."""
    # Imported here, because most configurations name few regions or none.
    from vocabulary import regions  # noqa: PLC0415

    return regions.region_in_force(code) if code else code


RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$"), AfterValidator(region_in_force)]
"""GB/T 2260 code of a province, prefecture or county; one that was abolished is read as what it became."""
