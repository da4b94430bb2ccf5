#!/usr/bin/env python3
"""Makes the tables of word frequencies beside this file from the Python package wordfreq.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install wordfreq==3.1.1
    /tmp/venv/bin/python src/text/frequencies/make_frequencies.py

Each table has one line for each step of a tenth on the Zipf scale (log10 of occurrences in a thousand million words),
the most frequent first: the step, then its words in alphabetical order. Words are folded as `fold.rs` folds them;
frequencies of words that fold alike are added. Numbers and words with apostrophes are left out: `words.rs` takes them apart.
"""

import math
import pathlib
import unicodedata
from collections import defaultdict

import wordfreq

HERE = pathlib.Path(__file__).parent
OWN = {"en": 28_000, "fr": 22_000, "es": 22_000, "de": 22_000, "pt": 20_000}
# The neutral table holds the commonest words of other languages written with letters and blanks.
OTHERS = ["ar", "bn", "ca", "cs", "da", "el", "fa", "fi", "he", "hi", "hu", "id", "it", "mk", "nb", "nl", "pl", "ro", "ru", "sv", "tr",
          "uk"]
OTHERS_WORDS = 1_500
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th",
                         "ħ": "h", "ς": "σ", "ـ": ""})


def is_dropped(c: str) -> bool:
    n = ord(c)
    return 0x300 <= n <= 0x36F or 0x64B <= n <= 0x65F or n == 0x670 or 0x591 <= n <= 0x5C7


def fold(word: str) -> str:
    word = unicodedata.normalize("NFKD", word.lower()).translate(LETTERS)
    return unicodedata.normalize("NFC", "".join(c for c in word if not is_dropped(c)))


def table(languages: list[str], words: int) -> dict[str, float]:
    merged: dict[str, float] = {}
    for language in languages:
        wordlist = "large" if language in wordfreq.available_languages("large") else "small"
        sums: dict[str, float] = defaultdict(float)
        for word in wordfreq.top_n_list(language, 3 * words, wordlist=wordlist):
            folded = fold(word)
            if folded and all(unicodedata.category(c)[0] in "LM" for c in folded):
                sums[folded] += wordfreq.word_frequency(word, language, wordlist=wordlist)
        best = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:words]
        for word, frequency in best:
            merged[word] = max(merged.get(word, 0.0), frequency)
    return merged


def write(name: str, frequencies: dict[str, float]) -> None:
    steps: dict[int, list[str]] = defaultdict(list)
    for word, frequency in frequencies.items():
        steps[round((math.log10(frequency) + 9) * 10)].append(word)
    lines = [f"{step} {' '.join(sorted(steps[step]))}\n" for step in sorted(steps, reverse=True)]
    (HERE / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
    print(name, len(frequencies), "words", sum(len(line.encode()) for line in lines), "bytes", "least", min(steps))


if __name__ == "__main__":
    for language, words in OWN.items():
        write(language, table([language], words))
    write("others", table(OTHERS, OTHERS_WORDS))
