/* The page of what waits: drafts, visits that wait and why, those that need a fix, and those that were sent last. Only one's own are shown. */
(() => {
  const page = document.querySelector("[data-waiting-page]");
  if (!page) return;
  const $ = (name) => page.querySelector(`[data-${name}]`);
  const WHY = {
    "signed out": "You are signed out. Your visits are safe on this phone. Sign in to send them.",
    "no network": "There is no network: sending goes on by itself as soon as there is one.",
    "no answer": "This network wants a sign-in of its own first. Sending goes on once PRM can be reached.",
    "another user": "Somebody else is signed in here. Yours are sent when you sign in again.",
    "server busy": "PRM cannot take it just now: sending goes on by itself in a moment.",
    "session changed": "Sign in again to send them.",
  };
  const make = (name, properties = {}, ...children) => { const element = Object.assign(document.createElement(name), properties); element.append(...children.filter(Boolean)); return element; };
  const when = (time) => new Date(time).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const pill = (text, tone) => make("span", { className: `pill pill-${tone}`, textContent: text });
  const sub = (text) => make("span", { className: "sub", textContent: text });
  const link = (text, href) => make("a", { className: "btn btn-sm", href, textContent: text });
  function act(text, run) {
    const button = make("button", { className: "btn btn-sm", type: "button", textContent: text });
    button.addEventListener("click", run);
    return button;
  }
  const row = (title, state, tone, lines, ...ways) => make("li", {},
    make("div", { className: "row-main" }, make("strong", { textContent: title }), " ", pill(state, tone), ...lines.filter(Boolean).map(sub)),
    make("div", { className: "cluster" }, ...ways));

  // Throwing away asks once more, in place.
  function discard(label, remove) {
    const button = act("Delete", () => {
      if (button.dataset.sure) { remove(); return; }
      button.dataset.sure = "1";
      button.textContent = "Really delete?";
      button.classList.add("btn-danger");
    });
    button.setAttribute("aria-label", `Delete ${label}`);
    return button;
  }

  function waiting(item) {
    const name = item.label || "A practice", at = `${item.kind === "edit" ? "Changed" : "Saved"} ${when(item.at)}`;
    const fix = item.state === "needs a fix";
    const change = item.conflict ? link("Choose", `${item.page}?fix=${item.id}`) : link(fix ? "Mend and send" : "Change", `${item.page ?? page.dataset.log}?fix=${item.id}`);
    change.setAttribute("aria-label", `${change.textContent}: ${name}`);
    return row(name, item.state, fix ? "warn" : "neutral", [item.body.spend?.some(({ receipts }) => receipts?.length) ? `${at}, with a receipt` : at, fix ? item.reason : ""], change, discard(name, () => outbox.remove(item.id)));
  }

  const draft = (item) => row(item.labels?.practice || "No practice yet", "draft", "neutral", [`Left ${when(item.at)}`], link("Go on", item.url),
    discard("this draft", () => fieldDb.remove("drafts", item.key).then(draw)));
  const sent = (item) => row(item.label || "A visit", "sent", "good", [when(item.at), ...(item.arrival_notes ?? [])], link("Open", `/visits/${item.visit}/`));

  function fill(name, items, make_) {
    $(`${name}-card`).hidden = !items.length;
    $(`${name}-list`).replaceChildren(...items.map(make_));
  }

  async function draw() {
    const user = await fieldUser();
    const [items, drafts, memory, drained] = await Promise.all([fieldDb.all("outbox"), fieldDb.all("drafts"), fieldDb.get("meta", "sent"), fieldDb.get("meta", "drain")]);
    const mine = items.filter((item) => item.user === user).sort((a, b) => a.at - b.at);
    const others = items.length - mine.length, ripe = mine.filter((item) => item.state === "waiting").length;
    fill("waiting", mine, waiting);
    fill("drafts", drafts.filter((item) => item.user === user), draft);
    fill("sent", (memory ?? []).filter((item) => item.user === user).slice(0, 10), sent);
    const lines = [];
    if (!mine.length) lines.push("Nothing waits: everything you saved was sent.");
    else if (ripe) lines.push(`${ripe === 1 ? "One visit waits" : `${ripe} visits wait`} to be sent. ${WHY[drained?.why] ?? ""}`);
    if (mine.length > ripe) lines.push(`${mine.length - ripe} need${mine.length - ripe === 1 ? "s" : ""} a fix before ${mine.length - ripe === 1 ? "it" : "they"} can be sent.`);
    if (others) lines.push(`${others === 1 ? "A visit of somebody else waits" : `${others} visits of somebody else wait`} on this phone, until they sign in.`);
    const tone = !mine.length ? "good" : "warn";
    const box = make("div", { className: `note note-${tone}` }, make("div", {}, lines.join(" "), ripe && drained?.why === "signed out" ? make("a", { href: "/account/login/?next=/visits/waiting/", textContent: " Sign in" }) : null));
    $("waiting-says").replaceChildren(box);
    $("send-now").hidden = !ripe;
  }

  let timer = null;
  outbox.listen((news) => { if (news.changed) { clearTimeout(timer); timer = setTimeout(() => draw().catch(() => {}), 100); } });
  $("send-now").addEventListener("click", () => outbox.drain({ now: true }).catch(() => {}));
  draw().then(() => outbox.drain({ now: true })).catch(() => { $("waiting-says").textContent = "This browser keeps nothing, as in some private windows: visits are sent when you save them."; });
})();
