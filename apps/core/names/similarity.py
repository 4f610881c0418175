"""How alike two names are: the name a payment came from, and the name that was verified.

Written for one question, "may this be another person's account?", so it leans to doubt: where two
persons are as likely as two spellings of one (an initial, a Chinese homophone, `Mario` and
`Maria`, a firm and its owner), the answer stays below ALIKE and a person looks.
"""

from dataclasses import dataclass

from rapidfuzz.distance import OSA

from apps.core.names.arabic import spells
from apps.core.names.words import Name, Word, sound, take_apart

ALIKE = 0.85
"""From here on two names are taken for one person's; rules compare with it."""

# What one pair of words is worth.
SAME_SOUND = 0.97
TYPO = 0.9
INITIAL = 0.95
SAME_LETTERS = 0.92
"""A Latin spelling that an Arabic word allows."""
HOMOPHONE = 0.6
AT_ODDS = 0.6
"""The most that two words are worth that are not the same."""
# What the whole name is worth at most, if a person must look.
DOUBT = 0.8
# Each word that only one side has, up to three of them.
SURPLUS = 0.03
# A slip is forgiven where the longer of two words has so many letters: shorter ones are too often
# other names (Marta and Maria, Alina and Arina).
SHORTEST_WITH_WRONG_LETTER = 6
SHORTEST_WITH_LOST_LETTER = 5
SHORTEST_WITH_SWAP = 4


def similarity(one: str, other: str) -> float:
    """0..1: how likely two names mean one person or firm; symmetric; ALIKE and above is a match.

    Order, case, punctuation, titles, script, surplus middle names and one typo are forgiven.
    """
    first, second = take_apart(one), take_apart(other)
    if not first.words or not second.words:
        return 0.0
    if first.is_firm == second.is_firm and _sorted(first) == _sorted(second):
        return 1.0
    if _are_chinese(first) and _are_chinese(second):
        score = _chinese(first, second)
    else:
        score = _by_words(first, second)
    if first.is_firm != second.is_firm:
        score = min(score, DOUBT)  # a firm is not its owner
    return round(score, 4)


def _sorted(name: Name) -> list[str]:
    """The words without their order; Chinese signs keep theirs."""
    if _are_chinese(name):
        return [word.sign for word in name.words]
    return sorted(word.sign or word.arabic or word.readings[0] for word in name.words)


def _are_chinese(name: Name) -> bool:
    return all(word.sign for word in name.words)


def _chinese(first: Name, second: Name) -> float:
    """Names in signs are compared sign by sign: a sound that is equal is another person's."""
    return min(DOUBT, OSA.normalized_similarity(_sorted(first), _sorted(second)))


@dataclass(frozen=True, slots=True)
class _Pair:
    score: float
    left: int
    right: int
    is_initial: bool


def _by_words(first: Name, second: Name) -> float:
    left, right = _merged(first.words, second.words), _merged(second.words, first.words)
    left, right = _loud(left), _loud(right)
    if len(left) > len(right):
        left, right = right, left
    pairs = _pairs(left, right)
    good = [pair for pair in pairs if pair.score >= ALIKE]
    typos = sum(pair.score == TYPO for pair in good)
    score = sum(pair.score for pair in pairs) / len(left)
    surplus = [word for at, word in enumerate(right) if at not in {pair.right for pair in good}]
    score -= SURPLUS * min(3, len(right) - len(left))
    full = sum(not pair.is_initial for pair in good)
    if (
        len(good) < len(left)  # a word on either side contradicts
        or typos > 1
        or full < min(2, len(right))  # a first name alone, or initials, are anybody's
        or (surplus and _is_transcribed(left, right))
    ):
        score = min(score, DOUBT)
    return max(0.0, score)


def _loud(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(word for word in words if not word.is_quiet) or words


def _is_transcribed(left: tuple[Word, ...], right: tuple[Word, ...]) -> bool:
    """One side in signs, the other in letters: each sign counts, none is a middle name."""
    return any(word.sign for word in left) != any(word.sign for word in right)


def _merged(words: tuple[Word, ...], others: tuple[Word, ...]) -> tuple[Word, ...]:
    """Neighbours become one word where the other name writes them as one (Xiao Ming, Xiaoming)."""
    merged: list[Word] = []
    at = 0
    while at < len(words):
        for size in (3, 2, 1):
            part = words[at : at + size]
            if len(part) < size:
                continue
            if size == 1 or any(_is_whole(word, part) for word in others):
                merged.append(_join(part))
                at += size
                break
    return tuple(merged)


def _is_whole(word: Word, part: tuple[Word, ...]) -> bool:
    """Whether the word is all the parts in one, and not just one of them."""
    return (
        not word.is_initial
        and likeness(word, _join(part)) >= SAME_LETTERS
        and all(likeness(word, single) < SAME_LETTERS for single in part)
    )


def _join(part: tuple[Word, ...]) -> Word:
    readings = [""]
    for word in part:
        readings = [start + end for start in readings for end in word.readings]
    return Word(
        readings=tuple(readings),
        sign="".join(word.sign for word in part),
        arabic="".join(word.arabic for word in part),
    )


def _pairs(left: tuple[Word, ...], right: tuple[Word, ...]) -> list[_Pair]:
    """Each word with its best partner, the surest pairs first."""
    possible = [
        _Pair(likeness(word, other), at, to, word.is_initial or other.is_initial)
        for at, word in enumerate(left)
        for to, other in enumerate(right)
    ]
    possible.sort(key=lambda pair: (-pair.score, pair.left + pair.right, pair.left))
    chosen: list[_Pair] = []
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    for pair in possible:
        if pair.left not in taken_left and pair.right not in taken_right:
            chosen.append(pair)
            taken_left.add(pair.left)
            taken_right.add(pair.right)
    return chosen


def likeness(one: Word, other: Word) -> float:
    """0..1 for two words, the best of their readings."""
    if one.sign and other.sign:
        if one.sign == other.sign:
            return 1.0
        return HOMOPHONE if set(one.readings) & set(other.readings) else 0.0
    if one.arabic or other.arabic:
        return _alike_arabic(one, other)
    if one.is_initial or other.is_initial:
        return INITIAL if one.readings[0][0] == other.readings[0][0] else 0.0
    is_exact = bool(one.sign or other.sign)
    return max(_alike_readings(a, b, is_exact) for a in one.readings for b in other.readings)


def _alike_arabic(one: Word, other: Word) -> float:
    if one.arabic and other.arabic:
        if one.arabic == other.arabic:
            return 1.0
        return AT_ODDS * OSA.normalized_similarity(one.arabic, other.arabic)
    arabic, latin = (one, other) if one.arabic else (other, one)
    if any(spells(reading, arabic.arabic) for reading in latin.readings):
        return SAME_LETTERS
    return AT_ODDS * max(
        OSA.normalized_similarity(a, b) for a in one.readings for b in other.readings
    )


def _alike_readings(one: str, other: str, is_exact: bool) -> float:
    if one == other:
        return 1.0
    one, other = sound(one), sound(other)
    if one == other:
        return SAME_SOUND
    if not is_exact and _is_typo(one, other):
        return TYPO
    return AT_ODDS * OSA.normalized_similarity(one, other)


def _is_typo(one: str, other: str) -> bool:
    """One slip of a finger, where it does not make another name; a last letter often does."""
    if OSA.distance(one, other, score_cutoff=1) != 1 or one[0] != other[0]:
        return False
    short, long = sorted((one, other), key=len)
    if len(short) < len(long):
        return len(long) >= SHORTEST_WITH_LOST_LETTER and long[:-1] != short
    if sorted(one) == sorted(other):
        return len(one) >= SHORTEST_WITH_SWAP
    return len(one) >= SHORTEST_WITH_WRONG_LETTER and one[:-1] != other[:-1]
