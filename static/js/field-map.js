// The map of territories: a click or a lasso ticks the boxes of the table beside it, which alone are sent. Without this script the boxes do.
(() => {
  const map = document.querySelector("[data-field-map]"), form = document.querySelector("[data-field-form]");
  if (!map || !form) return;
  const tools = document.querySelector("[data-map-tools]"), lasso = map.querySelector("[data-lasso]");
  const boxes = new Map([...form.querySelectorAll("input[name=area]")].map((box) => [box.value, box]));
  const areas = [...map.querySelectorAll("[data-area]")].filter((area) => boxes.has(area.dataset.area));
  map.classList.add("is-live");
  let mode = "click", path = null, dragged = false;

  const show = () => {
    for (const area of areas) area.classList.toggle("is-picked", boxes.get(area.dataset.area).checked);
    for (const box of boxes.values()) box.closest("tr")?.classList.toggle("is-shown", box.checked);
  };
  const changed = () => { show(); form.dispatchEvent(new Event("change", { bubbles: true })); };
  form.addEventListener("change", show);

  if (tools) {
    tools.hidden = false;
    tools.addEventListener("click", ({ target }) => {
      const chosen = target.closest("[data-map-mode]");
      if (chosen) {
        mode = chosen.dataset.mapMode;
        for (const one of tools.querySelectorAll("[data-map-mode]")) one.setAttribute("aria-pressed", String(one === chosen));
        map.classList.toggle("is-lasso", mode === "lasso");
      } else if (target.closest("[data-map-clear]")) {
        for (const box of boxes.values()) box.checked = false;
        changed();
      }
    });
  }

  map.addEventListener("click", (event) => {
    const area = event.target.closest("[data-area]");
    if (!area || !boxes.has(area.dataset.area) || event.ctrlKey || event.metaKey) return;
    if (dragged || mode === "lasso") return;
    const box = boxes.get(area.dataset.area);
    box.checked = !box.checked;
    changed();
  });

  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    return [point.x, point.y];
  };
  // Whether a ray to the right crosses the outline an odd number of times.
  const inside = ([x, y], outline) => outline.reduce((odd, [x1, y1], place) => {
    const [x2, y2] = outline[(place + 1) % outline.length];
    return (y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1 ? !odd : odd;
  }, false);
  const draw = () => lasso.setAttribute("points", (path ?? []).map((point) => point.map(Math.round).join(",")).join(" "));

  map.addEventListener("pointerdown", (event) => {
    dragged = false;
    if (mode !== "lasso" || event.button !== 0) return;
    event.preventDefault();
    path = [at(event)];
    map.setPointerCapture(event.pointerId);
  });
  map.addEventListener("pointermove", (event) => {
    if (!path) return;
    path.push(at(event));
    draw();
  });
  map.addEventListener("pointerup", () => {
    if (!path) return;
    const outline = path;
    path = null;
    draw();
    dragged = outline.length > 3;
    if (!dragged) return;
    for (const area of areas) {
      if (inside([Number(area.dataset.x), Number(area.dataset.y)], outline)) boxes.get(area.dataset.area).checked = true;
    }
    changed();
  });
  map.addEventListener("pointercancel", () => { path = null; draw(); });
  map.addEventListener("dragstart", (event) => event.preventDefault());
  show();
})();
