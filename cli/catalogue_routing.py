"""An annex that names who follows up what: its rows are routing rules."""

from __future__ import annotations

from sqlmodel import Session, select

from catalogue.annex_items import Annex
from catalogue.documents import OfficialDocument
from cli.common import existing_database
from settings import Settings
from storage.database import for_reading
from storage.tables import RoutingRule


def routed_documents(settings: Settings) -> frozenset[str]:
    """Numbers of the documents that rules were imported from."""
    with existing_database(settings) as engine:
        if engine is None:
            return frozenset()
        with Session(for_reading(engine)) as session:
            return frozenset(session.exec(select(RoutingRule.document).distinct()))


def rules_of(annex: Annex, document: OfficialDocument) -> list[RoutingRule]:
    """The annex as routing rules; ``imported_at`` is still to be set."""
    return [
        RoutingRule(
            qualification=item.name,
            region=document.region,
            department=item.department,
            document=document.number,
        )
        for item in annex.items
        if item.department
    ]
