/* Saving a visit, with and without a network the same way: into the outbox first, then sent. Also drafts, the question about patients, the
   place, and forms that come back filled in. A browser without a store posts the form to the server, as one without JavaScript does. */
(() => {
  const form = document.querySelector("form[data-log-form], form[data-edit-form]");
  if (!form) return;
  const edits = form.hasAttribute("data-edit-form");
  const asked = new URLSearchParams(location.search);
  const shell = !document.body.dataset.user;
  const $ = (selector) => document.querySelector(selector);
  const saved = $("[data-saved]"), notes = $("[data-field-notes]"), errors = form.querySelector("[data-errors]"), marks = $("#patient-marks");
  const PATIENCE = 8000; // milliseconds after which the person need not wait for the server's answer
  let key = form.elements.client_id?.value || crypto.randomUUID(), theirs = {};
  let busy = false, replaces = null, kept = "", user = null, draftKey = null, touched = false;

  const make = (name, properties = {}, ...children) => { const element = Object.assign(document.createElement(name), properties); element.append(...children.filter(Boolean)); return element; };
  function note(tone, text, ...more) {
    const box = make("div", { className: `note note-${tone}` }, make("div", {}, text, ...more));
    box.setAttribute("role", "status");
    notes.replaceChildren(box);
  }

  // ---- what comes onto the form when it opens

  const ready = (async () => {
    user = await fieldUser();
    if (!user) throw new Error("nobody has signed in on this phone");
    await fieldDb.all("drafts"); // a store that cannot be read is none
    if (shell) await dress();
    // The page's time is the server's, in the server's zone. All times of a visit are this phone's: the server sets them right together.
    else if (!edits && !form.querySelector(".error-summary")) form.elements.visited_at.value = visitBody.local(new Date());
    draftKey = edits ? `${user}:${location.pathname}` : `${user}:log:${form.elements.planned.value}:${form.elements.practice.value}`;
    if (asked.get("fix")) {
      draftKey = `${user}:fix:${asked.get("fix")}`; // never that of a new visit: it would be saved twice
      const item = await outbox.hold(asked.get("fix"));
      if (item?.user === user && (item.kind === "edit") === edits) await reopen(item);
      else { await fieldDb.remove("drafts", draftKey); location.replace("/visits/waiting/"); return; } // it was sent meanwhile
    }
    const draft = await fieldDb.get("drafts", draftKey);
    if (draft) await putBack(draft);
  })();
  ready.catch(() => {
    if (shell) note("warn", "This phone does not know you yet. Sign in once while there is a network; then visits can be logged without one.");
  });

  // The shell has no data: the time, the topics, the plan and the practice come from this phone.
  async function dress() {
    key = crypto.randomUUID();
    form.elements.visited_at.value = visitBody.local(new Date());
    const pack = await visitOffice.pack();
    if (!pack) { note("warn", "Nothing is kept on this phone yet: open Today once with a network. You can note the visit, and send it then."); return; }
    topics(pack.form.topics ?? []);
    self.visitLeft?.offer(pack.form.materials ?? []);
    const categories = form.elements.concern_category;
    (pack.form.categories ?? []).forEach(({ id, name }) => categories.add(new Option(name, id)));
    const kinds = form.elements.visit_type;
    (pack.form.types ?? []).forEach(({ id, name }) => kinds?.add(new Option(name, id)));
    const stop = pack.days.flatMap((day) => day.stops).find((row) => String(row.visit) === asked.get("planned"));
    const practice = stop ? { id: stop.practice, name: stop.name } : pack.form.practices.find(({ id }) => String(id) === asked.get("practice"));
    if (stop) form.elements.planned.value = stop.visit;
    if (practice) await visitBody.fill(form, { practice: practice.id, purpose: stop?.purpose, visit_type: stop?.type ?? undefined }, { practice: practice.name, visit_type: stop?.type_name });
  }

  function topics(list) {
    if (!list.length) return;
    const chips = list.map(({ id, name }) => {
      const tick = make("span", { className: "tick", textContent: "✓" });
      tick.setAttribute("aria-hidden", "true");
      return make("label", { className: "chip" }, make("input", { type: "checkbox", name: "topics", value: id }), tick, name);
    });
    const legend = make("legend", { className: "field-label" }, "Topics ", make("span", { className: "optional", textContent: "(optional)" }));
    form.querySelector("[data-topics]").replaceChildren(make("fieldset", { className: "field" }, legend, make("div", { className: "chips" }, ...chips)));
  }

  async function reopen(item) {
    replaces = item.id;
    key = crypto.randomUUID();
    await visitBody.fill(form, item.body, item.labels);
    if (item.conflict) clash(item.conflict);
    else if (item.state === "needs a fix") refuse(item);
  }

  async function putBack(draft) {
    await visitBody.fill(form, draft.body, draft.labels);
    touched = true;
    const again = make("button", { className: "btn btn-sm", type: "button", textContent: "Start afresh" });
    again.addEventListener("click", async () => { touched = false; await fieldDb.remove("drafts", draftKey); location.reload(); });
    note("info", `Your draft of ${new Date(draft.at).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })} is back. `, again);
  }

  // ---- drafts: what is on the screen survives a closed tab

  let timer = null;
  async function keepDraft() {
    clearTimeout(timer);
    if (!touched || busy || !draftKey || !saved.hidden) return;
    const { body, labels } = visitBody.read(form);
    const safe = kept === visitBody.texts(body).join("\n") ? body : visitBody.careful(body);
    await fieldDb.put("drafts", { key: draftKey, user, at: Date.now(), url: location.pathname + location.search, body: safe, labels });
  }
  const soon = () => { touched = true; clearTimeout(timer); timer = setTimeout(() => keepDraft().catch(() => {}), 400); };
  form.addEventListener("input", soon);
  form.addEventListener("change", (event) => { if (event.target.name === "visited_at") form.dataset.timeTyped = "1"; soon(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keepDraft().catch(() => {}); });

  // ---- small helps

  form.querySelectorAll("[data-row-add]").forEach((button) => button.addEventListener("click", () => {
    visitBody.addRow(button.closest("[data-rows]")).querySelector("input").focus();
  }));
  const missed = form.querySelector("[data-when-missed]");
  const showMissed = () => { if (missed) missed.hidden = form.elements.outcome.value !== "not available"; };
  form.addEventListener("change", showMissed);
  form.addEventListener("filled", showMissed);
  showMissed();

  form.querySelector("[data-place-add]")?.addEventListener("click", () => {
    const says = form.querySelector("[data-place-says]");
    if (form.dataset.place) { delete form.dataset.place; says.textContent = "Removed."; return; }
    says.textContent = "Looking…";
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      form.dataset.place = JSON.stringify({ latitude: coords.latitude, longitude: coords.longitude, accuracy_m: coords.accuracy });
      says.textContent = `Saved with this visit, to within ${Math.round(coords.accuracy)} m. Tap again to take it out.`;
    }, () => { says.textContent = "The phone did not say where it is. The visit can be saved without."; }, { timeout: 15000, maximumAge: 0 });
  });

  // ---- what is wrong, said on top and at the field

  const FIELDS = { practice: "practice-search", outcome: "id_outcome", visited_at: "id_visited_at", note: "id_note", materials: "id_materials", spend: "id_spend_amount", concern: "id_concern_text", category: "id_concern_category", planned: "practice-search" };
  function tell(list) {
    form.querySelectorAll("[data-field-error]").forEach((old) => { old.closest(".field")?.classList.remove("field-invalid"); old.remove(); });
    if (!list.length) { errors.replaceChildren(); document.title = document.title.replace(/^Error: /, ""); return; }
    const lines = list.map(({ field, text }) => make("li", {}, field ? make("a", { href: `#${field}`, textContent: text }) : text));
    const title = make("h2", { textContent: `Please check ${list.length === 1 ? "one thing" : `these ${list.length} things`}` });
    const box = make("div", { className: "error-summary", tabIndex: -1 }, title, make("ul", {}, ...lines));
    box.setAttribute("role", "alert");
    form.querySelectorAll(".error-summary").forEach((old) => old.remove());
    errors.replaceChildren(box);
    for (const { field, text } of list) {
      const at = field && document.getElementById(field);
      const place = at?.closest(".field");
      if (!place) continue;
      const said = make("div", { className: "field-error", textContent: text });
      said.dataset.fieldError = "";
      place.classList.add("field-invalid");
      (place.querySelector(".field-label") ?? place.firstElementChild).after(said);
      place.closest("details")?.setAttribute("open", "");
    }
    if (!document.title.startsWith("Error: ")) document.title = `Error: ${document.title}`;
    box.focus();
  }

  // The words of visits/forms/visits.py: what is missing is said alike with a network and without.
  const SAID = {
    practice: "Choose a practice.",
    outcome: "Say how it went, or tick whom you met.",
    time: "Say when the visit was.",
    future: "This lies in the future. Choose when it happened, or plan the visit instead.",
    amount: "Enter the amount, or leave all of it blank.",
    money: "Enter an amount like 84.50.",
    why: "Say what it was for: the business purpose.",
    shared: "Say who had part of it: tick whom you met, or how many of the office.",
  };

  function check(body) {
    const found = [];
    if (!edits && !body.practice && !body.planned) found.push({ field: "practice-search", text: SAID.practice });
    if (!body.outcome) found.push({ field: "id_outcome", text: SAID.outcome });
    if (!body.visited_at) found.push({ field: "id_visited_at", text: SAID.time });
    else if (body.time_is_typed && Date.parse(body.visited_at) > Date.now() + 24 * 3600000) found.push({ field: "id_visited_at", text: SAID.future });
    if (body.concern && !body.concern.category) found.push({ field: "id_concern_category", text: "Choose what the concern is about." });
    if (body.concern && !body.concern.text) found.push({ field: "id_concern_text", text: "Say what the practice said." });
    for (const input of form.querySelectorAll("[name^=custom_][required]")) {
      if (!input.value.trim()) found.push({ field: input.id, text: `Fill in ${input.labels[0].textContent.trim()}.` });
      else if (input.validity.badInput) found.push({ field: input.id, text: "Enter a number." });
    }
    const [given] = body.spend ?? [];
    if (form.elements.spend_amount?.validity.badInput || (given?.amount && !(Number(given.amount) > 0))) found.push({ field: "id_spend_amount", text: SAID.money });
    else if (given && !given.amount) found.push({ field: "id_spend_amount", text: SAID.amount });
    if (given?.amount && !given.purpose) found.push({ field: "id_spend_purpose", text: SAID.why });
    const shares = given?.met ? [body.providers, body.staff, body.new_people] : [given?.providers, given?.staff];
    if (given?.amount && !given.staff_count && !shares.some((people) => people?.length)) found.push({ field: "id_spend_amount", text: SAID.shared });
    return found;
  }

  const words = (said) => (typeof said === "string" ? said : Object.values(said).map(words).join(" "));
  function refuse(item) {
    const fields = Object.entries(item.errors ?? {}).filter(([name]) => name in FIELDS);
    tell(fields.length ? fields.map(([name, said]) => ({ field: FIELDS[name], text: words(said) })) : [{ text: item.reason }]);
  }

  // The visit was edited elsewhere too: what both changed is chosen field by field, the rest is merged already.
  function clash(conflict) {
    theirs = conflict.theirs;
    form.elements.version.value = conflict.version;
    fillValues(Object.fromEntries(Object.entries(conflict.merged).filter(([name]) => !(name in theirs))));
    const tile = (name, value, words) => {
      const tick = make("span", { className: "tick", textContent: "✓" });
      tick.setAttribute("aria-hidden", "true");
      return make("label", { className: "tile" }, make("input", { type: "radio", name: `keep_${name}`, value, checked: value === "mine" }), tick, make("span", { textContent: words }));
    };
    const fields = conflict.clashes.map(({ name, label, mine, theirs: other }) => make("fieldset", { className: "field" },
      make("legend", { className: "field-label", textContent: label }), tile(name, "mine", `Yours: ${mine}`), tile(name, "theirs", `Theirs: ${other}`)));
    const why = make("p", { className: "sub", textContent: `By ${conflict.told_by}. What only one of you changed is kept already.` });
    const title = make("h2", { id: "clash-title", textContent: "Changed elsewhere: choose what stays" });
    const card = make("section", { className: "card", tabIndex: -1 }, make("div", { className: "card-header" }, title), make("div", { className: "card-body stack" }, why, ...fields));
    card.setAttribute("aria-labelledby", "clash-title");
    form.querySelector("[data-clashes]").replaceChildren(card);
    card.focus();
  }
  const taken = () => Object.entries(theirs).filter(([name]) => form.elements.namedItem(`keep_${name}`)?.value === "theirs");
  function chosen() {
    const found = {};
    for (const [name, value] of taken()) {
      if (name === "people") Object.assign(found, { providers: visitBody.numbers(value, "provider"), staff: visitBody.numbers(value, "staff") });
      else if (name === "materials") found.materials = value.map(([material, quantity]) => ({ material, quantity }));
      else found[name === "topics" ? "topic_ids" : name] = value;
    }
    return found;
  }
  function fillValues(values) {
    for (const [name, value] of Object.entries(values)) {
      if (name === "visited_at") form.elements.visited_at.value = visitBody.local(new Date(value));
      else if (name === "people" || name === "topics") form.querySelectorAll(`[name=${name}][type=checkbox]`).forEach((input) => { input.checked = value.map(String).includes(input.value); });
      else if (name === "materials") {
        form.querySelectorAll("[name=quantity]").forEach((input) => { input.value = ""; });
        value.forEach(([material, quantity]) => visitLeft?.set(material, quantity));
      } else if (name === "custom") {
        form.querySelectorAll("[name^=custom_]").forEach((input) => { const kept = value[input.name.slice(7)]; input.value = typeof kept === "boolean" ? (kept ? "yes" : "no") : kept ?? ""; });
      } else if (form.elements.namedItem(name)) form.elements.namedItem(name).value = value ?? "";
    }
  }

  // Resolves to whether the texts may be kept as they are.
  function decide(body) {
    const found = patientWarning(visitBody.texts(body));
    if (!found || kept === visitBody.texts(body).join("\n")) return Promise.resolve(true);
    marks.querySelector("[data-marks-say]").textContent = found;
    marks.returnValue = "";
    marks.showModal();
    return new Promise((resolve) => {
      marks.addEventListener("close", () => {
        const keep = marks.returnValue === "keep";
        if (keep) kept = visitBody.texts(body).join("\n");
        else (form.elements.note.value && patientMarks(form.elements.note.value).length ? form.elements.note : form.querySelector("textarea"))?.focus();
        resolve(keep);
      }, { once: true });
    });
  }
  marks?.querySelector("[data-marks-keep]").addEventListener("click", () => marks.close("keep"));
  marks?.querySelector("[data-marks-change]").addEventListener("click", () => marks.close("change"));

  // ---- saving

  const button = form.querySelector("button[type=submit]");
  const setBusy = (value) => { busy = value; button.classList.toggle("is-busy", value); button.toggleAttribute("aria-disabled", value); if (value) button.setAttribute("aria-disabled", "true"); };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return; // the second tap of two
    setBusy(true);
    save().catch(() => { setBusy(false); }).then(() => {});
  });

  async function save() {
    try { await ready; } catch { if (shell) setBusy(false); else form.submit(); return; }
    await self.visitReceipts?.settled();
    const { body, labels } = visitBody.read(form);
    const found = check(body);
    if (found.length) { tell(found); setBusy(false); return; }
    if (!(await decide(body))) { setBusy(false); return; }
    tell([]);
    const practice = body.practice && (await visitOffice?.pack().catch(() => null))?.form.practices.find(({ id }) => id === body.practice);
    const pass = practice?.pass ?? form.elements.field_pass?.value; // the form has one of its own, before the pack is on the phone
    if (pass) body.field_pass = pass;
    if (kept) body.is_none = true;
    if (edits) Object.assign(body, { version: Number(form.elements.version.value), ...chosen() });
    else body.entered_at = new Date().toISOString();
    const how = edits ? { kind: "edit", page: location.pathname } : { kind: "visit" };
    const item = { ...how, id: key, user, url: form.dataset.api, body, labels, label: labels.practice, draft: draftKey };
    let answered = null;
    const result = new Promise((resolve) => outbox.listen((news) => { if (news.sent?.id === item.id || news.refused?.id === item.id) resolve(news); }));
    try {
      await outbox.put(item, replaces && replaces !== item.id ? replaces : undefined);
      answered = item.id;
    } catch { full(); setBusy(false); return; }
    clearTimeout(timer);
    touched = false;
    const tried = outbox.drain({ now: true, wait: true }).catch(() => "no network");
    const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE, {}); });
    const news = await Promise.race([result, tried.then((why) => (why ? { why } : result)), late]);
    if (news.sent) { location.assign(`/visits/${news.sent.visit}/?${edits ? "changed" : "saved"}=1`); return; }
    setBusy(false);
    if (news.refused) {
      replaces = answered;
      key = crypto.randomUUID();
      if (news.refused.conflict) clash(news.refused.conflict);
      else refuse(news.refused);
      return;
    }
    waits(news.why ?? "slow");
  }

  function full() {
    const direct = make("button", { className: "btn btn-sm", type: "button", textContent: "Send it without keeping it" });
    direct.addEventListener("click", () => form.submit());
    tell([{ text: "This phone has no room left, so the visit was not kept. Nothing on this page is lost: free some space and save again, or send it now." }]);
    errors.querySelector("ul").after(direct);
  }

  const WHY = {
    "signed out": "You are signed out. Your visits are safe on this phone. Sign in to send them.",
    "no answer": "This network wants a sign-in of its own first. The visit is sent once PRM can be reached.",
    "another user": "Somebody else is signed in here. It is sent when you sign in again.",
    "server busy": "PRM cannot take it just now. It is sent by itself in a moment.",
  };
  function waits(why) {
    form.hidden = true;
    notes.replaceChildren();
    saved.querySelector("[data-saved-why]").textContent = WHY[why] ?? "There is no network. It is sent by itself as soon as there is one.";
    saved.hidden = false;
    saved.focus();
  }
  // While the confirmation still stands on the screen, the visit may leave: say so.
  outbox.listen((news) => {
    if (saved.hidden || news.sent?.id !== key) return;
    saved.querySelector("[data-saved-title]").textContent = "Visit sent.";
    saved.querySelector("[data-saved-why]").textContent = (news.sent.arrival_notes ?? []).join(" ");
  });
  saved?.querySelector("[data-log-another]").addEventListener("click", () => { location.assign("/visits/log/"); });
})();
