"""What transformers computes on LLaVA directories, as JSON.

Reads [{"directory", "sequences": [{"tokens", "images"}, …]}, …] from standard input, where images are paths, and writes
{"answers": [{"logits"}, …], "versions"} to standard output: float32 logits at every position of each sequence.
"""

import json
import sys

import torch
import transformers
from PIL import Image, ImageOps
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

torch.set_num_threads(1)
processors = {"CLIPImageProcessor": CLIPImageProcessorPil, "SiglipImageProcessor": SiglipImageProcessorPil}


@torch.no_grad()
def answer(request):
    directory = request["directory"]
    model, report = transformers.LlavaForConditionalGeneration.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    missing = [name for name in report["missing_keys"] if "post_layernorm" not in name and ".head." not in name]
    assert not missing and not report["unexpected_keys"] and not report["mismatched_keys"], report
    model.eval()
    with open(f"{directory}/preprocessor_config.json") as file:
        processor = processors[json.load(file)["image_processor_type"]].from_pretrained(directory)

    def logits(sequence):
        pictures = [ImageOps.exif_transpose(Image.open(path)) for path in sequence["images"]]
        pixels = processor(pictures, return_tensors="pt")["pixel_values"] if pictures else None
        return model(input_ids=torch.tensor([sequence["tokens"]]), pixel_values=pixels).logits[0].tolist()

    return {"logits": [logits(sequence) for sequence in request["sequences"]]}


answers = [answer(request) for request in json.load(sys.stdin)]
versions = {module.__name__: module.__version__ for module in (torch, transformers)}
json.dump({"answers": answers, "versions": versions}, sys.stdout)
