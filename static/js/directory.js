/* The directory on a phone: kept in its store, and answered from there when there is no network, by the same rules as directory/listing.py.
   A question is yes, no, or not known; who is not known to answer is told apart and never guessed. */
(() => {
  const ADDRESS = "/api/v1/directory/pack/", FRESH = 5 * 60000; // milliseconds during which it is not asked for again
  const place = document.querySelector("[data-directory-page]"); // the shell, which is drawn from the store
  const { keep, h, sub, pill, icon, age, iso } = fieldDraw;
  const NEVER = 10000, MOST = 60;
  const NEAR = 10, REACH = 40; // miles: what "near" means here, and how far around the phone's places it knows ZIP codes (directory/pack.py)

  function miles(one, other) {
    if (!one || !other) return null;
    const turn = Math.PI / 180, [north, south] = [one[0] * turn, other[0] * turn];
    const half = Math.sin((south - north) / 2) ** 2 + Math.cos(north) * Math.cos(south) * Math.sin(((other[1] - one[1]) * turn) / 2) ** 2;
    return 2 * 3958.7613 * Math.asin(Math.min(1, Math.sqrt(half)));
  }

  // ---- near here: the phone finds the ZIP code itself, at the tap and only then; where it is goes nowhere and is not kept

  function nearestZip(zips, at) {
    const known = Object.entries(zips).map(([zip, middle]) => [miles(at, middle), zip]);
    const [far, zip] = known.reduce((least, one) => (one[0] < least[0] ? one : least), [Infinity, ""]);
    return far <= REACH ? zip : "";
  }

  /* `zipsOf` gives the ZIP codes that the phone keeps, `ask` asks the question from the one that was found. */
  function offerHere(form, zipsOf, ask) {
    const box = document.querySelector("[data-directory-here]"), says = box?.querySelector("[role=status]");
    if (!box || !form || !navigator.geolocation) return;
    box.hidden = false;
    box.querySelector("button").addEventListener("click", async () => {
      says.textContent = "Looking …";
      const zips = await zipsOf().catch(() => null);
      if (!zips) { says.textContent = "This phone does not keep the directory yet. Type a ZIP code."; return; }
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        const zip = nearestZip(zips, [coords.latitude, coords.longitude]);
        says.textContent = zip ? `From ${zip}, the nearest ZIP code. Where you are stays on this phone.` : "This phone knows no ZIP code near here. Type one.";
        if (!zip) return;
        form.elements.zip.value = zip;
        if (form.elements.practice) form.elements.practice.value = "";
        form.elements.within.value ||= NEAR;
        ask();
      }, () => { says.textContent = "The phone did not say where it is. Type a ZIP code."; }, { timeout: 15000, maximumAge: 60000 });
    });
  }


  // ---- a page from the server: bring the copy up to date, and tell its age

  async function tell() {
    const page = Number(document.body.dataset.user) || null;
    await keep("directory", ADDRESS, page, FRESH);
    const line = document.querySelector("[data-directory-age]"), found = page && (await fieldDb.get("directory", page));
    if (!line || !found) return;
    line.textContent = `Also kept on this phone, to be searched without a network, ${age(found.checkedAt)}.`;
    line.hidden = false;
  }
  if (!place) {
    addEventListener("load", () => tell().catch(() => {}));
    const filters = document.querySelector("form[data-filters]"), page = Number(document.body.dataset.user) || null;
    offerHere(filters, async () => page && (await fieldDb.get("directory", page))?.pack.zips, () => filters.requestSubmit());
    return;
  }

  // ---- the question

  const form = place.querySelector("[data-directory-form]"), body = place.querySelector("[data-directory-body]");
  const says = place.querySelector("[data-directory-says]");
  const LETTERS = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ħ: "h", ı: "i", ß: "ss" };
  const fold = (text) => text.toLowerCase().replace(/[øłđðþæœħıß]/g, (letter) => LETTERS[letter]).normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "");
  const wordsIn = (text) => text.split(/[-/,.;()\s]+/).map(fold).filter(Boolean);
  const number = (name) => Number(form.elements[name].value) || null;

  function question(pack, origin) {
    const typed = form.elements.zip.value.trim().slice(0, 5), zip = typed || origin?.zip || "";
    const start = pack.zips[zip] ?? null;
    return {
      words: wordsIn(form.elements.q.value), line: number("line"), specialty: number("specialty"), payer: number("payer"),
      language: form.elements.language.value, accepting: form.elements.accepting.checked, sort: form.elements.sort.value,
      zip, start, origin: typed ? null : origin, within: start ? number("within") : null,
    };
  }

  function nearest(row, asked) {
    const far = row.places.map((one) => ({ one, far: asked.start && one.zip === asked.zip ? 0 : miles(asked.start, asked.pack.zips[one.zip]) })).filter((found) => found.far !== null);
    if (!far.length) return { at: row.places[0] ?? null, far: null };
    const best = far.reduce((least, found) => (found.far < least.far ? found : least));
    return { at: best.one, far: best.far };
  }

  function verdicts(row, asked, far) {
    const said = [];
    if (asked.words.length) said.push(["words", asked.words.every((word) => row.words.some((known) => known.startsWith(word)))]);
    if (asked.line) said.push(["line", row.line_id === asked.line]);
    if (asked.specialty) said.push(["specialty", row.specialty_id === asked.specialty]);
    if (asked.payer) said.push(["plans", row.plans.accepted === null ? null : row.plans.ids.includes(asked.payer)]);
    if (asked.language) said.push(["languages", row.language_codes === null ? null : row.language_codes.includes(asked.language)]);
    if (asked.accepting) said.push(["new patients", row.access ? row.access.accepting : null]);
    if (asked.within) said.push(["place", far === null ? null : far <= asked.within]);
    return said;
  }

  function find(pack, asked) {
    const sure = [], perhaps = [];
    for (const row of pack.listings) {
      const { at, far } = nearest(row, asked), said = verdicts(row, asked, far);
      if (said.some(([, word]) => word === false)) continue;
      const unknown = said.filter(([, word]) => word === null).map(([name]) => name);
      (unknown.length ? perhaps : sure).push({ row, at, far, unknown });
    }
    const wait = ({ row }) => (row.access?.accepting === false ? 2 * NEVER : row.access?.wait ?? NEVER);
    const key = (one) => {
      const far = one.far ?? Infinity;
      if (asked.sort === "soonest") return [wait(one), far];
      return asked.sort === "name" || !asked.start ? [0, 0] : [far, wait(one)];
    };
    const byKey = (one, other) => {
      const [a, b] = [[...key(one), one.row.order, one.row.key], [...key(other), other.row.order, other.row.key]];
      const at = a.findIndex((value, index) => value !== b[index]);
      return at < 0 ? 0 : a[at] < b[at] ? -1 : 1;
    };
    return [sure.sort(byKey), perhaps.sort(byKey)];
  }

  // ---- the answers

  const UNSURE = { plans: "plans not recorded for", languages: "languages not recorded for", "new patients": "new patients not told for", place: "place not known of" };
  const unsureWords = (perhaps) => Object.entries(UNSURE).map(([name, words]) => [words, perhaps.filter((one) => one.unknown.includes(name)).length])
    .filter(([, count]) => count).map(([words, count]) => `${words} ${count}`).join(", ");
  const farWords = (far) => (far === null ? "" : far === 0 ? "same ZIP code" : far < 1 ? "under 1 mile" : `${Math.round(far)} mile${Math.round(far) === 1 ? "" : "s"}`);
  const unknown = (text) => h("span", { class: "dir-unknown" }, text);
  const fact = (name, ...said) => h("div", {}, h("dt", {}, name), h("dd", {}, ...said));
  const long = (text, missing) => (text ? h("span", { class: "dir-said" }, text) : unknown(missing));
  const call = (number, text, name) => h("a", { class: "btn btn-sm", href: `tel:${number}` }, icon("phone"), ` ${text}`, h("span", { class: "visually-hidden" }, ` of ${name}`));

  // A figure grows older on the phone too: its age is counted when it is shown.
  function days(access) {
    const told = new Date(`${access.as_of}T00:00`), count = Math.round((new Date().setHours(0, 0, 0, 0) - told) / 86400000);
    const old = count <= 0 ? "told today" : count === 1 ? "1 day old" : `${count} days old`;
    return { words: `as of ${told.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${old}`, isOld: count > access.old_days };
  }

  function answer({ row, at, far }, texts) {
    const [criteria, along, how] = [texts[row.criteria], texts[row.send_along], texts[row.how_to_refer]];
    const told = row.access && days(row.access), specialist = row.kind === "specialist";
    const also = row.places.filter((one) => one !== at);
    return h("li", {},
      h("div", { class: "dir-head" },
        h("h3", {}, row.name, " ", row.alignment && pill(row.alignment, "neutral"), row.starts && pill(`From ${row.starts}`, "info")),
        far !== null && h("span", { class: "dir-far" }, farWords(far))),
      sub([row.specialty || row.line, specialist && at?.name].filter(Boolean).join(" · "), at?.address ? `${specialist ? ", " : " · "}${at.address}` : unknown(`${specialist ? ", " : " · "}address not recorded`)),
      h("dl", { class: "dir-facts dir-facts-wide" },
        row.access ? fact("Next", pill(row.access.text, row.access.tone), ` ${row.access.next}`, sub(row.access.site === row.name ? "" : `${row.access.site}, `, told.words, told.isOld && pill("Old: ask first", "warn"))) : fact("Next", unknown("Appointments not told")),
        fact("Plans", row.plans.accepted === null ? unknown(row.plans.text) : row.plans.text, ...row.plans.coming.map((words) => sub(words)), row.plans.note && sub(row.plans.note)),
        fact("Speaks", row.languages === null ? unknown("Languages not recorded") : row.languages.join(", "), row.languages_at && sub(row.languages_at)),
        fact("Send", long(criteria, "Criteria not recorded"))),
      row.phone || at?.phone || row.email ? h("div", { class: "cluster" },
        row.phone && call(row.phone, "Referral line", row.name),
        at?.phone && at.phone !== row.phone && call(at.phone, specialist ? "Call the office" : "Call", row.name)) : unknown("No phone recorded"),
      h("details", { class: "more dir-more" }, h("summary", {}, "How to refer", h("span", { class: "visually-hidden" }, ` to ${row.name}`)),
        h("dl", { class: "dir-facts" },
          fact("How", long(how, "Not recorded")), fact("Send along", long(along, "Not recorded")),
          fact("Phone", row.phone || at?.phone || "Not recorded"), fact("Fax", row.fax || at?.fax || "Not recorded"),
          row.email && fact("E-mail", row.email), row.npi && fact("NPI", row.npi),
          also.length > 0 && fact("Also at", ...also.map((one) => sub([one.name, one.address, one.phone].filter(Boolean).join(", ")))))));
  }

  let unsure = false;

  function draw(pack, origin, stop) {
    const asked = { ...question(pack, origin), pack }, [sure, perhaps] = find(pack, asked);
    const shown = unsure ? [...sure, ...perhaps] : sure;
    const parts = [];
    if (stop && !asked.zip) {
      const told = [...new FormData(form)].filter(([name, value]) => value && !["zip", "within"].includes(name));
      const address = `?${new URLSearchParams([...told, ["practice", stop.practice], ["within", NEAR]])}`;
      parts.push(h("p", { class: "cluster" }, h("a", { class: "btn btn-sm", href: address }, icon("map-pin"), ` Within ${NEAR} miles of ${stop.name}`)));
    }
    if (form.elements.within.value && !asked.start) parts.push(h("div", { class: "note note-warn" }, icon("alert-triangle"), h("div", {}, asked.zip ? `This phone does not know where ZIP code ${asked.zip} lies: distances are left out.` : "Give a ZIP code from which the miles are counted.")));
    if (asked.origin) parts.push(h("p", { class: "sub" }, `Distances from ${asked.origin.name}.`));
    parts.push(h("p", { class: "sub dir-count", role: "status" }, `${shown.length} answer${shown.length === 1 ? "" : "s"}${asked.start ? ". Miles are as the crow flies, between the middles of ZIP codes" : ""}.`));
    if (perhaps.length) {
      const button = h("button", { class: "btn btn-sm", type: "button", "data-directory-unsure": "yes" }, unsure ? "Only those that fit for certain" : "Show them too");
      parts.push(h("div", { class: "note note-info" }, icon("info-circle"), h("div", { class: "split" }, `${perhaps.length} ${unsure ? "of them" : "more"} may fit: ${unsureWords(perhaps)}. `, button)));
    }
    if (shown.length) {
      parts.push(h("section", { class: "card", "aria-label": "Answers" }, h("h2", { class: "visually-hidden" }, "Answers"), h("ul", { class: "dir-list" }, ...shown.slice(0, MOST).map((one) => answer(one, pack.texts)))));
      if (shown.length > MOST) parts.push(h("p", { class: "sub" }, `${shown.length - MOST} more are kept: narrow the question.`));
    } else parts.push(h("div", { class: "empty-state" }, icon("filter"), h("h2", {}, "Nobody of ours fits for certain"), h("p", {}, "Take a filter off, or look farther away.")));
    if (pack.left_out) parts.push(h("p", { class: "sub" }, `${pack.left_out} who are farther away are not kept on this phone.`));
    body.replaceChildren(...parts);
  }

  // ---- from where: a practice of the address, as the phone knows it from the pack of the next days

  async function fieldOf(user) {
    const pack = (await fieldDb.get("pack", user))?.pack;
    return pack?.user === user ? pack : null;
  }

  // As directory.queries.next_stop: the first planned visit of today that is not an hour past, else the last; one that waits here is made.
  function nextStop(field, waiting) {
    const now = new Date(), hourAgo = new Date(now - 3600000), past = iso(hourAgo) === iso(now) ? hourAgo.toTimeString().slice(0, 5) : "";
    const stops = (field?.days.find((one) => one.day === iso(now))?.stops ?? []).filter((row) => ["next", "later"].includes(row.state) && !waiting.has(row.visit));
    return stops.find((row) => row.time >= past) ?? stops.at(-1) ?? null;
  }

  function originOf(field, practice) {
    if (!field || !practice) return null;
    const known = [...field.form.practices, ...field.days.flatMap((day) => day.stops).map((stop) => ({ ...stop, id: stop.practice }))].find((one) => one.id === practice);
    const zip = known?.address.match(/(\d{5})\s*$/)?.[1];
    return known && zip ? { name: known.name, zip } : null;
  }

  async function open() {
    const user = await fieldDb.get("meta", "user"), found = user && (await fieldDb.get("directory", user));
    if (!found || found.pack.user !== user) { says.textContent = "The directory is not kept on this phone yet. Open Today or Directory once with a network."; return; }
    const { pack } = found, told = new URLSearchParams(location.search);
    for (const [name, rows] of Object.entries({ line: pack.lines, specialty: pack.specialties, payer: pack.payers, language: pack.languages })) {
      form.elements[name].append(...rows.map((row) => h("option", { value: row.id }, row.name)));
    }
    for (const field of form.elements) {
      if (!field.name || !told.get(field.name)) continue;
      if (field.type === "checkbox") field.checked = true; else field.value = told.get(field.name);
    }
    unsure = Boolean(told.get("unsure"));
    const field = await fieldOf(user), origin = originOf(field, Number(told.get("practice")) || null);
    const waiting = new Set((await fieldDb.all("outbox")).filter((item) => item.user === user).map((item) => Number(item.body?.planned)));
    const again = () => draw(pack, origin, nextStop(field, waiting));
    form.hidden = false;
    offerHere(form, async () => pack.zips, again);
    form.addEventListener("input", again);
    form.addEventListener("submit", (event) => event.preventDefault());
    place.addEventListener("click", (event) => {
      if (event.target.closest("[data-directory-unsure]")) { unsure = !unsure; again(); }
      const fold = event.target.closest("[data-directory-fold]");
      if (fold) fold.setAttribute("aria-expanded", form.classList.toggle("is-open"));
    });
    const say = () => { says.textContent = `Kept on this phone, ${age(found.checkedAt)}.`; };
    say();
    setInterval(say, 30000);
    again();
  }

  open().catch(() => { says.textContent = "This phone keeps nothing: its browser has no store, as in some private windows."; });
})();
