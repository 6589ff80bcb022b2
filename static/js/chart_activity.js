// A practice on one time axis: referrals above, what was done there below. See charts.js for how charts are drawn.
// activity {kind, labels, received: [n|null], expected: [n|null], low: [n|null], high: [n|null] (of the expected months),
//           rows: [{name, values: [n|null]}], immature_from: index, unit}
(() => {
  const { categoryAxis, legendRows } = window.prmChartParts;
  const SYMBOLS = ["circle", "diamond", "triangle"];

  function activity(spec, tools) {
    const { color, format, tip, phone, width } = tools;
    const below = spec.rows.length * 26;
    const left = phone ? 28 : 112;
    const late = spec.immature_from ?? spec.labels.length;
    const hatched = { symbol: "rect", color: color("surface"), dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, symbolSize: 1 };
    const names = [...spec.rows].reverse().map(({ name }) => name);
    const value = { type: "value", gridIndex: 0, minInterval: 1, splitNumber: 4, axisLabel: { fontSize: 12, color: color("soft") }, splitLine: { lineStyle: { color: color("line") } } };
    const top = { gridIndex: 0, boundaryGap: true, axisLabel: { show: false } };
    const bottom = { gridIndex: 1, boundaryGap: true, position: "bottom" };
    const edge = { type: "line", xAxisIndex: 0, yAxisIndex: 0, stack: "\0usual", symbol: "none", silent: true, lineStyle: { opacity: 0 }, connectNulls: false };
    const series = [
      {
        type: "bar", name: "Received", xAxisIndex: 0, yAxisIndex: 0, barMaxWidth: 20, itemStyle: { color: color("inbound") },
        data: spec.received.map((n, at) => ({ value: n, itemStyle: at >= late ? { opacity: 0.75, decal: hatched } : {} })),
      },
      { ...edge, name: "\0low", data: spec.low },
      { ...edge, name: "\0high", areaStyle: { color: color("soft"), opacity: 0.2 }, data: spec.high.map((n, at) => (n === null ? null : n - spec.low[at])) },
      { type: "line", name: "Expected", silent: true, xAxisIndex: 0, yAxisIndex: 0, symbol: "none", z: 4, lineStyle: { color: color("ink"), width: 1.75, type: [6, 4] }, itemStyle: { color: color("ink") }, data: spec.expected, connectNulls: false },
      ...spec.rows.map(({ name, values }, row) => ({
        type: "scatter", name, xAxisIndex: 1, yAxisIndex: 1, symbol: SYMBOLS[row % SYMBOLS.length], itemStyle: { color: color(`c${row === 0 ? 1 : row + 3}`) },
        symbolSize: (point) => 8 + 3 * Math.min(3, point[2] - 1),
        label: { show: true, position: "inside", color: color("on-accent"), fontSize: 10, formatter: ({ value: point }) => (point[2] > 1 ? String(point[2]) : "") },
        data: values.flatMap((n, at) => (n ? [[at, name, n]] : [])),
      })),
    ];
    const amount = (n) => format(n, spec.unit);
    const shown = ["Received", "Expected", ...(spec.low.some((n) => n !== null) ? ["Usual range"] : []), ...(phone ? spec.rows.map(({ name }) => name) : [])];
    return {
      grid: [{ left, right: 12, top: 15 + 24 * legendRows(shown.map((name) => ({ name })), width - 12), bottom: below + 44 }, { left, right: 12, height: below, bottom: 28 }],
      legend: { top: 0, left: 0, width: width - 12, itemWidth: 16, itemHeight: 10, itemGap: 14, selectedMode: false, textStyle: { fontSize: 12, color: color("ink") },
        data: ["Received", "Expected", ...(spec.low.some((n) => n !== null) ? [{ name: "\0high", icon: "rect", itemStyle: { color: color("soft"), opacity: 0.35 } }] : []), ...(phone ? spec.rows.map(({ name }) => name) : [])],
        formatter: (name) => (name === "\0high" ? "Usual range" : name) },
      xAxis: [categoryAxis(spec.labels, tools, top), categoryAxis(spec.labels, tools, bottom)],
      yAxis: [value, { type: "category", gridIndex: 1, data: names, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { show: !phone, inside: false, fontSize: 11, color: color("soft"), width: left - 4, overflow: "truncate" }, splitLine: { show: true, lineStyle: { color: color("line") } } }],
      axisPointer: { link: [{ xAxisIndex: "all" }] },
      series,
      tooltip: {
        trigger: "axis", axisPointer: { type: "line" },
        formatter: (marks) => {
          const at = marks[0].dataIndex !== undefined && marks[0].seriesType !== "scatter" ? marks[0].dataIndex : spec.labels.indexOf(marks[0].axisValue ?? marks[0].name);
          const lines = [];
          if (spec.received[at] !== null) lines.push(`Received: ${amount(spec.received[at])}`);
          if (spec.expected[at] !== null) lines.push(`Expected: ${amount(spec.expected[at])}`);
          if (spec.low[at] !== null) lines.push(`Usual: ${amount(spec.low[at])} to ${amount(spec.high[at])}`);
          for (const { name, values } of spec.rows) if (values[at]) lines.push(`${name}: ${amount(values[at])}`);
          if (at >= late) lines.push("Still filling up");
          return tip(spec.labels[at], lines);
        },
      },
    };
  }

  Object.assign(window.prmCharts, { activity });
})();
