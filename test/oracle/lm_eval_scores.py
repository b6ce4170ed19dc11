"""Evaluates tasks by lm-evaluation-harness: python lm_eval_scores.py MODEL DIRECTORY TASK… prints scores and answers as JSON."""

import json
import sys

import lm_eval
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import PreTrainedTokenizerFast

model, directory, *tasks = sys.argv[1:]
results = lm_eval.simple_evaluate(
    model=HFLM(
        pretrained=model,
        tokenizer=PreTrainedTokenizerFast.from_pretrained(model),  # AutoTokenizer puts the one of the architecture instead
        device="cpu",
        dtype="float32",
        batch_size=1,
        add_bos_token=True,
    ),
    tasks=tasks,
    task_manager=TaskManager(include_path=directory, include_defaults=False),
    log_samples=True,
    bootstrap_iters=0,
)
print(
    json.dumps(
        {
            task: {
                "scores": {key: value for key, value in results["results"][task].items() if isinstance(value, float)},
                "samples": [
                    {
                        "id": sample["doc_id"],
                        "filter": sample["filter"],
                        "context": sample["arguments"][0][0],
                        "responses": sample["resps"],
                    }
                    for sample in results["samples"][task]
                ],
            }
            for task in tasks
        }
    )
)
