/* Ctrl/Cmd-K: the way to anything (WAI-ARIA combobox with a listbox). Links with data-palette open it; without JavaScript they lead to the
   page of the same name. What was chosen lately is kept on this device, for this person: pages and people, never a referral's number. */
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog?.showModal) return;
  const input = dialog.querySelector("input"), list = dialog.querySelector("[role=listbox]"), status = dialog.querySelector("[role=status]");
  const kept = `prm-recent-${document.body.dataset.user}`, MOST = 6;
  let found = [], active = -1, timer, running, asked = 0, pending = false;

  const recent = () => { try { return JSON.parse(localStorage.getItem(kept)) || []; } catch { return []; } };
  function remember(entry) {
    if (entry.number) return;
    const rows = [{ ...entry, group: "Lately" }, ...recent().filter(({ url }) => url !== entry.url)].slice(0, MOST);
    try { localStorage.setItem(kept, JSON.stringify(rows)); } catch { /* a full or forbidden store only forgets */ }
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${dialog.dataset.icons}#${name}`);
    svg.append(use);
    return svg;
  }
  const element = (name, className, ...children) => {
    const made = Object.assign(document.createElement(name), { className });
    made.append(...children);
    return made;
  };

  function mark(index) {
    active = index;
    const options = list.querySelectorAll("[role=option]");
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (!options[index]) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", options[index].id);
    options[index].scrollIntoView({ block: "nearest" });
  }

  function show(entries) {
    found = entries;
    const groups = new Map();
    entries.forEach((entry, index) => {
      const text = element("span", "", entry.label);
      if (entry.sub) text.append(element("span", "sub", entry.sub));
      const option = element("div", "", icon(entry.icon), text);
      option.id = `palette-${index}`;
      option.setAttribute("role", "option");
      groups.set(entry.group, [...(groups.get(entry.group) ?? []), option]);
    });
    list.replaceChildren(...[...groups].map(([name, options], number) => {
      const title = element("div", "palette-group", name);
      title.id = `palette-group-${number}`;
      const group = element("div", "", title, ...options);
      group.setAttribute("role", "group");
      group.setAttribute("aria-labelledby", title.id);
      return group;
    }));
    found = [...list.querySelectorAll("[role=option]")].map((option) => entries[Number(option.id.slice(8))]);
    input.setAttribute("aria-expanded", String(entries.length > 0));
    mark(entries.length ? 0 : -1);
  }

  async function search() {
    const words = input.value.trim(), mine = ++asked;
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRFToken"] };
      const answer = await fetch(dialog.dataset.url, { method: "POST", headers, body: new URLSearchParams({ q: words }), signal: running.signal, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const entries = await answer.json();
      if (mine !== asked) return; // a later letter was typed meanwhile
      pending = false;
      const lately = words ? [] : recent();
      show([...lately, ...entries.filter(({ url }) => !lately.some((one) => one.url === url))]);
      status.textContent = entries.length ? `${found.length} found. Arrow keys choose, Enter opens.` : "Nothing found. Try fewer letters.";
    } catch (error) {
      if (error.name === "AbortError" || mine !== asked) return;
      pending = false;
      show(recent());
      status.textContent = "The search cannot be reached. Check the connection and type again.";
    }
  }

  function open(index) {
    const entry = found[index];
    if (!entry) return;
    remember(entry);
    if (!entry.number) { location.assign(entry.url); return; }
    const form = Object.assign(document.createElement("form"), { method: "post", action: entry.url, hidden: true });
    const token = JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRFToken"];
    for (const [name, value] of [["csrfmiddlewaretoken", token], ["number", entry.number]]) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    document.body.append(form);
    form.submit();
  }

  function start() {
    if (dialog.open) return;
    input.value = "";
    show(recent());
    dialog.showModal();
    input.focus();
    search();
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (dialog.open) dialog.close(); else start();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    start();
  });
  input.addEventListener("input", () => { pending = true; clearTimeout(timer); timer = setTimeout(search, 150); });
  input.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && found.length) { event.preventDefault(); mark((active + steps[event.key] + found.length) % found.length); }
    else if (event.key === "Enter") {
      event.preventDefault();
      if (pending) search().then(() => { if (!pending) open(0); }); // what is shown still answers earlier letters
      else open(Math.max(active, 0));
    }
  });
  dialog.addEventListener("close", () => { running?.abort(); clearTimeout(timer); asked += 1; });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) open([...list.querySelectorAll("[role=option]")].indexOf(option));
  });
  start(); // app.js fetched this because somebody asked
})();
