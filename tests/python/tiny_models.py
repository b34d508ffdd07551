"""Speech models of a few hundred weights, made here, in the forms that the real packages load: each says two words."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

SAID = "good morning"
TIMESTAMPS = 1501
LANGUAGES = ("en", "zh", "de", "es", "ru", "ko", "fr", "ja")
WIDTH = 16
CERTAIN = 30.0


def whisper_tokens() -> list[str]:
    """Return whisper's kind of vocabulary: bytes, words, then what steers it; a token's id is its place."""
    from tokenizers.pre_tokenizers import ByteLevel

    # By the empty token CTranslate2 tells a model of several languages from an English-only one
    text = [*sorted(ByteLevel.alphabet()), "Ġgood", "Ġmorning", ""]
    steering = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{language}|>" for language in LANGUAGES)]
    steering += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"]
    steering += ["<|notimestamps|>", *(f"<|{number * 0.02:.2f}|>" for number in range(TIMESTAMPS))]
    return [*text, *steering]


def make_whisper(folder: Path) -> Path:
    """Write a multilingual whisper model as faster-whisper loads it; it takes everything for English."""
    import ctranslate2  # type: ignore[import-untyped]
    import numpy as np
    from tokenizers import Tokenizer
    from tokenizers.decoders import ByteLevel as ByteLevelDecoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel

    tokens = whisper_tokens()
    ids = {token: number for number, token in enumerate(tokens)}
    folder.mkdir(parents=True)

    # Each token of the chain has a place of its own in the state, by which the last layer finds the one that follows
    chain = ["<|transcribe|>", "<|0.00|>", "Ġgood", "Ġmorning", "<|1.00|>", "<|endoftext|>"]
    embeddings = np.zeros((len(tokens), WIDTH), np.float32)
    following = np.zeros((len(tokens), WIDTH), np.float32)
    for place, (token, successor) in enumerate([*pairwise(chain), ("<|startoftranscript|>", "<|en|>")]):
        embeddings[ids[token], place] = 1
        following[ids[successor], place] = CERTAIN

    def zeros(*shape: int) -> Any:
        return np.zeros(shape, np.float32)

    def normalise(spec: Any) -> None:
        spec.gamma, spec.beta = np.ones(WIDTH, np.float32), zeros(WIDTH)

    def layer(spec: Any, attentions: list[Any]) -> None:
        for attention in attentions:
            normalise(attention.layer_norm)
            is_self = len(attention.linear) == 2
            for linear, width in zip(attention.linear, (3, 1) if is_self else (1, 2, 1), strict=True):
                linear.weight, linear.bias = zeros(width * WIDTH, WIDTH), zeros(width * WIDTH)
        normalise(spec.ffn.layer_norm)
        spec.ffn.linear_0.weight, spec.ffn.linear_0.bias = zeros(WIDTH, WIDTH), zeros(WIDTH)
        spec.ffn.linear_1.weight, spec.ffn.linear_1.bias = zeros(WIDTH, WIDTH), zeros(WIDTH)

    spec: Any = ctranslate2.specs.WhisperSpec(1, 1, 1, 1)
    spec.encoder.conv1.weight, spec.encoder.conv1.bias = zeros(WIDTH, 80, 3), zeros(WIDTH)
    spec.encoder.conv2.weight, spec.encoder.conv2.bias = zeros(WIDTH, WIDTH, 3), zeros(WIDTH)
    spec.encoder.position_encodings.encodings = zeros(1500, WIDTH)
    normalise(spec.encoder.layer_norm)
    layer(spec.encoder.layer[0], [spec.encoder.layer[0].self_attention])
    spec.decoder.embeddings.weight = embeddings
    spec.decoder.position_encodings.encodings = zeros(448, WIDTH)
    normalise(spec.decoder.layer_norm)
    spec.decoder.projection.weight = following
    layer(spec.decoder.layer[0], [spec.decoder.layer[0].self_attention, spec.decoder.layer[0].attention])
    spec.config.lang_ids = [ids[f"<|{language}|>"] for language in LANGUAGES]
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.alignment_heads = [], [], [(0, 0)]
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.save(str(folder))

    steering = tokens[ids["<|endoftext|>"] :]
    tokenizer = Tokenizer(BPE(ids, []))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    tokenizer.add_special_tokens(steering)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
