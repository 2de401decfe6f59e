"""Kreuzberg, asked for what a file says and nothing else: no cache, no OCR, no rewriting of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extraction.model import PROTECTED, UnreadableError

if TYPE_CHECKING:
    from kreuzberg import ExtractionResult


def read_with_kreuzberg(body: bytes, media_type: str, *, by_page: bool = False) -> ExtractionResult:
    """Content, pages, tables and metadata; UnreadableError where the file is broken or protected."""
    from kreuzberg import (  # noqa: PLC0415
        ExtractionConfig,
        KreuzbergError,
        PageConfig,
        PostProcessorConfig,
        extract_bytes_sync,
    )

    config = ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        pages=PageConfig(extract_pages=True) if by_page else None,
        postprocessor=PostProcessorConfig(enabled=False),
    )
    try:
        return extract_bytes_sync(body, media_type, config)
    except (KreuzbergError, RuntimeError) as error:
        reason = _once(str(error).split("\n", maxsplit=1)[0].removeprefix("ParsingError: "))[:200]
        if "password" in reason.lower() or "encrypt" in reason.lower():
            raise UnreadableError(PROTECTED) from error
        raise UnreadableError(f"the file is damaged or cut short ({reason}); fetch it again") from error
    except BaseException as error:
        # A panic of the Rust code is no Exception, and its class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableError("the file is damaged beyond reading; fetch it again") from error


def _once(reason: str) -> str:
    """Each part of a reason once: errors are wrapped in errors that repeat them."""
    return ": ".join(dict.fromkeys(reason.split(": ")))
