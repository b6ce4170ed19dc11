"""Greedy answers of transformers on one thread: reads a directory and limits, then for each line of input answers
its prompts (token ids), so many at a time, and prints the processor's seconds and the tokens of the answers."""
import json
import sys
import time
from itertools import takewhile

try:
    import torch
    import transformers
except ImportError as error:
    print(json.dumps({"error": str(error)}), flush=True)
    sys.exit()

torch.set_num_threads(1)
workload = json.loads(sys.stdin.readline())
new, ends = workload["newTokens"], workload["endTokens"]
model = transformers.AutoModelForCausalLM.from_pretrained(workload["directory"], dtype=torch.float32, attn_implementation="sdpa")
model.eval()
print(json.dumps({"version": transformers.__version__, "torch": torch.__version__}), flush=True)

for line in sys.stdin:
    asked, answers, started = json.loads(line), [], time.process_time()
    prompts, size = asked["prompts"], asked["size"]
    for start in range(0, len(prompts), size):
        batch = prompts[start : start + size]
        longest = max(map(len, batch))
        ids = torch.tensor([[0] * (longest - len(own)) + own for own in batch])
        mask = torch.tensor([[0] * (longest - len(own)) + [1] * len(own) for own in batch])
        with torch.inference_mode():
            output = model.generate(ids, attention_mask=mask, do_sample=False, max_new_tokens=new, eos_token_id=ends, pad_token_id=ends[0])
        answers += [list(takewhile(lambda token: token not in ends, own)) for own in output[:, longest:].tolist()]
    print(json.dumps({"seconds": time.process_time() - started, "answers": answers}), flush=True)
