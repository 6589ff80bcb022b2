// Alerts by keyboard: j/k or arrows move, Enter opens, x ticks, s seen, z snooze, a assign, v plan a visit, c concern, d close (done), u undo.
(() => {
  const root = document.querySelector("[data-alerts]");
  if (!root) return;
  const cards = () => [...root.querySelectorAll("[data-card]")];
  let current = null;

  function mark(id) {
    current = id;
    cards().forEach((card) => card.toggleAttribute("data-current", card.id === id));
  }
  function move(card) {
    if (!card) return;
    mark(card.id);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
  const here = () => document.getElementById(current) ?? cards()[0];
  function step(by) {
    const all = cards(), at = all.findIndex((card) => card.id === current);
    move(at < 0 ? all[0] : all[Math.min(Math.max(at + by, 0), all.length - 1)]);
  }
  const press = (selector) => here()?.querySelector(selector)?.click();
  const keys = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    x: () => press("[data-tick]"), s: () => press("[data-seen]"), z: () => press("[data-snooze]"), a: () => press("[data-assign]"),
    v: () => press("[data-visit]"), c: () => press("[data-concern]"), d: () => press("[data-close-alert]"), u: () => press("[data-undo]"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
    // Enter on a button or a link presses that one; on the card it opens the alert.
    const open = event.key === "Enter" && !event.target.closest("button, a, input, summary") && current && (() => press("[data-open]"));
    const run = keys[event.key] || open;
    if (!run || (event.key.startsWith("Arrow") && event.target.closest("summary"))) return;
    event.preventDefault();
    run();
  });
  root.addEventListener("focusin", (event) => {
    const card = event.target.closest("[data-card]");
    if (card && card.id !== current) mark(card.id);
  });
  // A card that was drawn again keeps the focus.
  let sent = null;
  document.addEventListener("submit", (event) => { sent = event.target.closest("[data-card]")?.id ?? null; }, true);
  document.addEventListener("htmx:after:swap", () => {
    const card = sent && document.getElementById(sent);
    if (!card) return;
    sent = null;
    move(card);
  });
})();
