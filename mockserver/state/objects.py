"""Stored objects: what storage holds, by key."""

from __future__ import annotations

import hashlib
from collections.abc import ItemsView
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was stored; `etag` is the MD5 of the content in hexadecimal, `stored_at` in µs."""

    content: bytes
    content_type: str
    filename: str
    etag: str
    stored_at: int

    @classmethod
    def of(cls, content: bytes, content_type: str, filename: str, stored_at: int) -> StoredObject:
        """The object with its etag."""
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return cls(content, content_type, filename, etag, stored_at)


class ObjectStore:
    """Objects by key."""

    __slots__ = ("_objects",)

    def __init__(self) -> None:
        self._objects: dict[str, StoredObject] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def __contains__(self, key: object) -> bool:
        return key in self._objects

    def put(self, key: str, stored: StoredObject) -> None:
        """Store an object, in place of the one that may be there."""
        self._objects[key] = stored

    def get(self, key: str) -> StoredObject | None:
        """The object, or None."""
        return self._objects.get(key)

    def delete(self, key: str) -> bool:
        """Remove the object. Whether there was one."""
        return self._objects.pop(key, None) is not None

    def delete_below(self, prefix: str) -> None:
        """Remove every object whose key begins like this."""
        for key in [key for key in self._objects if key.startswith(prefix)]:
            del self._objects[key]

    def items(self) -> ItemsView[str, StoredObject]:
        """All keys and objects, in the order of their first storing."""
        return self._objects.items()

    def fork(self) -> ObjectStore:
        """An independent store with the same objects."""
        other = ObjectStore()
        other._objects = self._objects.copy()
        return other
