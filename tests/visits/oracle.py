"""An exact answer for small days: dynamic programming over subsets, with every label that no other beats in both road and time.

Its own arithmetic on purpose: it shares nothing with visits.routing but the meaning of a day.
"""


def best(stops, travel, day_start, day_end, lunch=None):
    """(must-sees visited, value visited, minutes of road) of the best route: the first two as large, the last as small as can be."""
    n = len(stops)
    full = 1 << n
    # (visited, last): labels (road, time free, lunch had)
    labels = {(0, -1): [(0, day_start, lunch is None)]}
    if lunch:
        labels[0, -1].append((0, max(day_start, lunch[0] + lunch[2]), True))
    result = None
    for visited in range(full):
        for last in range(-1, n):
            for road, free, had in labels.pop((visited, last), ()):
                here = last + 1
                for ends, eaten in _after(free, travel[here][0] if visited else 0, had, lunch):
                    if ends <= day_end and (eaten or ends <= lunch[1]):
                        got = [stops[i] for i in range(n) if visited >> i & 1]
                        key = (sum(s.must_see for s in got), sum(s.value for s in got), -(road + (travel[here][0] if visited else 0)))
                        result = max(result, key) if result else key
                for i in range(n):
                    if visited >> i & 1:
                        continue
                    for reached, eaten in _after(free, travel[here][i + 1], had, lunch):
                        begin = _begin(stops[i], reached)
                        if begin is not None:
                            label = (road + travel[here][i + 1], begin + stops[i].service, eaten)
                            _keep(labels.setdefault((visited | 1 << i, i), []), label)
    return (result[0], result[1], -result[2])


def _after(free, road, had, lunch):
    """When one arrives, and whether lunch was had."""
    yield free + road, had
    if not had and max(free, lunch[0]) <= lunch[1]:
        yield max(free + road, max(free, lunch[0])) + lunch[2], True


def _begin(stop, reached):
    if stop.windows is None:
        return reached
    fits = [max(reached, opens) for opens, closes in stop.windows if max(reached, opens) + stop.service <= closes]
    return min(fits, default=None)


def _keep(known, label):
    """Unless another is no worse in road, time and lunch."""
    if any(k[0] <= label[0] and k[1] <= label[1] and k[2] >= label[2] for k in known):
        return
    known[:] = [k for k in known if not (label[0] <= k[0] and label[1] <= k[1] and label[2] >= k[2])]
    known.append(label)
