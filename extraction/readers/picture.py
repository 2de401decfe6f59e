"""Pictures of words: PNG, JPEG, TIFF, BMP, WebP, and the first frame of a GIF."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from extraction.documents import described
from extraction.model import Extracted, UnreadableError
from extraction.paragraphs import join_pages
from extraction.reading import Declared
from extraction.recognition import must_recognise

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 40_000_000
"""A sheet of A4 at 600 dots per inch has 35 million."""
SHORTEST_SIDE = 16
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_MANY_FRAMES = "TIFF"
"""A fax is a TIFF of many pages; the frames of other kinds move."""


def read(body: bytes, declared: Declared) -> Extracted:
    """The words of a picture, page by page where it has pages."""
    if declared.recognition is None:
        with _opened(body) as picture:
            check_size(*picture.size)  # what cannot be read anyhow starts no process for it
        raise must_recognise("the file is a picture")
    from extraction.recognition.engine import bands_of, recognise  # noqa: PLC0415

    pages: list[str] = []
    left = declared.recognition.pages
    unread = ""
    for page in pictures_of(body):
        left -= bands_of(*page.size)
        if left < 0 and pages:
            unread = f"only {len(pages)} pages of the picture were read (detection.ocr_pages)"
            break
        if left < 0:
            raise UnreadableError(
                f"the picture is as long as more than {declared.recognition.pages} pages; "
                "look at it by hand, or raise detection.ocr_pages"
            )
        pages.append("\n".join(recognise(page)))
    extracted = described(join_pages(pages), declared, recognised=True, unread=unread)
    if not extracted.text:
        raise UnreadableError("no text: no words were found in the picture; look at it by hand")
    return extracted


def pictures_of(body: bytes) -> Iterator[Image]:
    """The pages of a picture, upright as its camera says, on white; raises UnreadableError.

    Sizes are checked before anything is unpacked.
    """
    with _opened(body) as picture:
        count = getattr(picture, "n_frames", 1) if picture.format == _MANY_FRAMES else 1
        for number in range(count):
            try:
                picture.seek(number)
                check_size(*picture.size)
                yield _on_white(picture)
            except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
                raise _damaged(error) from error


def size_of(body: bytes) -> tuple[int, int]:
    """Width and height in pixels as the picture declares them; raises UnreadableError."""
    with _opened(body) as picture:
        return picture.size


def check_size(width: float, height: float) -> None:
    """Raises UnreadableError where a picture is too large to unpack or too thin to hold words."""
    if width * height > MOST_PIXELS:
        raise UnreadableError(
            f"the picture has {width * height / 1e6:.0f} million pixels, more than the "
            f"{MOST_PIXELS // 1_000_000} million read here; look at it by hand"
        )
    if min(width, height) < SHORTEST_SIDE:
        raise UnreadableError(f"no text: the picture is only {min(width, height):.0f} pixels high or wide")


@contextmanager
def _opened(body: bytes) -> Iterator[Image]:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs by their size, which is checked here, and of odd data that it reads.
            warnings.simplefilter("ignore")
            picture = Image.open(BytesIO(body), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadableError("the picture is too large to unpack; look at it by hand") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise _damaged(error) from error
    with picture:
        yield picture


def _on_white(picture: Image) -> Image:
    from PIL import Image, ImageOps  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        upright = ImageOps.exif_transpose(picture)
        if upright.has_transparency_data:
            upright = upright.convert("RGBA")
            paper = Image.new("RGBA", upright.size, "white")
            return Image.alpha_composite(paper, upright).convert("RGB")
        return upright.convert("RGB")


def _damaged(error: Exception) -> UnreadableError:
    # Pillow says "cannot identify image file" with the address of an object.
    reason = "its structure is wrong" if "identify" in str(error) else str(error)
    return UnreadableError(f"the picture is damaged or cut short ({reason}); fetch it again")
