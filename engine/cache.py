"""Policies kept from one run to the next: what was loaded and found good is not read again until a byte of it changes.

A kept policy is a pickle in the user's own cache folder. Its name is made of the folder, the questions, the Python and
the files of the engine; inside, before the pickle, stands the hash of every folder that the policy was read from. What does
not match in full is loaded anew. `BANGFU_CACHE` names another folder for it; set to nothing, nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from engine.folders import layers, read_heading
from engine.policy import Policy

__all__ = ["cache_folder", "load_cached"]

_ENDING = ".policy"
_MOST_KEPT = 64


def load_cached(folder: Path, questions: Sequence[str] = ()) -> Policy:
    """What `engine.load` gives for `folder`, kept from an earlier run where not a byte of it, or of the engine, has changed.

    Raises: PolicyError as `engine.load` does; a policy with a problem is never kept.
    """
    home = cache_folder()
    if home is None:
        return _loaded(folder, questions)
    path = home / (_hash(_key(folder, questions)) + _ENDING)
    kept = _read(path)
    if kept is not None:
        return kept
    before = _states(folder)
    policy = _loaded(folder, questions)
    if before and before == _states(folder):  # not a file was written meanwhile
        with suppress(OSError):  # a cache that cannot be written costs time only
            _write(path, policy, before)
    return policy


def cache_folder() -> Path | None:
    """Where policies are kept: the folder that `BANGFU_CACHE` names, else the user's own; None where it is set to nothing."""
    asked = os.environ.get("BANGFU_CACHE")
    if asked is not None:
        return Path(asked) if asked else None
    own = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return (Path(own) if own else Path.home() / ".cache") / "bangfu"


def _loaded(folder: Path, questions: Sequence[str]) -> Policy:
    from engine.loading import load  # costs more than all else in a run that finds its policy kept

    return load(folder, questions=questions)


def _states(folder: Path) -> dict[str, str]:
    """The state of `folder` and of each one that it extends; empty where one cannot be read."""
    try:
        return {str(layer.folder): _state(layer.folder) for layer in layers(folder, read_heading)}
    except OSError:
        return {}


def _key(folder: Path, questions: Sequence[str]) -> list[str]:
    """What a kept policy is found by: all that it depends on except the policy's own files."""
    return [str(folder), *questions, "", sys.version, *_engine_files()]


def _engine_files() -> Iterator[str]:
    """Each file of the engine with its size and when it was last changed."""
    here = Path(__file__).parent
    for base, folders, files in os.walk(here):
        folders[:] = sorted(set(folders) - {"__pycache__"})
        for name in sorted(files):
            found = os.stat(os.path.join(base, name))
            yield f"{base}/{name} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _state(folder: Path) -> str:
    """The hash of all YAML files of `folder`, by their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (".yaml", ".yml"):
            content = path.read_bytes()
            digest.update(f"{path.name}\0{len(content)}\0".encode(errors="surrogateescape") + content)
    return digest.hexdigest()


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def _read(path: Path) -> Policy | None:
    """The policy kept in `path`; None where there is none, or it no longer holds."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
        if not _is_own(path):
            return None
        said = json.loads(head)
        holds = all(_state(Path(folder)) == state for folder, state in said["folders"].items())
        if not holds or hashlib.sha256(content).hexdigest() != said["sha256"]:
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    policy = pickle.loads(content)
    return policy if isinstance(policy, Policy) else None


def _is_own(path: Path) -> bool:
    """Whether nobody but the user can have written `path`: a pickle is as good as a program."""
    if os.name == "nt":
        return True
    found = path.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def _write(path: Path, policy: Policy, folders: Mapping[str, str]) -> None:
    content = pickle.dumps(policy, protocol=pickle.HIGHEST_PROTOCOL)
    said = {"folders": folders, "sha256": hashlib.sha256(content).hexdigest()}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(json.dumps(said).encode() + b"\n" + content)
    part.chmod(0o600)
    os.replace(part, path)
    _forget(path.parent)


def _forget(home: Path) -> None:
    """Remove what has not been written for longest, where more is kept than is of use."""
    kept = sorted(home.glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_MOST_KEPT:]:
        path.unlink(missing_ok=True)
