"""Loops over people's acts, as plain Python that numba compiles on first use; see `engine.graph.kernels`.

`acts, act_day, act_kind`: the acts of person i stand at acts[i]..acts[i + 1], by day.
"""

from __future__ import annotations


def draw_controls(
    who, day, kind, cell, begin, pool, start, acts, act_day, act_kind, window, looked_at, controls, counts
):
    """Per case up to controls.shape[1] people of its stratum, from a random place of it on.

    A control did not do the act on that day and stood like the case before: never done it, done it in the `window` days
    before, or earlier. begin, pool: each stratum's people, in random order; start: where to begin, a large number.
    """
    most = controls.shape[1]
    for c in range(who.shape[0]):
        low, high = begin[cell[who[c]]], begin[cell[who[c]] + 1]
        at = low + start[c] % (high - low)
        wanted = -1
        # The case first, to know how it stood; then the others.
        for look in range(min(high - low, looked_at) + 1):
            person = who[c]
            if look > 0:
                person = pool[at]
                at += 1
                if at == high:
                    at = low
                if person == who[c]:
                    continue
            stood = 0
            for e in range(acts[person], acts[person + 1]):
                if act_kind[e] != kind[c]:
                    continue
                if act_day[e] == day[c] and look > 0:
                    stood = -1
                    break
                if act_day[e] < day[c]:
                    stood = 2 if day[c] - act_day[e] <= window else 1
            if look == 0:
                wanted = stood
            elif stood == wanted:
                controls[c, counts[c]] = person
                counts[c] += 1
                if counts[c] == most:
                    break


def exposures(people, day, kind, indptr, indices, acts, act_day, act_kind, window, out_row, out_entry, write):
    """Every contact of people[r] who did kind[r] in the `window` days before day[r]; returns how many there are.

    write: put row and position of the contact into out_row and out_entry.
    """
    found = 0
    for r in range(people.shape[0]):
        for e in range(indptr[people[r]], indptr[people[r] + 1]):
            other = indices[e]
            for a in range(acts[other], acts[other + 1]):
                if act_kind[a] == kind[r] and day[r] - window <= act_day[a] < day[r]:
                    if write:
                        out_row[found] = r
                        out_entry[found] = e
                    found += 1
                    break
    return found


def led(indptr, indices, acts, act_day, act_kind, window, until, out_exposed, out_followed):
    """Per person: contacts there were at acts before `until` - window, and how many of them followed within window."""
    for person in range(acts.shape[0] - 1):
        for a in range(acts[person], acts[person + 1]):
            if act_day[a] + window >= until:
                continue
            for e in range(indptr[person], indptr[person + 1]):
                other = indices[e]
                out_exposed[person] += 1
                for b in range(acts[other], acts[other + 1]):
                    if act_kind[b] == act_kind[a] and 0 < act_day[b] - act_day[a] <= window:
                        out_followed[person] += 1
                        break
