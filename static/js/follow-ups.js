// Follow-ups by keyboard: j/k or arrows move, Enter opens, x ticks, d done, t till tomorrow, m till Monday, h hands over, u undoes.
(() => {
  const root = document.querySelector("[data-follow-ups]");
  if (!root) return;
  const list = cardList(root);
  cardKeys(list, {
    d: () => list.press("[data-done]"), t: () => list.press("[data-tomorrow]"), m: () => list.press("[data-monday]"), h: () => list.press("[data-hand-over]"),
  });
})();
