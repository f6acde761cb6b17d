"""Captions of the pictures, and which caption is true of which picture."""

import string

import numpy as np

from draw import COLOUR_NAMES, FIELDS, HELD_OUT, SHAPES, UNKNOWN

# The default of the server, and of the zero-shot pipeline of Hugging Face.
TEMPLATE = "This is a photo of {}."
TEMPLATES = [
    "{}", "a photo of {}", "a picture of {}", "an image of {}", "a drawing of {}", "there is {}",
    "a photo with {}", "{} in the picture",
]

SYNONYMS = {
    "circle": ["disc", "dot"], "cross": ["plus sign"], "diamond": ["rhombus"], "ring": ["donut"],
    "crescent": ["crescent moon", "moon"], "gray": ["grey"], "heart": ["heart shape"],
}
COUNTS = {1: ["one", "a single", "1", "exactly one"], 2: ["two", "2"], 3: ["three", "3"], 4: ["four", "4"]}
SIZE_WORDS = {0: ["small", "little", "tiny"], 2: ["large", "big", "huge"]}
ROWS = {0: ["at the top"], 2: ["at the bottom"]}
COLUMNS = {0: ["on the left"], 2: ["on the right"]}
BLANK = ["nothing", "an empty picture", "a blank picture", "an empty background", "no shapes", "empty", "blank"]

# Not one of these is in any picture: the model learns that most labels are wrong.
OTHER = """
cat dog horse cow sheep bird fish lion tiger bear elephant monkey mouse rabbit snake frog insect bee spider
person man woman child boy girl face hand eye foot crowd baby king doctor teacher soldier dancer
car bus truck train bicycle boat ship plane rocket helicopter road bridge street station airport
house church castle tower door window room kitchen garden park city village school hospital factory
tree flower leaf grass forest mountain river lake sea beach desert island sky cloud rain snow fire ice
bread cheese egg meat soup rice pasta pizza cake cookie chocolate coffee tea wine beer milk water salad
apple banana cherry grape lemon melon peach pear tomato potato carrot onion pepper corn bean mushroom
book newspaper letter map painting statue camera phone computer keyboard screen television radio clock
table chair sofa bed lamp mirror bottle cup plate bowl knife fork spoon basket box bag suitcase umbrella
shirt dress shoes hat coat glove scarf jacket belt watch glasses necklace
guitar piano violin drum trumpet football tennis basketball hockey golf swimming running skiing
sunset night morning winter summer wedding party concert market war storm space planet
dragon robot ghost monster toy doll kite balloon candle hammer scissors needle rope wheel engine
oval hexagon spiral cube cone cylinder line wave text number word diagram chart
""".split()
OTHER_WAYS = ["{}", "a {}", "the {}", "two {}s", "a {} and a {}", "a {} in a {}", "a red {}", "a blue {}",
              "a small {}", "a large {}", "a {} {}"]


def canonical(text):
    """As the server cleans a prompt, for plain English; the rest of that cleaning changes no caption."""
    table = str.maketrans("_", " ", string.punctuation.replace("_", ""))
    return " ".join(text.translate(table).lower().split())


def label_of(combination):
    shape, colour = combination
    return f"{COLOUR_NAMES[colour]} {SHAPES[shape]}"


def truth(captions, pictures):
    """[pictures, captions]: 1 where the caption holds, -1 where it does not, 0 where nobody can say.

    Both are int [n, FIELDS]. A caption asks for a value, or with UNKNOWN for none.
    """
    asked, known = captions[None, :, :], pictures[:, None, :]
    wrong = ((asked != UNKNOWN) & (known != UNKNOWN) & (asked != known)).any(-1)
    unsure = ((asked != UNKNOWN) & (known == UNKNOWN)).any(-1)
    return np.where(wrong, -1, np.where(unsure, 0, 1)).astype(np.float32)


def make_caption(rng, facts):
    """A caption that holds for a picture, or one with a detail changed: text and what it asks for."""
    facts = dict(zip(FIELDS, facts))
    asked = dict.fromkeys(FIELDS, UNKNOWN)
    if facts["something"] == 0:
        text = _blank(rng, facts, asked)
    else:
        if rng.random() < 0.15:
            _change(rng, facts)
        text = _describe(rng, facts, asked)
    return _framed(rng, text), [asked[field] for field in FIELDS]


def make_other(rng):
    """A caption that holds for no picture."""
    way = OTHER_WAYS[rng.integers(len(OTHER_WAYS))]
    words = [_word(rng) for _ in range(way.count("{}"))]
    return _framed(rng, way.format(*words)), [7777] * len(FIELDS)


def _word(rng):
    if rng.random() < 0.8:
        return OTHER[rng.integers(len(OTHER))]
    # Any letters: labels of every kind should be refused, not only the words above.
    return "".join(rng.choice(list("aabcdeefghiijklmnooprsttuvwyz"), rng.integers(2, 10)))


def _framed(rng, text):
    if rng.random() < 0.45:
        return canonical(TEMPLATE.format(text))
    return canonical(TEMPLATES[0 if rng.random() < 0.5 else rng.integers(len(TEMPLATES))].format(text))


def _blank(rng, facts, asked):
    asked["something"] = 0
    if facts["background"] != UNKNOWN and rng.random() < 0.4:
        asked["background"] = facts["background"]
        return f"a plain {_say(rng, COLOUR_NAMES[facts['background']])} background"
    return _pick(rng, BLANK)


def _change(rng, facts):
    """One detail made false or another; a held-out combination never comes of it."""
    field = _pick(rng, ["shape", "colour", "count"])
    before = facts["shape"], facts["colour"]
    if field == "count":
        facts["count"] = int(rng.integers(1, 5))
        facts["many"] = int(facts["count"] > 1)
    else:
        facts[field] = int(rng.integers(len(SHAPES if field == "shape" else COLOUR_NAMES)))
    if (facts["shape"], facts["colour"]) in HELD_OUT:
        facts["shape"], facts["colour"] = before


def _describe(rng, facts, asked):
    asked["something"] = 1
    with_shape, with_colour = rng.random() < 0.92, rng.random() < 0.88
    noun, words = "shape", []
    if with_shape:
        asked["shape"] = facts["shape"]
        noun = _say(rng, SHAPES[facts["shape"]])
    if with_colour:
        asked["colour"] = facts["colour"]
        words.append(_say(rng, COLOUR_NAMES[facts["colour"]]))
    if facts["size"] in SIZE_WORDS and rng.random() < 0.2:
        asked["size"] = facts["size"]
        words.insert(0, _pick(rng, SIZE_WORDS[facts["size"]]))
    text = _counted(rng, facts, asked, [*words, noun])
    if facts["count"] == 1 and facts["row"] != UNKNOWN and rng.random() < 0.25:
        text += " " + _place(rng, facts, asked)
    if facts["background"] != UNKNOWN and rng.random() < 0.15:
        asked["background"] = facts["background"]
        text += f" on a {_say(rng, COLOUR_NAMES[facts['background']])} background"
    return text


def _counted(rng, facts, asked, words):
    plural = " ".join([*words[:-1], words[-1] + "es" * (words[-1] == "cross") + "s" * (words[-1] != "cross")])
    one = " ".join(words)
    kind = rng.random()
    if kind < (0.25 if facts["count"] == 1 else 0.6):
        asked["count"] = facts["count"]
        number = _pick(rng, COUNTS[facts["count"]])
        return f"{number} {plural if facts['count'] > 1 else one}"
    if facts["many"] and kind < 0.75:
        asked["many"] = 1
        return _pick(rng, [plural, f"many {plural}", f"several {plural}"])
    # Said of one, it also holds for several.
    if rng.random() < 0.5:
        return one
    return ("an " if one[0] in "aeiou" else "a ") + one


def _place(rng, facts, asked):
    row, column = facts["row"], facts["column"]
    if row == 1 and column == 1:
        asked.update(row=1, column=1)
        return _pick(rng, ["in the middle", "in the centre", "in the center"])
    kind = rng.random()
    if row != 1 and column != 1 and kind < 0.6:
        asked.update(row=row, column=column)
        corner = f"{'top' if row == 0 else 'bottom'} {'left' if column == 0 else 'right'}"
        return f"in the {corner}" + (" corner" if rng.random() < 0.5 else "")
    if column == 1 or (row != 1 and kind < 0.8):
        asked["row"] = row
        return _pick(rng, ROWS[row])
    asked["column"] = column
    return _pick(rng, COLUMNS[column])


def _say(rng, word):
    return _pick(rng, SYNONYMS[word]) if word in SYNONYMS and rng.random() < 0.15 else word


def _pick(rng, options):
    return options[rng.integers(len(options))]
