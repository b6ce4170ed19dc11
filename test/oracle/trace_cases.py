"""
Writes test/harness/score/trace-cases.json: pairs of texts with what TRACE's evaluator computes for them.

Needs rouge==1.0.1 and fuzzywuzzy==0.18.0 (without python-Levenshtein, so that it uses difflib). With a number as second
argument, that many pairs go to the file named by the first, for a comparison on more of them.
"""

import json
import random
import sys
from difflib import SequenceMatcher

from fuzzywuzzy import fuzz
from rouge import Rouge

draw = random.Random(7)
words = "the council approved budget of road and park The Council A a x = foo ( ) self . , print é 会议 \t".split(" ")
characters = "abcdefgh _=.(),:\t\n\x1c\x85\xa0é会"


def sentence():
    return " ".join(draw.choice(words) for _ in range(draw.randint(0, 12)))


def text():
    kind = draw.random()
    if kind < 0.5:
        return draw.choice([". ", ".", " . ", ".\n"]).join(sentence() for _ in range(draw.randint(0, 5)))
    if kind < 0.9:
        alphabet = characters[: draw.randint(1, len(characters))]
        return "".join(draw.choice(alphabet) for _ in range(draw.choice([3, 20, 60, 199, 200, 350])))
    return "".join(draw.choice(words) + draw.choice(["", " "]) for _ in range(draw.randint(0, 90)))


def changed(original):
    """The same text with some pieces left out, doubled, swapped or replaced."""
    pieces = list(original) if draw.random() < 0.5 else original.split(" ")
    glue = "" if len(pieces) == len(original) else " "
    for _ in range(draw.randint(0, 6)):
        if not pieces:
            break
        i, j = draw.randrange(len(pieces)), draw.randrange(len(pieces))
        pieces[i], pieces[j] = pieces[j], pieces[i]
        if draw.random() < 0.4:
            pieces.pop(i)
        elif draw.random() < 0.4:
            pieces[i:i] = pieces[i:j]
    return glue.join(pieces)


def rouge_l(target, prediction):
    """TRACE's score_rouge(target, prediction); None where the package throws."""
    if target == "" or prediction == "":
        return 0.0
    try:
        return Rouge(metrics=["rouge-l"]).get_scores(target, prediction, avg=True)["rouge-l"]["f"]
    except (ValueError, RecursionError):
        return None


def case(target, prediction):
    ratio = SequenceMatcher(None, prediction, target).ratio()
    percent = 0 if target == "" or prediction == "" else fuzz.ratio(prediction, target)
    return [target, prediction, rouge_l(target, prediction), ratio, percent]


fixed = [
    ("the council approved the budget", " ".join(["the council approved the budget"] * 4)),
    ("the council met. the budget passed", "the budget passed. the council met"),
    ("A", "A\n\n"),
    ("", "x"),
    ("x", ""),
    ("...", "x"),
    (". ", " ."),
]
path = sys.argv[1] if len(sys.argv) > 1 else "test/harness/score/trace-cases.json"
count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
cases = [case(*pair) for pair in fixed]
while len(cases) < count:
    target = text()
    cases.append(case(target, changed(target) if draw.random() < 0.7 else text()))
with open(path, "w", encoding="utf-8") as file:
    file.write("[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in cases) + "\n]\n")
