"""The content pass: every component that a map names is read once, in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import chain

from jit_guard.comparison.result import Comparison
from jit_guard.errors import UnreadableError
from jit_guard.named_tuple import NamedTuple
from jit_guard.text.names import GENERATED, join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.sources.source import Source
    from jit_guard.text.stored_form import StoredForm

# How files begin that may be in another form than their text; see `text/stored_form.py`.
STARTS = (b"version https://", b"/annex/objects/", b"\0GITCRYPT\0", b"U2FsdGVkX1")


class Content(NamedTuple):
    """Problems with the contents of components. All paths are relative to the root."""

    empty: list[str]
    blank: list[str]
    not_text: list[tuple[str, int]]  # with the offset of the first invalid byte
    drafts: list[str]  # unedited ones
    vanished: list[str]
    unreadable: list[UnreadableError]
    converted: list[tuple[str, StoredForm]]  # not a problem, but the text is not here

    @property
    def clean(self) -> bool:
        """True if no component has a problem."""
        return not (
            self.empty
            or self.blank
            or self.not_text
            or self.drafts
            or self.vanished
            or self.unreadable
        )


def read(
    source: Source, comparison: Comparison, *, texts: bool, drafts: bool, sizes: bool
) -> Content:
    """Check the contents of every component that an entry names.

    Args:
        source: the snapshot to read from.
        comparison: says which files entries name, and which of them are not text.
        texts: read all texts (for JG207, and for JG206 on whitespace).
        drafts: read at least the generated components (for JG501).
        sizes: find empty files, by their size if they are not read anyway.
    """
    content = Content([], [], [], [], [], [], [])
    texts_read: dict[str, AbstractSet[str]] = {}
    for directory, names in sorted(comparison.served.items()):
        opaque = comparison.opaque.get(directory, frozenset())
        any_name: AbstractSet[str] = comparison.drafts.get(directory, frozenset())
        readable, rest = _split(names, opaque, any_name, texts=texts, drafts=drafts)
        if readable:
            texts_read[directory] = readable
            _check_texts(source, directory, readable, content, any_name)
        if sizes and rest:
            _check_sizes(source, directory, rest, content)
    if texts_read:
        _discount_filtered(source, texts_read, content)
    return content


def _discount_filtered(
    source: Source, texts_read: dict[str, AbstractSet[str]], content: Content
) -> None:
    """Remove what was found in files that are not texts here, but what a filter made of them."""
    known = {path for path, _ in content.converted}
    not_text = [path for path, _ in content.not_text]
    try:
        filtered = source.filtered(texts_read, not_text)
    except UnreadableError as error:
        content.unreadable.append(error)
        return
    if not filtered:
        return
    from jit_guard.text.stored_form import filtered as form_of

    content.not_text[:] = [one for one in content.not_text if one[0] not in filtered]
    for paths in (content.blank, content.drafts):
        paths[:] = [path for path in paths if path not in filtered]
    content.converted.extend(
        (path, form_of(attribute))
        for path, attribute in filtered.items()
        if path not in known and path not in content.empty
    )


def _split(
    names: AbstractSet[str],
    opaque: AbstractSet[str],
    any_name: AbstractSet[str],
    *,
    texts: bool,
    drafts: bool,
) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """Return the names whose contents are read, and those whose size is enough."""
    if texts and not opaque:
        return names, frozenset()
    if not texts and not drafts:
        return frozenset(), names
    readable = {
        name for name in names - opaque if texts or name.startswith(GENERATED) or name in any_name
    }
    return readable, names - readable if readable else names


def _check_sizes(source: Source, directory: str, names: AbstractSet[str], content: Content) -> None:
    for name, empty in source.empty_files(directory, names):
        if empty is None:
            content.vanished.append(join(directory, name))
        elif isinstance(empty, UnreadableError):
            content.unreadable.append(empty)
        else:
            content.empty.append(join(directory, name))


def _check_texts(
    source: Source,
    directory: str,
    names: AbstractSet[str],
    content: Content,
    any_name: AbstractSet[str],
) -> None:
    for name, chunks in source.chunks(directory, names):
        if chunks is None:
            content.vanished.append(join(directory, name))
        elif isinstance(chunks, UnreadableError):
            content.unreadable.append(chunks)
        else:
            try:
                piece, following = next(chunks, b""), next(chunks, b"")
                if piece.startswith(STARTS) and (form := _form(piece, following)):
                    content.converted.append((join(directory, name), form))
                elif following:
                    _check_long_text(
                        join(directory, name), chain((piece, following), chunks), content
                    )
                else:
                    _check_text(directory, name, piece, content, draft=name in any_name)
            except UnreadableError as error:
                content.unreadable.append(error)


def _form(piece: bytes, following: bytes) -> StoredForm | None:
    """Return the form of a file that may be something else than its text."""
    from jit_guard.text.stored_form import stored_form

    return stored_form(piece + following)


def _check_text(directory: str, name: str, data: bytes, content: Content, *, draft: bool) -> None:
    """Check a text that fits into one piece, as almost all do; `draft`: it may be one."""
    try:
        blank = data.decode().isspace()
    except UnicodeDecodeError as error:
        content.not_text.append((join(directory, name), error.start))
        return
    if not data:
        content.empty.append(join(directory, name))
    elif blank:
        content.blank.append(join(directory, name))
    elif draft or name.startswith(GENERATED):
        _check_draft(join(directory, name), data, content)


def _check_long_text(path: str, pieces: Iterable[bytes], content: Content) -> None:
    """Check a text of any size, piece by piece."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, blank = 0, True
    for piece in chain(pieces, (b"",)):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            content.not_text.append((path, offset - pending + error.start))
            return
        blank = blank and (not text or text.isspace())
        offset += len(piece)
    if blank:
        content.blank.append(path)


def _check_draft(path: str, data: bytes, content: Content) -> None:
    if b"jit-guard:draft" in data:
        from jit_guard.text.generated import untouched

        if untouched(data):
            content.drafts.append(path)
