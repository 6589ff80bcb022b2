// The counties of each state in Albers' projection, for maps that the server draws (reports/geography.py): rings of whole steps, 20 to a unit
// of us-atlas' picture of the country, which is 975 units wide. A state is 1 to 50 KB, and a page cuts out of it what it shows.
const STEPS = 20;

export function* countyPaths(country) {
  const states = new Map();
  for (const { id, properties, type, arcs } of country.objects.counties.geometries) {
    const polygons = type === "Polygon" ? [arcs] : arcs;
    const rings = polygons.flatMap((polygon) => polygon.map((ring) => points(country, ring))).filter((ring) => ring.length > 2);
    if (rings.length === 0) continue;
    const largest = rings.reduce((best, ring) => (Math.abs(area(ring)) > Math.abs(area(best)) ? ring : best));
    const state = id.slice(0, 2);
    if (!states.has(state)) states.set(state, {});
    states.get(state)[id] = { name: properties.name, rings: rings.map(deltas), box: box(rings.flat()), middle: middle(largest) };
  }
  yield* states;
}

/** A ring as whole steps, without points that fall together. The arcs of a topology are deltas; a negative index runs backwards. */
function points({ arcs, transform: { scale, translate } }, ring) {
  const found = [];
  for (const index of ring) {
    let [x, y] = [0, 0];
    const arc = arcs[index < 0 ? ~index : index].map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [Math.round((x * scale[0] + translate[0]) * STEPS), Math.round((y * scale[1] + translate[1]) * STEPS)];
    });
    for (const point of index < 0 ? arc.reverse() : arc) {
      const last = found.at(-1);
      if (!last || last[0] !== point[0] || last[1] !== point[1]) found.push(point);
    }
  }
  found.pop(); // the first again
  return found;
}

/** [x, y, then the way to each next point]. */
const deltas = (ring) => ring.flatMap(([x, y], place) => (place ? [x - ring[place - 1][0], y - ring[place - 1][1]] : [x, y]));

const area = (ring) => ring.reduce((sum, [x, y], place) => {
  const [next, below] = ring[(place + 1) % ring.length];
  return sum + (x * below - next * y) / 2;
}, 0);

function middle(ring) {
  const whole = area(ring) || 1;
  const sums = ring.reduce(([sumX, sumY], [x, y], place) => {
    const [next, below] = ring[(place + 1) % ring.length];
    const part = x * below - next * y;
    return [sumX + (x + next) * part, sumY + (y + below) * part];
  }, [0, 0]);
  return sums.map((sum) => Math.round(sum / (6 * whole)));
}

function box(all) {
  const [xs, ys] = [0, 1].map((axis) => all.map((point) => point[axis]));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
