"""Looking at the frames once: where the face is, its landmarks, its pose, its eyes.

Every check reads what is found here, so a frame is decoded, searched and measured only once.
Axes are the person's own: yaw is positive where they turn to their left (the nose moves to the
right of the picture), pitch is positive upwards, roll where the head leans to their left shoulder.

The detector looks at every third picture, at half its size unless the face is too small for it;
between, the face is followed: each picture's landmarks start from the box that the last one's
span, so that they don't jump with the detector's grid.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import decode, dlib_models, eyes, headers, pose
from apps.faces.engine.dlib_models import Box, Detection
from apps.faces.engine.session import Frame, Pixels

_WHOLE_KEPT = 6
#: The detector finds no smaller face, in pixels a side.
_SMALLEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How closely the pictures are looked at.

    A face scores `certain` at the detector; one that is followed already may score `followed`.
    It is followed for `unseen` searches without being found, and not over a gap: it may be
    anywhere after so many milliseconds. Where the followed box lies `astray`
    of the detector's (their overlap), it starts anew; a face less like that of the picture before
    than `slipped` is searched at once.
    """

    search_every: int = 3
    gap_ms: int = 200
    certain: float = 0.0
    followed: float = -0.5
    unseen: int = 5
    astray: float = 0.6
    slipped: float = 0.75
    #: A second face counts from this share of the first one's width.
    beside: float = 0.5


@dataclass(slots=True, kw_only=True)
class Sight:
    """What was seen in one frame. Angles in degrees, landmarks in pixels of the whole picture.

    `faces` counts the faces in the picture; None where it was followed and not searched.
    Without a face, `box`, `landmarks` and the angles are None.
    """

    seq: int
    t_ms: int
    prompt_seq: int
    faces: int | None
    box: tuple[float, float, float, float] | None = None
    landmarks: NDArray[np.float32] | None = None
    yaw: float | None = None
    pitch: float | None = None
    roll: float | None = None
    #: Height over width of the open eye, mean of both.
    eye_openness: float | None = None
    #: How far apart the bright and the dark of the eyes are, as a share of their mean.
    eye_contrast: float | None = None
    #: Pixels between the outer corners of the eyes, if the head faced the camera.
    eyes_apart: float | None = None
    #: How badly the mean face fits, as a share of `eyes_apart`.
    misfit: float | None = None
    brightness: float | None = None
    sharpness: float | None = None
    #: Correlation of the face with that of the picture before, laid over each other (-1 to 1).
    alike: float | None = None


class Track:
    """All sights of a session in order, and the pictures behind them.

    `width` and `height` are those of the pictures, in pixels. `unreadable` holds the reason of
    each frame that could not be decoded, by index.
    """

    def __init__(
        self,
        *,
        frames: Sequence[Frame],
        sights: list[Sight],
        width: int,
        height: int,
        unreadable: dict[int, str] | None = None,
    ) -> None:
        self.sights = sights
        self.width = width
        self.height = height
        self.unreadable = unreadable or {}
        self._frames = frames
        self._whole: OrderedDict[int, Pixels] = OrderedDict()
        self._halves: dict[int, Pixels] = {}

    def pixels(self, index: int) -> Pixels:
        """The whole picture of a sight, RGB; the latest few are kept."""
        if index not in self._whole:
            self._whole[index] = decode.colour(self._frames[index].image)
            if len(self._whole) > _WHOLE_KEPT:
                self._whole.popitem(last=False)
        self._whole.move_to_end(index)
        return self._whole[index]

    def half(self, index: int) -> Pixels:
        """The picture at half its width and height, RGB, decoded at that size where possible."""
        if index not in self._halves:
            self._halves[index] = decode.colour(self._frames[index].image, halved=True)
        return self._halves[index]

    def during(self, prompt_seq: int) -> list[int]:
        """The indices of the sights while this prompt was on the screen."""
        return [i for i, one in enumerate(self.sights) if one.prompt_seq == prompt_seq]


def look(*, frames: Sequence[Frame], limits: Limits | None = None) -> Track:
    """Finds and measures the face in every frame. Frames that can't be read hold no face."""
    limits = limits or Limits()
    gaze = _Gaze(limits)
    sights: list[Sight] = []
    unreadable: dict[int, str] = {}
    size: decode.Size | None = None
    for index, frame in enumerate(frames):
        sight = Sight(seq=frame.seq, t_ms=frame.t_ms, prompt_seq=frame.prompt_seq, faces=0)
        sights.append(sight)
        try:
            picture = decode.grey(frame.image)
        except headers.Unreadable as reason:
            unreadable[index] = reason.code
            continue
        here = decode.Size(picture.shape[1], picture.shape[0])
        size = size or here
        if here != size:
            unreadable[index] = "OTHER_SIZE"
            continue
        gaze.turn_to(picture, sight)
    size = size or decode.Size(0, 0)
    _measure_poses(sights, size)
    return Track(
        frames=frames, sights=sights, width=size.width, height=size.height, unreadable=unreadable
    )


class _Gaze:
    """Follows one face from picture to picture."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.box: Box | None = None
        self.until_search = 0
        self.searches_unseen = 0
        self.last_ms = 0
        self.before: NDArray[np.float32] | None = None

    def turn_to(self, picture: NDArray[np.uint8], sight: Sight) -> None:
        """Fills in what is seen in this picture."""
        sight.faces = None
        if sight.t_ms - self.last_ms > self.limits.gap_ms:
            self.box, self.searches_unseen = None, 0
        self.last_ms = sight.t_ms
        if self.box is None or self.until_search <= 0:
            self._search(picture, sight)
        self.until_search -= 1
        if self.box is None:
            self.before = None
            return
        landmarks, face = self._laid(picture, self.box)
        alike = self._alike(face)
        if alike is not None and alike < self.limits.slipped and sight.faces is None:
            self._search(picture, sight)  # it moved away from the landmarks, or is another
            again, other = self._laid(picture, self.box or box_of(landmarks))
            found = self._alike(other)
            if found is not None and found > alike:
                landmarks, face, alike = again, other, found
        spanned = box_of(landmarks)
        if self.box is None or not _is_inside(spanned, picture):
            self.box = self.before = None
            return
        self.box, self.before = spanned, face
        sight.box, sight.landmarks, sight.alike = spanned, landmarks, alike
        sight.eye_openness = eyes.openness(landmarks)
        sight.eye_contrast = eyes.contrast(picture, landmarks)
        sight.brightness, sight.sharpness = quality(picture, spanned)

    def _laid(
        self, picture: NDArray[np.uint8], box: Box
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The landmarks of the face in this box, and the face that they show."""
        landmarks = dlib_models.landmarks68(picture=picture, box=box)
        spanned = box_of(landmarks)
        if overlap(spanned, box) < 0.7:  # it moved, or the box was the detector's
            landmarks = dlib_models.landmarks68(picture=picture, box=spanned)
        return landmarks, upright(picture, landmarks)

    def _alike(self, face: NDArray[np.float32]) -> float | None:
        return None if self.before is None else float((face * self.before).mean())

    def _search(self, picture: NDArray[np.uint8], sight: Sight) -> None:
        self.until_search = self.limits.search_every
        found: list[Detection] = []
        if self.box is None or _width(self.box) >= 2 * _SMALLEST:
            small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            found = [one.enlarged(2) for one in self._detect(small)]
        if not found:
            found = self._detect(picture)
        certain = [one for one in found if one.score >= self.limits.certain]
        mine = self._mine(found) if self.box is not None else None
        if mine is not None:
            self.searches_unseen = 0
            if overlap(mine.box, self.box or mine.box) < self.limits.astray:
                self.box = mine.box
        elif certain and self._may_change_to(certain):
            mine = max(certain, key=lambda one: _width(one.box))
            self.box, self.searches_unseen = mine.box, 0
        elif self.box is not None and self.searches_unseen < self.limits.unseen:
            self.searches_unseen += 1
        else:
            self.box = None
        first = self.box
        beside = [
            one
            for one in certain
            if first is not None
            and overlap(one.box, first) < 0.2
            and _width(one.box) >= self.limits.beside * _width(first)
        ]
        sight.faces = (0 if mine is None else 1) + len(beside)

    def _detect(self, picture: NDArray) -> list[Detection]:
        return dlib_models.detect(np.asarray(picture, np.uint8), at_least=self.limits.followed)

    def _may_change_to(self, certain: list[Detection]) -> bool:
        """A face elsewhere, as large as the one that was followed and isn't seen any more."""
        if self.box is None or self.searches_unseen >= self.limits.unseen:
            return True
        return any(_width(one.box) >= 0.7 * _width(self.box or one.box) for one in certain)

    def _mine(self, found: list[Detection]) -> Detection | None:
        """The face that was followed, among those found."""
        assert self.box is not None
        near = [one for one in found if overlap(one.box, self.box) >= 0.3]
        return max(near, key=lambda one: overlap(one.box, self.box or one.box), default=None)


def box_of(landmarks: NDArray[np.float32]) -> Box:
    """The box that the detector would draw around these landmarks."""
    middle, spread = landmarks.mean(0), float(np.linalg.norm(landmarks.std(0)))
    x, y, reach = float(middle[0]), float(middle[1]) + _LOWER * spread, _REACH * spread
    return x - reach, y - reach, x + reach, y + reach


#: How the detector's boxes lie around the landmarks, in standard deviations of these.
_REACH, _LOWER = 1.32, -0.16


def overlap(one: Box, other: Box) -> float:
    """The shared area of two boxes over that of both."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    both = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return shared / (both - shared)


def quality(picture: NDArray[np.uint8], box: Box) -> tuple[float, float]:
    """Brightness (0-255) of a face, and the variance of its Laplacian at 96 pixels a side."""
    height, width = picture.shape[:2]
    left, top = max(0, round(box[0])), max(0, round(box[1]))
    right, bottom = min(width, round(box[2])), min(height, round(box[3]))
    face = picture[top:bottom, left:right]
    if face.size == 0:
        return 0.0, 0.0
    small = cv2.resize(face, (96, 96), interpolation=cv2.INTER_AREA)
    return float(small.mean()), float(cv2.Laplacian(small, cv2.CV_32F).var())


#: Outer corners of the eyes and base of the nose, and where they lie in an upright face.
_ANCHORS = (36, 45, 33)
_UPRIGHT = np.array([(7.0, 10.0), (25.0, 10.0), (16.0, 21.0)], np.float32)
_UPRIGHT_SIDE = 32


def upright(picture: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """The face, small, upright, of mean 0 and deviation 1: whatever its place, size and light."""
    warp = cv2.getAffineTransform(np.ascontiguousarray(landmarks[list(_ANCHORS)]), _UPRIGHT)
    side = (_UPRIGHT_SIDE, _UPRIGHT_SIDE)
    laid = cv2.warpAffine(picture, warp, side, borderMode=cv2.BORDER_REPLICATE)
    face = np.asarray(cv2.GaussianBlur(laid.astype(np.float32), (0, 0), 1.0))
    return np.asarray((face - face.mean()) / (face.std() + 1e-3), np.float32)


def _measure_poses(sights: list[Sight], size: decode.Size) -> None:
    seen = [one for one in sights if one.landmarks is not None]
    if not seen:
        return
    landmarks = np.stack([one.landmarks for one in seen if one.landmarks is not None])
    poses = pose.solve(landmarks, width=size.width, height=size.height)
    for index, sight in enumerate(seen):
        sight.yaw = float(poses.yaw[index])
        sight.pitch = float(poses.pitch[index])
        sight.roll = float(poses.roll[index])
        sight.eyes_apart = float(poses.eyes_apart[index])
        sight.misfit = float(poses.error[index])


def _width(box: Box) -> float:
    return box[2] - box[0]


def _is_inside(box: Box, picture: NDArray[np.uint8]) -> bool:
    """Whether the middle of the box is in the picture, and the box of a size that a face has."""
    height, width = picture.shape[:2]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return 0 <= x < width and 0 <= y < height and 24 <= _width(box) <= 1.5 * max(width, height)
