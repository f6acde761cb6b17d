"""Trains the demo model and writes what is published beside this file.

Debian packages, nothing else: python3-torch python3-sentencepiece python3-protobuf python3-numpy
python3-pil libopenblas0-pthread. About 20 minutes on two cores with AVX-512 BF16.

    /usr/bin/python3 models/demo-shapes/train.py && /usr/bin/python3 models/demo-shapes/evaluate.py
"""

import argparse
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import tokenizer
from captions import label_of, make_caption, make_other, truth, TEMPLATE
from draw import (
    COLOUR_NAMES, COMBINATIONS, FIELDS, HELD_OUT, SHAPES, UNKNOWN, WATCH, draw_scene, generator, serve_pixels,
    training_scene,
)
from model import CONTEXT, WIDTH, Siglip, config, normalised, save

SEED = 1
PICTURES = 80_000
BATCH, TRUE_OR_CLOSE, OTHERS = 128, 112, 16
RATE, WARM_UP, DECAY = 2.5e-3, 200, 0.05
HINT_WEIGHT = 1.0
STEPS_A_REPORT = 250
FOLDER = Path(__file__).resolve().parent


def draw_one(index):
    scene = training_scene(SEED, index)
    return serve_pixels(scene.image), scene.facts


def draw_all(count):
    """uint8 [count, S, S, 3] and facts [count, FIELDS]; 1 GB for 80,000."""
    with Pool(2) as pool:
        drawn = pool.map(draw_one, range(count), chunksize=500)
    return np.stack([pixels for pixels, _ in drawn]), np.stack([facts for _, facts in drawn])


def batches(rng, count):
    """Indices for ever, each picture once before any comes again."""
    while True:
        order = rng.permutation(count)
        for start in range(0, count - BATCH + 1, BATCH):
            yield order[start : start + BATCH]


def sigmoid_loss(logits, labels):
    """SigLIP's, over every pair that is known to be true or false; summed over texts.

    Not only the diagonal is true: in so small a world one caption fits many pictures of a batch.
    """
    return -(F.logsigmoid(labels * logits) * labels.abs()).sum() / len(logits)


# Values of each field, for the hints.
VALUES = {"something": 2, "shape": len(SHAPES), "colour": len(COLOUR_NAMES), "count": 5, "many": 2, "size": 3,
          "row": 3, "column": 3, "background": len(COLOUR_NAMES)}


class Hints(nn.Module):
    """Reads the facts off an embedding of either tower, and is thrown away after training.

    Without it so small a model takes many times as long to see what the captions are about.
    """

    def __init__(self):
        super().__init__()
        # One value more: the text does not say.
        self.heads = nn.ModuleList(nn.Linear(WIDTH, VALUES[field] + 1) for field in FIELDS)

    def loss(self, embeddings, facts):
        """Cross-entropy, summed over the fields; facts int [n, FIELDS], those out of range do not count."""
        total = 0.0
        for head, values, field in zip(self.heads, facts.T, FIELDS):
            target = torch.where((values >= 0) & (values <= VALUES[field]), values, -100)
            if (target >= 0).any():
                total = total + F.cross_entropy(head(embeddings), target)
        return total


def rate_at(step, steps):
    if step < WARM_UP:
        return RATE * (step + 1) / WARM_UP
    return RATE * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * (step - WARM_UP) / (steps - WARM_UP))))


def optimiser(model):
    """Decay for matrices only: not for biases, norms, positions, scale and bias of the logits."""
    matrices = [p for p in model.parameters() if p.dim() in (2, 4)]
    others = [p for p in model.parameters() if p.dim() not in (2, 4)]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def watch(model, words):
    """Top-1 on two new pictures of each combination: all, and the held-out ones."""
    scenes = [draw_scene(generator(SEED, WATCH, i), c) for i, c in enumerate(COMBINATIONS * 2)]
    prompts = words.encode([TEMPLATE.format(label_of(c)) for c in COMBINATIONS], CONTEXT)
    with torch.no_grad():
        images = model.visual.trunk(normalised(np.stack([serve_pixels(s.image) for s in scenes])))
        best = model.logits(images, model.text(torch.from_numpy(prompts))).argmax(1).numpy()
    right = best == np.arange(len(scenes)) % len(COMBINATIONS)
    held_out = np.array([c in HELD_OUT for c in COMBINATIONS * 2])
    return right.mean(), right[held_out].mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=6500, help="batches to learn from (default: %(default)s)")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="pictures to draw (default: %(default)s)")
    options = parser.parse_args()
    started = time.time()
    # First, while there is no other thread: the pool forks.
    pixels, facts = draw_all(options.pictures)
    print(f"{len(pixels)} pictures after {time.time() - started:.0f} s", flush=True)
    torch.set_num_threads(2)
    torch.manual_seed(SEED)
    rng = np.random.default_rng([SEED, 11])
    serialised = tokenizer.train(SEED)
    words = tokenizer.Tokenizer(serialised)
    tokenizer.publish(serialised, FOLDER, CONTEXT)
    tokenizer.write(FOLDER / "open_clip_config.json", config(words.vocab_size))
    model = Siglip(words.vocab_size)
    image_hints, text_hints = Hints(), Hints()
    adam = optimiser(nn.ModuleList([model, image_hints, text_hints]))
    mean_loss = mean_hints = 0.0
    for step, indices in zip(range(options.steps), batches(rng, len(pixels))):
        chosen = rng.choice(indices, TRUE_OR_CLOSE, replace=False)
        captions = [make_caption(rng, facts[i]) for i in chosen] + [make_other(rng) for _ in range(OTHERS)]
        ids = torch.from_numpy(words.encode([text for text, _ in captions], CONTEXT))
        labels = torch.from_numpy(truth(np.array([asked for _, asked in captions]), facts[indices]))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            images, texts = model.visual.trunk(normalised(pixels[indices])), model.text(ids)
        asked = torch.from_numpy(np.array([asked for _, asked in captions]))
        unsaid = torch.tensor([VALUES[field] for field in FIELDS])
        hints = image_hints.loss(images.float(), torch.from_numpy(facts[indices]))
        hints = hints + text_hints.loss(texts.float(), torch.where(asked == UNKNOWN, unsaid, asked))
        main_loss = sigmoid_loss(model.logits(images.float(), texts.float()), labels)
        loss = main_loss + HINT_WEIGHT * hints
        for group in adam.param_groups:
            group["lr"] = rate_at(step, options.steps)
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        mean_hints += (hints.item() - mean_hints) / min(step + 1, 50)
        mean_loss += (main_loss.item() - mean_loss) / min(step + 1, 50)
        if (step + 1) % STEPS_A_REPORT == 0:
            every, held_out = watch(model, words)
            print(f"step {step + 1}: loss {mean_loss:.3f}, hints {mean_hints:.3f}, top-1 {every:.3f}, held out {held_out:.3f}, "
                  f"scale {model.logit_scale.exp().item():.2f}, bias {model.logit_bias.item():.2f}, "
                  f"{time.time() - started:.0f} s", flush=True)
            save(model, FOLDER / "open_clip_model.safetensors")
    save(model, FOLDER / "open_clip_model.safetensors")


if __name__ == "__main__":
    main()
