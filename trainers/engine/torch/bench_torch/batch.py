"""Training sequences as one packed batch, and the terms of an objective over its predicted tokens."""

from dataclasses import dataclass, field

import torch
from torch.nn import functional as F

from .errors import BenchError
from .ranks import Ranks


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
    #: Of all rows of the batch, also where these are only some.
    total: float
    #: Tokens of all sequences, those that nothing is predicted from included.
    count: int
    #: How many rows the batch has, and which of them these are, where they are only some.
    batch: int
    places: list[int] | None = None
    #: Which sequences of the batch have rows here, and how many have any.
    sequences: list[int] = field(default_factory=list)
    entering: int = 0

    def placed(self, values: torch.Tensor) -> torch.Tensor:
        """Values of these rows among zeros for the batch's others."""
        whole = values.new_zeros(self.batch, values.shape[1])
        if any(self.weights):
            whole[self.places] = values
        return whole

    def shares(self, device: torch.device) -> torch.Tensor:
        """Of each row in the batch's mean."""
        return (torch.tensor(self.weights, device=device, dtype=torch.float64) / self.total).float()


def rows_of(sequences: list[dict], ranks: Ranks | None = None) -> Rows:
    """The loss of token i is read from the state at i - 1, so a sequence enters up to the token before its last weighted one.

    Of several processes each has the rows of its own sequences. One that would have none computes the first sequence as
    nothing, since all take part in each forward pass.
    """
    found, weights = [], []
    for index, sequence in enumerate(sequences):
        positions = [i for i in range(1, len(sequence["tokens"])) if sequence["weights"][i] > 0]
        if positions:
            found.append((sequence, positions, len(weights), index))
            weights += [sequence["weights"][i] for i in positions]
    if not found:
        raise BenchError("INTERNAL", "A batch has no token with a weight above zero.")
    total = torch.tensor(weights, dtype=torch.float64).sum().item()
    rows = Rows([], [], [], [], [], total, sum(len(sequence["tokens"]) for sequence in sequences), len(weights))
    rows.entering = len(found)
    own = ranks.mine(found) if ranks is not None and ranks.several else found
    rows.sequences = [index for *_, index in own]
    if ranks is not None and ranks.several:
        first, *where = found[0]
        found = own or [({**first, "weights": [0.0] * len(first["tokens"])}, *where)]
        rows.places = [before + i for _, positions, before, _ in found for i in range(len(positions))]
    start = 0
    for sequence, positions, *_ in found:
        tokens = sequence["tokens"]
        rows.tokens.append(tokens[: positions[-1]])
        rows.images.append(digests_of(sequence))
        rows.selected += [start + i - 1 for i in positions]
        rows.labels += [tokens[i] for i in positions]
        rows.weights += [sequence["weights"][i] for i in positions]
        start += positions[-1]
    return rows


def digests_of(sequence: dict) -> list[str]:
    return [image["digest"] for image in sequence.get("images") or []]


def term_value(term: dict, logits: torch.Tensor, rows: Rows) -> torch.Tensor:
    """A term over texts: the mean over the rows of `logits` [rows, classes], weighted; not yet times its own weight."""
    kind = term["kind"]
    labels = torch.tensor(rows.labels, device=logits.device)
    if kind == "language-modeling":
        values = F.cross_entropy(logits, labels, reduction="none")
    elif kind == "distillation":
        # T²·KL(teacher ‖ student) at temperature T (Hinton et al., 1503.02531).
        heat = term["temperature"]
        teacher = F.log_softmax(given(term["teacher"], logits, rows) / heat, dim=-1)
        student = F.log_softmax(logits / heat, dim=-1)
        values = heat * heat * (teacher.exp() * (teacher - student)).sum(-1)
    elif kind == "reverse-distillation":
        teacher, student = F.log_softmax(given(term["teacher"], logits, rows), dim=-1), F.log_softmax(logits, dim=-1)
        values = (student.exp() * (student - teacher)).sum(-1)
    elif kind == "logit-matching":
        values = (logits - given(term["target"], logits, rows)).square().mean(-1)
    elif kind == "label-logit":
        values = logits.gather(1, labels[:, None])[:, 0]
    elif kind == "logit-norm":
        values = logits.square().sum(-1)
    else:
        raise BenchError("CAPABILITY_MISSING", f'The engine "torch" has no term {kind}.')
    return (values * rows.shares(logits.device)).sum()


def given(logits: dict, like: torch.Tensor, rows: Rows) -> torch.Tensor:
    values = logits["values"].view(logits["rows"], logits["classes"])
    return (values if rows.places is None else values[rows.places]).to(like.device)
