/* Draws the charts of a page from specs that presenters make. A chart is a <div data-chart="ID" aria-hidden="true">, its spec the
   json_script with that ID; the same numbers stand under it as a table. Shapes (values of unit "percent" are shares, 0.21 = 21 %):

   line     {kind, labels: [text], series: [{name, values: [n|null], tone, dashed_from: index, urls: [url]}], unit: "count"|"percent",
             immature_from: index (months still filling up, hatched), target: {value, label}, band: {low: [], high: [], label}}
   bar      as line, side by side; horizontal: true for long names      stacked   as bar, on top of each other
   sankey   {kind, nodes: [{name (unique), label, tone, url}], links: [{source, target, value, tone, url}]}      bars on a phone
   xmr      {kind, name, labels: [text], values: [n|null (a gap, never bridged)], unit, tone, urls: [url],
             mean, lower, upper: n|null (null: too little for limits), limits_label: "Natural limits"|"Trial limits", trial: true (dotted),
             flags: [{rule: "outside"|"two of three"|"one side"|"trend", text, at: [index]}] (a shape and a word for each rule),
             immature_from: index, gaps: [{from, to: index, label}] (months that an import left out),
             expected: [n|null] (a line beside the values)}
   funnel   {kind, unit, x: text, y: text, log: true (sizes far apart), center: {value, label}, tone,
             limits: [{label, n: [size], lower: [n], upper: [n], dashed: true}] (curves, computed exactly by the server),
             points: [{name, n, value, side: "above"|"below"|"", wide: true (outside the widest limits), url}] (those to name first, first)}
   heatmap  {kind, unit, tone, columns: [{label, url, silent: bool (hatched)}], immature_from: index (of columns, hatched), corner: text,
             rows: [{label, url, cells: [{value: n|null, text, level: 0 … 9|null (no color), says, url, silent}]}], scale: [text of the lowest, of the highest]}
             drawn by the server as a table (templates/components/heatmap.html): its cells are links, readable, on paper and without
             JavaScript; it needs no script, and no other table beside it

   Any spec may carry empty: text, which stands in the place of a drawing that has nothing to draw.
   Tones: inbound internal outbound undetermined outside good bad warn neutral accent c1 … c7. A click on a mark follows its url.
   Limits, levels and texts are data: nothing is computed here. How each kind looks is in chart_kinds.js (line, bar), chart_flows.js
   (sankey) and chart_limits.js (xmr, funnel; loaded with `limits=True` of components/chart_scripts.html). */
(() => {
  const drawn = new Map();
  const phone = matchMedia("(max-width: 575.98px)");

  const colors = () => {
    const style = getComputedStyle(document.documentElement);
    return (tone) => style.getPropertyValue(`--prm-${tone ?? "c1"}`).trim() || style.getPropertyValue("--prm-c1").trim();
  };

  function format(value, unit) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    return unit === "percent"
      ? new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 }).format(value)
      : new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 }).format(value);
  }

  /** A tooltip as elements, never as HTML text: names come from imported files. */
  function tip(title, lines) {
    const box = document.createElement("div");
    box.className = "chart-tip";
    const head = document.createElement("b");
    head.textContent = title;
    box.append(head, ...lines.map((line) => {
      const row = document.createElement("div");
      row.textContent = line;
      return row;
    }));
    return box;
  }

  function base(color) {
    return {
      animation: false,
      aria: { enabled: false, decal: { show: false } },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: color("ink") },
      tooltip: {
        confine: true, backgroundColor: color("raised"), borderColor: color("line"), textStyle: { color: color("ink"), fontSize: 13 },
        extraCssText: "",
      },
    };
  }

  /** `paper`: width and height in pixels, for a drawing that is printed. */
  function draw(element, paper = null) {
    const source = document.getElementById(element.dataset.chart);
    if (!source || !window.echarts) return;
    const spec = JSON.parse(source.textContent);
    const kind = window.prmCharts[spec.kind === "stacked" ? "bar" : spec.kind];
    if (!kind) throw new Error(`No chart of kind "${spec.kind}".`);
    const color = colors();
    const chart = drawn.get(element) ?? window.echarts.init(element, null, { renderer: "svg" });
    const first = !drawn.has(element);
    drawn.set(element, chart);
    const drawing = kind(spec, { color, format, tip, phone: !paper && phone.matches, width: paper?.width ?? element.clientWidth, height: paper?.height ?? element.clientHeight });
    element.classList.toggle("chart-rows", Boolean(drawing.rows));
    const height = drawing.rows ? Math.max(96, drawing.rows * 34 + 24) : 0;
    element.style.height = height ? `${height}px` : "";
    chart.resize(paper ? { ...paper, height: height || paper.height } : { width: "auto", height: "auto" });
    const { rows, ...option } = drawing;
    chart.setOption({ ...base(color), ...option, tooltip: { ...base(color).tooltip, ...option.tooltip } }, true);
    if (first) {
      chart.on("click", (mark) => { const url = mark.data?.url; if (url) location.assign(url); });
    }
    // Without a viewBox the SVG is cut off on paper, where the page is narrower than the screen was.
    element.querySelector("svg")?.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
  }

  const drawAll = (root = document) => root.querySelectorAll("[data-chart]").forEach((element) => draw(element));
  const redraw = () => {
    for (const [element, chart] of drawn) {
      if (element.isConnected) draw(element);
      else { chart.dispose(); drawn.delete(element); }
    }
  };

  /** As wide as it will be on paper, so that its letters are not shrunk to nothing: a page's text is about 720 px wide there. */
  function paperOf(element) {
    const pair = element.closest(".grid-even");
    const isHalf = pair && !pair.querySelector(".table-brief");
    return isHalf ? { width: 350, height: 230 } : { width: 720, height: element.classList.contains("chart-tall") ? 320 : 210 };
  }
  addEventListener("beforeprint", () => { for (const element of drawn.keys()) if (element.isConnected) draw(element, paperOf(element)); });
  addEventListener("afterprint", redraw);

  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(redraw, 120); });
  document.addEventListener("prm:theme", redraw);
  document.addEventListener("htmx:after:swap", () => { redraw(); document.querySelectorAll("[data-chart]").forEach((element) => { if (!drawn.has(element)) draw(element); }); });
  drawAll();
})();
