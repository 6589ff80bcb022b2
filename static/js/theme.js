// Runs before the first paint: dark or light as chosen on this device, else as the system says.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const show = (theme) => {
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("prm:theme", { detail: theme }));
  };
  const apply = () => show(chosen() ?? (system.matches ? "dark" : "light"));
  root.classList.add("js");
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("beforeprint", () => show("light")); // paper is white
  addEventListener("afterprint", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      if (next === (system.matches ? "dark" : "light")) localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch { /* storage is blocked: the choice lasts as long as the page */ }
    show(next);
  });
})();
