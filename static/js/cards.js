/* A list of cards ([data-card], each with an id) by keyboard: one of them is the current one; it takes the focus when it is moved to, and
   becomes the current one when something in it takes the focus. Lists bring their own keys: alerts.js, follow-ups.js, matching.js. */
self.cardList = (root, first = (cards) => cards[0]) => {
  const cards = () => [...root.querySelectorAll("[data-card]")];
  let current = null;

  function mark(card) {
    current = card.id;
    cards().forEach((other) => other.toggleAttribute("data-current", other === card));
  }
  function move(card) {
    if (!card) return;
    mark(card);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
  const chosen = () => document.getElementById(current);
  const here = () => chosen() ?? first(cards());
  /* So many cards on; without a current one, to the first that `first` names. */
  function step(by) {
    const all = cards(), at = all.indexOf(here());
    move(chosen() ? all[Math.min(Math.max(at + by, 0), all.length - 1)] : all[Math.max(at, 0)]);
  }
  const press = (selector) => here()?.querySelector(selector)?.click();
  root.addEventListener("focusin", (event) => {
    const card = event.target.closest("[data-card]");
    if (card && card.id !== current) mark(card);
  });
  const moves = { j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1) };
  return { cards, mark, move, chosen, here, press, moves };
};

/* The keys of a list whose cards have a box and open with Enter. On a button or a link Enter presses that one. */
self.cardKeys = (list, keys) => {
  const typing = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return;
    const open = event.key === "Enter" && !event.target.closest("button, a, input, summary") && list.chosen() && (() => list.press("[data-open]"));
    const run = { ...list.moves, x: () => list.press("[data-tick]"), u: () => list.press("[data-undo]"), ...keys }[event.key] || open;
    // In an open menu the arrows are the menu's.
    if (!run || (event.key.startsWith("Arrow") && event.target.closest("summary, details[open]"))) return;
    event.preventDefault();
    run();
  });
};
