// The queue by keyboard: j/k or arrows move, 1-5 choose, Enter the first, s searches, n nobody we know, u takes the last answer back.
(() => {
  const root = document.querySelector("[data-matching]");
  if (!root) return;
  const list = cardList(root, (cards) => cards.find((card) => !card.hasAttribute("data-done")));
  const { cards, mark, move, here, press } = list;
  let answered = [];

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable], dialog, summary")) {
      if (event.key === "Escape" && event.target.closest("[data-search-box]")) move(here());
      return;
    }
    const keys = {
      ...list.moves,
      n: () => press("[data-nobody]"),
      s: () => here()?.querySelector("[data-combobox]")?.focus(),
      u: () => document.getElementById(answered.pop())?.querySelector("[data-undo]")?.click(),
    };
    const chosen = /^[1-5]$/.test(event.key) && (() => press(`[data-key="${event.key}"]`));
    // Enter on a button or a link presses that one; on the card it takes the first.
    const first = event.key === "Enter" && !event.target.closest("button, a") && (() => press('[data-key="1"]'));
    const run = keys[event.key] || chosen || first;
    if (!run) return;
    event.preventDefault();
    run();
  });

  // Somebody found by the search is chosen at once.
  root.addEventListener("change", (event) => {
    if (event.target.matches("[data-combo-value]") && event.target.value) event.target.form.requestSubmit();
  });
  // An answer leads on to the next question; one taken back is asked again.
  let sent = null;
  document.addEventListener("submit", (event) => {
    const card = event.target.closest("[data-card]");
    if (!card) return;
    if (!card.hasAttribute("data-done")) answered = [...answered.filter((id) => id !== card.id), card.id];
    mark(card);
    sent = card;
  }, true);
  document.addEventListener("htmx:after:swap", () => {
    const card = sent && document.getElementById(sent.id);
    if (!card || card === sent) return;  // another part of the page came first
    const focused = document.activeElement;
    sent = null;
    document.getElementById("matching-progress")?.dispatchEvent(new CustomEvent("decided"));
    if (focused && focused !== document.body && !card.contains(focused)) return;
    const all = cards();
    move(card.hasAttribute("data-done") ? all.slice(all.indexOf(card)).find((next) => !next.hasAttribute("data-done")) ?? card : card);
  });
})();
