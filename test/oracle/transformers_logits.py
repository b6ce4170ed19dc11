"""What transformers and PEFT compute on model directories, as JSON.

Reads [{"directory", "adapter", "sequences", "texts"}, …] from standard input and writes, for each,
{"logits", "ids", "decoded"} to standard output: float32 logits at every position of each token sequence, the
tokens of each text without special tokens, and their text again.
"""

import json
import sys

import peft
import torch
import transformers

torch.set_num_threads(1)


@torch.no_grad()
def answer(request):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        request["directory"], dtype=torch.float32, attn_implementation="eager"
    )
    if request.get("adapter"):
        model = peft.PeftModel.from_pretrained(model, request["adapter"])
    model.eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(request["directory"])
    ids = [tokenizer.encode(text, add_special_tokens=False) for text in request["texts"]]
    return {
        "logits": [model(torch.tensor([tokens])).logits[0].tolist() for tokens in request["sequences"]],
        "ids": ids,
        "decoded": [tokenizer.decode(tokens, skip_special_tokens=True) for tokens in ids],
    }


answers = [answer(request) for request in json.load(sys.stdin)]
versions = {module.__name__: module.__version__ for module in (torch, transformers, peft)}
json.dump({"answers": answers, "versions": versions}, sys.stdout)
