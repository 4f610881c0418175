"""How far the nose stands out of the face, measured on pixels between two views of it.

Landmarks can't tell: a predictor that has learned faces sees a turned nose in a bent photograph
too. So the views themselves are laid over each other. Any picture of a face is a sheet, flat or
bent: from one view to the other all its points move as a smooth function of their place, here a
polynomial of second order, fitted to dense optical flow (Kroeger et al. 2016) around the nose.
On a head the nose moves on beyond that, by its height times the sine of the turn (structure from
motion against photographs: De Marsico et al. 2012, Wang et al. 2013). How far is asked of the
pixels of the nose: which `relief`, in shares of the mean head's, correlates best. It is the same
in all pairs of views, 0 for a sheet and about 1 for a head.

Places are in distances between the eyes' centres, from the middle between them; y is down.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

#: Pixels of a view between the eyes' centres, its size, and where the middle of the eyes lies.
_UNIT, _WIDTH, _HEIGHT = 48.0, 144, 160
_MIDDLE = np.array([72.0, 56.0])
_LEFT_EYE, _RIGHT_EYE = [36, 39], [42, 45]
#: Landmarks that say roughly how the sheet moved: contour, eyes, corners of the mouth.
_ROUGH = [*range(17), *range(36, 48), 48, 54]
#: Heights of the mean head (ICT-FaceKit, MIT) over the sheet that fits the rest of its face:
#: rows from the eyes to the upper lip, columns from the middle to the side, in steps of 0.08.
_STEP = 0.08
_HEIGHTS = np.array(
    [
        (0.02, -0.02, -0.14, -0.19, -0.20, -0.14, -0.07),
        (0.08, 0.04, -0.08, -0.17, -0.16, -0.10, -0.06),
        (0.15, 0.10, -0.01, -0.11, -0.15, -0.13, -0.10),
        (0.21, 0.17, 0.05, -0.05, -0.11, -0.11, -0.09),
        (0.27, 0.24, 0.13, -0.01, -0.07, -0.08, -0.07),
        (0.33, 0.31, 0.22, 0.03, -0.04, -0.05, -0.04),
        (0.36, 0.35, 0.28, 0.14, -0.02, -0.03, -0.02),
        (0.36, 0.30, 0.23, 0.19, -0.02, -0.02, 0.00),
        (0.28, 0.15, 0.07, 0.10, -0.01, -0.01, 0.02),
        (0.15, 0.13, 0.09, 0.04, 0.02, 0.01, 0.03),
        (0.15, 0.15, 0.13, 0.09, 0.06, 0.05, 0.04),
        (0.18, 0.19, 0.17, 0.14, 0.10, 0.08, 0.06),
        (0.21, 0.20, 0.19, 0.16, 0.13, 0.10, 0.08),
    ]
)
#: Reliefs that are tried, and shifts of the nose along the face (pitch, expression).
RELIEFS = np.linspace(-0.9, 3.6, 31)
_NONE = int(np.argmin(np.abs(RELIEFS)))
_SHIFTS = np.linspace(-0.3, 0.3, 7)
_FARTHEST = 0.75
#: A correlation above this is as good as equal: resampling costs the rest.
_EQUAL = 0.95
#: How far the tip of the nose lies before the sides of the face.
_TIP_OVER_SIDES = 1.3
_ROUNDS = 2
_LEAST_POINTS = 60


@dataclass(frozen=True, slots=True)
class View:
    """A face at a fixed size, upright, its light evened out; landmarks in units of places."""

    grey: NDArray[np.uint8]
    landmarks: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a view would lie over another if both showed the same flat or bent picture.

    `held` is the share of the face where that could be followed to and fro, `error` the distance
    that is left over there.
    """

    terms: NDArray[np.float64]
    held: float
    error: float

    @property
    def bend(self) -> float:
        """How much of the movement is not straight."""
        straight = float(np.linalg.norm(self.terms[1:3]))
        return float(np.linalg.norm(self.terms[3:])) / max(straight, 1e-6)

    @property
    def slant(self) -> float:
        """Degrees by which a flat picture would have been tilted to look so foreshortened."""
        longer, shorter = np.linalg.svd(self.terms[1:3], compute_uv=False)
        return float(np.degrees(np.arccos(np.clip(shorter / max(longer, 1e-6), 0, 1))))


@dataclass(frozen=True, slots=True)
class Parallax:
    """How well each of `RELIEFS` explains the nose of one pair of views: correlations.

    `of_a_sheet` is that of a nose that stays where the sheet says, not even shifted.
    """

    correlations: NDArray[np.float64]
    of_a_sheet: float

    @property
    def best(self) -> float:
        return float(RELIEFS[int(self.correlations.argmax())])


@dataclass(frozen=True, slots=True)
class Relief:
    """What all pairs of views say together.

    `height` is in shares of the mean head, `contrast` how much better than a sheet it explains
    the pixels (nats per pixel), `agreeing` the share of pairs that see at least a third of a nose.
    """

    height: float
    contrast: float
    agreeing: float


def turn(*, landmarks: NDArray) -> float:
    """Degrees by which a head with these 68 landmarks is turned away from the camera.

    The tip of the nose between the two sides of the face. Unlike a pose it is measured from the
    line of sight: a picture that is only moved sideways does not turn.
    """
    points = upright(landmarks)[0]
    sides = (points[1:5, 0].mean() + points[12:16, 0].mean()) / 2
    return float(np.degrees(np.arctan((points[30, 0] - sides) / _TIP_OVER_SIDES)))


def upright(landmarks: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Landmarks as places, and the matrix (2 x 3) that turns pixels of their picture into them."""
    points = landmarks.astype(np.float64)
    left, right = points[_LEFT_EYE].mean(0), points[_RIGHT_EYE].mean(0)
    across = right - left
    length = max(float(np.hypot(*across)), 1e-3)
    cosine, sine = across / length
    turned = np.array([[cosine, sine], [-sine, cosine]]) / length
    middle = (left + right) / 2
    return (points - middle) @ turned.T, np.hstack([turned, -(turned @ middle)[:, None]])


def view(*, picture: NDArray[np.uint8], landmarks: NDArray) -> View:
    """The face at these 68 landmarks, from a grey picture."""
    places, matrix = upright(landmarks)
    matrix = matrix * _UNIT
    matrix[:, 2] += _MIDDLE
    face = cv2.warpAffine(
        picture, matrix, (_WIDTH, _HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return View(_evened(face), places)


def sheet(*, straight: View, turned: View) -> Sheet | None:
    """How the turned view lies over the straight one; None where it can't be followed."""
    terms, *_ = np.linalg.lstsq(
        _polynomial(straight.landmarks[_ROUGH]), turned.landmarks[_ROUGH], rcond=None
    )
    held, error = 0.0, 0.0
    for _ in range(_ROUNDS):
        laid = _sampled(turned.grey, (_EVERYWHERE @ terms).reshape(_HEIGHT, _WIDTH, 2))
        there = _flow().calc(straight.grey, laid, None)
        back = _flow().calc(laid, straight.grey, None)
        found = _AROUND_PIXELS + _at(there, _AROUND_PIXELS)
        returned = found + _at(back, found)
        is_held = np.linalg.norm(returned - _AROUND_PIXELS, axis=1) < 1.0
        if is_held.sum() < _LEAST_POINTS:
            return None
        moved = _polynomial((found[is_held] - _MIDDLE) / _UNIT) @ terms
        terms, error = _fitted(_AROUND_TERMS[is_held], moved)
        held = float(is_held.mean())
    return Sheet(terms, held, error)


def of_nose(*, straight: View, turned: View, lain: Sheet, turn: float) -> Parallax:
    """What the nose says about a turn by so many degrees (axes of track.py)."""
    sine = float(np.sin(np.radians(turn)))
    across = np.clip(RELIEFS * sine, -_FARTHEST, _FARTHEST)
    moves = np.stack(np.broadcast_arrays(across[None, :], _SHIFTS[:, None]), axis=-1)
    places = _NOSE_TERMS @ lain.terms + moves[:, :, None] * _NOSE_HEIGHTS[:, None]
    flat = places.reshape(-1, len(_NOSE), 2)
    seen = _sampled(turned.grey, flat).astype(np.float32)
    known = _sampled(straight.grey, _NOSE[None]).astype(np.float32)
    all_of_them = _correlation(known, seen).reshape(moves.shape[:2])
    return Parallax(all_of_them.max(0), float(all_of_them[len(_SHIFTS) // 2, _NONE]))


def together(pairs: list[Parallax]) -> Relief:
    """The relief that explains all pairs best (maximum likelihood under Gaussian noise)."""
    all_of_them = np.stack([one.correlations for one in pairs])
    likely = -0.5 * np.log(1 - np.clip(all_of_them, 0, _EQUAL) ** 2)
    total = likely.mean(0)
    best = int(total.argmax()) if total.max() > total[_NONE] else _NONE
    each = [one.best for one in pairs]
    return Relief(
        height=float(RELIEFS[best]),
        contrast=float(total[best] - total[_NONE]),
        agreeing=float(np.mean([height >= 1 / 3 for height in each])),
    )


def _polynomial(places: NDArray) -> NDArray[np.float64]:
    x, y = places[:, 0], places[:, 1]
    return np.column_stack([np.ones(len(places)), x, y, x * x, x * y, y * y])


def _fitted(terms: NDArray, moved: NDArray) -> tuple[NDArray[np.float64], float]:
    """The polynomial through most points (reweighted least squares), and the usual distance."""
    weights = np.ones(len(terms))
    for _ in range(6):
        root = np.sqrt(weights)[:, None]
        found, *_ = np.linalg.lstsq(terms * root, moved * root, rcond=None)
        distance = np.linalg.norm(moved - terms @ found, axis=1)
        error = float(np.median(distance))
        weights = (1 + (distance / (3 * error + 0.008)) ** 2) ** -2
    return found, error


def _evened(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = face.astype(np.float32)
    around = cv2.GaussianBlur(grey, (0, 0), _UNIT / 4)
    spread = np.sqrt(cv2.GaussianBlur((grey - around) ** 2, (0, 0), _UNIT / 4)) + 4
    return np.clip(128 + 40 * (grey - around) / spread, 0, 255).astype(np.uint8)


def _sampled(picture: NDArray[np.uint8], places: NDArray) -> NDArray[np.uint8]:
    pixels = (places * _UNIT + _MIDDLE).astype(np.float32)
    across, down = np.ascontiguousarray(pixels[..., 0]), np.ascontiguousarray(pixels[..., 1])
    return cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _at(flow: NDArray[np.float32], pixels: NDArray) -> NDArray[np.float32]:
    places = pixels.astype(np.float32)
    across, down = np.ascontiguousarray(places[:, :1]), np.ascontiguousarray(places[:, 1:])
    return cv2.remap(flow, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]


def _correlation(known: NDArray, seen: NDArray) -> NDArray[np.float64]:
    known = known - known.mean(-1, keepdims=True)
    seen = seen - seen.mean(-1, keepdims=True)
    size = np.sqrt((known * known).sum(-1) * (seen * seen).sum(-1))
    return ((known * seen).sum(-1) / np.maximum(size, 1e-3)).astype(np.float64)


def _flow() -> cv2.DISOpticalFlow:
    found = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    found.setFinestScale(1)
    return found


def _grid(across: NDArray, down: NDArray) -> NDArray[np.float64]:
    x, y = np.meshgrid(across, down)
    return np.column_stack([x.ravel(), y.ravel()])


def _around_the_nose() -> NDArray[np.float64]:
    """Where the sheet is followed: the face without nose, eyes and mouth."""
    places = _grid(np.arange(-0.85, 0.86, 0.1), np.arange(-0.62, 1.45, 0.1))
    x, y = places.T
    nose = (np.abs(x) < 0.4) & (y > 0.05) & (y < 0.95)
    eyes = (np.abs(np.abs(x) - 0.5) < 0.25) & (np.abs(y) < 0.1)
    mouth = (x / 0.5) ** 2 + ((y - 1.12) / 0.28) ** 2 < 1
    return places[~nose & ~eyes & ~mouth]


def _heights(places: NDArray) -> NDArray[np.float64]:
    across, down = (np.abs(places[:, :1]) / _STEP, places[:, 1:] / _STEP)
    return cv2.remap(
        _HEIGHTS, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR
    )[:, 0]


_AROUND = _around_the_nose()
_AROUND_PIXELS = _AROUND * _UNIT + _MIDDLE
_AROUND_TERMS = _polynomial(_AROUND)
_NOSE = _grid(np.linspace(-0.44, 0.44, 21), np.linspace(0.02, 0.94, 22))
_NOSE_TERMS = _polynomial(_NOSE)
_NOSE_HEIGHTS = _heights(_NOSE)
_EVERYWHERE = _polynomial((_grid(np.arange(_WIDTH), np.arange(_HEIGHT)) - _MIDDLE) / _UNIT)
