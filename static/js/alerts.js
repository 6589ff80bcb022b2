// Alerts by keyboard: j/k or arrows move, Enter opens, x ticks, s seen, z snooze, a assign, v plan a visit, c concern, d close (done), u undo.
(() => {
  const root = document.querySelector("[data-alerts]");
  if (!root) return;
  const list = cardList(root);
  cardKeys(list, {
    s: () => list.press("[data-seen]"), z: () => list.press("[data-snooze]"), a: () => list.press("[data-assign]"), v: () => list.press("[data-visit]"),
    c: () => list.press("[data-concern]"), d: () => list.press("[data-close-alert]"),
  });
  // A card that was drawn again keeps the focus.
  let sent = null;
  document.addEventListener("submit", (event) => { sent = event.target.closest("[data-card]")?.id ?? null; }, true);
  document.addEventListener("htmx:after:swap", () => {
    const card = sent && document.getElementById(sent);
    if (!card) return;
    sent = null;
    list.move(card);
  });
})();
