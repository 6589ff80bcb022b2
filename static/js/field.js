/* On every page of somebody who logs visits, and on the shells: the service worker, who uses this phone, and how many visits wait on it. */
(() => {
  const page = Number(document.body.dataset.user) || null;
  const link = document.querySelector("[data-unsent]");
  const DAY = 24 * 3600000, EVERY = 15000;

  // The pack of one person is not for the next; what waits or was drafted stays until its writer signs in again, and is shown to nobody else.
  async function remember() {
    if (page) {
      await fieldDb.change(["meta", "pack", "directory"], ({ meta, ...packs }) => {
        meta.put(page, "user");
        for (const pack of Object.values(packs)) pack.getAllKeys().onsuccess = ({ target }) => target.result.filter((key) => key !== page).forEach((key) => pack.delete(key));
      });
    }
    return page ?? fieldDb.get("meta", "user");
  }
  const whose = remember().catch(() => null); // no store here, as in some private windows: forms are sent as they always were
  self.fieldUser = () => whose;

  async function show() {
    const user = await whose;
    if (!user) return;
    const { unsent, fix, oldest } = await outbox.counts(user);
    if (link) {
      link.hidden = unsent === 0;
      link.classList.toggle("has-fix", fix > 0);
      link.querySelector("[data-unsent-count]").textContent = String(unsent);
      link.setAttribute("aria-label", fix ? `${unsent} unsent, ${fix} of them need a fix` : `${unsent} unsent: send now`);
    }
    navigator.setAppBadge?.(unsent).catch(() => {});
    nudge(unsent, oldest);
  }

  function nudge(unsent, oldest) {
    const old = document.querySelector("[data-nudge]");
    if (!unsent || Date.now() - oldest < DAY) { old?.remove(); return; }
    if (old || document.querySelector("[data-waiting-page]")) return;
    const note = Object.assign(document.createElement("div"), { className: "note note-warn" });
    note.dataset.nudge = "";
    const words = Object.assign(document.createElement("div"), { textContent: `${unsent === 1 ? "A visit has" : `${unsent} visits have`} waited on this phone for more than a day. ` });
    words.append(Object.assign(document.createElement("a"), { href: "/visits/waiting/", textContent: "See what waits" }));
    note.append(words);
    document.querySelector("#main .messages")?.append(note);
  }

  const send = (how) => outbox.drain(how).catch(() => {});
  outbox.listen((news) => { if (news.changed) show().catch(() => {}); });
  show().then(() => send()).catch(() => {});
  addEventListener("online", () => send({ now: true }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(() => { if (!document.hidden) send(); }, EVERY);

  addEventListener("load", () => {
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => {});
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-reload]")) { event.preventDefault(); location.reload(); }
    if (event.target.closest("[data-unsent]")) send({ now: true });
  });

  // Signing out empties the phone: whoever still has visits on it hears so first.
  document.addEventListener("submit", async (event) => {
    const button = event.target.querySelector("[data-sign-out]");
    const dialog = document.getElementById("sign-out-unsent");
    if (!button || !dialog || event.target.closest("dialog")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const user = await whose;
    const { unsent } = user ? await outbox.counts(user).catch(() => ({ unsent: 0 })) : { unsent: 0 };
    const drafts = user ? (await fieldDb.all("drafts").catch(() => [])).filter((draft) => draft.user === user).length : 0;
    if (!unsent && !drafts) { event.target.submit(); return; }
    const said = [unsent && `${unsent} unsent visit${unsent === 1 ? "" : "s"}`, drafts && `${drafts} draft${drafts === 1 ? "" : "s"}`].filter(Boolean).join(" and ");
    dialog.querySelector("[data-sign-out-count]").textContent = said;
    dialog.showModal();
  }, true);
})();
