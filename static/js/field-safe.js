// On the sign-in page: whoever comes back after the session was over hears that nothing is lost. No names, no counts.
(() => {
  const note = document.querySelector("[data-safe]");
  if (!note || !indexedDB.databases) return;
  indexedDB.databases().then(async (known) => {
    if (!known.some(({ name }) => name === "prm-field")) return; // nothing was ever kept here
    note.hidden = (await fieldDb.all("outbox")).length === 0;
  }).catch(() => {});
})();
