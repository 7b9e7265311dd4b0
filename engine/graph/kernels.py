"""The inner loops over edges, as plain Python that numba compiles on first use (`engine.compiled`).

They import nothing and allocate nothing: every array is handed in, so that this file can be read, tested uncompiled
and loaded without numba. Why our own: no library has these loops with our weights and gates in bounded memory; those
that a library has as well are tested against it. `indptr`, `indices`, `weights` are a CSR adjacency: the neighbours of
row i are `indices[indptr[i]:indptr[i + 1]]`, in ascending order.
"""

from __future__ import annotations


def count(values, out):
    """out[v + 1] += how often v is among `values`."""
    for e in range(values.shape[0]):
        out[values[e] + 1] += 1


def place(rows, columns, values, cursor, out_indices, out_values):
    """Counting sort of the entries (rows[e], columns[e], values[e]) by row; cursor: start of each row, moved."""
    for e in range(rows.shape[0]):
        k = cursor[rows[e]]
        cursor[rows[e]] = k + 1
        out_indices[k] = columns[e]
        out_values[k] = values[e]


def place_pairs(a, b, cursor, out_indices):
    """Each pair (a[e], b[e]) into both rows; rows come out ascending where pairs come by (a, b) and a < b."""
    for e in range(a.shape[0]):
        out_indices[cursor[a[e]]] = b[e]
        out_indices[cursor[b[e]]] = a[e]
        cursor[a[e]] += 1
        cursor[b[e]] += 1


def transpose(indptr, indices, values, cursor, out_indices, out_values):
    """The same entries grouped by column, rows ascending within each; cursor: start of each column, moved."""
    for row in range(indptr.shape[0] - 1):
        for e in range(indptr[row], indptr[row + 1]):
            k = cursor[indices[e]]
            cursor[indices[e]] = k + 1
            out_indices[k] = row
            out_values[k] = values[e]


def sort_pair_days(src, dst, age, n_calls, talk_s, n_texts, low, high, indptr, cursor, key, place, counts):
    """Order the pair-days whose smaller node is in [low, high) by that node, the larger one, age and direction.

    indptr: where each smaller node's pair-days begin; cursor: the same, moved. key becomes the larger node, age (31
    bits) and direction (1 bit: from the larger to the smaller one), place the row of counts (calls, seconds, texts)
    that belongs to it: these stay near, but in no order.
    """
    for e in range(src.shape[0]):
        a, b, back = int(src[e]), int(dst[e]), 0
        if a > b:
            a, b, back = b, a, 1
        if low <= a < high:
            k = cursor[a]
            cursor[a] = k + 1
            key[k] = (b << 32) | (int(age[e]) << 1) | back
            place[k] = k
            counts[k, 0], counts[k, 1], counts[k, 2] = n_calls[e], talk_s[e], n_texts[e]
    for a in range(low, high):
        begin, end = indptr[a], indptr[a + 1]
        # Shell's sort (1959): most nodes have a few dozen pair-days, a hub has 100,000s.
        gap = 1
        while 9 * gap < end - begin:
            gap = 3 * gap + 1
        while gap > 0:
            for k in range(begin + gap, end):
                moving, whose, to = key[k], place[k], k
                while to >= begin + gap and key[to - gap] > moving:
                    key[to], place[to] = key[to - gap], place[to - gap]
                    to -= gap
                key[to], place[to] = moving, whose
            gap //= 3


def sum_pair_days(low, high, indptr, key, place, counts, fade, talked, way, at, ends, numbers, strength, mutual):
    """The directed pairs of `sort_pair_days`, and the pairs with days on which both had contact with the other.

    fade: 2^60 * 2^(-age / half-life) by age; talked: what 0..3600 seconds of talk add; way: int64[2, 8], the sums of
    either direction; at: int64[2], where the next directed pair and the next mutual one go, moved. Out, a column each:
    ends (src, dst), numbers (calls, seconds, texts, days, oldest and youngest age) and strength; mutual (a, b, days).
    """
    longest = talked.shape[0] - 1
    for a in range(low, high):
        k, end = indptr[a], indptr[a + 1]
        while k < end:
            other, both, last = key[k] >> 32, 0, -1
            way[:] = 0
            while k < end and key[k] >> 32 == other:
                back, age, e = key[k] & 1, (key[k] >> 1) & 0x7FFFFFFF, place[k]
                calls, talk, texts = counts[e, 0], counts[e, 1], counts[e, 2]
                if way[back, 3] == 0:
                    way[back, 5] = age
                way[back, 0] += calls
                way[back, 1] += talk
                way[back, 2] += texts
                way[back, 3] += 1
                way[back, 4] = age
                contact = (1.0 if calls > 0 else 0.0) + talked[min(talk, longest)] + (0.5 if texts > 0 else 0.0)
                contact *= fade[age]
                units = int(contact)
                if contact - units >= 0.5:
                    units += 1
                # Two numbers, so that whole units add up exactly.
                way[back, 6] += units & 0x3FFFFFFF
                way[back, 7] += units >> 30
                if age == last:
                    both += 1
                last = age
                k += 1
            for back in range(2):
                if way[back, 3] > 0:
                    row = at[0]
                    ends[back, row], ends[1 - back, row] = a, other
                    for column in range(6):
                        numbers[column, row] = way[back, column]
                    strength[row] = (way[back, 7] * 1073741824.0 + way[back, 6]) / 1152921504606846976.0
                    at[0] = row + 1
            if both > 0:
                row = at[1]
                mutual[0, row], mutual[1, row], mutual[2, row] = a, other, both
                at[1] = row + 1


def gauss_seidel(indptr, indices, weights, damping, tolerance, sweeps, relax, x):
    """Solve x = 1 + damping * W x in place, W given by rows; returns sweeps used, or -1 if they did not suffice.

    relax above 1 goes a little beyond each step (SOR), which damps the slow back and forth of two who mostly call one
    another. It is given up for good when a sweep moves more than the one before, and the last sweep is always plain.
    """
    n = x.shape[0]
    before = 1e300
    for sweep in range(sweeps):
        moved = 0.0
        total = 0.0
        e = indptr[0]
        for i in range(n):
            value = 0.0
            end = indptr[i + 1]
            while e < end:
                value += weights[e] * x[indices[e]]
                e += 1
            step = relax * (1.0 + damping * value - x[i])
            moved += abs(step)
            x[i] += step
            total += x[i]
        if moved <= tolerance * total:
            if relax == 1.0:
                return sweep + 1
            relax = 1.0
        elif moved > before or sweep > 200:
            relax = 1.0
        before = moved
    return -1


def shared_neighbours(indptr, indices, a, b, out):
    """out[e] = number of neighbours that a[e] and b[e] have in common."""
    for e in range(a.shape[0]):
        i, i_end = indptr[a[e]], indptr[a[e] + 1]
        j, j_end = indptr[b[e]], indptr[b[e] + 1]
        shared = 0
        while i < i_end and j < j_end:
            x, y = indices[i], indices[j]
            if x == y:
                shared += 1
            if x <= y:
                i += 1
            if y <= x:
                j += 1
        out[e] = shared


def core_numbers(indptr, indices, degree, start, position, order):
    """Peel the k-cores (Batagelj & Zaversnik 2003); degree ends as the coreness.

    start: where each degree's nodes begin in `order`, the nodes sorted by degree; position: its inverse.
    """
    for k in range(order.shape[0]):
        v = order[k]
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if degree[u] > degree[v]:
                first = start[degree[u]]
                w = order[first]
                if u != w:
                    at = position[u]
                    position[u], position[w] = first, at
                    order[at], order[first] = w, u
                start[degree[u]] += 1
                degree[u] -= 1


def collective_influence(indptr, indices, mark, out):
    """out[i] = (k_i - 1) * sum of (k_j - 1) over the nodes j at distance exactly two; mark starts at -1."""
    for i in range(out.shape[0]):
        mark[i] = i
        for e in range(indptr[i], indptr[i + 1]):
            mark[indices[e]] = i
        total = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            for f in range(indptr[j], indptr[j + 1]):
                k = indices[f]
                if mark[k] != i:
                    mark[k] = i
                    total += indptr[k + 1] - indptr[k] - 1
        degree = indptr[i + 1] - indptr[i]
        out[i] = (degree - 1) * total if degree > 0 else 0.0


def best_entries(indptr, scores, rows, top, relative, taken, chosen, counts, margin):
    """Per row of `rows` the positions of its `top` best scores, best first.

    Scores within `relative` of the best left are ties and the first entry (the smallest neighbour) wins.
    taken: as long as scores, all False; chosen: rows x top positions; counts: how many; margin: (first - second)/first.
    """
    for r in range(rows.shape[0]):
        begin, end = indptr[rows[r]], indptr[rows[r] + 1]
        first = 0.0
        margin[r] = 1.0
        for rank in range(max(top, 2)):
            best = -1.0
            for e in range(begin, end):
                if not taken[e] and scores[e] > best:
                    best = scores[e]
            if best < 0.0:
                break
            pick = begin
            while taken[pick] or scores[pick] < best * (1.0 - relative):
                pick += 1
            if rank == 0:
                first = scores[pick]
            if rank == 1:
                margin[r] = max(first - scores[pick], 0.0) / first if first > 0.0 else 0.0
            if rank < top:
                taken[pick] = True
                chosen[r, rank] = pick
                counts[r] = rank + 1


def personalised_push(
    indptr, indices, shares, rows, near, near_indices, damping, least, p, r, queue, waiting, met, known, out
):
    """Forward push (Andersen, Chung & Lang 2006) from each of `rows`; out = the value at each of its contacts.

    indptr, indices, shares: out-edges, summing to 1 per row; the mass of a row without any returns to the source.
    near, near_indices: the contacts `out` is aligned with; least: residual left where it is; p, r: zeros[n];
    queue, met: int[n], a ring and a list; waiting, known: all False.
    """
    n = p.shape[0]
    for s in range(rows.shape[0]):
        source = rows[s]
        r[source] = 1.0
        queue[0] = source
        met[0] = source
        known[source] = True
        head, size, reached = 0, 1, 1
        while size > 0:
            u = queue[head]
            head = head + 1 if head + 1 < n else 0
            size -= 1
            waiting[u] = False
            mass = r[u]
            r[u] = 0.0
            p[u] += (1.0 - damping) * mass
            dangling = indptr[u] == indptr[u + 1]
            for e in range(indptr[u], indptr[u + 1] + (1 if dangling else 0)):
                v = source if dangling else indices[e]
                r[v] += damping * mass * (1.0 if dangling else shares[e])
                if not known[v]:
                    known[v] = True
                    met[reached] = v
                    reached += 1
                if not waiting[v] and r[v] > least:
                    queue[(head + size) % n] = v
                    waiting[v] = True
                    size += 1
        for e in range(near[source], near[source + 1]):
            out[e] = p[near_indices[e]]
        for k in range(reached):
            p[met[k]] = 0.0
            r[met[k]] = 0.0
            known[met[k]] = False


def shuffled_sums(values, start, stop, good, rng, out):
    """out[b] += sum of good[s] of the values[start[s]:stop[s]] of every stratum s, drawn without replacement.

    By Fisher and Yates, cut short; the values of a stratum are left in another order.
    """
    for b in range(out.shape[0]):
        for s in range(good.shape[0]):
            for k in range(start[s], start[s] + good[s]):
                other = k + int(rng.random() * (stop[s] - k))
                values[k], values[other] = values[other], values[k]
                out[b] += values[k]


def dispersion(indptr, indices, rows, is_near, shared, out_count, out_shared):
    """Per row u and neighbour v: pairs of shared neighbours that are apart, and the number of shared neighbours.

    A pair s, t is apart when they are no neighbours and have no neighbour in common among u's, but for v.
    is_near: all False; shared: int[largest degree]; both outs are aligned with `indices`.
    """
    for k in range(rows.shape[0]):
        u = rows[k]
        for e in range(indptr[u], indptr[u + 1]):
            is_near[indices[e]] = True
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            size = 0
            for f in range(indptr[v], indptr[v + 1]):
                if is_near[indices[f]]:
                    shared[size] = indices[f]
                    size += 1
            apart = 0
            for x in range(size):
                for y in range(x + 1, size):
                    s, t = shared[x], shared[y]
                    i, i_end = indptr[s], indptr[s + 1]
                    j, j_end = indptr[t], indptr[t + 1]
                    linked = False
                    while i < i_end and not linked:
                        w = indices[i]
                        if w == t:
                            linked = True
                        while j < j_end and indices[j] < w:
                            j += 1
                        if j < j_end and indices[j] == w and w != u and w != v and is_near[w]:
                            linked = True
                        i += 1
                    if not linked:
                        apart += 1
            out_count[e] = apart
            out_shared[e] = size
        for e in range(indptr[u], indptr[u + 1]):
            is_near[indices[e]] = False


def aligned(indptr, indices, other, other_indices, other_values, out):
    """out[e] = the value of entry e of a CSR graph in another one with the same rows; left alone where it lacks it."""
    for row in range(indptr.shape[0] - 1):
        at, end = other[row], other[row + 1]
        for e in range(indptr[row], indptr[row + 1]):
            while at < end and other_indices[at] < indices[e]:
                at += 1
            if at < end and other_indices[at] == indices[e]:
                out[e] = other_values[at]
