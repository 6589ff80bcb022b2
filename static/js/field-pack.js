/* The pack: the next three working days, kept in the phone's store and shown from it when there is no network. Every time it is shown,
   its age is shown too. It belongs to one person: another one's is neither kept nor shown. */
(() => {
  const NAMES = { next: "Next", done: "Done", missed: "Missed" }, TONES = { next: "info", done: "good", missed: "warn" };
  const FRESH = 5 * 60000, HALF_DAY = 12 * 3600000; // milliseconds during which it is not asked for again
  const place = document.querySelector("[data-pack-page]"); // a shell, which is drawn from the pack
  const page = Number(document.body.dataset.user) || null;
  const { h, sub, pill, icon, age, iso, ways } = fieldDraw;

  // ---- keeping

  async function kept(user) { return user ? fieldDb.get("pack", user) : undefined; }

  // The directory is asked for in a corridor, where nobody opened it before: it comes with the day, twice a day.
  async function refresh(force) {
    await fieldDraw.keep("pack", "/api/v1/field/pack/", page, force ? 0 : FRESH);
    await fieldDraw.keep("directory", "/api/v1/directory/pack/", page, HALF_DAY);
  }

  // ---- showing

  const section = (title, ...children) => h("section", { class: "card" }, h("h2", {}, title), ...children);
  const whys = (rows) => rows.length > 0 && h("ul", { class: "whys" }, ...rows.map((why) => h("li", { class: `why why-${why.tone}` }, why.text)));

  function sparkline(points) {
    if (points.length < 2) return null;
    const low = Math.min(...points), spread = Math.max(...points) - low || 1, step = 122 / (points.length - 1);
    const line = points.map((point, index) => `${(3 + index * step).toFixed(1)},${(32 - ((point - low) / spread) * 28).toFixed(1)}`);
    const [x, y] = line.at(-1).split(",");
    return h("svg", { class: "spark", viewBox: "0 0 128 36", width: 128, height: 36, "aria-hidden": "true" },
      h("polyline", { points: line.join(" ") }), h("circle", { cx: x, cy: y, r: 2.5 }));
  }

  function stop(row, day, isToday, waiting) {
    const state = waiting.has(row.visit) ? "waiting" : row.state;
    const said = state === "waiting" ? pill("Logged, waits on this phone", "warn") : NAMES[state] && pill(state === "next" ? "Next" : row.outcome, TONES[state]);
    const link = row.has_brief ? h("a", { href: `/visits/brief/${row.practice}/?day=${day}` }, row.name) : row.name;
    const open = state === "next" || state === "later";
    return h("li", { class: `stop stop-${state === "waiting" ? "done" : state}` },
      h("div", { class: "stop-when" }, h("time", {}, row.time), row.drive && sub(`${row.drive} min`)),
      h("div", { class: "stop-what" },
        h("h3", {}, link, said, row.mode && pill(row.mode, "neutral"), row.do_not_visit && pill("Do not visit", "bad")),
        sub(row.address),
        ...(open ? [row.doors && h("span", { class: row.is_open ? "sub" : "why why-bad" }, row.doors), ...row.rules.map((rule) => sub(rule)), row.purpose && sub(row.purpose), whys(row.why), row.mode ? null : ways(row)] : []),
        open && isToday && state === "later" && h("a", { class: "btn btn-sm mt-2", href: `/visits/log/?planned=${row.visit}` }, "Log")));
  }

  async function today(pack, wanted) {
    const now = iso(new Date());
    const day = pack.days.find((one) => one.day === wanted) ?? pack.days.find((one) => one.day >= now) ?? pack.days.at(-1);
    const isToday = day.day === now;
    const waiting = new Set((await fieldDb.all("outbox")).filter((item) => item.user === pack.user).map((item) => Number(item.body?.planned)));
    const left = day.stops.filter((row) => ["next", "later"].includes(row.state) && !waiting.has(row.visit));
    const rows = day.stops.map((row) => {
      const state = !left.includes(row) ? row.state : isToday && row === left[0] ? "next" : "later";
      return stop({ ...row, state }, day.day, isToday, waiting);
    });
    const tabs = pack.days.map((one) => h("li", {}, h("a", { href: `/visits/today/?day=${one.day}`, "aria-current": one === day ? "page" : null }, one.day === now ? "Today" : one.label)));
    return [isToday ? "Today" : day.label,
      h("nav", { "aria-label": "Days" }, h("ul", { class: "tabs" }, ...tabs)),
      h("section", { class: "card" }, h("h2", { class: "visually-hidden" }, "Stops"), rows.length
        ? h("ol", { class: "stops" }, ...rows)
        : h("div", { class: "empty-state" }, icon("route"), h("h2", {}, "No stops on this day"), h("p", {}, "Nothing was planned when this was kept."))),
      isToday && left[0] && h("div", { class: "actionbar" }, h("a", { class: "btn btn-primary", href: `/visits/log/?planned=${left[0].visit}` }, "Log visit", h("span", { class: "visually-hidden" }, ` to ${left[0].name}`)))];
  }

  function brief(pack, practice) {
    const it = pack.briefs[practice];
    if (!it) return ["Brief", h("div", { class: "empty-state" }, icon("cloud-off"), h("h2", {}, "This brief is not kept on the phone"), h("p", {}, "Kept are those of the stops of the next three working days. It opens again with a network."))];
    const stops = pack.days.flatMap((day) => day.stops).filter((row) => row.practice === it.practice && ["next", "later"].includes(row.state));
    const list = (rows) => h("ul", {}, ...rows);
    return [it.name,
      h("p", { class: "subtitle" }, it.address, it.tier && ` · tier ${it.tier}`), ways(it),
      h("div", { class: "cluster" }, h("a", { class: "btn btn-sm", href: `/directory/?practice=${it.practice}&within=10` }, icon("address-book"), " Our specialists near here")),
      h("div", { class: "brief" },
        it.do_not_visit && h("div", { class: "note note-warn" }, icon("alert-triangle"), h("div", {}, h("strong", {}, "Do not visit. "), "This practice asked for no visits.")),
        whys(it.why),
        it.tell.length > 0 && h("section", { class: "card brief-tell" }, h("h2", {}, "You said, we did: tell them"),
          list(it.tell.map((row) => h("li", {}, row.what, h("span", {}, `They said: ${row.said}`), row.did && h("span", {}, `We did: ${row.did}`))))),
        it.open.length + it.promises.length > 0 && section("Open here", list([
          ...it.open.map((row) => h("li", {}, row.what, " ", row.late && pill("Late", "bad"), h("span", {}, row.text), sub(row.sub))),
          ...it.promises.map((row) => h("li", {}, `We promised: ${row.text} `, row.late && pill("Overdue", "bad"), sub(row.sub)))])),
        section("Last notes", h("p", { class: "sub" }, it.last), it.notes.length > 0 && list(it.notes.map((note) => h("li", {}, note.text, sub(`${note.when} · ${note.by}`))))),
        it.trend ? section("Referrals", h("div", { class: "brief-trend" }, h("p", {}, it.trend.sentence), sparkline(it.trend.points)), sub(`As of ${it.trend.through}, the last 12 full months`)) : section("Referrals", h("p", {}, it.no_trend)),
        section("People", it.people.length ? h("ul", { class: "brief-people" }, ...it.people.map((person) => h("li", {}, `${person.name} `, sub(person.role)))) : h("p", {}, "Nobody is noted here yet.")),
        section("When to come", it.rules.length ? list(it.rules.map((rule) => h("li", {}, rule))) : h("p", {}, "No rules are noted: ask at the desk.")),
        it.left.length > 0 && section("Left before", h("ul", { class: "brief-people" }, ...it.left.map((row) => h("li", {}, `${row.what} `, sub(row.sub)))))),
      h("div", { class: "actionbar" }, h("a", { class: "btn btn-primary", href: `/visits/log/?${stops.length ? `planned=${stops[0].visit}` : `practice=${it.practice}`}` }, "Log visit"))];
  }

  async function draw() {
    const user = await fieldDb.get("meta", "user");
    const found = await kept(user);
    const says = place.querySelector("[data-pack-says]");
    if (!found || found.pack.user !== user) { says.textContent = "Nothing is kept on this phone yet. Open Today once with a network."; return; }
    const wanted = new URLSearchParams(location.search).get("day");
    const asked = location.pathname.match(/^\/visits\/brief\/(\d+)\//);
    const [title, ...parts] = asked ? brief(found.pack, asked[1]) : await today(found.pack, wanted);
    document.querySelector("h1").textContent = title;
    document.title = `${title} · PRM`;
    says.textContent = `Kept on this phone, ${age(found.checkedAt)}.`;
    place.querySelector("[data-pack-body]").replaceChildren(...parts.filter(Boolean));
    setInterval(() => { says.textContent = `Kept on this phone, ${age(found.checkedAt)}.`; }, 30000);
  }

  async function tell() {
    const line = document.querySelector("[data-pack-age]");
    const found = line && (await kept(page));
    if (!found) return;
    line.textContent = `Also kept on this phone for the next three working days, ${age(found.checkedAt)}.`;
    line.hidden = false;
  }

  if (place) draw().catch(() => { place.querySelector("[data-pack-says]").textContent = "This phone keeps nothing: its browser has no store, as in some private windows."; });
  else if (page) {
    const look = (force) => refresh(force).then(tell).catch(() => {});
    // After the page is there and the phone has nothing else to do: a large pack must not hold up a tap.
    const idle = self.requestIdleCallback ? (act) => requestIdleCallback(act, { timeout: 3000 }) : (act) => setTimeout(act, 200);
    const begin = () => idle(() => look(false));
    if (document.readyState === "complete") begin(); else addEventListener("load", begin, { once: true });
    addEventListener("online", () => look(true));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(false); });
  }
})();
