/* A typeahead over a list that the server searches (WAI-ARIA combobox): <div data-combo="URL"> with components/combobox.html inside.
   URL answers ?q= with JSON [{value, label, sub}]. Typing never submits; a choice fills the hidden input and fires "change" on it. */
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  function start(combo) {
    if (combo.dataset.ready) return;
    combo.dataset.ready = "1";
    const input = combo.querySelector("[data-combobox]");
    const list = combo.querySelector("[role=listbox]");
    const chosen = combo.querySelector("[data-combo-chosen]");
    const status = combo.querySelector("[data-combo-status]");
    const hidden = combo.querySelector("[data-combo-value]");
    const multiple = combo.hasAttribute("data-multiple");
    let found = [], active = -1, timer, running, kept = input.value;

    const close = () => { list.hidden = true; active = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const mark = (index) => {
      active = index;
      [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
      const option = list.children[index];
      if (!option) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };

    function show(items) {
      const taken = multiple ? new Set([...chosen.querySelectorAll("input")].map(({ value }) => value)) : new Set();
      found = items.filter(({ value }) => !taken.has(String(value)));
      list.replaceChildren(...found.map(({ label, sub }, index) => {
        const option = make("li", { id: `${list.id}-${index}` }, label);
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        if (sub) option.append(make("span", { className: "sub", textContent: sub }));
        return option;
      }));
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      active = -1;
      status.textContent = found.length ? `${found.length} found. Use the arrow keys.` : "Nothing found.";
      combo.classList.toggle("combo-none", found.length === 0);
    }

    async function search() {
      running?.abort();
      running = new AbortController();
      const url = new URL(combo.dataset.combo, location.href);
      url.searchParams.set("q", input.value.trim());
      try {
        // A list that the phone keeps too (`findOffline`) need not wait long for the server.
        const signal = combo.findOffline ? AbortSignal.any([running.signal, AbortSignal.timeout(3000)]) : running.signal;
        const answer = await fetch(url, { headers: { Accept: "application/json" }, signal });
        if (!answer.ok) throw new Error(String(answer.status));
        show(await answer.json());
      } catch (error) {
        if (error.name === "AbortError") return;
        const kept = await combo.findOffline?.(input.value.trim()).catch(() => null);
        if (kept) { show(kept); return; }
        close();
        status.textContent = "The list cannot be reached. Check the connection and type again.";
      }
    }

    function choose(index) {
      const item = found[index];
      if (!item) return;
      if (multiple) {
        const remove = make("button", { className: "chip-remove", type: "button", textContent: "×" });
        remove.dataset.comboRemove = "";
        remove.setAttribute("aria-label", `Remove ${item.label}`);
        const value = make("input", { type: "hidden", name: combo.dataset.name, value: item.value });
        chosen.append(make("li", { className: "chip" }, item.label, value, remove));
        input.value = "";
        value.dispatchEvent(new Event("change", { bubbles: true }));
      } else {
        input.value = kept = item.label;
        hidden.value = item.value;
        hidden.dispatchEvent(new Event("change", { bubbles: true }));
      }
      close();
      status.textContent = `${item.label} chosen.`;
      input.focus();
    }

    input.addEventListener("input", () => {
      if (hidden && hidden.value) { hidden.value = ""; hidden.dispatchEvent(new Event("change", { bubbles: true })); }
      kept = "";
      clearTimeout(timer);
      timer = setTimeout(search, 160);
    });
    input.addEventListener("keydown", (event) => {
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in steps) {
        event.preventDefault();
        if (list.hidden) search(); else mark((active + steps[event.key] + found.length) % found.length);
      } else if (event.key === "Enter" && !list.hidden && found.length) {
        event.preventDefault();
        choose(Math.max(active, 0));
      } else if (event.key === "Enter") event.preventDefault();
      else if (event.key === "Escape" && !list.hidden) { event.stopPropagation(); close(); }
      else if (event.key === "Backspace" && multiple && !input.value) chosen.querySelector("li:last-child [data-combo-remove]")?.click();
    });
    input.addEventListener("focus", () => { if (!input.value && list.hidden) search(); });
    input.addEventListener("blur", () => setTimeout(() => { if (!combo.contains(document.activeElement)) { close(); if (hidden && !hidden.value) input.value = kept; } }, 150));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => { const option = event.target.closest("[role=option]"); if (option) choose([...list.children].indexOf(option)); });
    combo.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-combo-remove]")?.closest("li");
      if (!chip) return;
      status.textContent = "Removed.";
      chip.remove();
      input.dispatchEvent(new Event("change", { bubbles: true }));
      input.focus();
    });
  }

  const startAll = () => document.querySelectorAll("[data-combo]").forEach(start);
  document.addEventListener("htmx:after:swap", startAll);
  startAll();
})();
