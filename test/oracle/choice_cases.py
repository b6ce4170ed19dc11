"""
Writes test/harness/score/choice-cases.json: generated answers to questions with the labels A to D, the label that each
means, and what the filters of lm-evaluation-harness (0.4.13) extract: the strict one of mmlu_flan_cot_zeroshot, its
flexible one, and that of mmlu_pro. Every form of answer comes equally often with every label.

Needs lm-eval (its filters alone: pip install --no-deps lm-eval). With a number as second argument, about that many
answers go to the file named by the first, for a comparison on more of them.
"""

import json
import random
import re
import sys

from lm_eval.filters.extraction import MultiChoiceRegexFilter, RegexFilter

draw = random.Random(11)
labels = "ABCD"
choices = ["iron", "copper", "tin", "lead"]
openings = [
    "",
    "Let us think. ",
    "A careful reading of the text helps. ",
    "I have looked at a table of melting points. ",
    "First, the metal must conduct. ",
    "Option {x} is wrong since it is too soft. ",
    "({x}) is not correct. ",
    "It could be {x} or {y}. ",
    "{x} melts early, {y} rusts. ",
]
conclusions = [
    "The answer is {g}.",
    "The answer is ({g}).",
    "The answer is ({g}), since {c} conducts.",
    "So the answer is {g}",
    "Answer: {g}",
    "Answer: ({g}) {c}",
    "Therefore, the correct answer is ({g}).",
    "The correct option is {g}.",
    "I would choose ({g}).",
    "({g})",
    "{g}",
    "{g}) {c}",
    "**{g}**",
    "\\boxed{{{g}}}",
    "{g} is correct.",
    "({g}) is the right answer.",
    "The final answer: {g}",
    "答案是{g}。",
]
endings = ["", "", "", " Hence not ({y}).", " The others, such as ({x}), are too soft.", "\n\nQuestion: Which gas?\nThe answer is ({x})."]

strict = RegexFilter(
    regex_pattern="((?<=The answer is )(.*)(?=.)|(?<=answer is )(.*)(?=.)|(?<=The answer: )(.*)(?=.)|(?<=The final answer: )(.*)(?=.))"
)
flexible = MultiChoiceRegexFilter(
    regex_pattern="(\\([A-Z]\\))", group_select=-1, ignore_case=True, ignore_punctuation=True
)
pro = RegexFilter(regex_pattern=r"answer is \(?([ABCDEFGHIJ])\)?")


def letter(found):
    """The label in what a filter gives, as exact_match compares it: without punctuation, in any case."""
    bare = re.sub(r"[^\w]", "", found).upper()
    return bare if len(bare) == 1 and bare in labels else None


def write(opening, conclusion, ending, gold):
    others = [label for label in labels if label != gold]
    draw.shuffle(others)
    texts = {"g": gold, "x": others[0], "y": others[1], "c": choices[labels.index(gold)]}
    return ["".join(part.format(**texts) for part in (opening, conclusion, ending)), gold]


path = sys.argv[1] if len(sys.argv) > 1 else "test/harness/score/choice-cases.json"
count = int(sys.argv[2]) if len(sys.argv) > 2 else 240
answers = []
while len(answers) < count:
    parts = [draw.choice(some) for some in (openings, conclusions, endings)]
    answers += [write(*parts, gold) for gold in labels]
# lm-eval ends generation at "Q:" and "Question:".
seen = [[answer.split("Question:")[0]] for answer, _ in answers]
documents = [{"choices": choices}] * len(answers)
extracted = [[letter(found) for (found,) in each.apply(seen, documents)] for each in (strict, flexible, pro)]
with open(path, "w", encoding="utf-8") as file:
    rows = [[*answer, *found] for answer, *found in zip(answers, *extracted)]
    file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")
