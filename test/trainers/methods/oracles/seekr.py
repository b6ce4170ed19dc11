"""SEEKR (2411.06171, with the definitions of the authors' code) on a Llama of two layers in float64: importance of heads, their choice, and one step of AdamW."""

import math

import torch

SIZES = {"vocabulary": 13, "hidden": 8, "layers": 2, "heads": 4, "keyValueHeads": 2, "headDimension": 4, "intermediate": 6}
#: Tokens, how many of them are the prompt, and the places whose attention is kept.
PAST = [([3, 7, 1, 12, 5, 9, 2], 4, [0, 2, 3, 5]), ([8, 2, 2, 11, 6], 2, [1, 3])]
NEW = [([4, 10, 0, 6, 1, 3], 3), ([5, 5, 9, 12], 2), ([1, 7, 8], 1)]
ALPHA, LAMBDA = 0.3, 20.0
#: Moments start at 0; the large epsilon makes the first step smooth in the gradient.
RATE, BETA1, BETA2, EPSILON = 0.1, 0.9, 0.99, 0.01


def shapes():
    h, kv, d, f = SIZES["hidden"], SIZES["keyValueHeads"] * SIZES["headDimension"], SIZES["heads"] * SIZES["headDimension"], SIZES["intermediate"]
    found = {"model.embed_tokens.weight": (SIZES["vocabulary"], h)}
    for layer in range(SIZES["layers"]):
        own = {
            "input_layernorm": (h,),
            "self_attn.q_proj": (d, h),
            "self_attn.k_proj": (kv, h),
            "self_attn.v_proj": (kv, h),
            "self_attn.o_proj": (h, d),
            "post_attention_layernorm": (h,),
            "mlp.gate_proj": (f, h),
            "mlp.up_proj": (f, h),
            "mlp.down_proj": (h, f),
        }
        found |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in own.items()}
    return found | {"model.norm.weight": (h,)}


def weights(moves):
    """Float32 numbers by a formula that the test has too; each move changes them a little."""
    found = {}
    for t, (name, shape) in enumerate(sorted(shapes().items())):
        i = torch.arange(math.prod(shape), dtype=torch.float64)
        value = ("norm" in name) + 0.5 * torch.sin(0.7 * i * i + 3 * t)
        for move in range(1, moves + 1):
            value = value + 0.1 * torch.sin(0.3 * i * i + 5 * t + move)
        found[name] = value.float().double().view(shape)
    return found


def norm(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * weight


def rotated(x):
    """[heads, tokens, d], halves as in transformers; theta 100."""
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * 100.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    cosine, sine = angles.cos(), angles.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


def forward(w, tokens):
    """Logits [tokens, vocabulary] and attention [heads, tokens, tokens] of each layer."""
    x, attentions, count = w["model.embed_tokens.weight"][tokens], [], len(tokens)
    width, group = SIZES["headDimension"], SIZES["heads"] // SIZES["keyValueHeads"]
    for layer in range(SIZES["layers"]):
        of = lambda name: w[f"model.layers.{layer}.{name}.weight"]
        heads = lambda y: y.view(count, -1, width).transpose(0, 1)
        y = norm(x, of("input_layernorm"))
        query, key, value = (heads(y @ of(f"self_attn.{name}_proj").T) for name in "qkv")
        query, key = rotated(query), rotated(key)
        key, value = (own.repeat_interleave(group, 0) for own in (key, value))
        scores = query @ key.transpose(1, 2) / math.sqrt(width)
        barred = torch.ones(count, count, dtype=torch.bool).triu(1)
        attention = scores.masked_fill(barred, -math.inf).softmax(-1)
        if attention.requires_grad:
            attention.retain_grad()
        attentions.append(attention)
        x = x + (attention @ value).transpose(0, 1).reshape(count, -1) @ of("self_attn.o_proj").T
        y = norm(x, of("post_attention_layernorm"))
        gated = torch.nn.functional.silu(y @ of("mlp.gate_proj").T) * (y @ of("mlp.up_proj").T)
        x = x + gated @ of("mlp.down_proj").T
    return norm(x, w["model.norm.weight"]) @ w["model.embed_tokens.weight"].T, attentions


def predicted(w, tokens, prompt):
    """The rows before the answer's tokens, with attention, of a sequence without its last token."""
    logits, attentions = forward(w, tokens[:-1])
    return torch.log_softmax(logits[prompt - 1 :], -1), attentions


def nll(rows, tokens, prompt):
    return -rows.gather(1, torch.tensor(tokens[prompt:])[:, None])[:, 0]


def trained(w):
    return {name: value.clone().requires_grad_() for name, value in w.items()}


def importance(before, now):
    change = torch.zeros(SIZES["layers"], SIZES["heads"])
    sensitivity = torch.zeros_like(change)
    for tokens, prompt, queries in PAST:
        own = trained(now)
        rows, attentions = predicted(own, tokens, prompt)
        nll(rows, tokens, prompt).mean().backward()
        old = predicted(before, tokens, prompt)[1]
        for layer, attention in enumerate(attentions):
            visible = torch.ones_like(attention[0]).tril().bool()
            sensitivity[layer] += attention.grad.square()[:, visible].mean(1) / len(PAST)
            gap = (attention.detach() - old[layer])[:, queries]
            change[layer] += gap.square().sum(-1).mean(1) / len(PAST)
    return change, sensitivity, change * sensitivity / sensitivity.sum(1, keepdim=True)


def seekr():
    before, now, later = weights(0), weights(1), weights(2)
    change, sensitivity, both = importance(before, now)
    # Half the layers, and a quarter of all heads among theirs.
    layer = both.sum(1).argmax().item()
    chosen = sorted(both[layer].topk(2).indices.tolist())
    own = trained(later)
    of_labels, of_logits, of_attention = [], [], 0.0
    for tokens, prompt, queries in PAST:
        rows, attentions = predicted(own, tokens, prompt)
        goal, goals = predicted(now, tokens, prompt)
        of_labels.append(nll(rows, tokens, prompt))
        of_logits.append((goal.exp() * (goal - rows)).sum(-1))
        p, q = goals[layer][chosen][:, queries], attentions[layer][chosen][:, queries]
        of_attention = of_attention + torch.where(p > 0, p * (p.log() - q.clamp(min=1e-300).log()), 0.0).sum(-1).mean() / len(PAST)
    terms = [torch.cat(of_labels).mean(), torch.cat(of_logits).mean(), of_attention]
    past = (1 - ALPHA) * terms[0] + ALPHA * terms[1] + LAMBDA * terms[2]
    fresh = torch.cat([nll(predicted(own, tokens, prompt)[0], tokens, prompt) for tokens, prompt in NEW]).mean()
    (fresh + len(PAST) / len(NEW) * past).backward()
    stepped = {}
    for name, value in own.items():
        first, second = (1 - BETA1) * value.grad, (1 - BETA2) * value.grad.square()
        first, second = first / (1 - BETA1), second / (1 - BETA2)
        stepped[name] = value.detach() - RATE * first / (second.sqrt() + EPSILON)
    return {
        "sizes": SIZES,
        "past": PAST,
        "new": NEW,
        "alpha": ALPHA,
        "lambda": LAMBDA,
        "update": {"learningRate": RATE, "beta1": BETA1, "beta2": BETA2, "epsilon": EPSILON},
        "change": change.flatten().tolist(),
        "sensitivity": sensitivity.tolist(),
        "importance": both.tolist(),
        "chosen": [{"layer": layer, "head": head} for head in chosen],
        "terms": [fresh.item(), *[term.item() for term in terms]],
        "after": {name: [float(f"{x:.8g}") for x in value.flatten().tolist()] for name, value in stepped.items()},
    }
