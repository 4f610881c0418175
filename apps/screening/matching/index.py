"""The index of one version's names: built once, kept as one block of bytes, mapped by whoever asks.

Names are found by the sounds of their words. For every sound (a key) the block holds the names that
have it; for every sound with one letter left out, and for every skeleton of consonants, the keys
that it leads to: that is how a typo or another romanisation finds its word among a million.
All of it is flat arrays, so that processes share one copy and nothing is unpacked.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from apps.core.names.words import Word
from apps.screening.matching.words import apart, skeleton, sounds, spellings, units

#: Raised when the block would be read or built otherwise: an old one is built anew.
LAYOUT = 1
ALIGN = 64
#: Weights are those of a list of this size at least: a small one says little of how rare words are.
LEAST_LIST = 100_000
LIGHTEST = 0.2
KINDS = ("PERSON", "ORGANISATION", "VESSEL", "AIRCRAFT", "ADDRESS")
ALIASES = ("PRIMARY", "ALIAS", "WEAK")
#: Shorter sounds have no typos: one letter more or less is another name.
SHORTEST_FUZZY = 3
MOST_KEYS = 40
Array = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of one record."""

    record: int
    kind: str
    alias: str
    text: str


def build(entries: Iterable[Entry]) -> bytes:
    """The block of an index over these names."""
    ids: dict[str, int] = {}
    spelled: dict[tuple[str, int], None] = {}
    records, kinds, aliases, blob, ends = [], bytearray(), bytearray(), bytearray(), []
    pointers, keys = [0], _Growing()
    main_pointers, mains = [0], _Growing()
    for entry in entries:
        blob += entry.text.encode()
        ends.append(len(blob))
        records.append(entry.record)
        kinds.append(KINDS.index(entry.kind))
        aliases.append(ALIASES.index(entry.alias))
        words = apart(entry.text)
        for at, key in enumerate(keys_of(words)):
            id = ids.setdefault(key, len(ids))
            keys.add(id)
            if at < len(words):
                mains.add(id)
                spelled.update(dict.fromkeys((text, id) for text in spellings(words[at])))
        pointers.append(len(keys))
        main_pointers.append(len(mains))
    sounds_of_all = list(ids)
    name_key = keys.array()
    name_pointer = np.array(pointers, np.uint32)
    found_in = np.bincount(name_key, minlength=len(sounds_of_all)).astype(np.uint32)
    owner = np.repeat(np.arange(len(records), dtype=np.uint32), np.diff(name_pointer))
    order = np.argsort(name_key, kind="stable")
    hashes = np.fromiter((hash_of(word) for word in sounds_of_all), np.uint64, len(sounds_of_all))
    by_hash = np.argsort(hashes).astype(np.uint32)
    slips, slip_keys = _pairs(
        (hash_of(slip), at) for text, at in chain(ids.items(), spelled) for slip in slips_of(text)
    )
    bones, bone_keys = _pairs(
        (hash_of(skeleton(key)), at) for key, at in ids.items() if len(skeleton(key)) > 1
    )
    word_blob = bytearray()
    word_ends = []
    for word in sounds_of_all:
        word_blob += word.encode()
        word_ends.append(len(word_blob))
    weights = _weights(found_in, len(records))
    whole = _sums(np.array(main_pointers, np.uint32), mains.array(), weights)
    return _pack({
        "record": np.array(records, np.int64),
        "kind": np.frombuffer(bytes(kinds), np.uint8),
        "alias": np.frombuffer(bytes(aliases), np.uint8),
        "text": np.frombuffer(bytes(blob), np.uint8),
        "text_end": np.array(ends, np.uint64),
        "name_pointer": name_pointer,
        "name_key": name_key,
        "name_weight": whole,
        "posting_pointer": np.concatenate(([0], np.cumsum(found_in))).astype(np.uint32),
        "posting": owner[order],
        "weight": weights,
        "word": np.frombuffer(bytes(word_blob), np.uint8),
        "word_end": np.array(word_ends, np.uint64),
        "hash": hashes[by_hash],
        "hash_key": by_hash,
        "slip": slips,
        "slip_key": slip_keys,
        "bone": bones,
        "bone_key": bone_keys,
    })  # fmt: skip


def keys_of(words: tuple[Word, ...]) -> list[str]:
    """The keys under which a name is found: its words' sounds, other sounds, neighbours as one.

    The first sounds of all words come first, one for each word.
    """
    by_unit = [sounds(unit.word)[:2] for unit in units(words)][:MOST_KEYS]
    first = [found[0] for found in by_unit[: len(words)] if found]
    rest = [key for found in by_unit for key in found]
    return first + [key for key in dict.fromkeys(rest) if key not in first][:MOST_KEYS]


def slips_of(key: str) -> Iterator[str]:
    """The key, and the key with any one letter left out: one slip apart, two keys share one."""
    yield key
    if len(key) >= SHORTEST_FUZZY:
        yield from {key[:at] + key[at + 1 :] for at in range(len(key))}


def hash_of(text: str) -> int:
    """64 bits of a text, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def read(block: "memoryview | Array") -> dict[str, Array]:
    """The arrays of a block, without copying any; ValueError for another layout."""
    raw = np.frombuffer(block, np.uint8)
    size = int(raw[:8].view(np.uint64)[0])
    head = json.loads(bytes(raw[8 : 8 + size]))
    if head["layout"] != LAYOUT:
        raise ValueError("the index has another layout")
    found: dict[str, Array] = {}
    for name, kind, start, length in head["arrays"]:
        found[name] = raw[start : start + length].view(np.dtype(kind))
    return found


class _Growing:
    """A list of numbers below 2³², four bytes each: there are tens of millions."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.uint32]] = []
        self._open: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length + len(self._open)

    def add(self, number: int) -> None:
        self._open.append(number)
        if len(self._open) >= 1 << 16:
            self._close()

    def array(self) -> NDArray[np.uint32]:
        self._close()
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.uint32)

    def _close(self) -> None:
        self._length += len(self._open)
        self._parts.append(np.array(self._open, np.uint32))
        self._open = []


def _pairs(found: Iterable[tuple[int, int]]) -> tuple[Array, Array]:
    """Hashes in order, and beside each the key that it leads to."""
    rows = np.fromiter(found, np.dtype([("hash", np.uint64), ("key", np.uint32)]))
    order = np.argsort(rows["hash"], kind="stable")
    return np.ascontiguousarray(rows["hash"][order]), np.ascontiguousarray(rows["key"][order])


def _weights(found_in: NDArray[np.uint32], names: int) -> NDArray[np.float32]:
    """1 for a word that nobody has, less the more names have it."""
    size = math.log1p(max(names, LEAST_LIST))
    return np.maximum(LIGHTEST, 1 - np.log1p(found_in) / size).astype(np.float32)


def weight_of(found_in: int, names: int) -> float:
    """The same for one word."""
    return max(LIGHTEST, 1 - math.log1p(found_in) / math.log1p(max(names, LEAST_LIST)))


def _sums(
    pointer: NDArray[np.uint32], keys: NDArray[np.uint32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What the words of each name weigh together."""
    total = np.concatenate(([0.0], np.cumsum(weights[keys], dtype=np.float64)))
    return (total[pointer[1:]] - total[pointer[:-1]]).astype(np.float32)


def _pack(arrays: dict[str, Array]) -> bytes:
    rows: list[tuple[str, str, int, int]] = []
    # The head's own length depends on the places in it: leave it room.
    start = 8 + 200 * len(arrays)
    start += -start % ALIGN
    first = start
    for name, array in arrays.items():
        rows.append((name, array.dtype.str, start, array.nbytes))
        start += array.nbytes
        start += -start % ALIGN
    head = json.dumps({"layout": LAYOUT, "arrays": rows}).encode()
    block = bytearray(start)
    block[:8] = np.uint64(len(head)).tobytes()
    block[8 : 8 + len(head)] = head
    assert 8 + len(head) <= first
    for (_, _, place, length), array in zip(rows, arrays.values(), strict=True):
        block[place : place + length] = array.tobytes()
    return bytes(block)
