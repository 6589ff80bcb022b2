// Logging with one hand: a tapped practice brings its people, a ticked person answers "how did it go", the phone's clock is sent along.
(() => {
  const form = document.querySelector("form[data-visit-form]");
  if (!form) return;
  const office = document.getElementById("office");
  const value = form.querySelector("[data-combo-value]");
  const suggestions = form.querySelector("[data-practice-field] > .chips");
  let asked = value?.value;
  const picked = () => {
    if (!office || !value || value.value === asked) return;
    asked = value.value;
    if (suggestions) suggestions.hidden = Boolean(asked); // chosen: its people move up to the thumb
    office.dispatchEvent(new Event("practice-picked"));
  };

  form.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-pick-practice]");
    if (!chip || !value) return;
    event.preventDefault();
    value.value = chip.dataset.pickPractice;
    form.querySelector("[data-practice-field] [data-combobox]").value = chip.textContent.trim();
    value.dispatchEvent(new Event("change", { bubbles: true }));
    if (office) { office.tabIndex = -1; office.focus({ preventScroll: true }); }
  });

  let told = Boolean(form.querySelector("[name=outcome]:checked"));
  form.addEventListener("change", (event) => {
    if (event.target === value) picked();
    if (event.target.name === "outcome") told = true;
    if (event.target.matches("[data-kind]") && !told) {
      const met = form.querySelector("[data-kind=provider]:checked") ? "met provider" : form.querySelector("[data-kind]:checked") ? "met staff" : "";
      form.querySelectorAll("[name=outcome]").forEach((tile) => { tile.checked = tile.value === met; });
    }
    // A day of one's own goes before the quick choices.
    if (event.target.name === "due_on" && event.target.value) form.querySelectorAll("[name=due]").forEach((chip) => { chip.checked = false; });
    if (event.target.name === "due") form.elements.due_on.value = "";
  });

  // "Back" after saving brings a filled-in form under a fresh key: it keeps the one it was sent under, so it stays the same visit.
  const key = form.elements.client_id;
  if (key && history.state?.visitKey) key.value = history.state.visitKey;

  form.addEventListener("submit", () => {
    if (key) history.replaceState({ ...history.state, visitKey: key.value }, "");
    if (form.elements.entered_at) form.elements.entered_at.value = new Date().toISOString();
  }, true);
})();
