"""Trains a small tokenizer of each family and writes what `tokenizers` makes of awkward texts: python tokenizer_families.py OUT"""

import json
import pathlib
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

out = pathlib.Path(sys.argv[1])

pieces = [
    "I'll don't DON'T we've HELLO'S 'Tis", "2023 650841823 1,000.50 $3.00", "café naïve Ångström", "e\u0301 a\u0308 \u0301x",
    "ﬁ ﬀ ½ ² Ⅳ", "你好，世界！", "こんにちは", "한국어", "สวัสดี", "हिन्दी", "العربية", "עברית", "🙂👍🏽👨‍👩‍👧", "🇩🇪", "\u200b", "\u200d", "\ufeff", "\ufeffa",
    "a\ufeffb", "tab\tand", "\r\nCRLF", "\n\n\nlines\r", "def f(x):\n    return x**2  # ok\n", " ", "  ", "\n", "\t\t", "a\u00a0b", "\u2003c", "\u3000d",
    "\u0085e", "x\u0085y", "\u2028\u2029", "\u1680\u180e", "<|end|>", "text<|end|> <|end|>", "<s>", "</s><unk>", "[CLS] [SEP][MASK]", "<pad>", "▁", "a▁b",
    "x\u0000y", "\u001c\u001f", "\u007f", "ſ İ ı K Å ß ẞ", "don’t “quoted” — dash…", "\ud7ff\ue000\U0010ffff", "aaaa" * 12, "½١٢٣४५", "http://a.b/c?d=e&f=%20",
    "𝒜𝓑 𠜎", "e\u0301\u0301", "1234567890" * 2, "मुझे\u200dनहीं", "日本2023年5月", "_under_score_", "a_b", "\u203f\u2040", "a.b,c;d!", "…", "¿Qué?", "№ ™ ©",
    "\u00ad", "a\u00adb", "\u0640", "q\u0323\u0307", "ǆ ǅ Ǆ", "Σίσυφος ΣΊΣΥΦΟΣ", "I İi̇", "가각힣", "\u1100\u1161", "\u0e33", "𓀀", "\U000e0001", "\u2060",
]  # fmt: skip
texts = dict.fromkeys(["", *pieces])
for index, piece in enumerate(pieces):  # pieces beside each other, and with spaces before and behind
    texts[f" {piece}"] = texts[f"{piece} "] = None
    texts[f"The {piece}{pieces[(7 * index + 3) % len(pieces)]} of Rome"] = None
texts = list(texts)[:220]
corpus = [text for text in texts if text] + ["the capital of Italy is Rome and of Greece Athens"] * 20

llama3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
bytes_as_text = [f"<0x{value:02X}>" for value in range(256)]


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte])


def byte_level(pre_tokenizer, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|begin|>", "<|end|>"]
    tokenizer.train_from_iterator(
        corpus, trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    )
    return tokenizer, special


def sentencepiece(normalizer, decoder, pre_tokenizer=None):
    """BPE as converted from SentencePiece, which falls back to bytes."""
    special = ["<unk>", "<s>", "</s>"]
    trained = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    trained.normalizer = normalizer
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    trained.train_from_iterator(
        corpus, trainers.BpeTrainer(vocab_size=620, special_tokens=special + bytes_as_text, show_progress=False)
    )
    definition = json.loads(trained.to_str())
    definition["pre_tokenizer"] = None
    definition["added_tokens"] = [token for token in definition["added_tokens"] if token["content"] in special]
    tokenizer = Tokenizer.from_str(json.dumps(definition))
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    return tokenizer, special


def unigram():
    special = ["<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer, special


def wordpiece():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(
        corpus, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    )
    return tokenizer, special


llama2_decoder = decoders.Sequence(
    [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(content=" ", left=1)]
)
gemma_decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
families = {
    "gpt2": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)),
    "gpt2-prefix": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True)),
    "llama3": byte_level(split(llama3)),
    "qwen2": byte_level(split(llama3.replace(r"\p{N}{1,3}", r"\p{N}")), normalizers.NFC()),
    "smollm": byte_level(
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    ),
    "llama2": sentencepiece(
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), llama2_decoder
    ),
    "gemma": sentencepiece(
        normalizers.Replace(" ", "▁"), gemma_decoder, pre_tokenizers.Split(" ", "merged_with_previous")
    ),
    "t5": unigram(),
    "bert": wordpiece(),
}

out.mkdir(parents=True, exist_ok=True)
(out / "texts.json").write_text(json.dumps(texts))
for family, (tokenizer, special) in families.items():
    place = out / family
    place.mkdir(exist_ok=True)
    tokenizer.save(str(place / "tokenizer.json"), pretty=False)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": special[-1]}
    (place / "tokenizer_config.json").write_text(json.dumps(config))
    expected = []
    for text in texts:
        known = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        expected.append([plain, known if known != plain else 0, tokenizer.decode(plain)])
    (place / "expected.json").write_text(json.dumps(expected, separators=(",", ":"), ensure_ascii=False))
