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
})();
