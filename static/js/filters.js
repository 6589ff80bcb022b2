// A filter form sends itself when something in it changes; its button is for browsers without JavaScript.
(() => {
  const timers = new WeakMap();
  const send = (form, wait) => {
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => form.requestSubmit(), wait));
  };
  // Whatever is left empty stays out of the address.
  const clean = (form) => form.querySelectorAll("input, select").forEach((field) => {
    if (field.name && !field.value && !field.disabled) { field.disabled = true; setTimeout(() => { field.disabled = false; }); }
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-filters]");
    if (form && !event.target.matches("[type=search], [data-combobox]")) send(form, 0);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-filters]");
    if (form?.hasAttribute("hx-get") && event.target.matches("[type=search]")) send(form, 300);
  });
  // On a phone the search field stays, the rest opens at a tap.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-filter-fold]");
    if (!button) return;
    button.setAttribute("aria-expanded", button.closest("form").classList.toggle("is-open"));
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-filters]")) clean(event.target);
  }, true);

  // ---- columns: which of the list's are shown stands in the address (`hide`), so a saved view keeps it

  const box = document.querySelector("[data-columns]");
  const key = (heading) => heading.textContent.replace(/[↑↓]/g, "").trim().toLowerCase().replace(/\s+/g, "-");
  const headings = () => [...document.querySelectorAll("main table.table-cards thead th")];
  const hidden = () => new Set(new URLSearchParams(location.search).getAll("hide"));

  function apply() {
    const left = hidden();
    document.querySelectorAll("main table.table-cards").forEach((table) => {
      [...table.querySelectorAll("thead th")].forEach((heading, index) => {
        const off = left.has(key(heading));
        table.querySelectorAll("tr").forEach((row) => { if (row.cells.length > index) row.cells[index].hidden = off; });
      });
    });
    // What is sent from this page keeps the choice.
    document.querySelectorAll("form[data-filters]").forEach((form) => {
      form.querySelectorAll("[data-hide]").forEach((field) => field.remove());
      const view = new URLSearchParams(location.search).get("view");
      [...[...left].map((name) => ["hide", name]), ...new URLSearchParams(location.search).getAll("show").map((name) => ["show", name]), ...(view ? [["view", view]] : [])].forEach(([name, value]) => { const field = Object.assign(document.createElement("input"), { type: "hidden", name, value }); field.dataset.hide = ""; form.append(field); });
    });
    // Files hold what is seen.
    document.querySelectorAll("main a[data-file]").forEach((link) => {
      const url = new URL(link.href);
      url.searchParams.delete("hide");
      left.forEach((name) => url.searchParams.append("hide", name));
      link.href = url.href;
    });
    document.querySelectorAll("[data-view-query]").forEach((field) => {
      const told = new URLSearchParams(location.search);
      ["page", "view", "undo", "deleted", "bulk", "deleted_view"].forEach((name) => told.delete(name));
      field.value = told.toString();
    });
  }

  function offer() {
    const fields = box?.querySelector("fieldset"), named = headings().filter((heading) => heading.scope === "col" && !("own" in heading.dataset) && !heading.querySelector(".visually-hidden") && key(heading)).slice(1);
    // Fields of the organization's own are columns when they are asked for: the server adds them.
    const own = JSON.parse(document.getElementById("more-columns")?.textContent ?? "[]");
    if (!fields || named.length + own.length < 2) return;
    box.hidden = false;
    const left = hidden();
    const offered = (value, checked, words, isOwn) => {
      const label = document.createElement("label"), tick = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input", value, checked });
      if (isOwn) tick.dataset.own = "";
      label.className = "check";
      label.append(tick, ` ${words}`);
      return label;
    };
    fields.replaceChildren(
      fields.firstElementChild,
      ...named.map((heading) => offered(key(heading), !left.has(key(heading)), heading.textContent.replace(/[↑↓]/g, "").trim(), false)),
      ...own.map((field) => offered(field.key, field.shown, field.label, true)),
    );
  }
  box?.addEventListener("change", (event) => {
    if ("own" in event.target.dataset) {
      const asked = new URLSearchParams(location.search), kept = asked.getAll("show").filter((name) => name !== event.target.value);
      asked.delete("show");
      asked.delete("page");
      (event.target.checked ? [...kept, event.target.value] : kept).forEach((name) => asked.append("show", name));
      if (!asked.size) asked.set("view", "all");
      location.assign(`?${asked}`);
      return;
    }
    const told = new URLSearchParams(location.search), others = told.getAll("hide").filter((name) => name !== event.target.value);
    told.delete("hide");
    (event.target.checked ? others : [...others, event.target.value]).forEach((name) => told.append("hide", name));
    history.replaceState(history.state, "", told.size ? `?${told}` : location.pathname);
    apply();
  });
  document.addEventListener("htmx:after:swap", apply);
  offer();
  apply();
})();
