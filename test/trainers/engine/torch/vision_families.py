"""Saves small vision-language models with random weights and their own processors, with what transformers computes of them.

Arguments: a directory for the models, the path of a picture. Prints JSON by family: the tokens of a question with the
picture, the mean negative log-likelihood of its last three tokens, and the greedy continuation of the others.
"""

import json
import sys

import torch
import transformers as hf
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

torch.set_num_threads(1)
SIDE = 336
language = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
    "bos_token_id": None,
    "pad_token_id": None,
}


def tokenizer_of(special: list[str], **named: str):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    end = special[0]
    wrapped = hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, pad_token=end, extra_special_tokens=named)
    return wrapped, {name: tokenizer.token_to_id(name) for name in special}, tokenizer.get_vocab_size()


def qwen2_vl():
    end, first, last, image, video = "<|endoftext|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"
    tokenizer, ids, size = tokenizer_of([end, first, last, image, video])
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
    config = hf.Qwen2VLConfig(
        text_config={**language, "vocab_size": size, "rope_parameters": rope, "eos_token_id": ids[end]},
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "mlp_ratio": 2, "initializer_range": 0.3},
        image_token_id=ids[image],
        video_token_id=ids[video],
        vision_start_token_id=ids[first],
        vision_end_token_id=ids[last],
    )
    pictures = hf.Qwen2VLImageProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    processor = hf.Qwen2VLProcessor(pictures, tokenizer, hf.Qwen2VLVideoProcessor())
    return config, processor, f"Look: {first}{image}{last} what is it?"


def smolvlm():
    end, fake, image, whole, turn = "<|endoftext|>", "<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>"
    tiles = [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
    named = {"image_token": image, "fake_image_token": fake, "global_image_token": whole, "end_of_utterance_token": turn}
    tokenizer, ids, size = tokenizer_of([end, fake, image, whole, turn, *tiles], **named)
    tower = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = hf.SmolVLMConfig(
        text_config={**language, "model_type": "llama", "vocab_size": size, "eos_token_id": ids[end]},
        vision_config={**tower, "image_size": 32, "patch_size": 8, "initializer_range": 0.3},
        image_token_id=ids[image],
        scale_factor=2,
    )
    pictures = hf.SmolVLMImageProcessor(size={"longest_edge": 64}, max_image_size={"longest_edge": 32})
    processor = hf.SmolVLMProcessor(pictures, tokenizer, hf.SmolVLMVideoProcessor(), image_seq_len=4)
    return config, processor, f"Look: {image} what is it?"


found = {}
for family in (qwen2_vl, smolvlm):
    torch.manual_seed(1)
    config, processor, question = family()
    directory = f"{sys.argv[1]}/{family.__name__}"
    hf.AutoModelForImageTextToText.from_config(config).save_pretrained(directory)
    processor.save_pretrained(directory)
    model = hf.AutoModelForImageTextToText.from_pretrained(directory).eval()
    picture = Image.open(sys.argv[2]).convert("RGB")
    if family is qwen2_vl:  # as many tokens for every picture
        picture = picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    inputs = processor(text=[question], images=[[picture]], return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[0]
        answer = model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    tokens = inputs["input_ids"][0]
    loss = torch.nn.functional.cross_entropy(logits[-4:-1], tokens[-3:]).item()
    found[family.__name__] = {"tokens": tokens.tolist(), "loss": loss, "answer": answer.tolist()}
print(json.dumps(found))
