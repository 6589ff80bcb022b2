/* Who works at the practice just chosen, and whom the search fields find: from the server, and without one from the pack on this phone. */
self.visitOffice = (() => {
  const form = document.querySelector("form[data-log-form]");
  const office = document.getElementById("office");
  if (!form || !office) return null;
  const PATIENCE = 4000;
  const make = (name, properties = {}, ...children) => { const element = Object.assign(document.createElement(name), properties); element.append(...children.filter(Boolean)); return element; };
  const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  async function pack() {
    const user = await fieldUser();
    return user ? (await fieldDb.get("pack", user))?.pack : undefined;
  }
  const directory = async () => (await pack())?.form?.practices ?? [];

  async function fromServer(practice, people) {
    if (navigator.onLine === false) return "";
    const asked = new URLSearchParams([["practice", practice], ...people.map(({ key }) => ["people", key])]);
    try {
      const answer = await fetch(`${office.dataset.office}?${asked}`, { redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
      return answer.ok && answer.headers.get("PRM-Fragment") === "office" ? answer.text() : "";
    } catch { return ""; }
  }

  function chip({ key, name, role }, checked) {
    const input = make("input", { type: "checkbox", name: "people", value: key, checked });
    input.dataset.kind = key.split("-")[0];
    const tick = make("span", { className: "tick", textContent: "✓" });
    tick.setAttribute("aria-hidden", "true");
    return make("label", { className: "chip" }, input, tick, name, role && make("span", { className: "text-secondary", textContent: ` ${role}` }));
  }

  function fromPack(practice, people) {
    const known = practice?.people ?? [], keys = new Set(people.map(({ key }) => key));
    const others = people.filter(({ key }) => !known.some((person) => person.key === key));
    const chips = make("div", { className: "chips" }, ...known.map((person) => chip(person, keys.has(person.key))), ...others.map((person) => chip(person, true)));
    const nobody = make("p", { className: "sub", textContent: "Nobody is known to work here yet." });
    const legend = make("legend", { className: "field-label" }, "Whom did you meet? ", make("span", { className: "optional", textContent: "(optional)" }));
    return [
      practice?.address && make("p", { className: "sub", textContent: practice.address }),
      make("fieldset", { className: "field", id: "id_people" }, legend, known.length + others.length ? chips : nobody),
    ].filter(Boolean);
  }

  async function load(practice, people) {
    const html = await fromServer(practice, people);
    if (html) office.innerHTML = html;
    else office.replaceChildren(...fromPack((await directory().catch(() => [])).find(({ id }) => id === Number(practice)), people));
    document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: { ctx: { target: office } } })); // comboboxes wake up
    hook();
    document.dispatchEvent(new Event("office-loaded"));
  }

  function hook() {
    const practices = form.querySelector("[data-practice-field] [data-combo]"), people = office.querySelector("[data-combo]");
    if (practices) practices.findOffline = async (text) => (await directory())
      .filter(({ name, address }) => fold(`${name} ${address}`).includes(fold(text))).slice(0, 12)
      .map(({ id, name, address }) => ({ value: id, label: name, sub: address }));
    if (people) people.findOffline = async (text) => {
      const words = fold(text).split(/\s+/);
      const all = (await directory()).flatMap((practice) => practice.people.map((person) => ({ value: person.key, label: person.name, sub: practice.name })));
      const fits = text ? all.filter(({ label }) => words.every((word) => fold(label).includes(word))) : [];
      return [...new Map(fits.map((person) => [person.value, person])).values()].slice(0, 12);
    };
  }

  office.addEventListener("practice-picked", () => {
    const ticked = [...office.querySelectorAll("[name=people]")].filter((input) => input.type === "hidden" || input.checked)
      .map((input) => ({ key: input.value, name: input.closest(".chip")?.textContent.replace(/[✓×]/g, "").trim() }));
    const practice = form.elements.practice.value;
    if (practice) load(practice, ticked).catch(() => {});
  });
  hook();
  return { load, pack };
})();
