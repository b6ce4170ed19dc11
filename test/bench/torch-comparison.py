"""The same training in PyTorch, eager, one thread: reads a workload, then runs as many steps as each line of input asks for.

The model is written for speed (fused attention and norms, no framework around it). Batches are padded to their longest
sequence and the logits of all positions are computed, as transformers' trainer does.
"""
import json
import sys
import time

try:
    import torch
except ImportError:
    print(json.dumps({"error": "no torch"}), flush=True)
    sys.exit()
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, f, q, kv = c["hidden"], c["intermediate"], c["heads"] * c["headDimension"], c["keyValueHeads"] * c["headDimension"]
        self.c = c
        self.input_layernorm = nn.RMSNorm(d, c["rmsEpsilon"])
        self.post_attention_layernorm = nn.RMSNorm(d, c["rmsEpsilon"])
        self.self_attn = nn.ModuleDict({
            "q_proj": nn.Linear(d, q, c["attentionBias"]), "k_proj": nn.Linear(d, kv, c["attentionBias"]),
            "v_proj": nn.Linear(d, kv, c["attentionBias"]), "o_proj": nn.Linear(q, d, False)})
        self.mlp = nn.ModuleDict({
            "gate_proj": nn.Linear(d, f, False), "up_proj": nn.Linear(d, f, False), "down_proj": nn.Linear(f, d, False)})

    def forward(self, x, cos, sin):
        c, a, m = self.c, self.self_attn, self.mlp
        batch, length, _ = x.shape
        h = self.input_layernorm(x)
        heads = lambda t: t.view(batch, length, -1, c["headDimension"]).transpose(1, 2)
        half = c["headDimension"] // 2
        rotate = lambda t: t * cos + torch.cat([-t[..., half:], t[..., :half]], -1) * sin
        q, k, v = rotate(heads(a["q_proj"](h))), rotate(heads(a["k_proj"](h))), heads(a["v_proj"](h))
        grouped = c["heads"] != c["keyValueHeads"]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped)
        x = x + a["o_proj"](y.transpose(1, 2).reshape(batch, length, -1))
        h = self.post_attention_layernorm(x)
        return x + m["down_proj"](F.silu(m["gate_proj"](h)) * m["up_proj"](h))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed_tokens = nn.Embedding(c["vocabulary"], c["hidden"])
        self.layers = nn.ModuleList([Layer(c) for _ in range(c["layers"])])
        self.norm = nn.RMSNorm(c["hidden"], c["rmsEpsilon"])
        half = torch.arange(0, c["headDimension"], 2) / c["headDimension"]
        angles = torch.outer(torch.arange(c["contextLength"]).float(), c["ropeTheta"] ** -half).repeat(1, 2)
        self.cos, self.sin = angles.cos(), angles.sin()

    def forward(self, ids):
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, self.cos[: ids.shape[1]], self.sin[: ids.shape[1]])
        return F.linear(self.norm(x), self.embed_tokens.weight)


def collate(batch):
    longest = max(len(s["tokens"]) for s in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    labels = torch.full((len(batch), longest), -100)
    for row, s in enumerate(batch):
        tokens = torch.tensor(s["tokens"])
        ids[row, : len(tokens)] = tokens
        labels[row, : len(tokens)] = torch.where(torch.tensor(s["weights"]) > 0, tokens, -100)
    return ids, labels


workload = json.loads(sys.stdin.readline())
config, update = workload["config"], workload["update"]
model = Decoder(config)
state = {name: torch.tensor(values).view(model.state_dict()[name].shape) for name, values in workload["weights"].items()}
model.load_state_dict(state)
matrices = [p for p in model.parameters() if p.ndim > 1]
vectors = [p for p in model.parameters() if p.ndim == 1]
optimizer = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": update["weightDecay"]}, {"params": vectors, "weight_decay": 0.0}],
    lr=update["learningRate"], betas=(update["beta1"], update["beta2"]), eps=update["epsilon"], fused=True)
batches = [collate(batch) for batch in workload["batches"]]
print(json.dumps({"version": torch.__version__}), flush=True)

step = 0
for line in sys.stdin:
    losses, started = [], time.perf_counter()
    for _ in range(int(line)):
        ids, labels = batches[step % len(batches)]
        logits = model(ids)
        loss = F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), update["clip"])
        optimizer.step()
        losses.append(loss.item())
        step += 1
    print(json.dumps({"seconds": time.perf_counter() - started, "losses": losses}), flush=True)
