"""`create_namespaces()` and `NamespaceSet`: namespaces that no process needs to live in."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Optional, Sequence, Type, TypedDict

from . import _native, _wire
from ._namespace import Kinds, Namespace, listed
from ._ns_types import NamespaceKind
from ._spec import IdMap, Namespaces, TimeOffsets

if TYPE_CHECKING:
    from typing_extensions import Unpack


class NamespaceSet(Mapping[NamespaceKind, Namespace]):
    """Namespaces made together by `create_namespaces()`, by kind.

    No process lives in them, with one exception: a pid namespace is of no use without its pid 1, so with one
    among them a process that only reaps lives in all of them. It ends when the set is closed, by `close()`
    or at the end of a `with` block, and with it whatever runs in the pid namespace.
    """

    def __init__(self, native: _native.NamespaceSet, members: Iterable[_native.Namespace]) -> None:
        self._native = native
        self._members = {member.kind: member for member in map(Namespace, members)}

    @property
    def holder_pid(self) -> Optional[int]:
        """The process that is pid 1 of a pid namespace in the set, as the caller sees it."""
        return self._native.holder_pid

    def take(self, kind: NamespaceKind) -> Namespace:
        """Takes the handle of a kind out of the set, which then does not close it. Raises KeyError.

        A pid namespace still ends with the set.
        """
        return self._members.pop(kind)

    def close(self) -> None:
        """Closes the handles that are in the set, and ends its pid namespace."""
        for member in self._members.values():
            member.close()
        self._native.close()

    def __getitem__(self, kind: NamespaceKind) -> Namespace:
        return self._members[kind]

    def __iter__(self) -> Iterator[NamespaceKind]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __enter__(self) -> NamespaceSet:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<libisolate.NamespaceSet {' '.join(map(str, self._members.values()))}>"


class NamespaceSettings(TypedDict, total=False):
    """What new namespaces are to be like: fields of a `Spec` with the same meaning."""

    hostname: Optional[str]
    domainname: Optional[str]
    time_offsets: Optional[TimeOffsets]
    sysctls: Mapping[str, str]
    uid_map: Sequence[IdMap]
    gid_map: Sequence[IdMap]
    namespaces: Namespaces


def create_namespaces(kinds: Kinds, **settings: Unpack[NamespaceSettings]) -> NamespaceSet:
    """Makes namespaces that no process needs to live in: of one kind, or of several together.

    Each is owned by the new user namespace when that is among them. The settings are fields of a `Spec`:
    `hostname`, `domainname`, `time_offsets`, `sysctls`, `uid_map`, `gid_map`, and
    `namespaces=Namespaces(user=...)` with a user namespace that is there and is to own them. A new
    network namespace has `lo` up, the mounts of a new mount namespace are private, and id maps default
    to those of a job.

    Raises InvalidSpecError for settings that say anything else or do not fit the kinds;
    UnsupportedError and PermissionDeniedError for what this host cannot do. Then nothing is left.
    """
    text = _wire.dump({"argv": [], **settings})
    return NamespaceSet(*_native.create_namespaces(listed(kinds), text))


__all__ = ["NamespaceSet", "NamespaceSettings", "create_namespaces"]
