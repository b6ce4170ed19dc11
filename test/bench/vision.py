"""The same training and answers in transformers, eager, one thread: reads a workload, then the name of what to measure, line by line.

Pictures are preprocessed once, before anything is measured, as they are kept by the engines; features are computed each
time. A frozen tower takes no gradient.
"""
import json
import sys
import time

try:
    import torch
    import transformers
    from PIL import Image
    from transformers import AutoImageProcessor, LlavaForConditionalGeneration
except ImportError as error:
    print(json.dumps({"error": str(error)}), flush=True)
    sys.exit()

torch.set_num_threads(1)
work = json.loads(sys.stdin.readline())
model = LlavaForConditionalGeneration.from_pretrained(work["directory"], dtype=torch.float32)
processor = AutoImageProcessor.from_pretrained(work["directory"])
pictures = [Image.open(own["images"][0]["path"]).convert("RGB") for own in work["sequences"]]
pixels = torch.cat([processor(images=own, return_tensors="pt")["pixel_values"] for own in pictures])
ids = torch.tensor([own["tokens"] for own in work["sequences"]])
labels = ids.where(torch.tensor([own["weights"] for own in work["sequences"]]) > 0, -100)
options = work["update"]
tower = [p for name, p in model.named_parameters() if "vision_tower." in name]


def train(frozen: bool) -> list[float]:
    for parameter in tower:
        parameter.requires_grad_(not frozen)
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad],
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        weight_decay=options["weightDecay"],
        fused=True,
    )
    losses = []
    for _ in range(work["steps"]):
        loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=pixels, labels=labels).loss
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.grad is not None], options["clip"])
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def answers() -> list[float]:
    prompts = ids[:, :-3]
    model.generate(
        input_ids=prompts,
        attention_mask=torch.ones_like(prompts),
        pixel_values=pixels,
        do_sample=False,
        max_new_tokens=work["written"],
    )
    return []


print(json.dumps({"version": transformers.__version__}), flush=True)
for line in sys.stdin:
    kind = json.loads(line)
    started = time.perf_counter()
    losses = answers() if kind == "answers" else train(kind != "training")
    print(json.dumps({"seconds": time.perf_counter() - started, "losses": losses}), flush=True)
