/* On every page of somebody who logs visits: the service worker, and who uses this phone. */
(() => {
  const user = Number(document.body.dataset.user) || null;

  // The pack of one person is not for the next; what waits or was drafted stays until its writer signs in again, and is shown to nobody else.
  async function remember() {
    await fieldDb.change(["meta", "pack"], ({ meta, pack }) => {
      meta.put(user, "user");
      pack.getAllKeys().onsuccess = ({ target }) => target.result.filter((key) => key !== user).forEach((key) => pack.delete(key));
    });
  }

  if (user) remember().catch(() => { /* no store here, as in some private windows: forms are sent as they always were */ });
  addEventListener("load", () => {
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => {});
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-reload]")) { event.preventDefault(); location.reload(); }
  });
})();
