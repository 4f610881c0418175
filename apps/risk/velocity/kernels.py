"""The offline passes, compiled by numba: one sweep over events in order of arrival.

Each keeps per entity what the online tables keep (running totals, last partners) and per window a
tail that only moves forward. Arithmetic follows the online statement step by step, so that results
are equal to the last bit. `code` arrays give the entity of each event as 0 … k-1, or -1 for none.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True)
def _groups(code: Ints, size: int) -> tuple[Ints, Ints]:
    """Return where each entity's writes start in one array of all writes, and how many it has."""
    count = np.zeros(size, np.int64)
    for i in range(code.size):
        if code[i] >= 0:
            count[code[i]] += 1
    start = np.zeros(size + 1, np.int64)
    for k in range(size):
        start[k + 1] = start[k] + count[k]
    return start, count


@njit(cache=True)
def totals(
    write: Ints, read: Ints, size: int, at: Ints, cents: Ints, windows: Ints
) -> tuple[Ints, Ints, Floats]:
    """Return n, cents and squares of each window (rows; 0 µs: whole life) for each event's reader.

    `write` is the entity that the event counts for, `read` the entity whose totals it asks; the
    event itself is excluded. Shapes (windows, events).
    """
    events, spans = at.size, windows.size
    start, _ = _groups(write, size)
    when = np.empty(start[size], np.int64)
    cum_n = np.empty(start[size], np.int64)
    cum_c = np.empty(start[size], np.int64)
    cum_s = np.empty(start[size], np.float64)
    filled = np.zeros(size, np.int64)
    tail = np.zeros((size, spans), np.int64)
    out_n = np.zeros((spans, events), np.int64)
    out_c = np.zeros((spans, events), np.int64)
    out_s = np.zeros((spans, events), np.float64)
    for i in range(events):
        e = read[i]
        if e >= 0 and filled[e]:
            base, head = start[e], start[e] + filled[e] - 1
            for w in range(spans):
                if windows[w]:
                    edge, t = at[i] - windows[w], tail[e, w]
                    while t < filled[e] and when[base + t] <= edge:
                        t += 1
                    while t > 0 and when[base + t - 1] > edge:
                        t -= 1
                    tail[e, w] = t
                    if t == filled[e]:
                        continue
                else:
                    t = 0
                if t:
                    out_n[w, i] = cum_n[head] - cum_n[base + t - 1]
                    out_c[w, i] = cum_c[head] - cum_c[base + t - 1]
                    out_s[w, i] = cum_s[head] - cum_s[base + t - 1]
                else:
                    out_n[w, i] = cum_n[head]
                    out_c[w, i] = cum_c[head]
                    out_s[w, i] = cum_s[head]
        k = write[i]
        if k >= 0:
            place = start[k] + filled[k]
            usd = cents[i] / 100
            if filled[k]:
                when[place] = max(when[place - 1], at[i])
                cum_n[place] = cum_n[place - 1] + 1
                cum_c[place] = cum_c[place - 1] + cents[i]
                cum_s[place] = cum_s[place - 1] + usd * usd
            else:
                when[place] = at[i]
                cum_n[place] = 1
                cum_c[place] = cents[i]
                cum_s[place] = usd * usd
            filled[k] += 1
    return out_n, out_c, out_s


@njit(cache=True)
def lives(
    write: Ints, read: Ints, size: int, at: Ints, cents: Ints, lat: Floats, lon: Floats
) -> Floats:
    """Return for each event's reader: seconds since first, since last, peak USD, last lat, lon.

    Shape (5, events); NaN where the reader was never written, but for a peak and an age of 0.
    """
    out = np.full((5, at.size), np.nan)
    first = np.full(size, -1, np.int64)
    last = np.zeros(size, np.int64)
    peak = np.zeros(size, np.int64)
    place = np.full((2, size), np.nan)
    for i in range(at.size):
        e = read[i]
        if e >= 0:
            if first[e] >= 0:
                now = at[i] / 1e6
                out[0, i] = max(0.0, now - first[e] / 1e6)
                out[1, i] = max(0.0, now - last[e] / 1e6)
                out[2, i] = peak[e] / 100
                out[3, i] = place[0, e]
                out[4, i] = place[1, e]
            else:
                out[0, i] = 0.0
                out[2, i] = 0.0
        k = write[i]
        if k >= 0:
            if first[k] < 0:
                first[k] = at[i]
                last[k] = at[i]
                peak[k] = cents[i]
            else:
                last[k] = max(last[k], at[i])
                peak[k] = max(peak[k], cents[i])
            if not np.isnan(lat[i]):
                place[0, k] = lat[i]
            if not np.isnan(lon[i]):
                place[1, k] = lon[i]
    return out


@njit(cache=True)
def distincts(
    a: Ints,
    writes: NDArray[np.bool_],
    pair: Ints,
    size: int,
    pairs: int,
    at: Ints,
    windows: Ints,
    cap: int,
) -> Ints:
    """Return how many different partners each event's `a` met in each window, at most `cap`.

    `pair` numbers the couple (a, b) where the event makes the link. Shape (windows, events).
    """
    spans = windows.size
    code = np.where(writes, a, -1)
    start, _ = _groups(code, size)
    # Per entity, its meetings in order of time: only the latest one with each partner is current.
    when = np.empty(start[size], np.int64)
    met = np.empty(start[size], np.int64)
    filled = np.zeros(size, np.int64)
    tail = np.zeros((size, spans), np.int64)
    count = np.zeros((size, spans), np.int64)
    latest = np.full(pairs, -1, np.int64)
    out = np.zeros((spans, at.size), np.int64)
    for i in range(at.size):
        e = a[i]
        if e < 0:
            continue
        base = start[e]
        for w in range(spans):
            edge, t = at[i] - windows[w], tail[e, w]
            while t < filled[e] and when[base + t] <= edge:
                if latest[met[base + t]] == t:
                    count[e, w] -= 1
                t += 1
            while t > 0 and when[base + t - 1] > edge:
                t -= 1
                if latest[met[base + t]] == t:
                    count[e, w] += 1
            tail[e, w] = t
            out[w, i] = min(count[e, w], cap)
        if writes[i]:
            before = latest[pair[i]]
            if before >= 0 and at[i] <= when[base + before]:
                continue
            for w in range(spans):
                if before >= tail[e, w]:
                    count[e, w] -= 1
            latest[pair[i]] = -1
            # Time seldom goes back, so there is seldom anything to move aside.
            f = filled[e]
            while f > 0 and when[base + f - 1] > at[i]:
                when[base + f], met[base + f] = when[base + f - 1], met[base + f - 1]
                if latest[met[base + f]] == f - 1:
                    latest[met[base + f]] = f
                f -= 1
            when[base + f], met[base + f] = at[i], pair[i]
            latest[pair[i]] = f
            for w in range(spans):
                if f < tail[e, w]:
                    tail[e, w] += 1
                else:
                    count[e, w] += 1
            filled[e] += 1
    return out


@njit(cache=True)
def links(pair: Ints, writes: NDArray[np.bool_], pairs: int, at: Ints) -> Floats:
    """Return for each event's own couple: seconds since first met, since last met, times met.

    Shape (3, events); never met: age 0, idle NaN, n 0; no couple: NaN.
    """
    out = np.full((3, at.size), np.nan)
    first = np.full(pairs, -1, np.int64)
    last = np.zeros(pairs, np.int64)
    n = np.zeros(pairs, np.int64)
    for i in range(at.size):
        p = pair[i]
        if p < 0:
            continue
        if first[p] >= 0:
            now = at[i] / 1e6
            out[0, i] = max(0.0, now - first[p] / 1e6)
            out[1, i] = max(0.0, now - last[p] / 1e6)
            out[2, i] = n[p]
        else:
            out[0, i] = 0.0
            out[2, i] = 0.0
        if writes[i]:
            if first[p] < 0:
                first[p] = at[i]
            last[p] = max(last[p], at[i])
            n[p] += 1
    return out
