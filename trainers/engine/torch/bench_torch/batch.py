"""Training sequences as one packed batch, and the terms of an objective over its predicted tokens."""

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .errors import BenchError


@dataclass
class Rows:
    """What is predicted: the tokens that enter, which of them a loss is read from, the labels, and each row's share."""

    tokens: list[list[int]]
    #: The digests of each sequence's images.
    images: list[list[str]]
    #: Among all tokens that enter, one behind another.
    selected: list[int]
    labels: list[int]
    weights: list[float]
    #: Tokens of all sequences, those that nothing is predicted from included.
    count: int


def rows_of(sequences: list[dict]) -> Rows:
    """The loss of token i is read from the state at i - 1, so a sequence enters up to the token before its last weighted one."""
    rows = Rows([], [], [], [], [], 0)
    start = 0
    for sequence in sequences:
        tokens, weights = sequence["tokens"], sequence["weights"]
        rows.count += len(tokens)
        positions = [i for i in range(1, len(tokens)) if weights[i] > 0]
        if not positions:
            continue
        rows.tokens.append(tokens[: positions[-1]])
        rows.images.append(digests_of(sequence))
        rows.selected += [start + i - 1 for i in positions]
        rows.labels += [tokens[i] for i in positions]
        rows.weights += [weights[i] for i in positions]
        start += positions[-1]
    if not rows.selected:
        raise BenchError("INTERNAL", "A batch has no token with a weight above zero.")
    return rows


def digests_of(sequence: dict) -> list[str]:
    return [image["digest"] for image in sequence.get("images") or []]


def term_value(term: dict, logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """A term over texts: the mean over the rows of `logits` [rows, classes], weighted; not yet times its own weight."""
    kind = term["kind"]
    if kind == "language-modeling":
        values = F.cross_entropy(logits, labels, reduction="none")
    elif kind == "distillation":
        # T²·KL(teacher ‖ student) at temperature T (Hinton et al., 1503.02531).
        heat = term["temperature"]
        teacher = F.log_softmax(given(term["teacher"], logits) / heat, dim=-1)
        student = F.log_softmax(logits / heat, dim=-1)
        values = heat * heat * (teacher.exp() * (teacher - student)).sum(-1)
    elif kind == "reverse-distillation":
        teacher, student = F.log_softmax(given(term["teacher"], logits), dim=-1), F.log_softmax(logits, dim=-1)
        values = (student.exp() * (student - teacher)).sum(-1)
    elif kind == "logit-matching":
        values = (logits - given(term["target"], logits)).square().mean(-1)
    elif kind == "label-logit":
        values = logits.gather(1, labels[:, None])[:, 0]
    elif kind == "logit-norm":
        values = logits.square().sum(-1)
    else:
        raise BenchError("CAPABILITY_MISSING", f'The engine "torch" has no term {kind}.')
    return (values * weights).sum()


def given(logits: dict, like: torch.Tensor) -> torch.Tensor:
    return logits["values"].view(logits["rows"], logits["classes"]).to(like.device)
