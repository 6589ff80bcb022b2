// Follow-ups by keyboard: j/k or arrows move, Enter opens, x ticks, d done, t till tomorrow, m till Monday, h hands over, u undoes.
(() => {
  const root = document.querySelector("[data-follow-ups]");
  if (!root) return;
  const cards = () => [...root.querySelectorAll("[data-card]")];
  let current = null;

  function move(card) {
    if (!card) return;
    current = card.id;
    cards().forEach((other) => other.toggleAttribute("data-current", other === card));
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
    x: () => press("[data-tick]"), d: () => press("[data-done]"), t: () => press("[data-tomorrow]"), m: () => press("[data-monday]"),
    h: () => press("[data-hand-over]"), u: () => press("[data-undo]"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
    const open = event.key === "Enter" && !event.target.closest("button, a, input, summary") && current && (() => press("[data-open]"));
    const run = keys[event.key] || open;
    if (!run || (event.key.startsWith("Arrow") && event.target.closest("summary, details[open]"))) return;
    event.preventDefault();
    run();
  });
  root.addEventListener("focusin", (event) => {
    const card = event.target.closest("[data-card]");
    if (card && card.id !== current) {
      current = card.id;
      cards().forEach((other) => other.toggleAttribute("data-current", other === card));
    }
  });
})();
