// Charts of what chance explains: XmR and funnel. See charts.js for the shapes of their specs; every limit comes with them.
(() => {
  const { categoryAxis, immature, legendRows } = window.prmChartParts;
  const MARKS = {
    outside: { symbol: "diamond", symbolSize: 14 }, "two of three": { symbol: "triangle", symbolSize: 12 },
    "one side": { symbol: "path://M0 0h10v10h-10z", symbolSize: 9 }, trend: { symbol: "arrow", symbolSize: 12 },
  };

  // In a legend a line is a line, not a line with a dot.
  const dashes = (parts) => `path://${parts.map(([from, to]) => `M${from} 4h${to - from}v2h${from - to}z`).join("")}`;
  const LINES = { solid: dashes([[0, 20]]), dashed: dashes([[0, 5], [7.5, 12.5], [15, 20]]), dotted: dashes([[0, 2], [6, 8], [12, 14], [18, 20]]) };

  function legend(names, { color, width }) {
    return { top: 0, left: 0, right: 0, itemWidth: 18, itemHeight: 12, itemGap: 14, selectedMode: false, data: names, textStyle: { fontSize: 12, color: color("ink") }, width };
  }

  function xmr(spec, tools) {
    const { color, format, tip } = tools;
    const tone = color(spec.tone ?? "c1"), ink = color("ink");
    const late = spec.immature_from ?? spec.values.length;
    const amount = (value) => format(value, spec.unit);
    const own = { type: "line", name: spec.name, symbol: "circle", symbolSize: 6, showSymbol: true, showAllSymbol: true, connectNulls: false, itemStyle: { color: tone }, cursor: spec.urls ? "pointer" : "default", z: 3 };
    const data = (keep) => spec.values.map((value, at) => ({ value: keep(at) ? value : null, url: spec.urls?.[at] }));
    const series = [{ ...own, lineStyle: { width: 2.25, color: tone }, data: data((at) => at < late) }];
    if (late < spec.values.length) series.push({ ...own, lineStyle: { width: 2.25, color: tone, type: "dashed" }, data: data((at) => at >= late - 1) });
    const rule = (name, value, lineStyle) => ({ type: "line", name, symbol: "none", silent: true, itemStyle: { color: color("soft") }, lineStyle: { color: color("soft"), ...lineStyle }, data: spec.values.map(() => value) });
    const mean = `Mean ${amount(spec.mean)}`, limits = `${spec.limits_label} ${amount(spec.lower)} to ${amount(spec.upper)}`;
    const names = [{ name: spec.name }];
    if (spec.mean !== null && spec.mean !== undefined) {
      const way = spec.trial ? [1, 4] : [7, 4];
      series.push(rule(mean, spec.mean, { width: 1.25 }), rule(limits, spec.lower, { width: 1.5, type: way }), rule(limits, spec.upper, { width: 1.5, type: way }));
      names.push({ name: mean, icon: LINES.solid }, { name: limits, icon: spec.trial ? LINES.dotted : LINES.dashed });
    }
    if (spec.expected) {
      series.push({ type: "line", name: "Expected", symbol: "none", silent: true, connectNulls: false, z: 2, itemStyle: { color: ink }, lineStyle: { color: ink, width: 1.5, type: [2, 3] }, data: spec.expected });
      names.push({ name: "Expected", icon: LINES.dotted });
    }
    for (const flag of spec.flags ?? []) {
      const seen = new Set(flag.at);
      series.push({
        type: "line", name: flag.text, ...MARKS[flag.rule], showSymbol: true, showAllSymbol: true, lineStyle: { opacity: 0 }, z: 5, itemStyle: { color: ink, borderColor: color("surface"), borderWidth: 1.5, opacity: 1 },
        data: spec.values.map((value, at) => ({ value: seen.has(at) ? value : null, url: spec.urls?.[at] })),
      });
      names.push({ name: flag.text, icon: MARKS[flag.rule].symbol });
    }
    const hatched = immature({ ...spec, immature_from: late < spec.values.length ? late : null }, tools);
    const gaps = (spec.gaps ?? []).map(({ from, to, label }) => [
      { xAxis: spec.labels[Math.max(0, from - 1)], itemStyle: { color: color("neutral-wash"), opacity: 0.8 }, label: { show: true, formatter: label, position: "insideTop", color: color("soft"), fontSize: 11 } },
      { xAxis: spec.labels[Math.min(spec.labels.length - 1, to + 1)] },
    ]);
    if (hatched || gaps.length) series[0].markArea = { ...(hatched || { silent: true }), data: [...(hatched ? hatched.data : []), ...gaps] };
    const narrow = spec.lower !== null && spec.lower !== undefined && spec.lower > spec.upper / 2; // far from zero: the axis may start elsewhere
    return {
      grid: { left: 4, right: 28, top: 14 + 21 * legendRows(names, tools.width), bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      legend: legend(names, tools),
      xAxis: categoryAxis(spec.labels, tools, { boundaryGap: false }),
      yAxis: { type: "value", min: narrow ? undefined : 0, scale: narrow, minInterval: spec.unit === "percent" ? 0.01 : 1, splitNumber: 4, axisLabel: { fontSize: 12, color: color("soft"), formatter: amount }, splitLine: { lineStyle: { color: color("line") } } },
      series,
      tooltip: {
        trigger: "axis",
        formatter: ([{ dataIndex: at }]) => tip(spec.labels[at], [
          `${spec.name}: ${amount(spec.values[at])}`,
          ...(spec.expected?.[at] != null ? [`Expected: ${amount(spec.expected[at])}`] : []),
          ...(spec.flags ?? []).filter((flag) => flag.at.includes(at)).map(({ text }) => text),
          ...(spec.gaps ?? []).filter(({ from, to }) => at >= from && at <= to).map(({ label }) => label),
          ...(at >= late ? ["Still filling up"] : []),
        ]),
      },
    };
  }

  const NAMED = 15; // with more outside, only those beyond the widest limits are named; the table names them all

  /** Where a name goes beside its mark so that it covers no other mark that is named, and no other name; null where there is no room. */
  function place({ x, y, wide, up }, taken, frame) {
    const tall = 15;
    for (const gap of [8, 20, 34]) {
      const out = up ? -gap - tall : gap, slant = up ? -gap - tall / 2 : gap - tall / 2; // away from the crowd in the middle
      for (const [dx, dy] of [[gap, -tall / 2], [-wide / 2, out], [gap, slant], [-gap - wide, slant], [-gap - wide, -tall / 2]]) {
        const box = { left: x + dx, top: y + dy, right: x + dx + wide, bottom: y + dy + tall };
        const inside = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
        if (inside && !taken.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom)) {
          taken.push(box);
          return [dx, dy + tall / 2];
        }
      }
    }
    return null;
  }

  function funnel(spec, tools) {
    const { color, format, tip, phone } = tools;
    const amount = (value) => format(value, spec.unit);
    const tone = color(spec.tone ?? "c1"), ink = color("ink");
    const limited = spec.limits.length > 0; // too few units have no common center
    const inside = limited ? "Within the limits" : spec.y;
    const names = [{ name: inside, icon: "circle" }];
    // Only what lies outside the widest limits is more than chance explains, as the title counts: the two have each their own mark.
    const [narrowest, widest] = [spec.limits[0]?.label, spec.limits.at(-1)?.label];
    const beyond = `Outside the ${widest}`, between = `Between ${narrowest} and ${widest}`;
    if (spec.points.some(({ wide }) => wide)) names.push({ name: beyond, icon: "triangle" });
    if (spec.points.some(({ side, wide }) => side && !wide)) names.push({ name: between, icon: "path://M10 1L20 18H0zM10 5L3.5 16h13z" });
    if (limited) names.push(...spec.limits.map(({ label, dashed }) => ({ name: label, icon: dashed ? LINES.dashed : LINES.solid })), { name: spec.center.label, icon: LINES.dotted });
    const grid = { left: phone ? 44 : 56, right: 16, top: 14 + 21 * legendRows(names, tools.width), bottom: 46 };
    const sizes = spec.points.map(({ n }) => n), shares = spec.points.map(({ value }) => value);
    const edges = spec.limits.flatMap(({ upper }) => upper.slice(Math.floor(upper.length / 8))); // the very smallest may be cut off
    const most = Math.max(...sizes, 1), top = Math.min(spec.unit === "percent" ? 1 : Infinity, Math.max(...shares, ...edges, 0.01) * 1.1);
    const least = spec.log ? Math.max(1, Math.min(...sizes)) * 0.9 : 0, end = spec.log ? most * 1.15 : most * 1.03;
    const room = { left: grid.left, right: tools.width - grid.right, top: grid.top, bottom: tools.height - grid.bottom };
    const scaled = (n) => (spec.log ? Math.log(n / least) / Math.log(end / least) : n / end);
    const at = ({ n, value }) => ({ x: room.left + scaled(n) * (room.right - room.left), y: room.bottom - (value / top) * (room.bottom - room.top) });
    const outside = spec.points.filter(({ side }) => side), taken = outside.map((point) => { const { x, y } = at(point); return { left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }; });
    const longest = phone ? 18 : 34;
    const marks = outside.map((point) => {
      const name = point.name.length > longest ? `${point.name.slice(0, longest - 1)}…` : point.name;
      const size = point.wide ? 12 : 10, named = point.wide || outside.length <= NAMED;
      const offset = named && place({ ...at(point), wide: name.length * 6.4 + 4, up: point.side === "above" }, taken, room);
      return {
        value: [point.n, point.value], url: point.url, point, symbol: "triangle", symbolSize: size, symbolRotate: point.side === "below" ? 180 : 0,
        itemStyle: { color: point.wide ? ink : color("surface"), borderColor: ink, borderWidth: 1.5 },
        label: { show: Boolean(offset), formatter: name, position: offset ? offset.map((by) => by + size / 2) : "right", align: "left", verticalAlign: "middle", fontSize: 12, color: ink, textBorderColor: color("surface"), textBorderWidth: 3 },
      };
    });
    const line = (name, n, values, type) => ({ type: "line", name, silent: true, symbol: "none", lineStyle: { color: color("soft"), width: 1.5, type }, itemStyle: { color: color("soft") }, data: n.map((size, index) => [size, values[index]]) });
    const axis = (name) => ({ name, nameLocation: "middle", nameTextStyle: { color: color("soft"), fontSize: 12 }, axisLine: { show: true, lineStyle: { color: color("line-strong") } }, splitLine: { lineStyle: { color: color("line") } } });
    const label = { fontSize: 12, color: color("soft"), hideOverlap: true };
    return {
      grid, legend: legend(names, tools),
      xAxis: { ...axis(spec.x), type: spec.log ? "log" : "value", min: least, max: end, nameGap: 28, axisLabel: { ...label, showMaxLabel: false, showMinLabel: !spec.log, formatter: (value) => format(value) }, splitLine: { show: false } },
      yAxis: { ...axis(""), type: "value", min: 0, max: top, axisLabel: { ...label, showMaxLabel: false, formatter: amount } },
      tooltip: {
        trigger: "item",
        formatter: ({ data: { point } }) => (point ? tip(point.name, [`${spec.y}: ${amount(point.value)}`, `${spec.x}: ${format(point.n)}`, ...(point.says ? [point.says] : [])]) : ""),
      },
      series: [
        ...spec.limits.flatMap(({ label: name, n, lower, upper, dashed }) => [line(name, n, lower, dashed ? [6, 4] : "solid"), line(name, n, upper, dashed ? [6, 4] : "solid")]),
        ...(limited ? [line(spec.center.label, [spec.log ? least : 0, end], [spec.center.value, spec.center.value], [1, 4])] : []),
        {
          type: "scatter", name: inside, symbol: "circle", symbolSize: spec.points.length > 150 ? 6 : 8, itemStyle: { color: tone, opacity: spec.points.length > 150 ? 0.5 : 0.75 }, z: 3,
          data: spec.points.filter(({ side }) => !side).map((point) => ({ value: [point.n, point.value], url: point.url, point })),
        },
        ...[[between, marks.filter(({ point }) => !point.wide)], [beyond, marks.filter(({ point }) => point.wide)]].map(([name, data]) => (
          { type: "scatter", name, symbol: "triangle", itemStyle: { color: ink }, z: 5, clip: false, data })),
      ],
    };
  }

  Object.assign(window.prmCharts, { xmr, funnel });
})();
