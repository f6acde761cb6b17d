"""Pictures of simple shapes, drawn from a seed, with what is true of each.

Picture `index` of a stream depends on nothing but (seed, stream, index): a worker more or less, or
another order, gives the same pictures.
"""

import colorsys
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

IMAGE_SIZE = 64

SHAPES = ["circle", "square", "triangle", "diamond", "star", "heart", "cross", "ring", "crescent", "arrow"]

# Hue in degrees, saturation, value: each a range. The gaps between them belong to no name.
COLOURS = {
    "red": ((-8, 8), (0.75, 1), (0.65, 1)),
    "orange": ((22, 40), (0.8, 1), (0.88, 1)),
    "yellow": ((49, 62), (0.65, 1), (0.88, 1)),
    "green": ((92, 155), (0.5, 1), (0.4, 1)),
    "blue": ((203, 245), (0.6, 1), (0.5, 1)),
    "purple": ((268, 302), (0.5, 1), (0.4, 0.85)),
    "pink": ((320, 352), (0.22, 0.6), (0.92, 1)),
    "brown": ((16, 32), (0.5, 0.88), (0.3, 0.6)),
    "black": ((0, 360), (0, 0.3), (0, 0.12)),
    "white": ((0, 360), (0, 0.04), (0.95, 1)),
    "gray": ((0, 360), (0, 0.07), (0.38, 0.68)),
}
COLOUR_NAMES = list(COLOURS)

COMBINATIONS = [(shape, colour) for shape in range(len(SHAPES)) for colour in range(len(COLOURS))]
# No training picture and no training caption, true or false, has one of these: one or two per shape.
HELD_OUT = {(shape, colour) for shape, colour in COMBINATIONS if (3 * shape + colour) % 8 == 2}

SIZES = {"small": (0.14, 0.18), "medium": (0.21, 0.29), "large": (0.35, 0.44)}
COUNT_MAX = 4

# Streams of pictures that share none: to learn from, to watch the training with, to report.
TRAIN, WATCH, TEST = 0, 1, 2

# What is known of a picture, and what a caption asks for; UNKNOWN in a picture means "do not judge".
FIELDS = ["something", "shape", "colour", "count", "many", "size", "row", "column", "background"]
UNKNOWN = -1
# A blank picture has no shape and no colour: a value that no caption asks for.
NONE = 99


@dataclass(frozen=True)
class Scene:
    """One picture and the facts about it, in the order of FIELDS."""

    image: Image.Image
    facts: np.ndarray


def generator(seed, stream, index):
    return np.random.default_rng([seed, stream, index])


def draw_scene(rng, combination=None, count=None, blank=False, side=None):
    """Draws one picture; what is not asked for is chosen by `rng`. `side`: pixels, else varied."""
    facts = dict.fromkeys(FIELDS, UNKNOWN)
    short = side or int(rng.integers(112, 193))
    aspect = 1 if side or rng.random() < 0.6 else rng.uniform(0.8, 1.25)
    width, height = round(short * max(1, aspect)), round(short * max(1, 1 / aspect))
    shape, colour = combination or (NONE, NONE)
    ink = _colour(rng, colour) if combination else None
    image = _background(rng, facts, width, height, colour, ink)
    if blank:
        facts.update(something=0, shape=NONE, colour=NONE, count=0, many=0, size=NONE)
        facts.update(row=NONE, column=NONE)
    else:
        count = count or int(rng.choice([1, 2, 3, 4], p=[0.58, 0.14, 0.14, 0.14]))
        facts.update(something=1, shape=shape, colour=colour, count=count, many=int(count > 1))
        _draw_shapes(rng, facts, image, ink)
    if not side:
        image = _disturb(rng, image)
    return Scene(image, np.array([facts[field] for field in FIELDS], dtype=np.int64))


def training_scene(seed, index):
    """A random picture of the training distribution, the held-out combinations never."""
    rng = generator(seed, TRAIN, index)
    if rng.random() < 0.06:
        return draw_scene(rng, blank=True)
    while (combination := COMBINATIONS[rng.integers(len(COMBINATIONS))]) in HELD_OUT:
        pass
    return draw_scene(rng, combination)


def serve_pixels(image):
    """uint8 [S, S, 3], as the server makes it of a picture: squashed by Pillow's bicubic filter."""
    return np.asarray(image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.BICUBIC).convert("RGB"))


def _colour(rng, index):
    hue, saturation, value = (rng.uniform(*limits) for limits in COLOURS[COLOUR_NAMES[index]])
    red, green, blue = colorsys.hsv_to_rgb(hue / 360 % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _background(rng, facts, width, height, colour, ink):
    kind = rng.random()
    if kind < 0.8:
        # Paper is white more often than pink.
        name = COLOUR_NAMES.index("white" if kind < 0.3 else "black") if kind < 0.4 else None
        index = rng.integers(len(COLOURS)) if name is None or name == colour else name
        paint = _colour(rng, index)
        while index == colour or _too_close(paint, ink):
            index = rng.integers(len(COLOURS))
            paint = _colour(rng, index)
        facts["background"] = int(index)
        return Image.new("RGB", (width, height), paint)
    # A soft texture between two colours that has no name.
    corners = []
    while len(corners) < 2:
        paint = tuple(int(v) for v in rng.integers(0, 256, 3))
        if not _too_close(paint, ink, 140):
            corners.append(np.array(paint))
    cells = int(rng.choice([2, 3, 6, 12]))
    mix = rng.uniform(0, 1 if cells < 4 else 0.35, (cells, cells, 1))
    texture = (corners[0] * (1 - mix) + corners[1] * mix).astype(np.uint8)
    image = Image.fromarray(texture).resize((width, height), Image.BICUBIC)
    return image


def _too_close(paint, ink, distance=110):
    return ink is not None and math.dist(paint, ink) < distance


def _draw_shapes(rng, facts, image, ink):
    short = min(image.size)
    count = facts["count"]
    name = ["small", "medium", "large"][rng.choice(3, p=[0.3, 0.4, 0.3] if count == 1 else [0.5, 0.5, 0])]
    low, high = SIZES[name]
    radius = rng.uniform(low, high)
    facts["size"] = {"small": 0, "medium": UNKNOWN, "large": 2}[name]
    if count == 1:
        centres = [_cell(rng, facts, radius)]
    else:
        # So many have to fit beside each other, with room to spare.
        radius = min(radius, {2: 0.22, 3: 0.19, 4: 0.17}[count])
        centres = _apart(rng, count, radius)
    stretch = rng.uniform(0.88, 1.14)
    pen = ImageDraw.Draw(image)
    outline = tuple(int(v * 0.55) for v in ink) if rng.random() < 0.12 else None
    for centre in centres:
        points = outline_of(rng, SHAPES[facts["shape"]])
        points = points * [stretch, 1 / stretch] * radius * short + centre * np.array(image.size)
        corners = [tuple(point) for point in points]
        pen.polygon(corners, fill=ink)
        if outline:
            pen.line([*corners, corners[0]], fill=outline, width=max(1, round(short * 0.012)))


def _apart(rng, count, radius):
    while True:
        centres = rng.uniform(radius * 1.1, 1 - radius * 1.1, (count, 2))
        gaps = [math.dist(a, b) for i, a in enumerate(centres) for b in centres[:i]]
        if min(gaps) > 2.3 * radius:
            return centres


def _cell(rng, facts, radius):
    """The middle of a shape, well inside of one of nine cells so that the name of the place is plain."""
    if radius > 0.3:
        facts.update(row=1, column=1)
        return rng.uniform(0.43, 0.57, 2)
    column, row = (int(v) for v in rng.integers(0, 3, 2))
    facts.update(row=row, column=column)
    near = radius * 1.15
    ranges = [(near, max(near, 0.30)), (0.43, 0.57), (min(1 - near, 0.70), 1 - near)]
    return np.array([rng.uniform(*ranges[column]), rng.uniform(*ranges[row])])


def _disturb(rng, image):
    if rng.random() < 0.15:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.6)))
    if rng.random() < 0.35:
        strength = int(rng.integers(3, 22))
        pixels = np.asarray(image).astype(np.int16)
        pixels = pixels + rng.integers(-strength, strength + 1, pixels.shape, dtype=np.int16)
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return image


def outline_of(rng, shape):
    """Corners [n, 2] around (0, 0), y down, about one unit from it, slightly turned."""
    turn = rng.uniform(-12, 12)
    if shape == "circle":
        points = _arc(1, 0, 360)
    elif shape == "square":
        points = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.9
    elif shape == "triangle":
        points = _arc(1.2, -90, 270, 3, closed=False) * [rng.uniform(0.9, 1.1), 1] + [0, 0.2]
        turn += 180 if rng.random() < 0.15 else 0
    elif shape == "diamond":
        half = rng.uniform(0.62, 0.8)
        points = np.array([(0, -1.2), (half, 0), (0, 1.2), (-half, 0)])
    elif shape == "star":
        points = _arc(1.2, -90, 270, 10, closed=False)
        points[1::2] *= rng.uniform(0.4, 0.5)
    elif shape == "heart":
        t = np.linspace(0, 2 * math.pi, 48, endpoint=False)
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        points = np.stack([16 * np.sin(t) ** 3, -2.5 - y], 1) / 15
    elif shape == "cross":
        a = rng.uniform(0.27, 0.38)
        quarter = np.array([(a, a), (1.1, a), (1.1, -a)])
        points = np.concatenate([_turned(quarter, -90 * i) for i in range(4)])
    elif shape == "ring":
        points = np.concatenate([_arc(1.05, 0, 360), _arc(rng.uniform(0.52, 0.7), 360, 0)])
    elif shape == "crescent":
        # Two circles that meet at ±60 degrees seen from the middle of the outer one.
        points = np.concatenate([_arc(1.1, 50, 310), _arc(0.92, 293, 67) + [0.35, 0]])
        turn = rng.uniform(-35, 35) + (180 if rng.random() < 0.5 else 0)
    elif shape == "arrow":
        a = rng.uniform(0.2, 0.3)
        points = np.array([(-1.2, -a), (0.1, -a), (0.1, -0.8), (1.2, 0), (0.1, 0.8), (0.1, a), (-1.2, a)])
        turn += 90 * rng.integers(0, 4)
    else:
        raise ValueError(f"unknown shape {shape}")
    return _turned(points, turn)


def _arc(radius, start, end, points=40, closed=True):
    angles = np.radians(np.linspace(start, end, points, endpoint=closed))
    return np.stack([np.cos(angles), np.sin(angles)], 1) * radius


def _turned(points, degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return points @ np.array([(c, s), (-s, c)])
