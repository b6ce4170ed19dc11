"""Saves small models with random weights, one of each architecture, with what transformers itself computes of them.

Arguments: a directory for the models; prints JSON, by architecture: the greedy continuations of the prompts and the mean
negative log-likelihood of the first prompt's tokens but the first.
"""

import json
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM

torch.set_num_threads(1)
shape = {
    "vocab_size": 264,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
    "bos_token_id": 0,
    "eos_token_id": 262,
    "pad_token_id": 0,
    "initializer_range": 0.3,
}
grouped = {**shape, "num_key_value_heads": 2}
configs = {
    "llama": grouped,
    "qwen2": grouped,
    "mistral": {**grouped, "sliding_window": 8},
    "qwen3": {**grouped, "head_dim": 12},
    "gemma3_text": {
        **grouped,
        "head_dim": 8,
        "sliding_window": 8,
        "layer_types": ["sliding_attention", "full_attention"],
    },
    "phi3": grouped,
    "olmo2": grouped,
    "gpt_neox": shape,
    "gpt2": shape,
}
prompts = json.loads(sys.argv[2])
found = {}
for kind, fields in configs.items():
    torch.manual_seed(1)
    directory = f"{sys.argv[1]}/{kind}"
    AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **fields)).save_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory).eval()
    answers = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        whole = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
        answers.append(whole[0, len(prompt) :].tolist())
    ids = torch.tensor([prompts[0]])
    found[kind] = {"answers": answers, "loss": model(ids, labels=ids).loss.item(), "parameters": model.num_parameters()}
print(json.dumps(found))
