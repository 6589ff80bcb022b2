/* The outbox, for pages and for the service worker. Whatever is saved goes in here first, with or without a network, and leaves when the
   server has said that it has it: a status of 200 or 201 and, in JSON, the same id. Anything else keeps it.

   An item: {id, user, kind: "visit" | "edit", url, body, label, at, state: "waiting" | "needs a fix", reason, asks, conflict, tries, again}
   `at` and `again` are milliseconds of this phone's clock; `again` is when to try next; `conflict` what another edit says (edits only). */
self.outbox = (() => {
  const SESSION = "/api/session/", TIMEOUT = 20000, LONGEST = 5 * 60000;
  const SLOWEST = 10; // bytes per millisecond that a road carries at least: a visit with a receipt is given the time that it needs
  const REFUSED = new Set([400, 403, 404, 409, 413, 422]);
  const channel = new BroadcastChannel("prm-outbox");
  const heard = new Set();
  channel.onmessage = ({ data }) => heard.forEach((tell) => tell(data));
  const say = (news) => { heard.forEach((tell) => tell(news)); channel.postMessage(news); };

  // ---- what is in it

  // Whoever sends an item, changes it or throws it away holds its lock: none of the three happens during another. Freed with the page.
  const alone = (id, options, act) => (navigator.locks ? navigator.locks.request(`outbox ${id}`, options, act) : act({}));

  /* The item, held so that nobody sends it while it is on the screen; undefined when it has left already. */
  function hold(id) {
    return new Promise((resolve, reject) => {
      alone(id, {}, async () => {
        const item = await fieldDb.get("outbox", id);
        resolve(item);
        if (item) await new Promise(() => {}); // until the page is closed
      }).catch(reject);
    });
  }

  /* Into the outbox; `replaces` is an item whose content lives on in this one: one goes and the other comes in one step. */
  async function put(item, replaces) {
    const whole = { state: "waiting", reason: "", tries: 0, again: 0, at: Date.now(), ...item };
    await fieldDb.change(["outbox", "drafts"], ({ outbox, drafts }) => {
      if (replaces) outbox.delete(replaces);
      if (item.draft) drafts.delete(item.draft);
      outbox.put(whole);
    });
    say({ changed: true });
    navigator.storage?.persist?.().catch(() => {});
    self.registration ?? navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("outbox")).catch(() => {});
  }

  const remove = (id) => alone(id, {}, async () => { await fieldDb.remove("outbox", id); say({ changed: true }); });

  async function counts(user) {
    const items = await fieldDb.all("outbox");
    const mine = items.filter((item) => item.user === user);
    return {
      unsent: mine.length,
      fix: mine.filter((item) => item.state === "needs a fix").length,
      oldest: Math.min(...mine.map((item) => item.at)),
      others: items.length - mine.length,
    };
  }

  // ---- sending

  // Never a redirect to some other page, never a page that was kept; what is no JSON is nobody's answer.
  async function ask(url, options = {}) {
    let answer;
    try {
      answer = await fetch(url, { redirect: "error", cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT + (options.body?.length ?? 0) / SLOWEST), ...options });
    } catch { return { status: 0 }; }
    const { status, headers } = answer;
    if (!headers.get("Content-Type")?.includes("json")) return { status: status >= 500 ? status : 0, portal: true };
    try {
      return { status, json: await answer.json(), wait: Number(headers.get("Retry-After")) * 1000 || 0 };
    } catch { return { status: 0 }; }
  }

  async function session() {
    const { status, json, portal } = await ask(SESSION);
    if (status === 401) return { why: "signed out" };
    if (status !== 200 || !json?.user || !json.csrf) return { why: portal ? "no answer" : "no network" };
    return { user: json.user, csrf: json.csrf };
  }

  function sentences(json, status) {
    if (status === 404) return "This visit is no longer there: it was deleted, or you do not see it any more.";
    if (typeof json.detail === "string") return json.detail;
    const flat = (value) => (Array.isArray(value) ? value.map(flat).join(" ") : value && typeof value === "object" ? Object.values(value).map(flat).join(" ") : String(value));
    return flat(json);
  }

  const later = (item, wait) => ({ ...item, tries: item.tries + 1, again: Date.now() + Math.max(wait, Math.min(LONGEST, 2000 * 2 ** item.tries) * (0.75 + Math.random() / 2)) });

  // Sends one item; returns why the others have to wait, or nothing.
  async function send(item, { csrf }) {
    const { status, json, wait } = await ask(item.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf, "Idempotency-Key": item.id, "Phone-Time": new Date().toISOString() },
      body: JSON.stringify(item.body),
    });
    if ((status === 200 || status === 201) && json?.client_id === item.id) {
      const sent = { id: item.id, user: item.user, label: item.label, visit: json.id, arrival_notes: json.arrival_notes ?? [], at: Date.now() };
      await fieldDb.change(["outbox", "meta"], ({ outbox, meta }) => {
        outbox.delete(item.id);
        meta.get("sent").onsuccess = ({ target }) => meta.put([sent, ...(target.result ?? [])].slice(0, 30), "sent");
      });
      say({ changed: true, sent });
      return "";
    }
    if (status === 401) return "signed out";
    if (status === 403 && String(json?.detail).startsWith("CSRF")) return "session changed";
    if (REFUSED.has(status) && json) {
      const fixed = { ...item, state: "needs a fix", reason: sentences(json, status), asks: json.asks ?? "", errors: json, conflict: status === 409 ? json : null };
      await keep(fixed);
      say({ changed: true, refused: fixed });
      return "";
    }
    if (status === 429 || status >= 500) { await keep(later(item, wait)); return "server busy"; }
    return "no network";
  }

  const keep = (item) => fieldDb.put("outbox", item);

  async function run({ now = false } = {}) {
    const ripe = (item) => item.state === "waiting" && (now || item.again <= Date.now());
    let why = "", asked = null, troubles = 0;
    const tried = new Set();
    for (;;) {
      const items = (await fieldDb.all("outbox")).filter((item) => ripe(item) && !tried.has(item.id)).sort((a, b) => a.at - b.at);
      if (!items.length) break;
      asked ??= await session();
      if (!asked.user) { why = asked.why; break; }
      const item = items.find(({ user }) => user === asked.user);
      if (!item) { why = "another user"; break; }
      tried.add(item.id);
      why = await alone(item.id, { ifAvailable: true }, async (lock) => {
        const now_ = lock && (await fieldDb.get("outbox", item.id)); // it may have been changed or thrown away since it was listed
        return now_?.state === "waiting" ? send(now_, asked) : "";
      });
      if (why === "session changed" && troubles < 2) { troubles += 1; asked = null; tried.delete(item.id); continue; }
      if (why === "server busy") { troubles += 1; if (troubles < 3) continue; } // one that always fails must not hold up the rest
      if (why) break;
    }
    await fieldDb.put("meta", { why, at: Date.now() }, "drain");
    say({ changed: true, drained: true, why });
    return why;
  }

  /* Sends what waits. One tab at a time; `wait` queues behind another instead of leaving it to that one. Returns why something stays. */
  async function drain({ now = false, wait = false } = {}) {
    if (!navigator.locks) return run({ now });
    return navigator.locks.request("outbox", wait ? {} : { ifAvailable: true }, (lock) => (lock ? run({ now }) : "busy"));
  }

  return { put, remove, hold, counts, drain, listen: (tell) => { heard.add(tell); } };
})();
