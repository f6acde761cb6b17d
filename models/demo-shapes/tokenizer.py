"""A SentencePiece Unigram vocabulary of the captions, and the files that publish it as T5's."""

import base64
import io
import json
import string

import numpy as np
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as pb

from captions import OTHER, canonical, make_caption, make_other
from draw import training_scene

PAD, END, UNKNOWN = ("<pad>", 0), ("</s>", 1), ("<unk>", 2)
# Any label in a Latin script has pieces, letter by letter where nothing better is known.
LETTERS = string.ascii_lowercase + string.digits + "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßšžčřłńğışąęćőű"
VOCAB_SIZE = 1000


def train(seed):
    """The serialised SentencePiece model, from captions of pictures that training also sees."""
    rng = np.random.default_rng([seed, 10])
    lines = [make_caption(rng, training_scene(seed, i).facts)[0] for i in range(2000)]
    lines += [make_other(rng)[0] for _ in range(1500)]
    lines += OTHER * 4
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 3), model_writer=model, model_type="unigram", vocab_size=VOCAB_SIZE,
        hard_vocab_limit=False, character_coverage=1.0, required_chars=LETTERS, num_threads=1,
        pad_id=PAD[1], eos_id=END[1], unk_id=UNKNOWN[1], bos_id=-1, minloglevel=2,
    )
    return model.getvalue()


class Tokenizer:
    def __init__(self, serialised):
        self.pieces = sentencepiece.SentencePieceProcessor(model_proto=serialised)
        self.vocab_size = self.pieces.get_piece_size()

    def encode(self, texts, context):
        """int64 [texts, context]: cut but ended, and filled with the end token."""
        rows = np.full((len(texts), context), END[1], dtype=np.int64)
        for row, text in zip(rows, texts):
            ids = self.pieces.encode(canonical(text))[: context - 1]
            row[: len(ids)] = ids
        return rows


def publish(serialised, folder, context):
    """Writes tokenizer.json and tokenizer_config.json, in the form of the published SigLIP ones."""
    proto = pb.ModelProto()
    proto.ParseFromString(serialised)
    specials = [PAD, END, UNKNOWN]
    text_a, text_b = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    end = {"SpecialToken": {"id": END[0], "type_id": 0}}
    metaspace = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True, "prepend_scheme": "always"}
    write(folder / "tokenizer.json", {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True} for token, number in specials
        ],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": _base64(proto)},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [text_a, end],
            "pair": [text_a, end, text_b, end],
            "special_tokens": {END[0]: {"id": END[0], "ids": [END[1]], "tokens": [END[0]]}},
        },
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": UNKNOWN[1],
            "vocab": [[piece.piece, piece.score] for piece in proto.pieces],
            "byte_fallback": False,
        },
    })
    write(folder / "tokenizer_config.json", {
        "tokenizer_class": "T5Tokenizer",
        "model_max_length": context,
        "pad_token": END[0],
        "eos_token": END[0],
        "unk_token": UNKNOWN[0],
        "extra_ids": 0,
        "sp_model_kwargs": {},
        "clean_up_tokenization_spaces": True,
    })


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _base64(proto):
    return base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
