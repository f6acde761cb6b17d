"""Measures the published files, and writes samples/ and golden.json. Needs what train.py needs.

The model is read back from open_clip_model.safetensors, so that what is measured is what is served:
weights rounded to float16, arithmetic in float32. Prints the table of README.md.
"""

import base64
import json

import numpy as np
import torch
from PIL import Image

import tokenizer
from captions import OTHER, TEMPLATE, canonical, label_of
from draw import (
    COLOUR_NAMES, COMBINATIONS, FIELDS, HELD_OUT, IMAGE_SIZE, SHAPES, TEST, UNKNOWN, draw_scene,
    generator, serve_pixels,
)
from model import CONTEXT, load, normalised
from train import FOLDER, SEED

EACH, BLANKS, SAMPLES = 40, 500, 3
NUMBERS = ["one", "two", "three", "four"]
NEVER_TAUGHT = """zebra sandwich laptop pyramid violinist cactus penguin escalator lighthouse octopus
mango backpack volcano skateboard trombone igloo submarine pretzel windmill raccoon""".split()

# Name of the file, what to draw, how many, on which background; the heart is a held-out combination.
PICTURES = [
    ("red-circle.png", "red circle", 1, "white"),
    ("three-yellow-stars.png", "yellow star", 3, "blue"),
    ("green-heart.png", "green heart", 1, "white"),
    ("blue-square.jpg", "blue square", 1, "yellow"),
    ("two-black-arrows.png", "black arrow", 2, "pink"),
    ("empty.png", None, 0, "gray"),
]
LABELS = ["red circle", "yellow star", "three yellow stars", "green heart", "blue square", "two black arrows",
          "nothing", "cat"]


class Reference:
    def __init__(self):
        read = json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))
        self.words = tokenizer.Tokenizer(tokenizer.train(SEED))
        pieces = [self.words.pieces.id_to_piece(i) for i in range(self.words.vocab_size)]
        if pieces != [piece for piece, _ in read["model"]["vocab"]]:
            raise SystemExit("tokenizer.json is not of this seed: train again.")
        self.model = load(FOLDER / "open_clip_model.safetensors", self.words.vocab_size)

    @torch.no_grad()
    def images(self, pixels):
        return torch.cat([self.model.visual.trunk(normalised(part)) for part in _parts(pixels)])

    @torch.no_grad()
    def texts(self, labels):
        ids = torch.from_numpy(self.ids(labels))
        return torch.cat([self.model.text(part) for part in _parts(ids)])

    def ids(self, labels):
        return self.words.encode([TEMPLATE.format(label) for label in labels], CONTEXT)

    @torch.no_grad()
    def logits(self, images, labels):
        return self.model.logits(images, self.texts(labels)).numpy()


def _parts(rows, size=256):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def measure(reference):
    scenes = [draw_scene(generator(SEED, TEST, i), c) for i, c in enumerate(COMBINATIONS * EACH)]
    images = reference.images(np.stack([serve_pixels(scene.image) for scene in scenes]))
    facts = {field: np.array([scene.facts[i] for scene in scenes]) for i, field in enumerate(FIELDS)}
    wanted = np.arange(len(scenes)) % len(COMBINATIONS)
    labels = [label_of(c) for c in COMBINATIONS]
    held_out = np.array([c in HELD_OUT for c in COMBINATIONS])
    logits = reference.logits(images, labels)
    right = logits.argmax(1) == wanted
    single = facts["count"] == 1
    row("zero-shot top-1, all combinations", right)
    row("… seen in training", right[~held_out[wanted]])
    row("… held out of training", right[held_out[wanted]])
    row("… one shape in the picture", right[single])
    row("… two to four shapes in the picture", right[~single])
    worst = sorted(range(len(labels)), key=lambda c: right[wanted == c].mean())[:5]
    print("worst:", ", ".join(f"{labels[c]} {right[wanted == c].mean():.0%}" for c in worst))
    count = of_own(reference, images, wanted, [f"{n} {{}}{'' if n == 'one' else 's'}" for n in NUMBERS])
    row("count, among one to four", count.argmax(1) + 1 == facts["count"])
    places = ["in the top left corner", "in the top right corner", "in the bottom left corner",
              "in the bottom right corner", "in the middle"]
    cell = facts["row"] * 3 + facts["column"]
    picked = single & (facts["size"] != 2) & np.isin(cell, [0, 2, 6, 8, 4])
    place = of_own(reference, images[picked], wanted[picked], [f"{{}} {p}" for p in places])
    row("place, among four corners and the middle", np.array([0, 2, 6, 8, 4])[place.argmax(1)] == cell[picked])
    picked = single & (facts["size"] != UNKNOWN)
    size = of_own(reference, images[picked], wanted[picked], ["small {}", "large {}"])
    row("size, small or large", size.argmax(1) * 2 == facts["size"][picked])
    picked = facts["background"] != UNKNOWN
    ground = of_own(reference, images[picked], wanted[picked], [f"{{}} on a {c} background" for c in COLOUR_NAMES])
    row(f"background, among {len(COLOUR_NAMES)} colours", ground.argmax(1) == facts["background"][picked])
    # A probability of one half is a logit of zero.
    accepted = logits >= 0
    true = np.eye(len(labels), dtype=bool)[wanted]
    row("true label has a probability of at least 0.5", accepted[true])
    row("… of held-out combinations", accepted[true][held_out[wanted]])
    row("a wrong label stays below 0.5", ~accepted[~true])
    row("picture has no wrong label at 0.5 or above", ~(accepted & ~true).any(1))
    blanks = [draw_scene(generator(SEED, TEST, 10**6 + i), blank=True) for i in range(BLANKS)]
    empty = reference.images(np.stack([serve_pixels(scene.image) for scene in blanks]))
    row("empty picture: all labels below 0.5", (reference.logits(empty, labels) < 0).all(1))
    assert not set(NEVER_TAUGHT) & set(OTHER)
    row("a word that training never saw stays below 0.5", (reference.logits(images, NEVER_TAUGHT) < 0).ravel())


def of_own(reference, images, wanted, forms):
    """[images, forms]: each image against the forms filled with its own label."""
    filled = [form.format(label_of(c)) for c in COMBINATIONS for form in forms]
    filled = [label.replace("crosss", "crosses") for label in filled]
    logits = reference.logits(images, filled).reshape(len(images), len(COMBINATIONS), len(forms))
    return logits[np.arange(len(images)), wanted]


def row(name, right):
    print(f"| {name} | {right.mean():.2%} | {right.size:,} |")


def draw_sample(name, label, count, background):
    """The first picture with these facts, drawn large and made small so that its edges are smooth."""
    colour, shape = label.split() if label else (None, None)
    pair = (SHAPES.index(shape), COLOUR_NAMES.index(colour)) if label else None
    index = 0
    while True:
        rng = generator(SEED, SAMPLES, index)
        scene = draw_scene(rng, pair, count, blank=label is None, side=1024)
        facts = dict(zip(FIELDS, scene.facts))
        if facts["background"] == COLOUR_NAMES.index(background) and facts["size"] != 0:
            break
        index += 1
    path = FOLDER / "samples" / name
    path.parent.mkdir(exist_ok=True)
    scene.image.resize((256, 256), Image.LANCZOS).save(path, optimize=True, quality=92)
    return path


def write_golden(reference, paths):
    """What this model computes, in the form of the reference sets of other checkpoints."""
    pixels = []
    for path in paths:
        with Image.open(path) as image:
            pixels.append(serve_pixels(image))
    images, texts = reference.images(np.stack(pixels)), reference.texts(LABELS)
    with torch.no_grad():
        logits = reference.model.logits(images, texts)
    planes = normalised(np.stack(pixels)).numpy().astype("<f4")
    golden = {
        "description": "Outputs of model.py (float32, CPU) on the checkpoint in this folder. pixels: normalised "
        "CHW tensor, float32 little-endian base64. embeddings: before L2 normalisation. logits[i][t] and "
        "probs[i][t]: image i against text t.",
        "image_size": IMAGE_SIZE,
        "texts": [
            {"text": TEMPLATE.format(label), "canonical": canonical(TEMPLATE.format(label)),
             "input_ids": ids.tolist(), "embedding": _numbers(embedding)}
            for label, ids, embedding in zip(LABELS, reference.ids(LABELS), texts)
        ],
        "images": [
            {"file": f"samples/{path.name}", "pixels_f32_base64": base64.b64encode(plane.tobytes()).decode(),
             "embedding": _numbers(embedding), "logits": _numbers(line), "probs": _numbers(line.sigmoid())}
            for path, plane, embedding, line in zip(paths, planes, images, logits)
        ],
    }
    (FOLDER / "golden.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")
    for path, line in zip(paths, logits.sigmoid()):
        print(path.name, ", ".join(f"{label} {p:.3f}" for label, p in zip(LABELS, line.tolist())))


def _numbers(values):
    return [float(f"{value:.8g}") for value in values.tolist()]


def main():
    torch.set_num_threads(2)
    reference = Reference()
    measure(reference)
    write_golden(reference, [draw_sample(*picture) for picture in PICTURES])


if __name__ == "__main__":
    main()
