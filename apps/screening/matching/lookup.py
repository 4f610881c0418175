"""Finding a name among millions: few names share its rarest words, and only those are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from apps.core.names.words import Word
from apps.screening.matching.index import KINDS, Array, hash_of, slips_of, weight_of
from apps.screening.matching.score import Match, compare
from apps.screening.matching.words import (
    SHORTEST_PHONETIC,
    apart,
    skeleton,
    sounds,
    spellings,
    units,
)

#: Nothing below this is ever asked for, and so not looked for; and not looked at closely.
REACH, COARSE = 0.75, 0.65
#: What sharing words says of the score, before they are paired, may be so much too low.
SLACK = 0.12
#: What a word one letter off is worth at most, before it is looked at.
NEAR = 0.92
#: So many names are compared word by word, the likeliest first.
MOST_COMPARED = 40
MOST_NEAR, MOST_BONES = 64, 400


@dataclass(frozen=True, slots=True)
class Found:
    """A listed name that is like the one asked for."""

    record: int
    alias: int
    text: str
    match: Match


@dataclass(frozen=True, slots=True)
class _Way:
    """Keys that one unit of the name may stand for, with what each is worth."""

    places: tuple[int, ...]
    keys: NDArray[np.uint32]
    worths: NDArray[np.float32]


class Lookup:
    """The arrays of one version's index, and the question asked of them."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._of = arrays
        self.names = len(arrays["record"])

    def search(self, name: str, *, least: float, kinds: Sequence[str] = KINDS) -> list[Found]:
        """The listed names that reach the score, the surest first; one per record."""
        words = apart(name)
        if not words or not self.names:
            return []
        ways = [self._way(unit.word, unit.places) for unit in units(words)]
        # The first ways are the single words'; those of neighbours written as one come after.
        weights = [self._weight(way) for way in ways[: len(words)]]
        candidates = self._candidates(ways, weights)
        if len(kinds) < len(KINDS):
            allowed = np.array([KINDS.index(kind) for kind in kinds], np.uint8)
            candidates = candidates[np.isin(self._of["kind"][candidates], allowed)]
        best: dict[int, Found] = {}
        weigh = cache(self.weigh)
        done: dict[tuple[str, bool], Match] = {}
        floor = max(COARSE, least - SLACK)
        for at in self._likeliest(candidates, ways, weights, floor=floor):
            text = self._text(at)
            is_person = KINDS[int(self._of["kind"][at])] == "PERSON"
            match = done.get((text, is_person))
            if match is None:
                knows = self.knows if is_person else _knows_none
                match = compare(name, text, weigh=weigh, knows=knows)
                done[text, is_person] = match
            record = int(self._of["record"][at])
            if match.score >= least and (
                record not in best or match.score > best[record].match.score
            ):
                best[record] = Found(record, int(self._of["alias"][at]), text, match)
        return sorted(best.values(), key=lambda found: -found.match.score)

    def weigh(self, key: str) -> float:
        """How much a word says about who is meant: the rarer, the more."""
        at = self._exact(key)
        return weight_of(0, self.names) if at is None else float(self._of["weight"][at])

    def knows(self, key: str) -> bool:
        """Whether a word of this sound is in a listed name."""
        return self._exact(key) is not None

    def _weight(self, way: _Way) -> float:
        if len(way.keys):
            return float(self._of["weight"][way.keys[int(np.argmax(way.worths))]])
        return weight_of(0, self.names)

    def _way(self, word: Word, places: tuple[int, ...]) -> _Way:
        near: dict[int, float] = {}
        for key in sounds(word):
            at = self._exact(key)
            if at is not None:
                near[at] = 1.0
            for one in self._around("slip", [hash_of(slip) for slip in slips_of(key)]):
                if one not in near and OSA.distance(self._word(one), key, score_cutoff=1) <= 1:
                    near[one] = NEAR
        for spelling in spellings(word):
            # What is alike in letters and not in sound is looked at more closely later.
            for one in self._around("slip", [hash_of(slip) for slip in slips_of(spelling)]):
                near.setdefault(one, NEAR)
        if word.arabic or max(map(len, sounds(word)), default=0) >= SHORTEST_PHONETIC:
            bones = {skeleton(key) for key in sounds(word)}
            for one in self._around("bone", [hash_of(bone) for bone in bones])[:MOST_BONES]:
                near.setdefault(one, 0.8)
        kept = sorted(near.items(), key=lambda pair: -pair[1])[: MOST_NEAR + MOST_BONES]
        return _Way(
            places,
            np.array([at for at, _ in kept], np.uint32),
            np.array([worth for _, worth in kept], np.float32),
        )

    def _exact(self, key: str) -> int | None:
        hashes = self._of["hash"]
        wanted = np.uint64(hash_of(key))
        at = int(np.searchsorted(hashes, wanted))
        return int(self._of["hash_key"][at]) if at < len(hashes) and hashes[at] == wanted else None

    def _around(self, which: str, wanted: list[int]) -> list[int]:
        hashes = self._of[which]
        asked = np.array(wanted, np.uint64)
        starts = np.searchsorted(hashes, asked, side="left")
        stops = np.searchsorted(hashes, asked, side="right")
        keys = self._of[f"{which}_key"]
        found: dict[int, None] = {}
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            if stop > start:
                found.update(dict.fromkeys(keys[start:stop].tolist()))
        return list(found)

    def _candidates(self, ways: list[_Way], weights: list[float]) -> NDArray[np.uint32]:
        """Names without any of these words can't reach the score any more."""
        total = sum(weights)
        # A name that shares the mass m of the query's W scores 2m/(W+m) at most.
        lacking = total * (1 - REACH / (2 - REACH))
        size = [0] * len(weights)
        for way in ways:
            for place in way.places:
                size[place] += self._postings_of(way)
        order = sorted(range(len(weights)), key=lambda place: size[place])
        chosen: list[int] = []
        left = total
        for place in order:
            if left <= lacking:
                break
            chosen.append(place)
            left -= weights[place]
        needed = [place for place in order if weights[place] > lacking]
        if needed:
            chosen = needed[:1] if size[needed[0]] <= sum(size[p] for p in chosen) else chosen
        lists = [self._names_of(way) for way in ways if set(way.places) & set(chosen)]
        kept = [names for names in lists if len(names)]
        return np.unique(np.concatenate(kept)) if kept else np.zeros(0, np.uint32)

    def _postings_of(self, way: _Way) -> int:
        pointer = self._of["posting_pointer"]
        return int((pointer[way.keys + 1] - pointer[way.keys]).sum()) if len(way.keys) else 0

    def _names_of(self, way: _Way) -> NDArray[np.uint32]:
        pointer, postings = self._of["posting_pointer"], self._of["posting"]
        parts = [postings[pointer[key] : pointer[key + 1]] for key in way.keys.tolist()]
        return np.concatenate(parts) if parts else np.zeros(0, np.uint32)

    def _likeliest(
        self,
        names: NDArray[np.uint32],
        ways: list[_Way],
        weights: list[float],
        *,
        floor: float,
    ) -> list[int]:
        """The candidates that may reach the score, by the words that they share, the best first."""
        if not len(names):
            return []
        pointer, keys = self._of["name_pointer"], self._of["name_key"]
        starts, stops = pointer[names].astype(np.int64), pointer[names + 1].astype(np.int64)
        sizes = stops - starts
        offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
        flat = keys[offsets + np.arange(int(sizes.sum()))]
        owner = np.repeat(np.arange(len(names)), sizes)
        share = np.zeros((len(names), len(weights)), np.float32)
        for way in ways:
            if not len(way.keys):
                continue
            order = np.argsort(way.keys)
            sorted_keys = way.keys[order]
            at = np.searchsorted(sorted_keys, flat)
            at[at == len(sorted_keys)] = 0
            hits = np.flatnonzero(sorted_keys[at] == flat)
            for place in way.places:
                np.maximum.at(share, (owner[hits], place), way.worths[order][at[hits]])
        matched = share @ np.array(weights, np.float32)
        whole = np.maximum(self._of["name_weight"][names], matched)
        coarse = 2 * matched / (sum(weights) + whole)
        able = np.flatnonzero(coarse >= floor)
        best = able[np.argsort(-coarse[able], kind="stable")]
        return [int(at) for at in names[best[:MOST_COMPARED]]]

    def _word(self, at: int) -> str:
        ends = self._of["word_end"]
        start = int(ends[at - 1]) if at else 0
        return bytes(self._of["word"][start : int(ends[at])]).decode()

    def _text(self, at: int) -> str:
        ends = self._of["text_end"]
        start = int(ends[at - 1]) if at else 0
        return bytes(self._of["text"][start : int(ends[at])]).decode()


def _knows_none(_key: str) -> bool:
    """What firms, ships and aircraft are called is no proof of a person's name."""
    return False
