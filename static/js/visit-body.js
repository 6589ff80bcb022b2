/* The form of a visit as the body that the API takes, and back again. `labels` hold the names that the form shows for numbers. */
self.visitBody = (() => {
  const iso = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
  const local = (date) => `${iso(date)}T${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
  const ahead = (days) => { const date = new Date(); date.setDate(date.getDate() + days); return iso(date); };
  const named = (form, name) => [...form.querySelectorAll(`[name="${name}"]`)];
  const value = (form, name) => (form.elements.namedItem(name)?.value ?? "").trim();
  const chosen = (form, name) => named(form, name).filter((input) => (input.type === "hidden" ? input.value : input.checked)).map((input) => input.value);
  const numbers = (keys, kind) => keys.filter((key) => key.startsWith(`${kind}-`)).map((key) => Number(key.slice(kind.length + 1)));
  const rows = (form, first, second) => named(form, first)
    .map((input, at) => [input.value.trim(), named(form, second)[at]?.value.trim() ?? ""]).filter(([text]) => text);
  const without = (object) => Object.fromEntries(Object.entries(object).filter(([, part]) => part !== undefined && part !== "" && part !== null && !(Array.isArray(part) && !part.length)));

  function outcome(form, people, added) {
    return value(form, "outcome") || (people.some((key) => key.startsWith("provider-")) ? "met provider" : people.length || added.length ? "met staff" : "");
  }

  function promises(form) {
    const first = value(form, "follow_up");
    const due = value(form, "due_on") || ahead(Number(value(form, "due") || 7));
    const more = rows(form, "more_text", "more_due_on").map(([text, on]) => without({ text, due_on: on }));
    return [...(first ? [{ text: first, due_on: due }] : []), ...more];
  }

  // What was paid for: whom the visit met shares it, unless somebody was left apart; then each is named. What it was for, if nobody typed
  // it: the visit's purpose, else its topics, as visits/forms/given.py says.
  function given(form, people, added) {
    const amount = value(form, "spend_amount"), typed = value(form, "spend_purpose"), office = Number(value(form, "spend_staff_count")) || 0;
    const receipts = self.visitReceipts?.list() ?? [];
    if (!amount && !typed && !office && !receipts.length) return undefined;
    const apart = self.visitGiven?.apart ?? new Set(), shared = people.filter((key) => !apart.has(key));
    const topics = named(form, "topics").filter((input) => input.checked).map((input) => input.closest(".chip").textContent.replace("✓", "").trim());
    const who = shared.length === people.length ? { met: true, staff_count: office }
      : { providers: numbers(shared, "provider"), staff: numbers(shared, "staff"), staff_count: office + added.length };
    const purpose = typed || value(form, "purpose") || form.dataset.purpose || topics.join(", ");
    return [without({ kind: value(form, "spend_kind") || "meal", amount, purpose: purpose.slice(0, 300), ours: Number(value(form, "spend_ours")) || 0, receipts, ...who })];
  }

  // What stands in the organization's own fields, by their keys.
  function own(form) {
    const found = [...form.querySelectorAll("[name^=custom_]")].map((input) => [input.name.slice(7), input.value.trim()]).filter(([, content]) => content || form.hasAttribute("data-edit-form")); // an edit empties fields too
    return found.length ? Object.fromEntries(found) : undefined;
  }

  function read(form) {
    const people = chosen(form, "people"), at = value(form, "visited_at");
    const added = rows(form, "new_name", "new_job").map(([name, job]) => without({ name, job }));
    const concern = value(form, "concern_text") || value(form, "concern_category")
      ? { category: Number(value(form, "concern_category")), text: value(form, "concern_text"), severity: value(form, "concern_severity") || "normal" } : undefined;
    const result = outcome(form, people, added);
    const left = named(form, "material").map((input, at_) => ({ material: Number(input.value), quantity: Number(named(form, "quantity")[at_]?.value || 0) })).filter(({ quantity }) => quantity > 0);
    const body = without({
      practice: Number(value(form, "practice")) || undefined,
      planned: Number(value(form, "planned")) || undefined,
      visited_at: at && !Number.isNaN(Date.parse(at)) ? new Date(at).toISOString() : undefined,
      mode: value(form, "mode"), outcome: result, purpose: value(form, "purpose"),
      providers: numbers(people, "provider"), staff: numbers(people, "staff"), new_people: added,
      topic_ids: chosen(form, "topics").map(Number), note: value(form, "note"), follow_ups: promises(form), concern,
      materials: left, spend: given(form, people, added), back_on: result === "not available" ? value(form, "back_on") : undefined,
      location: form.dataset.place ? JSON.parse(form.dataset.place) : undefined, custom: own(form),
    });
    const kinds = form.elements.visit_type;
    if (kinds) body.visit_type = Number(kinds.value) || null; // none is said too: a plan's own is taken off
    body.time_is_typed = form.dataset.timeTyped === "1";
    if (form.hasAttribute("data-edit-form")) body.materials = left; // an edit says all that was left, also nothing
    const names = Object.fromEntries(named(form, "people").map((input) => [input.value, input.closest(".chip")?.textContent.replace(/[✓×]/g, "").trim()]));
    return { body, labels: { practice: form.querySelector("[data-combobox]")?.value || form.dataset.practiceName || "", people: Object.fromEntries(people.map((key) => [key, names[key]])), materials: self.visitLeft?.names() ?? {}, visit_type: kinds?.value ? kinds.selectedOptions[0].text : undefined } };
  }

  const texts = (body) => [body.note, body.purpose, body.concern?.text, ...(body.follow_ups ?? []).map(({ text }) => text), ...(body.spend ?? []).map(({ purpose }) => purpose), ...Object.values(body.custom ?? {})].filter(Boolean);

  // The same body without the texts that seem to name a patient: what a draft may hold before its writer has decided.
  function careful(body) {
    const clean = (text) => (text && patientMarks(text).length ? "" : text);
    return { ...body, note: clean(body.note), purpose: clean(body.purpose), concern: body.concern && { ...body.concern, text: clean(body.concern.text) },
      follow_ups: (body.follow_ups ?? []).map((promise) => ({ ...promise, text: clean(promise.text) })),
      spend: body.spend?.map((one) => ({ ...one, purpose: clean(one.purpose) })),
      custom: body.custom && Object.fromEntries(Object.entries(body.custom).map(([key, text]) => [key, clean(text)])) };
  }

  function set(form, name, content) {
    const found = form.elements.namedItem(name);
    if (found && content !== undefined) found.value = content;
  }

  function fillRows(form, names, list) {
    const box = form.querySelector(`[name="${names[0]}"]`)?.closest("[data-rows]");
    if (!box || !list.length) return;
    box.closest("details").open = true;
    while (box.querySelectorAll("[data-row]").length < list.length) addRow(box);
    box.querySelectorAll("[data-row]").forEach((row, at) => { row.hidden = false; names.forEach((name, place) => { row.querySelector(`[name="${name}"]`).value = list[at]?.[place] ?? ""; }); });
  }

  // The last row again, empty; the first time, the one that was hidden.
  function addRow(box) {
    const all = [...box.querySelectorAll("[data-row]")], last = all.at(-1);
    if (last.hidden) { last.hidden = false; return last; }
    const row = last.cloneNode(true);
    row.querySelectorAll("input").forEach((input) => {
      const old = input.id;
      input.value = "";
      input.id = old.replace(/\d+$/, "") + (all.length + 1);
      row.querySelector(`label[for="${old}"]`).htmlFor = input.id;
    });
    last.after(row);
    return row;
  }

  async function fill(form, body, labels = {}) {
    const people = [...(body.providers ?? []).map((pk) => `provider-${pk}`), ...(body.staff ?? []).map((pk) => `staff-${pk}`)];
    if (body.practice && form.elements.practice) {
      form.elements.practice.value = body.practice;
      const search = form.querySelector("[data-practice-field] [data-combobox]");
      if (search) search.value = labels.practice ?? "";
      await self.visitOffice?.load(body.practice, people.map((key) => ({ key, name: labels.people?.[key] ?? key })));
    } else named(form, "people").forEach((input) => { if (input.type === "checkbox") input.checked = people.includes(input.value); });
    if (body.visited_at) set(form, "visited_at", local(new Date(body.visited_at)));
    if (body.time_is_typed) form.dataset.timeTyped = "1";
    for (const name of ["mode", "outcome", "purpose", "note", "planned", "back_on"]) set(form, name, body[name]);
    const kinds = form.elements.visit_type;
    if (kinds && body.visit_type !== undefined) {
      if (body.visit_type && ![...kinds.options].some((option) => Number(option.value) === body.visit_type)) kinds.add(new Option(labels.visit_type ?? "No longer offered", body.visit_type));
      kinds.value = body.visit_type ?? "";
    }
    for (const [key, content] of Object.entries(body.custom ?? {})) set(form, `custom_${key}`, content);
    named(form, "topics").forEach((input) => { input.checked = (body.topic_ids ?? []).includes(Number(input.value)); });
    fillRows(form, ["new_name", "new_job"], (body.new_people ?? []).map(({ name, job }) => [name, job]));
    const [first, ...more] = body.follow_ups ?? [];
    if (first) {
      set(form, "follow_up", first.text);
      set(form, "due_on", first.due_on);
      named(form, "due").forEach((chip) => { chip.checked = false; });
      form.elements.follow_up.closest("details").open = true;
    }
    fillRows(form, ["more_text", "more_due_on"], more.map(({ text, due_on: on }) => [text, on]));
    if (body.concern) {
      set(form, "concern_text", body.concern.text);
      set(form, "concern_category", body.concern.category);
      set(form, "concern_severity", body.concern.severity);
      form.elements.concern_text?.closest("details")?.setAttribute("open", "");
    }
    if (form.hasAttribute("data-edit-form") && body.materials) named(form, "quantity").forEach((input) => { input.value = ""; });
    for (const { material, quantity } of body.materials ?? []) self.visitLeft?.set(material, quantity, labels.materials?.[material]);
    if (body.spend?.[0] && form.elements.spend_amount) {
      const { kind, amount, purpose, met, providers = [], staff = [], staff_count: office, ours } = body.spend[0];
      const shares = [...providers.map((pk) => `provider-${pk}`), ...staff.map((pk) => `staff-${pk}`)];
      for (const [name, content] of Object.entries({ spend_kind: kind, spend_amount: amount ?? "", spend_purpose: purpose, spend_ours: ours })) set(form, name, content);
      set(form, "spend_staff_count", office - (met ? 0 : (body.new_people ?? []).length) || "");
      if (body.spend[0].receipts) (await self.visitGiven?.receipts())?.put(body.spend[0].receipts);
      self.visitGiven?.setApart(met ? [] : people.filter((key) => !shares.includes(key)));
      form.elements.spend_amount.closest("details").open = true;
    }
    if (body.purpose) form.elements.purpose?.closest("details")?.setAttribute("open", "");
    form.dispatchEvent(new Event("filled"));
  }

  return { read, fill, texts, careful, addRow, local, numbers };
})();
