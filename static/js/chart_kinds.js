// One function per kind of chart: (spec, tools) → an ECharts option. Shapes are described at the top of charts.js.
window.prmCharts = (() => {
  const LABELS = { fontSize: 12 };

  /** A share from 0 to 1 gets an axis in percent; counts get whole numbers. */
  function valueAxis(spec, { color, format }) {
    return {
      type: "value", min: spec.kind === "line" && spec.unit === "percent" ? ({ min }) => Math.max(0, Math.floor(min * 20 - 0.5) / 20) : 0,
      minInterval: spec.unit === "percent" ? 0.01 : 1, splitNumber: 4,
      axisLabel: { ...LABELS, color: color("soft"), formatter: (value) => format(value, spec.unit) },
      splitLine: { lineStyle: { color: color("line") } },
    };
  }

  function categoryAxis(labels, { color }, extra = {}) {
    return {
      type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: color("line-strong") } },
      axisLabel: { ...LABELS, color: color("soft"), hideOverlap: true }, ...extra,
    };
  }

  /** How many lines a legend takes: names of these lengths, with their icons, in this width. */
  function legendRows(names, width) {
    let rows = 1, used = 0;
    for (const { name } of names) {
      const wide = 36 + name.length * 6.6;
      if (used && used + wide > width) { rows += 1; used = 0; }
      used += wide;
    }
    return rows;
  }

  function frame(spec, tools) {
    const named = spec.series.length > 1 || spec.band;
    const rows = legendRows([...spec.series, ...(spec.band ? [{ name: spec.band.label }] : [])], tools.width - 12);
    const band = spec.band ? [{ name: "\0high", icon: "rect", itemStyle: { color: tools.color(spec.series[0].tone ?? "c1"), opacity: 0.25 } }] : [];
    return {
      grid: { left: 4, right: spec.kind === "line" ? 28 : 16, top: named ? 19 + 21 * rows : 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      legend: {
        show: Boolean(named), top: 0, left: 0, width: tools.width - 12, icon: "roundRect", itemWidth: 12, itemHeight: 12, itemGap: 16, selectedMode: false,
        formatter: (name) => (name === "\0high" ? spec.band.label : name),
        data: [...spec.series.map(({ name }) => name), ...band], textStyle: { ...LABELS, color: tools.color("ink") },
      },
    };
  }

  const target = (spec, { color }, axis) => spec.target && {
    silent: true, symbol: "none", lineStyle: { color: color("ink"), type: [4, 4], width: 1 },
    label: { formatter: spec.target.label, position: "insideEndTop", color: color("ink"), fontSize: 12 }, data: [{ [axis]: spec.target.value }],
  };

  /** Months that are still filling up are behind hatching. */
  const immature = (spec, { color }) => spec.immature_from !== undefined && spec.immature_from !== null && {
    silent: true, itemStyle: { color: hatch(color), opacity: 0.9 },
    label: { show: true, formatter: "still filling up", position: "insideBottomRight", color: color("ink"), backgroundColor: color("surface"), padding: [1, 4], borderRadius: 3, fontSize: 11 },
    data: [[{ xAxis: spec.labels[Math.max(0, spec.immature_from - 1)] }, { xAxis: spec.labels.at(-1) }]],
  };
  const hatch = (color) => {
    const tile = `<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M-2 2 2-2M0 8 8 0M6 10l4-4" stroke="${color("line-strong")}" stroke-opacity=".35" stroke-width="1"/></svg>`;
    return { image: `data:image/svg+xml,${encodeURIComponent(tile)}`, imageWidth: 8, imageHeight: 8, repeat: "repeat" };
  };

  const lines = (marks, spec, format) => marks.filter(({ seriesName, value }) => !seriesName.startsWith("\0") && value !== null && value !== undefined)
    .map(({ seriesName, value }) => `${seriesName}: ${format(value, spec.unit)}`);

  function line(spec, tools) {
    const { color, format, tip } = tools;
    const series = spec.series.flatMap(({ name, values, tone, dashed_from: from = spec.immature_from, urls }, index) => {
      const style = { type: "line", name, symbolSize: 7, showSymbol: values.length < 15, connectNulls: false, lineStyle: { width: 2.25, color: color(tone ?? `c${index + 1}`) }, itemStyle: { color: color(tone ?? `c${index + 1}`) } };
      const data = values.map((value, at) => ({ value, url: urls?.[at] }));
      if (from === undefined || from === null) return [{ ...style, data }];
      return [
        { ...style, data: data.map((point, at) => (at < from ? point : { value: null })) },
        { ...style, lineStyle: { ...style.lineStyle, type: "dashed" }, data: data.map((point, at) => (at >= from - 1 ? point : { value: null })) },
      ];
    });
    if (series[0]) Object.assign(series[0], { markLine: target(spec, tools, "yAxis") || undefined, markArea: immature(spec, tools) || undefined });
    if (spec.band) {
      const edge = { type: "line", stack: "\0band", symbol: "none", silent: true, lineStyle: { opacity: 0 } };
      series.push({ ...edge, name: "\0low", data: spec.band.low }, {
        ...edge, name: "\0high", areaStyle: { color: color(spec.series[0].tone ?? "c1"), opacity: 0.16 },
        data: spec.band.high.map((high, at) => (high === null ? null : high - spec.band.low[at])),
      });
    }
    return {
      ...frame(spec, tools), xAxis: categoryAxis(spec.labels, tools, { boundaryGap: false }), yAxis: valueAxis(spec, tools), series,
      tooltip: {
        trigger: "axis",
        formatter: (marks) => tip(marks[0].axisValueLabel ?? marks[0].name, [
          ...new Set(lines(marks, spec, format)),
          ...(spec.band?.low[marks[0].dataIndex] != null ? [`${spec.band.label}: ${format(spec.band.low[marks[0].dataIndex], spec.unit)} to ${format(spec.band.high[marks[0].dataIndex], spec.unit)}`] : []),
          ...(spec.immature_from != null && marks[0].dataIndex >= spec.immature_from ? ["Still filling up"] : []),
        ]),
      },
    };
  }

  /** Long names: beside their bars, on a phone above them, where they have the whole width. */
  const nameLabel = ({ phone, width }, beside) => (phone
    ? { inside: true, margin: 0, align: "left", verticalAlign: "bottom", padding: [0, 0, 4 + 8 * beside, 0], width: width - 20, overflow: "truncate" }
    : { width: 240, overflow: "truncate" });

  function bar(spec, tools) {
    const { color, format, tip } = tools;
    const beside = spec.kind === "stacked" ? 1 : spec.series.length; // bars of one name
    const categories = categoryAxis(spec.labels, tools, spec.horizontal ? { inverse: true, axisLine: { show: false }, axisLabel: { ...LABELS, color: color("ink"), ...nameLabel(tools, beside) } } : {});
    const values = valueAxis(spec, tools);
    const single = spec.series.length === 1;
    const series = spec.series.map(({ name, values: numbers, tone, urls, tones }, index) => ({
      type: "bar", name, stack: spec.kind === "stacked" ? "all" : undefined, barMaxWidth: spec.horizontal && tools.phone ? 14 : 26, cursor: urls ? "pointer" : "default",
      itemStyle: { color: color(tone ?? `c${index + 1}`), borderRadius: single ? 3 : 0 },
      label: spec.horizontal && single ? { show: true, position: "right", color: color("ink"), fontSize: 12, formatter: ({ value }) => format(value, spec.unit) } : undefined,
      data: numbers.map((value, at) => ({
        value, url: urls?.[at],
        itemStyle: { ...(tones?.[at] ? { color: color(tones[at]) } : {}), ...(spec.immature_from != null && at >= spec.immature_from ? { opacity: 0.75, decal: hatchOver(color) } : {}) },
      })),
    }));
    if (series[0]) series[0].markLine = target(spec, tools, spec.horizontal ? "xAxis" : "yAxis") || undefined;
    const drawing = frame(spec, tools);
    if (spec.horizontal) drawing.grid.right = single ? 56 : 16;
    return {
      ...drawing, rows: spec.horizontal ? (spec.labels.length + (single ? 0 : 1)) * (tools.phone ? 0.9 + 0.5 * beside : 1) : undefined,
      xAxis: spec.horizontal ? { ...values, axisLabel: single ? { show: false } : values.axisLabel, splitLine: { ...values.splitLine, show: !single } } : categories,
      yAxis: spec.horizontal ? categories : values, series,
      tooltip: {
        trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: color("accent"), opacity: 0.07 } },
        formatter: (marks) => tip(marks[0].name, [...lines(marks, spec, format), ...(spec.immature_from != null && marks[0].dataIndex >= spec.immature_from ? ["Still filling up"] : [])]),
      },
    };
  }
  const hatchOver = (color) => ({ symbol: "rect", color: color("surface"), dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, symbolSize: 1 });

  window.prmChartParts = { categoryAxis, hatch, immature, legendRows };
  return { line, bar };
})();
