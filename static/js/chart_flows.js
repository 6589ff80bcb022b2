// Charts of who sends to whom: Sankey and network. See charts.js for the shapes of their specs.
(() => {
  const shown = (node) => node.label ?? node.name;

  /** On a phone the labels of a Sankey lie on top of each other: where everything ends, as bars. */
  function flowBars(spec, tools) {
    const sources = new Set(spec.links.map(({ source }) => source));
    const ends = spec.nodes.filter(({ name }) => !sources.has(name)).map((node) => (
      { ...node, value: spec.links.filter(({ target }) => target === node.name).reduce((sum, { value }) => sum + value, 0) }));
    return window.prmCharts.bar({
      kind: "bar", horizontal: true, labels: ends.map(shown),
      series: [{ name: spec.what ?? "Referrals", values: ends.map(({ value }) => value), urls: ends.map(({ url }) => url), tones: ends.map(({ tone }) => tone ?? "neutral") }],
    }, tools);
  }

  function sankey(spec, tools) {
    if (tools.phone || tools.width < 460) return flowBars(spec, tools);
    const { color, format, tip } = tools;
    const names = new Map(spec.nodes.map((node) => [node.name, shown(node)]));
    const targets = new Set(spec.links.map(({ target }) => target));
    const sources = new Set(spec.links.map(({ source }) => source));
    const tallest = Math.max(...[spec.nodes.filter(({ name }) => !targets.has(name)), spec.nodes.filter(({ name }) => !sources.has(name)), spec.nodes.filter(({ name }) => targets.has(name) && sources.has(name))].map(({ length }) => length));
    const beside = Math.min(250, tools.width / 4); // names of both ends stand beside the flows, never on them
    return {
      rows: Math.max(10.5, tallest), // each name has a line of its own
      tooltip: {
        trigger: "item",
        formatter: ({ dataType, data, value }) => (dataType === "edge"
          ? tip(`${names.get(data.source)} → ${names.get(data.target)}`, [format(data.value)]) : tip(names.get(data.name), [format(value)])),
      },
      series: [{
        type: "sankey", left: beside * 0.75, right: beside, top: 8, bottom: 8, nodeWidth: 12, nodeGap: 16, draggable: false, layoutIterations: 0, // as the spec orders them
        emphasis: { focus: "adjacency" }, lineStyle: { curveness: 0.5 },
        label: { color: color("ink"), textBorderColor: color("surface"), textBorderWidth: 3, fontSize: 12, width: beside - 12, overflow: "truncate", formatter: ({ name, value }) => `${names.get(name)}  ${format(value)}` },
        data: spec.nodes.map(({ name, tone, url }) => ({ name, url, itemStyle: { color: color(tone ?? "neutral"), borderWidth: 0 }, label: { position: targets.has(name) ? "right" : "left" } })),
        links: spec.links.map(({ source, target, value, tone, url }) => ({ source, target, value, url, lineStyle: { color: color(tone ?? "neutral"), opacity: 0.32 } })),
      }],
    };
  }

  function graph(spec, tools) {
    const { color, format, tip } = tools;
    const largest = Math.max(1, ...spec.nodes.map(({ value }) => value ?? 0));
    const thickest = Math.max(1, ...spec.links.map(({ value }) => value ?? 0));
    const names = new Map(spec.nodes.map(({ id, name }) => [String(id), name]));
    const named = new Set([...spec.nodes].sort((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, tools.phone ? 5 : 14).map(({ id }) => String(id)));
    return {
      tooltip: {
        trigger: "item",
        formatter: ({ dataType, data }) => (dataType === "edge"
          ? tip(`${names.get(data.source)} → ${names.get(data.target)}`, [format(data.amount)]) : tip(data.name, [format(data.amount)])),
      },
      series: [{
        type: "graph", layout: "force", roam: false, draggable: false, force: { repulsion: 130, edgeLength: [40, 130], layoutAnimation: false },
        left: 80, right: 80, top: 16, bottom: 32, emphasis: { focus: "adjacency" }, labelLayout: { hideOverlap: true },
        data: spec.nodes.map(({ id, name, value, tone, url }) => ({
          id: String(id), name, url, amount: value, symbolSize: 8 + 26 * Math.sqrt((value ?? 0) / largest), itemStyle: { color: color(tone ?? "c1") },
          label: { show: named.has(String(id)), position: "bottom", color: color("ink"), textBorderColor: color("surface"), textBorderWidth: 3, fontSize: 12 },
        })),
        links: spec.links.map(({ source, target, value, url }) => ({ source: String(source), target: String(target), amount: value, url, lineStyle: { color: color("line-strong"), opacity: 0.5, width: 1 + 4 * ((value ?? 0) / thickest), curveness: 0.08 } })),
      }],
    };
  }

  Object.assign(window.prmCharts, { sankey, graph });
})();
