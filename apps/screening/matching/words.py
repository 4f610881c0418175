"""How one word of a name may stand for another, and under which keys words are found.

The words themselves, with all their spellings, are those of apps.core.names. Here doubt counts the
other way than when a payer is compared with an account: what may be the same name is looked at.
"""

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from apps.core.names.similarity import INITIAL, SAME_LETTERS, SAME_SOUND, likeness
from apps.core.names.words import FORMS, Word, sound, take_apart

#: What a pair of words is worth, and the word for how it came about.
EXACT, SOUND, SCRIPT, TYPO, PHONETIC = "same", "same sound", "other script", "typo", "phonetic"
PART_OF = "initial"
SIGNS = 0.9
"""Two Chinese signs of one sound."""
LETTER_FOR_NAME = 0.6
PHONETIC_WORTH, LEAST_ALIKE = 0.8, 0.5
#: One wrong letter in n costs this much over n.
SLIP = 0.7
SHORTEST_TYPO, SHORTEST_PHONETIC = 3, 6
SHORTEST_FORM = 6
LONG_FORMS = tuple(form for form in FORMS if len(form) >= SHORTEST_FORM)
#: Letters that romanisations exchange; vowels come and go.
CLASSES = str.maketrans("gqvwbdzhy", "kkffptsxi")
VOWELS = str.maketrans("", "", "aeiouxy")


@dataclass(frozen=True, slots=True)
class Unit:
    """A word, or two neighbours written as one; the places that it takes in its name."""

    word: Word
    places: tuple[int, ...]
    key: str


@lru_cache(maxsize=1 << 15)
def skeleton(key: str) -> str:
    """The consonants of a sound, those that romanisations exchange made one."""
    return key.translate(CLASSES).translate(VOWELS)


@lru_cache(maxsize=1 << 15)
def apart(name: str) -> tuple[Word, ...]:
    """The words that say who is meant; small ones only where one alone would be left."""
    words = take_apart(name).words
    loud = tuple(word for word in words if not word.is_quiet and not is_form(word))
    return loud if len(loud) > 1 else tuple(one for one in words if not is_form(one)) or words


@lru_cache(maxsize=1 << 15)
def is_form(word: Word) -> bool:
    """Whether it is a firm's legal form with a slip in it: without one it is dropped already."""
    reading = word.readings[0]
    return len(reading) >= SHORTEST_FORM - 1 and any(
        OSA.distance(reading, form, score_cutoff=1) <= 1 for form in LONG_FORMS
    )


def spellings(word: Word) -> list[str]:
    """Every Latin spelling of the word that differs from how it sounds."""
    known = sounds(word)
    return [reading for reading in word.readings if reading and reading not in known]


@lru_cache(maxsize=1 << 15)
def units(words: tuple[Word, ...]) -> tuple[Unit, ...]:
    """Every word, then every two neighbours as one."""
    singles = [Unit(word, (at,), _key(word)) for at, word in enumerate(words)]
    joined = []
    for at in range(len(words) - 1):
        one, other = words[at], words[at + 1]
        readings = (one.readings[0] + other.readings[0],)
        if one.sign and other.sign:
            readings += (one.readings[-1] + other.readings[-1],)
        word = Word(readings=readings, arabic=one.arabic + other.arabic if one.arabic else "")
        joined.append(Unit(word, (at, at + 1), _key(word)))
    return (*singles, *joined)


def sounds(word: Word) -> list[str]:
    """Every sound that the word may have."""
    return list(dict.fromkeys(sound(reading) for reading in word.readings if reading))


def _key(word: Word) -> str:
    return sound(word.readings[0])


@lru_cache(maxsize=1 << 16)
def worth(one: Word, other: Word) -> tuple[float, str]:
    """0..1 and how: what two words are worth as spellings of one name."""
    near = 1.0 if one == other else likeness(one, other)
    if near == 1.0:
        return near, EXACT
    if one.is_initial or other.is_initial:
        return (LETTER_FOR_NAME, PART_OF) if near == INITIAL else (0.0, "")
    if near == SAME_SOUND:
        return near, SOUND
    if near == SAME_LETTERS and (one.arabic or other.arabic):
        return near, SCRIPT
    if one.sign and other.sign:
        return (SIGNS, SOUND) if set(sounds(one)) & set(sounds(other)) else (0.0, "")
    heard_so = max((_near(a, b) for a in sounds(one) for b in sounds(other)), default=(0.0, ""))
    if heard_so[0]:
        return heard_so
    return max((_slip(a, b) for a in one.readings for b in other.readings), default=(0.0, ""))


def _near(one: str, other: str) -> tuple[float, str]:
    if one == other:
        return SAME_SOUND, SOUND
    slip = _slip(one, other)
    if slip[0]:
        return slip
    if min(len(one), len(other)) >= SHORTEST_PHONETIC and skeleton(one) == skeleton(other):
        alike = OSA.normalized_similarity(one, other)
        return (PHONETIC_WORTH, PHONETIC) if alike >= LEAST_ALIKE else (0.0, "")
    return 0.0, ""


def _slip(one: str, other: str) -> tuple[float, str]:
    longer = max(len(one), len(other))
    if longer >= SHORTEST_TYPO and OSA.distance(one, other, score_cutoff=1) == 1:
        return 1 - SLIP / longer, TYPO
    return 0.0, ""
