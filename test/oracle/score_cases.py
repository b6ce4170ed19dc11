"""Writes test/harness/score/reference-cases.json: what the reference implementations say on fixed cases.

    python test/oracle/score_cases.py [--sari PATH]

Needs rouge_score, rapidfuzz, evaluate and sacrebleu. SARI is the `sari` metric of Hugging Face's evaluate, loaded from
the Hub, or from the path of its script where there is no network. token-f1 is checked against SQuAD's published
definition, written out below.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import string

import evaluate
from rapidfuzz import fuzz
from rouge_score import rouge_scorer

TEXTS = [
    "",
    " ",
    "The cat sat on the mat.",
    "the cat is on the mat",
    "A cat, a mat: and nothing else!",
    "About 95 species are currently accepted .",
    "About 95 you now get in .",
    "95 species are now accepted .",
    "Die Größe des Gebäudes beträgt 1,5 Meter.",
    "Das Haus ist gross.",
    "中文摘要：会议讨论了预算。",
    "会议讨论了预算和人员。",
    "naïve café – déjà vu",
    "e\u0301te\u0301 été",
    "emoji 🙂🙃 text",
    "x = foo(bar, 1) <EOL>",
    "x = foo(baz, 12) <EOL> return x",
    "Don't panic: it's 3.14, not 3,141 - or 2-1?",
    "İstanbul is in Türkiye",
    "a a a a b b",
    "b a b a a &amp; \"quoted\" text-\nbroken",
    "line one\nline two\n",
]
WORDS = "the a cat dog sat on mat runs 12 über . , and fast slow".split()


def squad_tokens(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def squad_f1(reference, output):
    expected, given = squad_tokens(reference), squad_tokens(output)
    if not expected or not given:
        return float(expected == given)
    same = sum((collections.Counter(expected) & collections.Counter(given)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(given), same / len(expected)
    return 2 * precision * recall / (precision + recall)


def spaced(text):
    return not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sari", default="sari")
    sari = evaluate.load(parser.parse_args().sari)
    rouge = rouge_scorer.RougeScorer(["rougeL"])
    draw = random.Random(7)
    sentence = lambda: " ".join(draw.choices(WORDS, k=draw.randint(0, 14)))

    pairs = [(a, b) for a in TEXTS for b in TEXTS] + [(sentence(), sentence()) for _ in range(60)]
    triples = [(draw.choice(TEXTS), draw.choice(TEXTS), draw.sample(TEXTS, draw.randint(1, 3))) for _ in range(120)]
    triples += [(sentence(), sentence(), [sentence() for _ in range(draw.randint(1, 3))]) for _ in range(80)]
    triples.append(
        (
            "About 95 species are currently accepted .",
            "About 95 you now get in .",
            [
                "About 95 species are currently known .",
                "About 95 species are now accepted .",
                "95 species are now accepted .",
            ],
        )
    )
    cases = {
        "rouge-l": [[a, b, rouge.score(a, b)["rougeL"].fmeasure] for a, b in pairs],
        "edit-similarity": [[a.strip(), b.strip(), fuzz.ratio(a.strip(), b.strip()) / 100] for a, b in pairs],
        "token-f1": [[a, b, squad_f1(a, b)] for a, b in pairs if spaced(a + b)],
        "sari": [
            [s, o, r, sari.compute(sources=[s], predictions=[o], references=[r])["sari"] / 100] for s, o, r in triples
        ],
    }
    path = pathlib.Path(__file__).parents[1] / "harness" / "score" / "reference-cases.json"
    lines = [
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]"
        for name, rows in cases.items()
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf8")
    print({name: len(rows) for name, rows in cases.items()})


main()
