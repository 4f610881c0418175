"""Whether a living, present, rightful person is before the camera: pure, without Django or disk.

`evaluate.evaluate()` is the whole of it. What comes in is session.py, what comes out verdict.py,
what it is measured against policy.py; track.py looks at the frames once, and each file of checks/
asks one question of what was seen.
"""
