"""What a face is painted with: skin of every tone, brows, lips, stubble, eyes, hair and cloth.

One atlas of linear reflectances per subject. The skin is unwrapped onto a cylinder around the
neutral head, so that features sit on the same vertices whatever the shape of the person.
"""

import numpy as np

from apps.faces.rendering import features
from apps.faces.rendering.looks import HEIGHT, SKIN_ROWS, WIDTH, Look
from apps.faces.rendering.raster import Floats

#: Linear reflectance (red, green, blue) of skin from the lightest to the darkest.
TONES = np.log(
    np.array(
        [[0.60, 0.41, 0.33], [0.50, 0.32, 0.235], [0.36, 0.215, 0.145], [0.20, 0.108, 0.068],
         [0.095, 0.052, 0.036]],
        np.float32,
    )
)  # fmt: skip


def paint(*, look: Look, points: Floats) -> Floats:
    """The atlas in visible light: 4 channels, the last one opaque. `points` are the landmarks."""
    random = np.random.default_rng([look.seed, 1])
    image = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    image[..., 3] = 1
    place = np.interp(look.tone * (len(TONES) - 1), range(len(TONES)), range(len(TONES)))
    low = min(int(place), len(TONES) - 2)
    base = TONES[low] + (TONES[low + 1] - TONES[low]) * (place - low)
    base = base + np.array([look.warmth, 0, -look.warmth], np.float32)

    skin = np.tile(base, (SKIN_ROWS, WIDTH, 1)).astype(np.float32)
    melanin = look.blotches * features.noise(
        random, (6, 12)
    ) + 0.6 * look.blotches * features.noise(random, (40, 70))
    skin += melanin[..., None] * np.array([0.5, 0.8, 1.0], np.float32)
    blood = 0.35 * look.flush * features.noise(random, (18, 32)) + look.flush * features.flushed(
        points
    )
    skin -= blood[..., None] * np.array([0.08, 0.75, 0.55], np.float32) * (1.1 - 0.6 * look.tone)
    pores = 0.035 * random.standard_normal((SKIN_ROWS, WIDTH)).astype(np.float32)
    skin += pores[..., None]
    skin -= features.lines(random, look, points)[..., None] * np.array([0.8, 1.0, 1.0], np.float32)
    if look.freckles:
        skin -= features.freckles(random, points)[..., None] * np.array(
            [0.25, 0.45, 0.6], np.float32
        )

    lips = features.lips(look, points)
    red = (
        np.array([0.10, 0.75, 0.55], np.float32) * (0.35 + look.lips) + 0.25 * look.tone * look.lips
    )
    skin -= lips[..., None] * red
    linear = np.exp(skin)

    for cover in (
        features.roots(random, look),
        features.beard(random, look, points),
        features.brows(random, look, points),
    ):
        linear += (look.hair * (1.0 - 0.2 * look.tone) - linear) * cover[..., None]
    linear += (look.hair * 0.35 - linear) * features.lashes(points)[..., None]
    image[:SKIN_ROWS, :, :3] = linear
    image[584:762, 520:700, :3] = features.eye(random, look.iris, white=0.46)
    image[640:700, 712:760, :3] = np.exp(base) * np.array([0.55, 0.28, 0.26], np.float32)
    strands = features.strands(random)
    image[SKIN_ROWS:, :512, :3] = look.hair * strands[..., None]
    weave = 1 + 0.08 * random.standard_normal((HEIGHT - SKIN_ROWS, 256)).astype(np.float32)
    image[SKIN_ROWS:, 768:, :3] = look.cloth * weave[..., None].clip(0.6, 1.4)
    return image.clip(0.003, 1.0)


def paint_infrared(*, look: Look, points: Floats) -> Floats:
    """The same atlas at 850 nm: bright skin whatever its tone; brows, lips and pupils stand out."""
    random = np.random.default_rng([look.seed, 1])
    image = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    image[..., 3] = 1
    skin = np.full((SKIN_ROWS, WIDTH), 0.62 - 0.16 * look.tone, np.float32)
    skin *= 1 + 0.03 * features.noise(random, (18, 32))
    skin *= 1 - 0.26 * features.lips(look, points)
    for cover in (
        features.beard(random, look, points),
        features.brows(random, look, points),
        features.lashes(points),
    ):
        skin += ((0.16 + 0.3 * look.hair.mean()) - skin) * 0.85 * cover
    image[:SKIN_ROWS, :, 0] = skin
    iris = np.full(3, 0.26, np.float32)
    image[584:762, 520:700, 0] = features.eye(random, iris, white=0.48)[..., 0]
    image[640:700, 712:760, 0] = 0.25
    image[SKIN_ROWS:, :512, 0] = (0.14 + 0.4 * look.hair.mean()) * features.strands(random)
    image[SKIN_ROWS:, 768:, 0] = 0.3 + 0.3 * look.cloth.mean()
    image[..., 1] = image[..., 2] = image[..., 0]
    return image.clip(0.003, 1.0)
