"""The interface as OpenAPI 3.1 describes it, written from the models that check and send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from console.api.schema import (
    AccountOut,
    CaseFileOut,
    CaseQuery,
    CasesOut,
    ProblemOut,
    StateOut,
    StepTaken,
)

VERSION = "1.0"
_REFERENCE = "#/components/schemas/{model}"
_NUMBER = {
    "name": "case",
    "in": "path",
    "required": True,
    "description": "Number of the case.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
}
_ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, the step is taken once.",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]*$"},
}


_MODELS: Sequence[tuple[type[BaseModel], JsonSchemaMode]] = (
    (AccountOut, "serialization"),
    (CasesOut, "serialization"),
    (CaseFileOut, "serialization"),
    (StateOut, "serialization"),
    (ProblemOut, "serialization"),
    (StepTaken, "validation"),
    (CaseQuery, "validation"),
)


def describe(path: str) -> dict[str, Any]:
    """The document; ``path`` is where the interface stands."""
    _, schemas = models_json_schema(_MODELS, ref_template=_REFERENCE)
    known = schemas["$defs"]
    query = known.pop(CaseQuery.__name__)
    step = {
        "required": True,
        "content": {"application/json": {"schema": _of(StepTaken)}},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Qualwatch",
            "version": VERSION,
            "description": "Cases of certificates that may no longer be demanded. "
            "A token acts for its account and within its rights: make one on the page of the account.",
        },
        "servers": [{"url": path}],
        "security": [{"token": []}],
        "paths": {
            "/me": {"get": _get("For whom the token acts", AccountOut)},
            "/cases": {"get": _get("Cases, part by part", CasesOut, _parameters(query), refusals=("422",))},
            "/cases/{case}": {
                "get": _get("A case with its findings and history", CaseFileOut, [_NUMBER], ("404",))
            },
            "/cases/{case}/steps": {
                "post": {
                    **_get("Take a step", StateOut, [_NUMBER, _ONCE], ("403", "404", "409", "422")),
                    "requestBody": step,
                }
            },
        },
        "components": {
            "schemas": known,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(
    summary: str,
    model: type[BaseModel],
    parameters: list[dict[str, Any]] | None = None,
    refusals: tuple[str, ...] = (),
) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": _of(ProblemOut)}}
    refused = {status: {"description": "Not done", "content": problem} for status in ("401", *refusals)}
    answer = {"description": summary, "content": {"application/json": {"schema": _of(model)}}}
    return {"summary": summary, "parameters": parameters or [], "responses": {"200": answer, **refused}}


def _of(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _parameters(query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a model as parameters of a query; one that may be empty is left out instead."""
    found = []
    for name, schema in query["properties"].items():
        kinds = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        plain = {key: value for key, value in kinds[0].items() if key not in {"title", "description"}}
        plain.pop("default", None)
        found.append(
            {
                "name": name,
                "in": "query",
                "description": schema.get("description", ""),
                "schema": plain,
                **({"style": "form", "explode": True} if plain.get("type") == "array" else {}),
            }
        )
    return found
