"""Whether Latin letters may spell an Arabic word: Arabic writes consonants and long vowels only."""

from anyascii import anyascii

VOWELS = frozenset("aeiou")
ARTICLE = "ال"

# What a letter can be in a Latin spelling, parted by bars; an empty choice means not at all.
SPELLINGS = {
    "ا": "a|aa|e|", "أ": "a|e|i|o|u", "إ": "i|e", "آ": "a|aa", "ى": "a|i|y", "ء": "",
    "ئ": "e|i|y|", "ؤ": "o|u|", "ع": "a|e|i|o|u|", "ب": "b", "پ": "p", "ت": "t", "ث": "th|s|t",
    "ج": "j|dj|g", "چ": "ch", "ح": "h", "خ": "kh|h", "د": "d", "ذ": "dh|th|z|d", "ر": "r", "ز": "z",
    "ژ": "zh", "س": "s", "ش": "sh|ch", "ص": "s", "ض": "d|dh|z", "ط": "t", "ظ": "z|dh", "غ": "gh|g",
    "ف": "f|p", "ق": "q|k|g", "ك": "k|c", "ک": "k|c", "گ": "g", "ل": "l", "م": "m", "ن": "n",
    "ه": "h", "ة": "a|ah|at|eh|e|", "و": "w|v|u|o|oo|ou", "ي": "y|i|e|ee|ei|ai|ay|ey|iy",
    "ی": "y|i|e|ee|ei|ai|ay|ey|iy",
}  # fmt: skip


def is_arabic(letter: str) -> bool:
    """Whether the letter is of the Arabic script."""
    return "\u0600" <= letter <= "\u06ff"


def spells(latin: str, arabic: str) -> bool:
    """Whether the Latin word in lower case may be the Arabic one; both may lack the article."""
    # All places up to which the letters so far may reach: no backtracking, whatever is asked.
    reached = {0}
    if arabic.startswith(ARTICLE) and len(arabic) > len(ARTICLE) + 2:
        arabic = arabic.removeprefix(ARTICLE)
        reached |= {2} if latin[:2] in ("al", "el", "ul") else set()
    for letter in arabic:
        choices = SPELLINGS.get(letter, anyascii(letter)).split("|")
        choices += [choice * 2 for choice in choices if len(choice) == 1 and choice not in VOWELS]
        reached = {
            place + len(choice)
            for place in reached
            for choice in choices
            if latin.startswith(choice, place)
        }
        # A short vowel may follow any letter. Two of them are a long one, which is written.
        reached |= {place + 1 for place in reached if latin[place : place + 1] in VOWELS}
    return len(latin) in reached
