/* What was paid for on a visit: who had part of it, and what is left of each physician's year before anything is saved. Without a network
   that is not known, and said; the phone keeps nothing of anybody's year. */
self.visitGiven = (() => {
  const form = document.querySelector("form[data-visit-form]"), box = form?.querySelector("[data-given]");
  if (!box) return null;
  const PATIENCE = 6000;
  const make = (name, properties = {}, ...children) => { const element = Object.assign(document.createElement(name), properties); element.append(...children); return element; };
  const sharing = box.querySelector("[data-sharing]"), chips = box.querySelector("[data-sharing-chips]"), place = box.querySelector("[data-allowance]");
  const apart = new Set(); // met, and without a part of it
  const met = () => [...form.querySelectorAll("[name=people]")].filter((input) => (input.type === "hidden" ? input.value : input.checked))
    .map((input) => ({ key: input.value, name: input.closest(".chip")?.textContent.replace(/[✓×]/g, "").trim() ?? input.value }));

  function draw() {
    const people = met(), asked = make("input", { type: "hidden", name: "sharing_asked", value: "1" });
    const rows = people.map(({ key, name }) => {
      const tick = make("span", { className: "tick", textContent: "✓" });
      tick.setAttribute("aria-hidden", "true");
      return make("label", { className: "chip" }, make("input", { type: "checkbox", name: "sharing", value: key, checked: !apart.has(key) }), tick, name);
    });
    chips.replaceChildren(...(apart.size ? [asked] : []), ...rows); // nobody apart: the server takes whom the visit met
    sharing.hidden = !people.length;
  }

  let running = null, timer = null;
  async function ask() {
    if (!box.open) return;
    running?.abort();
    running = new AbortController();
    const value = (name) => form.elements.namedItem(name)?.value ?? "";
    const more = [...form.querySelectorAll("[name=new_name]")].filter((input) => input.value.trim()).length + (Number(value("spend_staff_count")) || 0);
    const asked = new URLSearchParams([["practice", value("practice") || (form.dataset.practice ?? "")], ["visited_at", value("visited_at")], ["kind", value("spend_kind")],
      ["amount", value("spend_amount")], ["staff_count", more], ["ours", Number(value("spend_ours")) || 0], ...met().filter(({ key }) => !apart.has(key)).map(({ key }) => ["people", key])]);
    try {
      const signal = AbortSignal.any([running.signal, AbortSignal.timeout(PATIENCE)]);
      const answer = await fetch(`${place.dataset.allowanceUrl}?${asked}`, { redirect: "error", cache: "no-store", signal });
      if (!answer.ok || answer.headers.get("PRM-Fragment") !== "allowance") throw new Error("not ours");
      place.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      place.replaceChildren(make("p", { className: "sub", textContent: "Without a network it is not known here how much of each physician's year is left. What was spent is saved all the same; the entry shows it once it is sent." }));
    }
  }
  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, 250); };

  form.addEventListener("change", (event) => {
    if (event.target.name === "sharing") {
      if (event.target.checked) apart.delete(event.target.value); else apart.add(event.target.value);
      chips.querySelector("[name=sharing_asked]")?.remove();
      if (apart.size) chips.prepend(make("input", { type: "hidden", name: "sharing_asked", value: "1" }));
    } else if (event.target.name === "people" || event.target.closest("#office")) draw();
    soon();
  });
  form.addEventListener("input", (event) => { if (event.target.closest("[data-given]")) soon(); });
  form.addEventListener("filled", () => { draw(); soon(); });
  document.addEventListener("office-loaded", () => { draw(); soon(); });
  box.addEventListener("toggle", () => { draw(); soon(); });
  draw();

  /* What receipts need comes with their first use: most visits have none. */
  const script = box.querySelector("[data-receipts]");
  let asked = null;
  const receipts = () => asked ??= new Promise((resolve) => {
    document.head.append(make("script", { src: script.dataset.src, onload: () => resolve(self.visitReceipts), onerror: () => { asked = null; resolve(null); } }));
  });
  box.addEventListener("toggle", () => { if (box.open) receipts(); });
  if (box.open) receipts();

  /* Those whom a kept visit names apart, when it comes back onto the form. */
  function setApart(keys) { apart.clear(); keys.forEach((key) => apart.add(key)); draw(); }
  return { apart, setApart, receipts };
})();
