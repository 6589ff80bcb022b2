/* Whom an @ names, offered while one types: <form data-mentions="URL"> with <textarea data-mention> inside. URL answers ?q= with
   JSON [{name, role}]. Without this script the whole name is typed by hand; the server reads the text either way. */
(() => {
  let list, box, found = [], active = -1, running, number = 0;

  const close = () => {
    list?.remove();
    list = undefined;
    found = [];
    active = -1;
    for (const name of ["aria-activedescendant", "aria-expanded", "aria-controls"]) box?.removeAttribute(name);
    box?.removeAttribute("role");
  };

  const asked = (area) => /(?:^|\s)@([\p{L}\p{N}.'’ -]{0,40})$/u.exec(area.value.slice(0, area.selectionStart))?.[1];

  const mark = (index) => {
    active = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    box.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  };

  function choose(index) {
    const start = box.value.slice(0, box.selectionStart).lastIndexOf("@");
    const after = box.value.slice(box.selectionStart);
    const said = `@${found[index].name} `;
    box.value = box.value.slice(0, start) + said + after.replace(/^ /, "");
    box.setSelectionRange(start + said.length, start + said.length);
    box.focus();
    close();
  }

  function show(area, people) {
    close();
    if (!people.length) return;
    box = area;
    found = people;
    list = document.createElement("ul");
    list.className = "combo-list";
    list.id = `mention-${(number += 1)}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "People who can see this");
    list.append(...people.map(({ name, role }, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.textContent = name;
      const sub = document.createElement("span");
      sub.className = "sub";
      sub.textContent = role;
      option.append(sub);
      option.addEventListener("mousedown", (event) => { event.preventDefault(); choose(index); });
      return option;
    }));
    area.parentElement.classList.add("combo");
    area.after(list);
    area.setAttribute("role", "combobox");
    area.setAttribute("aria-expanded", "true");
    area.setAttribute("aria-controls", list.id);
    mark(0);
  }

  document.addEventListener("input", async ({ target }) => {
    const form = target.closest?.("[data-mentions]");
    if (!form || !target.matches("[data-mention]")) return;
    const words = asked(target);
    running?.abort();
    if (words === undefined) { close(); return; }
    running = new AbortController();
    const url = new URL(form.dataset.mentions, location.href);
    url.searchParams.set("q", words);
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" }, signal: running.signal });
      if (answer.ok && asked(target) === words) show(target, await answer.json());
    } catch (error) {
      close();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (!list || event.target !== box) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) mark((active + steps[event.key] + found.length) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(active);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  document.addEventListener("focusout", ({ target }) => { if (target === box) close(); });
})();
