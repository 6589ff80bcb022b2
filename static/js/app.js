// What every page has: dialogs, messages that can be closed, forms that send once, focus on errors.
(() => {
  const each = (root, selector, run) => root.querySelectorAll(selector).forEach(run);

  document.addEventListener("click", (event) => {
    // <a href="/x/delete/" data-dialog="ID">: the dialog with JavaScript, a page of its own without.
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) { event.preventDefault(); dialog.showModal(); return; }
    const closer = event.target.closest("[data-close]");
    if (closer) { event.preventDefault(); (closer.closest("dialog")?.close ?? (() => closer.closest("[data-closable]")?.remove())).call(closer.closest("dialog")); return; }
    if (event.target.matches("dialog")) event.target.close();
    // Menus close when something in them is chosen or when the click lands elsewhere.
    each(document, "details.menu[open]", (menu) => { if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false; });
    if (event.target.closest("[data-print]")) print();
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // A form is sent once: the second press of the button does nothing until the page comes back.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    form.dataset.sent = "1";
    const button = event.submitter ?? form.querySelector("[type=submit]");
    button?.setAttribute("aria-disabled", "true");
    button?.classList.add("is-busy");
  });
  const release = (form) => {
    delete form.dataset.sent;
    each(form, ".is-busy", (button) => { button.classList.remove("is-busy"); button.removeAttribute("aria-disabled"); });
  };
  addEventListener("pageshow", () => each(document, "form[data-sent]", release));
  document.addEventListener("htmx:finally:request", () => each(document, "form[data-sent]", release));

  // A page that comes back with errors starts at their summary.
  const ready = (root) => {
    root.querySelector("[data-focus]")?.focus();
    each(root, "[data-scroll-end]", (box) => { box.scrollLeft = box.scrollWidth; }); // the newest months stand last
    each(root, "[data-print-only-js]", (element) => { element.hidden = false; });
  };
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target ?? event.target;
    if (target instanceof Element) ready(target);
  });
  ready(document);

  // The palette's script comes with its first use: a phone on a slow road seldom asks for it.
  const palette = document.getElementById("palette");
  const ask = (event) => {
    const held = event.ctrlKey || event.metaKey;
    const wanted = event.type === "click" ? event.target.closest("[data-palette]") && !held && !event.shiftKey : held && !event.altKey && event.key.toLowerCase() === "k";
    if (!wanted) return;
    event.preventDefault();
    forget();
    document.head.append(Object.assign(document.createElement("script"), { src: palette.dataset.script, onerror: () => location.assign(palette.dataset.url) }));
  };
  const forget = () => ["click", "keydown"].forEach((name) => document.removeEventListener(name, ask));
  if (palette?.showModal) ["click", "keydown"].forEach((name) => document.addEventListener(name, ask));
})();
