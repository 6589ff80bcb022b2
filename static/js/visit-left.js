/* What was left on a visit: pieces counted by tapping, and what stays in stock said along with it. The shell's rows come from the pack. */
self.visitLeft = (() => {
  const form = document.querySelector("form[data-visit-form]"), box = form?.querySelector("[data-left]");
  if (!box) return null;
  const list = box.querySelector("[data-left-rows]"), template = box.querySelector("[data-left-template]");
  const pieces = (row) => Math.max(0, Math.floor(Number(row.querySelector("[name=quantity]").value) || 0));

  function say(row) {
    const says = row.querySelector("[data-left-says]"), more = pieces(row) - Number(row.dataset.had || 0);
    if (row.dataset.stock === undefined) return;
    const stock = Number(row.dataset.stock), after = stock - more, known = `${stock.toLocaleString("en-US")} in stock`;
    says.textContent = !more ? known : after < 0 ? `${known}: ${-after} more than there are. Saved all the same; count it soon.` : `${known}, ${after.toLocaleString("en-US")} after this`;
    says.classList.toggle("text-warning", after < 0);
  }
  function tell() {
    const rows = [...list.children];
    rows.forEach(say);
    const left = rows.filter((row) => pieces(row)), sum = left.reduce((total, row) => total + pieces(row), 0);
    box.querySelector("[data-left-sum]").textContent = sum ? ` (${sum})` : "";
  }

  /* A row for a material that the page does not offer: the shell's, or one that was taken off the list since. */
  function add({ id, name, stock, kind }) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector("[name=material]").value = id;
    row.querySelector("[name=quantity]").id = row.querySelector("label").htmlFor = `left-${id}`;
    row.querySelector("label").textContent = name;
    row.querySelector("[data-left-says]").textContent = stock === null ? kind : "";
    if (typeof stock === "number") row.dataset.stock = stock;
    list.append(row);
    return row;
  }
  function offer(materials) {
    materials.forEach(add);
    box.hidden = !list.children.length;
    tell();
  }
  function set(material, quantity, name) {
    const found = [...list.children].find((row) => Number(row.querySelector("[name=material]").value) === material);
    (found ?? add({ id: material, name: name ?? "A material", stock: undefined })).querySelector("[name=quantity]").value = quantity || "";
    box.hidden = false;
    if (quantity) box.open = true;
    tell();
  }
  const names = () => Object.fromEntries([...list.children].map((row) => [row.querySelector("[name=material]").value, row.querySelector("label").textContent]));

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (!button) return;
    const row = button.closest("[data-left-row]"), input = row.querySelector("[name=quantity]");
    input.value = Math.max(0, pieces(row) + Number(button.dataset.step)) || "";
    input.dispatchEvent(new Event("input", { bubbles: true })); // kept in the draft, like anything that is typed
  });
  list.addEventListener("input", tell);
  tell();
  return { offer, set, names };
})();
