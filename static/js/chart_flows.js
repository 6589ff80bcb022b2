// Where referrals go: the Sankey. See charts.js for the shape of its spec.
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
    // Names of both ends stand beside the flows, never on them: as much room as the longest takes, while the flows keep a third.
    const room = (nodes) => Math.min(tools.width * 0.34, Math.max(90, ...nodes.map((node) => (shown(node).length + 7) * 6.7 + 16)));
    const left = room(spec.nodes.filter(({ name }) => !targets.has(name))), right = room(spec.nodes.filter(({ name }) => !sources.has(name)));
    return {
      rows: Math.max(10.5, tallest), // each name has a line of its own
      tooltip: {
        trigger: "item",
        formatter: ({ dataType, data, value }) => (dataType === "edge"
          ? tip(`${names.get(data.source)} → ${names.get(data.target)}`, [format(data.value)]) : tip(names.get(data.name), [format(value)])),
      },
      series: [{
        type: "sankey", left, right, top: 8, bottom: 8, nodeWidth: 12, nodeGap: 16, draggable: false, layoutIterations: 0, // as the spec orders them
        emphasis: { focus: "adjacency" }, lineStyle: { curveness: 0.5 },
        label: { color: color("ink"), textBorderColor: color("surface"), textBorderWidth: 3, fontSize: 12, formatter: ({ name, value }) => `${names.get(name)}  ${format(value)}` },
        data: spec.nodes.map(({ name, tone, url }) => ({ name, url, itemStyle: { color: color(tone ?? "neutral"), borderWidth: 0 }, label: { position: targets.has(name) ? "right" : "left", width: (targets.has(name) ? right : left) - 12, overflow: "truncate" } })),
        links: spec.links.map(({ source, target, value, tone, url }) => ({ source, target, value, url, lineStyle: { color: color(tone ?? "neutral"), opacity: 0.32 } })),
      }],
    };
  }

  Object.assign(window.prmCharts, { sankey });
})();
