// Cuts the county topology of the country into one small file per state, so that a map loads 5 KB and not 800.
function renumber(arcs, seen) {
  return arcs.map((arc) => {
    if (Array.isArray(arc)) return renumber(arc, seen);
    const index = arc < 0 ? ~arc : arc;
    if (!seen.has(index)) seen.set(index, seen.size);
    return arc < 0 ? ~seen.get(index) : seen.get(index);
  });
}

export function* stateCounties(country) {
  for (const [state, counties] of byState(country.objects.counties.geometries)) {
    const seen = new Map();
    const geometries = counties.map(({ type, id, properties, arcs }) => ({ type, id, properties, arcs: renumber(arcs, seen) }));
    yield [state, {
      type: "Topology", transform: country.transform, arcs: [...seen.keys()].map((index) => country.arcs[index]),
      objects: { counties: { type: "GeometryCollection", geometries } },
    }];
  }
}

function byState(counties) {
  const states = new Map();
  for (const county of counties) {
    const state = county.id.slice(0, 2);
    if (!states.has(state)) states.set(state, []);
    states.get(state).push(county);
  }
  return states;
}
