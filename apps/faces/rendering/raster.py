"""Triangles to pixels: a z-buffer rasteriser compiled by numba, and the normals of a mesh.

Camera space is x to the right, y down, z away from the camera, in millimetres. Attributes are
interpolated affinely: meshes are so fine that perspective within a triangle does not matter.
"""

from dataclasses import dataclass
from typing import Self

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

#: What no triangle covers, in the z-buffer.
NOTHING = np.float32(1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A pinhole camera: size, focal length and centre in pixels."""

    width: int = 640
    height: int = 480
    focal: float = 560.0
    cx: float = 320.0
    cy: float = 240.0

    def scaled(self, factor: float) -> Self:
        """The same view at another number of pixels."""
        return type(self)(
            width=round(self.width * factor),
            height=round(self.height * factor),
            focal=self.focal * factor,
            cx=self.cx * factor,
            cy=self.cy * factor,
        )


@dataclass(slots=True)
class Canvas:
    """Linear light (height x width x channels) and the distance of what is seen, in millimetres."""

    light: Floats
    distance: Floats

    @classmethod
    def empty(cls, camera: Camera) -> Self:
        """A canvas on which nothing is drawn yet."""
        size = (camera.height, camera.width)
        return cls(np.zeros((*size, 3), np.float32), np.full(size, NOTHING, np.float32))

    def fill(self, wall: Floats, around: Floats) -> None:
        """Show the wall under this light wherever nothing is drawn."""
        _fill(self.light, self.distance, wall, around)


@numba.njit(cache=True, fastmath=True)
def _fill(light: Floats, distance: Floats, wall: Floats, around: Floats) -> None:
    for y in range(light.shape[0]):
        for x in range(light.shape[1]):
            if distance[y, x] >= NOTHING:
                for k in range(3):
                    light[y, x, k] = wall[y, x, k] * around[k]


@numba.njit(cache=True, fastmath=True)
def normals(xyz: Floats, triangles: Indices) -> Floats:
    """Unit normals of the vertices, weighted by the area of their triangles."""
    out = np.zeros_like(xyz)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = xyz[b, 0] - xyz[a, 0], xyz[b, 1] - xyz[a, 1], xyz[b, 2] - xyz[a, 2]
        vx, vy, vz = xyz[c, 0] - xyz[a, 0], xyz[c, 1] - xyz[a, 1], xyz[c, 2] - xyz[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for v in (a, b, c):
            out[v, 0] += nx
            out[v, 1] += ny
            out[v, 2] += nz
    for v in range(out.shape[0]):
        size = np.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2) + np.float32(1e-9)
        out[v, 0] /= size
        out[v, 1] /= size
        out[v, 2] /= size
    return out


@numba.njit(cache=True, fastmath=True)
def draw(
    xyz: Floats,
    triangles: Indices,
    uv: Floats,
    diffuse: Floats,
    gloss: Floats,
    texture: Floats,
    focal: float,
    cx: float,
    cy: float,
    two_sided: bool,
    light: Floats,
    distance: Floats,
) -> None:
    """Draw a textured mesh: light = texture x diffuse + gloss, with one value per vertex each.

    `texture` is height x width x 4: three channels of reflectance, and one that leaves a hole
    where it is below a half. `uv` is in texels. The canvas is `light` and `distance`.
    """
    height, width = distance.shape
    zero, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)
    lowest = np.float32(texture.shape[0] - 1) - np.float32(0.001)
    widest = np.float32(texture.shape[1] - 1) - np.float32(0.001)
    focal, cx, cy = np.float32(focal), np.float32(cx), np.float32(cy)
    count = xyz.shape[0]
    px = np.empty(count, np.float32)
    py = np.empty(count, np.float32)
    for v in range(count):
        z = max(xyz[v, 2], one)
        px[v] = focal * xyz[v, 0] / z + cx
        py[v] = focal * xyz[v, 1] / z + cy
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by = px[a], py[a], px[b], py[b]
        gx, gy = px[c], py[c]
        area = (bx - ax) * (gy - ay) - (by - ay) * (gx - ax)
        if area > 0:
            if not two_sided:
                continue
        elif area == 0:
            continue
        left = max(int(np.ceil(min(ax, bx, gx))), 0)
        right = min(int(np.floor(max(ax, bx, gx))), width - 1)
        top = max(int(np.ceil(min(ay, by, gy))), 0)
        bottom = min(int(np.floor(max(ay, by, gy))), height - 1)
        if left > right or top > bottom:
            continue
        inverse = one / area
        step_a = (by - gy) * inverse  # how much the weights of a and b change per pixel
        step_b = (gy - ay) * inverse
        za, zb, zc = xyz[a, 2], xyz[b, 2], xyz[c, 2]
        step_z = step_a * (za - zc) + step_b * (zb - zc)
        step_u = step_a * (uv[a, 0] - uv[c, 0]) + step_b * (uv[b, 0] - uv[c, 0])
        step_v = step_a * (uv[a, 1] - uv[c, 1]) + step_b * (uv[b, 1] - uv[c, 1])
        for row in range(top, bottom + 1):
            y = np.float32(row)
            x = np.float32(left)
            wa = ((bx - x) * (gy - y) - (by - y) * (gx - x)) * inverse
            wb = ((gx - x) * (ay - y) - (gy - y) * (ax - x)) * inverse
            wc = one - wa - wb
            first, last = left, right
            for weight, step in ((wa, step_a), (wb, step_b), (wc, -step_a - step_b)):
                if step > 0:
                    first = max(first, left + int(np.ceil(-weight / step)))
                elif step < 0:
                    last = min(last, left + int(np.floor(-weight / step)))
                elif weight < 0:
                    last = -1
            if first > last:
                continue
            along = np.float32(first - left)
            wa += along * step_a
            wb += along * step_b
            wc = one - wa - wb
            z = wa * za + wb * zb + wc * zc
            u = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]
            v = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]
            for column in range(first, last + 1):
                if z < distance[row, column]:
                    cu, cv = min(max(u, zero), widest), min(max(v, zero), lowest)
                    iu, iv = int(cu), int(cv)
                    fu, fv = cu - np.float32(iu), cv - np.float32(iv)
                    w00, w01 = (one - fu) * (one - fv), fu * (one - fv)
                    w10, w11 = (one - fu) * fv, fu * fv
                    whole = (
                        w00 * texture[iv, iu, 3]
                        + w01 * texture[iv, iu + 1, 3]
                        + w10 * texture[iv + 1, iu, 3]
                        + w11 * texture[iv + 1, iu + 1, 3]
                    )
                    if whole >= half:
                        distance[row, column] = z
                        wc = one - wa - wb
                        for k in range(light.shape[2]):
                            albedo = (
                                w00 * texture[iv, iu, k]
                                + w01 * texture[iv, iu + 1, k]
                                + w10 * texture[iv + 1, iu, k]
                                + w11 * texture[iv + 1, iu + 1, k]
                            )
                            shine = wa * diffuse[a, k] + wb * diffuse[b, k] + wc * diffuse[c, k]
                            sheen = wa * gloss[a, k] + wb * gloss[b, k] + wc * gloss[c, k]
                            light[row, column, k] = albedo * shine + sheen
                wa += step_a
                wb += step_b
                z += step_z
                u += step_u
                v += step_v
