// Many rows at once: x ticks the row with the focus, Shift with a click or with x ticks all from the last one on, a count says how many;
// ? shows the keys.
(() => {
  const form = () => document.querySelector("[data-bulk]");
  if (!form()) return;
  const boxes = () => [...document.querySelectorAll("main [data-tick]")];
  let last = null;

  function show() {
    const bar = form();
    if (!bar) return;
    const all = bar.querySelector("[data-bulk-all]"), page = bar.querySelector("[data-bulk-page]");
    const ticked = boxes().filter((box) => box.checked).length;
    bar.querySelector("[data-bulk-page-label]").hidden = boxes().length < 2;
    page.checked = ticked > 0 && ticked === boxes().length;
    page.indeterminate = ticked > 0 && !page.checked;
    bar.querySelector("[data-bulk-count]").textContent = all.checked ? "All of them" : ticked ? `${ticked} ticked` : "";
  }
  function range(box) {
    const list = boxes(), from = list.findIndex((other) => other.value === last), to = list.indexOf(box);
    if (from < 0 || to < 0) return;
    list.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((other) => { other.checked = box.checked; });
  }
  document.addEventListener("click", (event) => {
    if (!event.target.matches("[data-tick]")) return;
    if (event.shiftKey) range(event.target);
    last = event.target.value;
    show();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-bulk-page]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    // All that match and single ones exclude each other.
    if (event.target.matches("[data-bulk-all]") && event.target.checked) boxes().forEach((box) => { box.checked = false; });
    if (event.target.matches("[data-tick], [data-bulk-page]")) form().querySelector("[data-bulk-all]").checked = false;
    if (event.target.closest("[data-bulk]") || event.target.matches("[data-tick]")) show();
  });
  document.addEventListener("keydown", (event) => {
    if (!["x", "?"].includes(event.key.toLowerCase()) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
    if (event.key === "?") {
      const keys = form()?.querySelector("[data-bulk-keys]");
      if (!keys) return;
      event.preventDefault();
      keys.open = !keys.open;
      if (keys.open) keys.querySelector("summary").focus();
      return;
    }
    if (event.target.closest("[data-card]")) return;
    const row = event.target.closest("tr, li"), box = row?.querySelector("[data-tick]");
    if (!box) return;
    event.preventDefault();
    box.checked = !box.checked;
    if (event.shiftKey) range(box);
    last = box.value;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("htmx:after:swap", () => { last = null; show(); });
  show();
})();
