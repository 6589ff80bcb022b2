/* What pages share that show what the phone keeps: bringing it up to date, and drawing it: elements, pills, icons, its age, the ways to a
   place. No HTML is ever parsed: every word goes in as text. */
self.fieldDraw = (() => {
  /* Asks for one person's copy unless it is younger than `fresh` milliseconds, and puts it into the store. What is kept stays when there is no
     answer of ours: no network, signed out, a captive portal. */
  async function keep(store, address, user, fresh) {
    if (!user || !navigator.onLine) return;
    const old = await fieldDb.get(store, user);
    if (old && Date.now() - old.checkedAt < fresh) return;
    const headers = { Accept: "application/json", ...(old ? { "If-None-Match": old.etag } : {}) };
    const answer = await fetch(address, { headers, redirect: "error", cache: "no-store" });
    if (answer.status === 304 && old) return fieldDb.put(store, { ...old, checkedAt: Date.now() }, user);
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("application/json")) return;
    const pack = await answer.json();
    if (pack.user === user) await fieldDb.put(store, { pack, etag: answer.headers.get("ETag"), checkedAt: Date.now() }, user);
  }

  const SVG = "http://www.w3.org/2000/svg";
  function h(name, attributes = {}, ...children) {
    const element = ["svg", "use", "polyline", "circle"].includes(name) ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== "" && value !== null && value !== undefined) element.setAttribute(key, value);
    element.append(...children.filter(Boolean));
    return element;
  }
  const sub = (...text) => h("span", { class: "sub" }, ...text);
  const pill = (text, tone) => h("span", { class: `pill pill-${tone}` }, text);
  const icon = (name) => h("svg", { class: "icon", "aria-hidden": "true" }, h("use", { href: `${document.querySelector("[data-icons]").dataset.icons}#${name}` }));

  const clock = (time) => new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const iso = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
  function age(time) {
    const minutes = Math.max(0, Math.round((Date.now() - time) / 60000));
    const old = minutes < 1 ? "just now" : minutes < 60 ? `${minutes} min old` : minutes < 2880 ? `${Math.floor(minutes / 60)} h old` : `${Math.floor(minutes / 1440)} days old`;
    const day = iso(new Date(time)) === iso(new Date()) ? "" : `${new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
    return `as of ${day}${clock(time)}, ${old}`;
  }

  function mapUrl({ name, address }) {
    if (/iPhone|iPad|Macintosh/.test(navigator.userAgent)) return `https://maps.apple.com/?daddr=${encodeURIComponent(address)}&dirflg=d`;
    if (/Android/.test(navigator.userAgent)) return `geo:0,0?q=${encodeURIComponent(`${name}, ${address}`)}`;
    return `https://www.google.com/maps/dir/?api=1&destination=${encodeURIComponent(address)}`;
  }
  const ways = (row) => h("div", { class: "cluster" },
    row.address && h("a", { class: "btn btn-sm", href: mapUrl(row), rel: "noreferrer" }, icon("navigation"), " Navigate"),
    row.phone && h("a", { class: "btn btn-sm", href: `tel:${row.phone}` }, icon("phone"), " Call"));

  return { keep, h, sub, pill, icon, age, iso, ways };
})();
