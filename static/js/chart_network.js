/* The network picture: names for the strongest nodes, as many as fit without touching, and what the mouse or the list points at. The server
   draws everything else (reports/charts/network.py), so the picture is there without this script, and on paper. */
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const measure = document.createElement("canvas").getContext("2d");
  const phone = matchMedia("(max-width: 575.98px)");

  const element = (name, attributes = {}) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const touches = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

  function nodesOf(svg) {
    return [...svg.querySelectorAll("[data-node]")].map((mark) => {
      const { x, y, width, height } = mark.firstElementChild.getBBox();
      return { mark, number: mark.dataset.node, name: mark.dataset.name, tip: mark.dataset.tip, x: x + width / 2, y: y + height / 2, r: width / 2 };
    }).sort((a, b) => b.r - a.r);
  }

  /** Names stay 12 pixels high whatever the picture's width, so their place is found anew when that changes. */
  function write(svg, nodes) {
    const names = svg.querySelector("[data-names]");
    names.replaceChildren();
    const { width, height } = svg.viewBox.baseVal;
    const unit = width / svg.clientWidth; // picture units in a pixel
    const size = 12 * unit;
    svg.querySelectorAll(".network-letters text").forEach((text) => text.setAttribute("font-size", 13 * unit));
    measure.font = `600 12px ${getComputedStyle(svg).fontFamily}`;
    const taken = [...svg.querySelectorAll(".network-letters text")].map((text) => {
      const box = text.getBBox();
      return { x: box.x, y: box.y, w: box.width, h: box.height };
    });
    const marks = nodes.map(({ x, y, r }) => ({ x: x - r, y: y - r, w: 2 * r, h: 2 * r }));
    // The few strongest are named even where that covers lesser nodes; after them whoever has room.
    // Around one node names have their place at the sides.
    const isEgo = Boolean(svg.querySelector("marker"));
    const most = phone.matches ? 10 : 36;
    const hubs = isEgo ? 0 : most / 3;
    nodes.slice(0, most).forEach((node, place) => {
      const wide = (measure.measureText(node.name).width * 1.06 + 4) * unit;
      const high = size * 1.35;
      const gap = 3 * unit;
      const right = { x: node.x + node.r + gap, y: node.y - high / 2, anchor: "start" };
      const leftwards = { x: node.x - node.r - gap - wide, y: node.y - high / 2, anchor: "end" };
      const below = { x: node.x - wide / 2, y: node.y + node.r + gap, anchor: "middle" };
      const above = { x: node.x - wide / 2, y: node.y - node.r - gap - high, anchor: "middle" };
      const corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]].map(([side, down]) => ({
        x: side > 0 ? node.x + node.r * 0.7 + gap : node.x - node.r * 0.7 - gap - wide,
        y: down > 0 ? node.y + node.r * 0.7 : node.y - node.r * 0.7 - high, anchor: side > 0 ? "start" : "end",
      }));
      const outside = isEgo && node.x < width / 2;
      const sides = outside ? [leftwards, below, above, right] : [right, below, above, leftwards];
      const free = [...sides, ...corners].map((spot) => ({ ...spot, w: wide, h: high })).filter((box) => (
        box.x >= 0 && box.y >= 0 && box.x + wide <= width && box.y + high <= height && !taken.some((other) => touches(box, other))));
      const covers = (box) => marks.reduce((sum, other, index) => sum + (index !== place && touches(box, other) ? other.w / 2 : 0), 0);
      const found = free.map((box) => ({ ...box, cost: covers(box) })).filter(({ cost }) => !cost || (place < hubs && cost < 2 * node.r)).sort((a, b) => a.cost - b.cost)[0];
      if (!found) return;
      taken.push(found);
      const text = element("text", {
        class: "network-name", "font-size": size, "text-anchor": found.anchor, "data-name-of": node.number, y: found.y + high * 0.75,
        x: { start: found.x, end: found.x + wide, middle: found.x + wide / 2 }[found.anchor],
      });
      text.textContent = node.name;
      names.append(text);
    });
    return unit;
  }

  function start(figure) {
    const svg = figure.querySelector(".network-picture");
    if (!svg) return;
    const began = performance.now();
    const nodes = nodesOf(svg);
    const byNumber = new Map(nodes.map((node) => [node.number, node]));
    const lines = [...svg.querySelectorAll("[data-ends]")].map((line) => ({ line, ends: line.dataset.ends.split(" ") }));
    const list = figure.parentElement.querySelector("[data-network-list]");
    let unit = write(svg, nodes);
    let shown = null;

    function clear() {
      shown = null;
      svg.classList.remove("is-pointing");
      svg.querySelector(".network-tip")?.remove();
      svg.querySelectorAll(".is-near").forEach((part) => part.classList.remove("is-near"));
      list?.querySelector("tr.is-shown")?.classList.remove("is-shown");
    }

    function show(number) {
      if (shown === number) return;
      clear();
      const node = byNumber.get(number);
      if (!node) return;
      shown = number;
      svg.classList.add("is-pointing");
      node.mark.classList.add("is-near");
      for (const { line, ends } of lines) {
        if (!ends.includes(number)) continue;
        line.classList.add("is-near");
        ends.forEach((end) => byNumber.get(end)?.mark.classList.add("is-near"));
      }
      svg.querySelectorAll("[data-name-of]").forEach((name) => name.classList.toggle("is-near", byNumber.get(name.dataset.nameOf).mark.classList.contains("is-near")));
      list?.querySelector(`[data-row="${number}"]`)?.classList.add("is-shown");
      tip(node);
    }

    /** Name and counts on a plate, inside the picture whatever the node's place. */
    function tip({ name, tip: words, x, y, r }) {
      const { width, height } = svg.viewBox.baseVal;
      const size = 12 * unit;
      measure.font = `600 12px ${getComputedStyle(svg).fontFamily}`;
      const wide = (Math.max(measure.measureText(name).width, measure.measureText(words).width) * 1.06 + 16) * unit;
      const high = size * 3.3;
      const left = Math.max(0, Math.min(width - wide, x - wide / 2));
      const top = y - r - high - 4 * unit >= 0 ? y - r - high - 4 * unit : Math.min(height - high, y + r + 4 * unit);
      const plate = element("g", { class: "network-tip", transform: `translate(${left} ${top})` });
      plate.append(element("rect", { width: wide, height: high, rx: 4 * unit }));
      [[name, 1.3], [words, 2.65]].forEach(([words_, line]) => {
        const text = element("text", { x: 8 * unit, y: size * line, "font-size": size });
        text.textContent = words_;
        plate.append(text);
      });
      svg.append(plate);
    }

    const numberOf = (target) => target.closest?.("[data-node]")?.dataset.node ?? target.closest?.("[data-row]")?.dataset.row;
    for (const part of [svg, list].filter(Boolean)) {
      part.addEventListener("pointerover", (event) => { const number = numberOf(event.target); if (number) show(number); else if (part === svg) clear(); });
      part.addEventListener("pointerleave", clear);
    }
    list?.addEventListener("focusin", (event) => { const number = numberOf(event.target); if (number) show(number); });
    list?.addEventListener("focusout", clear);
    list?.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const here = event.target.closest("tbody a");
      if (!step || !here) return;
      const names = [...list.querySelectorAll("tbody a")];
      const next = names[names.indexOf(here) + step];
      if (next) { event.preventDefault(); next.focus(); }
    });
    let waiting;
    let wide = svg.clientWidth;
    new ResizeObserver(() => {
      if (svg.clientWidth === wide || !svg.clientWidth) return;
      wide = svg.clientWidth;
      clearTimeout(waiting);
      waiting = setTimeout(() => { clear(); unit = write(svg, nodes); }, 120);
    }).observe(svg);
    svg.dataset.drawn = Math.round(performance.now() - began); // milliseconds
  }

  document.querySelectorAll("[data-network]").forEach(start);
})();
