// Maps of Leaflet over county borders, without tiles: the route of a day, and the pin of a practice. "Plan again from here" asks for the place.
(() => {
  const data = (id) => { const element = document.getElementById(id); return element && JSON.parse(element.textContent); };
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();

  function base(box, counties) {
    box.hidden = false;
    const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false });
    for (const address of counties) {
      fetch(address).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status))).then((topology) => {
        const borders = topojson.mesh(topology, topology.objects.counties);
        L.geoJSON(borders, { style: { color: color("--prm-line-strong"), weight: 1, fill: false }, interactive: false }).addTo(map).bringToBack();
      }).catch(() => { /* the map does without borders */ });
    }
    return map;
  }

  // Numbers, never markup: a practice's name goes in as text.
  const mark = (text, kind) => L.divIcon({ className: `route-pin ${kind}`, html: String(text), iconSize: [28, 28] });
  const named = (text) => { const span = document.createElement("span"); span.textContent = text; return span; };

  const route = document.querySelector("[data-route-map]"), drawn = data("route-map-data");
  function drawRoute() {
    const map = base(route, drawn.counties);
    const points = [drawn.start, ...drawn.stops.map((stop) => [stop.lat, stop.lon]), drawn.end];
    L.polyline(points, { color: color("--prm-accent"), weight: 3, opacity: 0.8, interactive: false }).addTo(map);
    const round = drawn.start[0] === drawn.end[0] && drawn.start[1] === drawn.end[1];
    L.marker(drawn.start, { icon: mark("A", "is-end"), keyboard: false, alt: "Start" }).addTo(map);
    if (!round) L.marker(drawn.end, { icon: mark("B", "is-end"), keyboard: false, alt: "End" }).addTo(map);
    for (const stop of drawn.stops) {
      // No stop of the keyboard: pins may lie on each other, and the list above says the same and more.
      L.marker([stop.lat, stop.lon], { icon: mark(stop.n, ""), title: stop.name, keyboard: false }).bindPopup(named(stop.name)).addTo(map);
    }
    map.fitBounds(L.latLngBounds(points), { padding: [32, 32], maxZoom: 13 });
    route.parentElement.querySelector(".route-picture")?.classList.add("print-only");
  }

  // A third of the page's weight waits until somebody scrolls to the map; until then the server's drawing stands there.
  const load = (tag, fields) => new Promise((done, fail) => {
    document.head.append(Object.assign(document.createElement(tag), fields, { onload: done, onerror: fail }));
  });
  if (route && drawn) {
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      const { styles, leaflet, borders } = route.dataset;
      Promise.all([load("link", { rel: "stylesheet", href: styles }), load("script", { src: leaflet }), load("script", { src: borders })])
        .then(drawRoute, () => { /* the drawing stays */ });
    }, { rootMargin: "200px" });
    watch.observe(route.parentElement);
  }

  const pin = document.querySelector("[data-pin-map]"), place = data("pin-map-data"), typed = document.querySelector("[name=coordinates]");
  if (pin && place && typed && window.L) {
    const map = base(pin, place.counties);
    map.setView(place.middle ?? [39.8, -98.6], place.middle ? 11 : 4);
    let marker = null;
    const show = (at) => { marker = marker ? marker.setLatLng(at) : L.marker(at, { icon: mark("●", ""), alt: "The pin" }).addTo(map); };
    if (place.pin) show(place.middle);
    map.on("click", ({ latlng }) => { show(latlng); typed.value = `${latlng.lat.toFixed(5)}, ${latlng.lng.toFixed(5)}`; });
    typed.addEventListener("change", () => {
      const found = typed.value.match(/^\s*\(?(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\)?\s*$/);
      if (found) { show([+found[1], +found[2]]); map.panTo([+found[1], +found[2]]); }
    });
  }

  // The place is asked for at the tap and only then; without it the last stop that was visited is taken.
  document.querySelector("[data-here]")?.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.asked || !navigator.geolocation) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    form.dataset.asked = "1";
    const send = () => form.requestSubmit();
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      form.elements.latitude.value = coords.latitude.toFixed(5);
      form.elements.longitude.value = coords.longitude.toFixed(5);
      send();
    }, send, { timeout: 5000, maximumAge: 60000 });
  });
})();
