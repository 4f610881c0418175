"""Triangles to pixels: a z-buffer rasteriser compiled by numba, and the normals of a mesh.

Camera space is x to the right, y down, z away from the camera, in millimetres. Attributes are
interpolated affinely: meshes are so fine that perspective within a triangle does not matter.
"""

from dataclasses import dataclass

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

    def scaled(self, factor: float) -> "Camera":
        """The same view at another number of pixels."""
        return Camera(
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
    def over(cls, background: Floats) -> "Canvas":
        """A canvas that shows this background wherever nothing is drawn."""
        return cls(background.copy(), np.full(background.shape[:2], NOTHING, np.float32))


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
        for row in range(top, bottom + 1):
            y = np.float32(row)
            for column in range(left, right + 1):
                x = np.float32(column)
                wa = ((bx - x) * (gy - y) - (by - y) * (gx - x)) * inverse
                wb = ((gx - x) * (ay - y) - (gy - y) * (ax - x)) * inverse
                wc = one - wa - wb
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                z = wa * xyz[a, 2] + wb * xyz[b, 2] + wc * xyz[c, 2]
                if z >= distance[row, column]:
                    continue
                u = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]
                v = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]
                u = min(max(u, zero), widest)
                v = min(max(v, zero), lowest)
                iu, iv = int(u), int(v)
                fu, fv = u - np.float32(iu), v - np.float32(iv)
                w00 = (one - fu) * (one - fv)
                w01 = fu * (one - fv)
                w10 = (one - fu) * fv
                w11 = fu * fv
                if (
                    w00 * texture[iv, iu, 3]
                    + w01 * texture[iv, iu + 1, 3]
                    + w10 * texture[iv + 1, iu, 3]
                    + w11 * texture[iv + 1, iu + 1, 3]
                ) < half:
                    continue
                distance[row, column] = z
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
