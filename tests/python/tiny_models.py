"""Speech models of a few hundred weights, made here, in the forms that the real packages load: each says two words."""

from __future__ import annotations

import math
import struct
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


def make_vosk(folder: Path) -> Path:
    """Write a Kaldi model as vosk loads it: one state a phone, a network of zeros, and a graph with a single path."""
    words = SAID.split()
    phones = ["silence", *words]  # a word is one phone
    features = 40
    entry = "<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State>\n<State> 1 </State>"
    numbers = range(1, len(phones) + 1)
    transitions = f"""<TransitionModel>
<Topology>
<TopologyEntry>
<ForPhones>
{" ".join(map(str, numbers))}
</ForPhones>
{entry}
</TopologyEntry>
</Topology>
<Triples> {len(phones)}
{"".join(f"{phone} 0 {phone - 1}{chr(10)}" for phone in numbers)}</Triples>
<LogProbs>
 [ 0 {"-0.69 " * (2 * len(phones))}]
</LogProbs>
</TransitionModel>
"""
    rows = "\n".join("  " + "0 " * features for _ in phones)
    network = f"""<Nnet3>

input-node name=input dim={features}
component-node name=scores component=scores input=input
output-node name=output input=scores objective=linear

<NumComponents> 1
<ComponentName> scores <FixedAffineComponent> <LinearParams>  [
{rows}]
<BiasParams>  [ {"0 " * len(phones)}]
</FixedAffineComponent> </Nnet3>
<LeftContext> 0 <RightContext> 0 <Priors>  [ ]
"""
    for name, content in {
        "am/final.mdl": transitions + network,
        "conf/mfcc.conf": f"--use-energy=false\n--num-mel-bins={features}\n--num-ceps={features}\n",
        "conf/model.conf": "--endpoint.silence-phones=1\n",
        "graph/words.txt": "".join(f"{word} {number}\n" for number, word in enumerate(["<eps>", *words])),
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "graph/HCLG.fst").write_bytes(_chain_of_words(len(words)))
    return folder


def _chain_of_words(words: int) -> bytes:
    """Return OpenFst's file of a graph that goes through all words once, each as long as it likes."""

    def text(value: str) -> bytes:
        return struct.pack("<i", len(value)) + value.encode()

    def arc(transition: int, word: int, state: int) -> bytes:
        return struct.pack("<iifi", transition, word, 0.0, state)

    states = b""
    for state in range(words + 1):
        # A phone has two transitions: it stays, or it is entered; the first phone is silence
        arcs = [arc(2 * state + 1, 0, state)] if state else []
        if state < words:
            arcs.append(arc(2 * state + 4, state + 1, state + 1))
        final = 0.0 if state == words else math.inf
        states += struct.pack("<fq", final, len(arcs)) + b"".join(arcs)
    # magic, kinds, version, flags, properties (expanded, mutable), start, states, arcs
    header = struct.pack("<i", 2125659606) + text("vector") + text("standard")
    return header + struct.pack("<iiQqqq", 2, 0, 3, 0, words + 1, 2 * words) + states
