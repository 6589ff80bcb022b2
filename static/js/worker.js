/* The service worker's rules; /sw.js sets self.PRM_SHELL = {version, pages: {path: shell URL}, files: [URL]} before it loads this.
   It keeps the shell of a few pages (without anybody's data) and static files. Whatever lies below /api/ goes to the network alone. */
(() => {
  const { version, pages, files } = self.PRM_SHELL;
  const CACHE = `prm-shell-${version}`;
  const PATIENCE = 4000; // milliseconds for a page to begin to arrive; then its shell is shown
  const prefixes = Object.keys(pages).filter((path) => path.endsWith("*")).sort((a, b) => b.length - a.length);
  const shells = new Set(Object.values(pages));
  const HASHED = /\.[0-9a-f]{12}\.[a-z0-9]+$/;

  // A captive portal answers everything with a redirect or a page of its own: neither may become the shell.
  async function fetchOwn(url) {
    const answer = await fetch(new Request(url, { redirect: "error", credentials: "omit", cache: HASHED.test(url) ? "default" : "reload" }));
    if (!answer.ok || (shells.has(url) && answer.headers.get("PRM-Shell") !== version)) throw new Error(`${url} did not come from PRM`);
    return answer;
  }

  self.addEventListener("install", (event) => {
    event.waitUntil((async () => {
      const cache = await caches.open(CACHE);
      const wanted = [...shells, ...files];
      await Promise.all(wanted.map(async (url) => cache.put(url, await fetchOwn(url))));
      await self.skipWaiting();
    })());
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil((async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("prm-shell-") && name !== CACHE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })());
  });

  // The shell of a page that works without a network, else none; "*" alone only says so.
  const own = (path) => pages[path] ?? pages[prefixes.find((prefix) => prefix !== "*" && path.startsWith(prefix.slice(0, -1)))];

  async function page(event, path) {
    const cache = await caches.open(CACHE);
    const asked = fetch(event.request);
    asked.catch(() => {}); // a failure after the shell was shown is nobody's error
    const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE, null); });
    try {
      const answer = await (own(path) ? Promise.race([asked, late]) : asked);
      // A gateway whose server is away says 502 to 504, as do we without a database. The shell says it better, and works.
      if (answer && !(own(path) && answer.status >= 502 && answer.status <= 504)) return answer;
    } catch { /* no network */ }
    return (await cache.match(own(path) ?? pages["*"])) ?? asked;
  }

  async function file(request) {
    const cache = await caches.open(CACHE);
    const kept = async () => cache.match(request, { ignoreSearch: true });
    if (HASHED.test(new URL(request.url).pathname)) {
      const found = await kept();
      if (found) return found;
    }
    try {
      return await fetch(request);
    } catch (error) {
      const found = await kept();
      if (found) return found;
      throw error;
    }
  }

  // Background Sync, where there is one (not in Safari, not in Firefox): the browser wakes us when the network is back.
  self.addEventListener("sync", (event) => {
    if (event.tag !== "outbox") return;
    event.waitUntil(outbox.drain({ wait: true }).then((why) => {
      if (why && !["signed out", "another user"].includes(why)) throw new Error(why); // asks to be woken again
    }));
  });

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin || url.pathname.startsWith("/api/")) return;
    if (request.mode === "navigate") event.respondWith(page(event, url.pathname));
    else if (url.pathname.startsWith(self.PRM_SHELL.static)) event.respondWith(file(request));
  });
})();
