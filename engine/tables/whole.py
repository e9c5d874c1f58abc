"""A file, several files together, or a folder of files, that appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.messages import Message, say
from engine.source import Place, Problem
from engine.tables import Source, TableError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Parts", "readable", "refuse_over", "together", "unwritable", "whole", "whole_folder"]

_BUFFER = 1 << 18
_MOST_WAITING = 1 << 25
"""Bytes that may wait to be sent to the disk. Measured: a result of 745 MB costs 1 s less of a processor so, and 0.25 s less at
its end: the system writes into the same memory again and again, and little is left to be sent."""
_MOST_NAME_BYTES = 200


@contextmanager
def whole(path: Path, source: Source | None = None) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file `path` when the block ends well; otherwise `path` stays as it was.

    They are collected in the same folder, under a hidden name that ends in `.part`, and reach the disk before the
    name changes; so a machine that fails at any moment leaves the old file or the new one.
    `source` is never written over. Within `together` the name changes at the end of that block.

    Raises: TableError where the file cannot be written; nothing is left over then.
    """
    target = Path(os.path.realpath(path))
    _refuse(path, target, source)
    part = target.with_name(_part_name(target.name))
    try:
        raw = _Part(part, path)
    except OSError as error:
        raise unwritable(path, error) from error
    stream = io.BufferedWriter(raw, _BUFFER)
    try:
        yield stream
        _finish(stream, raw, path, target)
        parts = _parts.get()
        if parts is None:
            _rename(path, part, target)
        else:
            parts.add(path, part, target, raw.sha256())
    except BaseException:
        raw.is_abandoned = True
        stream.close()
        part.unlink(missing_ok=True)
        raise


class Parts:
    """Files that have reached the disk under hidden names, and wait for the others."""

    def __init__(self) -> None:
        self._found: dict[Path, tuple[Path, Path]] = {}
        self._hashes: dict[Path, str | None] = {}
        self._dropped: list[Path] = []

    def add(self, path: Path, part: Path, target: Path, sha256: str | None) -> None:
        """`part` is to become `target`, which was given as `path`; `sha256` where its bytes were hashed as they came."""
        self._found[path] = part, target
        self._hashes[path] = sha256

    def holds(self, path: Path) -> bool:
        """Whether `path` is one of the files that wait."""
        return path in self._found

    def part(self, path: Path) -> Path:
        """The file in which the bytes of `path` stand until it appears."""
        return self._found[path][0]

    def sha256(self, path: Path) -> str | None:
        """The SHA-256 of the bytes of `path`; None where it has to be read for that."""
        return self._hashes[path]

    def drop(self, path: Path) -> None:
        """No file of this name is to be there in the end: not this one, and not one from before."""
        part, target = self._found.pop(path)
        part.unlink()
        self._dropped.append(target)

    def appear(self) -> None:
        """Give every file its name. Where one cannot have it, none that is new is left.

        Raises: TableError in that case.
        """
        new: list[Path] = []
        try:
            for path, (part, target) in self._found.items():
                is_new = not target.exists()
                _rename(path, part, target)
                new += [target] if is_new else []
        except TableError:
            for target in new:
                target.unlink(missing_ok=True)
            raise
        for target in self._dropped:
            target.unlink(missing_ok=True)

    def discard(self) -> None:
        """Leave nothing of the files that have not appeared."""
        for part, _ in self._found.values():
            part.unlink(missing_ok=True)


_parts: ContextVar[Parts | None] = ContextVar("parts", default=None)


@contextmanager
def together() -> Iterator[Parts]:
    """Files written within the block appear when it ends well, and only once all of them have reached the disk.

    Raises: TableError where one of them cannot be written; nothing is left over of any then.
    """
    parts = Parts()
    token = _parts.set(parts)
    try:
        yield parts
        parts.appear()
    finally:
        _parts.reset(token)
        parts.discard()


def whole_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder `target` with `files` by their names; a `target` that is empty is replaced.

    Raises: TableError where it cannot be made, or `target` holds something; nothing is left over then.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as begun:
            folder = Path(begun) / "whole"
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_bytes(content)
            if target.exists():
                target.rmdir()
            folder.rename(target)
    except OSError as error:
        raise unwritable(target, error) from error


class _Part(io.FileIO):
    """The unfinished file; what the system says against writing it is said in our words."""

    def __init__(self, part: Path, path: Path) -> None:
        super().__init__(part, "x")
        self.is_abandoned = False
        self._path = path
        self._digest: Any = hashlib.sha256()
        self._sending = _Sending(self.fileno())

    def sha256(self) -> str | None:
        """The SHA-256 of all that was written; None where not every byte was written behind the one before."""
        return None if self._digest is None else self._digest.hexdigest()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Where the next byte goes; what follows is no longer hashed as it comes."""
        self._digest = None
        return super().seek(offset, whence)

    def write(self, content: ReadableBuffer, /) -> int:
        """All of `content`; nothing once the file is abandoned, so that closing it cannot fail again."""
        view = memoryview(content).cast("B")
        if self.is_abandoned:
            return len(view)
        done = 0
        try:
            while done < len(view):
                done += super().write(view[done:]) or 0
            self._sending.more(len(view))
        except OSError as error:
            raise unwritable(self._path, error) from error
        if self._digest is not None:
            self._digest.update(view)
        return done

    def arrive(self) -> None:
        """Every byte on the disk.

        Raises: OSError where it does not take them.
        """
        self._sending.wait()
        os.fsync(self.fileno())

    def close(self) -> None:
        """Close the file, once nothing of it is on its way to the disk."""
        self._sending.end()
        super().close()


class _Sending:
    """Sends what is written to a file to the disk while the file grows, and lets go of the memory of what has arrived."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._waiting = 0
        self._worker: ThreadPoolExecutor | None = None
        self._sent: Future[None] | None = None

    def more(self, size: int) -> None:
        """So many bytes more were written.

        Raises: OSError where the disk did not take those from before.
        """
        self._waiting += size
        if not _CAN_SEND or self._waiting < _MOST_WAITING or (self._sent is not None and not self._sent.done()):
            return
        self.wait()
        self._waiting = 0
        self._worker = self._worker or ThreadPoolExecutor(1)
        self._sent = self._worker.submit(_send, self._file)

    def wait(self) -> None:
        """Wait for what is on its way.

        Raises: OSError where the disk does not take it.
        """
        if self._sent is not None:
            self._sent.result()

    def end(self) -> None:
        """Wait for what is on its way, whatever comes of it."""
        if self._worker is not None:
            self._worker.shutdown()


_CAN_SEND = hasattr(os, "fdatasync") and hasattr(os, "posix_fadvise")


def _send(file: int) -> None:
    os.fdatasync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)


def _finish(stream: BinaryIO, raw: _Part, path: Path, target: Path) -> None:
    """All bytes on the disk, with the rights of the file that stands there already."""
    try:
        stream.flush()
        raw.arrive()
        stream.close()
        if target.exists():
            os.chmod(raw.name, stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise unwritable(path, error) from error


def _rename(path: Path, part: Path, target: Path) -> None:
    try:
        os.replace(part, target)
    except OSError as error:
        raise unwritable(path, error) from error


def _part_name(name: str) -> str:
    """A name of its own beside `name`, cut short: a name may take 255 bytes, and a Chinese character takes three."""
    short = name.encode("utf-8", "surrogateescape")[:_MOST_NAME_BYTES].decode("utf-8", "ignore")
    return f".{short}.{os.getpid()}-{secrets.token_hex(4)}.part"


def _refuse(path: Path, target: Path, source: Source | None) -> None:
    """Raises: TableError where it is known beforehand that `target` must not or cannot be written."""
    refusal: tuple[Message, Message] | None = None
    if not target.parent.is_dir():
        wrong = say("There is no folder “{folder}”.", folder=str(path.parent))
        refusal = wrong, say("Create it, or name another one.")
    elif target.is_dir():
        refusal = say("This is a folder."), say("Name the file that is to be written.")
    elif target.exists() and not target.is_file():
        refusal = say("This is not an ordinary file."), say("Name the file that is to be written.")
    elif source is not None and target.exists() and _is_same(target, Path(source.name)):
        refusal = _OVER
    elif target.exists() and not (os.access(target, os.W_OK) and target.stat().st_mode & 0o222):
        refusal = (
            say("The file may not be changed: it is read-only."),
            say("Name another file, or lift its protection."),
        )
    if refusal is not None:
        raise TableError((Problem(Place(str(path)), refusal[0], None, refusal[1]),))


_OVER = say("The result would be written over the table that is read."), say("Give the result another name.")


def refuse_over(paths: Iterable[Path | None], sources: Iterable[str]) -> None:
    """Raises: TableError where one of `paths`, to be written, is one of `sources`, which are read, or another of them."""
    read = tuple(map(Path, sources))
    written: list[Path] = []
    for path in paths:
        if path is None:
            continue
        if any(_is_same(path, source) for source in read):
            raise TableError((Problem(Place(str(path)), _OVER[0], None, _OVER[1]),))
        if any(_is_same(path, other) for other in written):
            wrong = say("The result and the rejects would be written into the same file.")
            raise TableError((Problem(Place(str(path)), wrong, None, say("Give the rejects another name.")),))
        written.append(path)


def _is_same(target: Path, source: Path) -> bool:
    """Whether both names mean one file, through links too, and whether or not it is there already."""
    if os.path.realpath(target) == os.path.realpath(source):
        return True
    try:
        return os.path.samefile(target, source)
    except OSError:
        return False


def readable(text: str) -> str:
    """`text` with the bytes of a file name that are no UTF-8 as `\\xff`, so that it can be written."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def unwritable(path: Path, error: OSError) -> TableError:
    """What the system has against writing `path`, as a problem."""
    left = say("Nothing was left behind, and a file of this name is as it was.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        wrong, remedy = say("The disk is full."), say("Make room, and run this again.")
    elif error.errno == errno.ENOTEMPTY:
        wrong, remedy = say("The folder is not empty."), say("Name a new folder, or empty this one.")
    elif error.errno == errno.EFBIG:
        wrong, remedy = (
            say("The file would be larger than the system allows."),
            say("Ask for a higher limit, or write it in parts."),
        )
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        wrong = say("The file may not be written here.")
        remedy = say("Close it in other programs, or name a folder in which you may write.")
    else:
        wrong = say("The file cannot be written: {reason}.", reason=error.strerror or str(error))
        remedy = say("Name another file or folder.")
    return TableError((Problem(Place(str(path)), wrong, left, remedy),))
