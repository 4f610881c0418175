"""How sure it is that a name is the listed one: words paired, weighed by how rare they are.

The score is the share of both names' weight that found a partner, each pair at its worth: 1 for the
same words in any order. Birth dates and countries, where both are known, move it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.core.names.words import Word
from apps.screening.matching.words import PHONETIC, TYPO, apart, units, worth

#: What agreement and contradiction of what else is known is worth.
BORN_SAME, BORN_YEAR, BORN_OTHER = 0.06, 0.04, -0.12
COUNTRY_SAME, COUNTRY_OTHER = 0.02, -0.03
#: What an alias that the list itself calls weak takes off.
WEAK = 0.03
#: Less than this and two words are not a pair.
LEAST = 0.5
#: A word that is a name of its own is no slip or romanisation of another one.
OTHER_NAME = 0.62
Weigh = Callable[[str], float]
Knows = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Pair:
    """A word asked for, the listed word it stands for, how, and what that is worth."""

    asked: str
    listed: str
    how: str
    worth: float


@dataclass(frozen=True, slots=True)
class Match:
    """How a name and a listed one compare: 0..1, the pairs, and what found no partner."""

    score: float
    pairs: tuple[Pair, ...]
    asked_alone: tuple[str, ...]
    listed_alone: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What else is known of somebody: ISO date or year of birth, countries in two letters."""

    born: str = ""
    countries: tuple[str, ...] = ()


def compare(asked: str, listed: str, *, weigh: Weigh, knows: Knows) -> Match:
    """Pair the words of two names, the surest pairs first.

    `weigh` says how rare a sound is on the list, `knows` whether it is a name on it.
    """
    left, right = apart(asked), apart(listed)
    possible = []
    for one in units(left):
        for other in units(right):
            if len(one.places) + len(other.places) > 3:
                continue
            near, how = worth(one.word, other.word)
            if how in (TYPO, PHONETIC):
                if len(one.places) + len(other.places) > 2:
                    continue
                near = OTHER_NAME if knows(one.key) else near
            if near >= LEAST:
                sizes = -len(one.places) - len(other.places)
                possible.append((near, sizes, weigh(other.key), one, other, how))
    possible.sort(key=lambda pair: pair[:3], reverse=True)
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    pairs, matched, good = [], 0.0, 0.0
    for near, _, weight, one, other, how in possible:
        if taken_left & {*one.places} or taken_right & {*other.places}:
            continue
        taken_left |= {*one.places}
        taken_right |= {*other.places}
        matched += weight
        good += weight * near
        pairs.append(Pair(_written(one.word), _written(other.word), how, round(near, 3)))
    alone_left = [word for at, word in enumerate(left) if at not in taken_left]
    alone_right = [word for at, word in enumerate(right) if at not in taken_right]
    lost = sum(_weight(word, weigh) for word in (*alone_left, *alone_right))
    whole = 2 * matched + lost
    return Match(
        score=round(2 * good / whole, 4) if whole else 0.0,
        pairs=tuple(pairs),
        asked_alone=tuple(map(_written, alone_left)),
        listed_alone=tuple(map(_written, alone_right)),
    )


def weighed(
    score: float, *, known: Known, born: Sequence[str], countries: Sequence[str], kind: str
) -> tuple[float, list[str]]:
    """The score with what else is known of both weighed in, and sentences that say so."""
    said = []
    if known.born and born:
        years = {date[:4] for date in born}
        if known.born in born and len(known.born) > 4:
            score, words = score + BORN_SAME, "The date of birth is the same."
        elif known.born[:4] in years:
            score, words = score + BORN_YEAR, "The year of birth is the same."
        elif any(abs(int(known.born[:4]) - int(year)) <= 1 for year in years if year.isdigit()):
            words = "The year of birth is a year off."
        else:
            score, words = score + BORN_OTHER, "The year of birth is another one."
        said.append(words)
    if known.countries and countries:
        if set(known.countries) & set(countries):
            score, words = score + COUNTRY_SAME, "A country is the same."
        else:
            score, words = score + COUNTRY_OTHER, "No country is the same."
        said.append(words)
    if kind == "WEAK":
        score -= WEAK
        said.append("The list itself calls this alias weak.")
    return round(min(1.0, max(0.0, score)), 4), said


def _weight(word: Word, weigh: Weigh) -> float:
    return weigh(units((word,))[0].key) * (0.5 if word.is_initial else 1.0)


def _written(word: Word) -> str:
    return word.sign or word.arabic or word.readings[0]
