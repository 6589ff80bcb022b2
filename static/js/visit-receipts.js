/* Receipts of what was paid for on a visit. A photo is made small here, and loses where it was taken; a PDF stays as it is. They are part of
   the visit's body: kept on the phone with it, sent with it, once. Loaded when the part about spend is opened. */
self.visitReceipts = (() => {
  const input = document.querySelector("[name=spend_receipts]"), box = document.querySelector("[data-receipts]");
  const MOST = 3, SIDE = 1600, QUALITY = 0.75; // receipts · pixels of the longer side · of a JPEG
  const ROOM = 1536 * 1024; // bytes of all that a visit carries; what is larger is added on the entry's page
  const make = (name, properties = {}, ...children) => { const element = Object.assign(document.createElement(name), properties); element.append(...children.filter(Boolean)); return element; };
  let kept = []; // {name, content}; content is base64
  let work = Promise.resolve();

  async function small(file) {
    let picture;
    try { picture = await createImageBitmap(file); } catch { return file; } // not for this browser to read: the server looks at it
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = make("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff"; // what is see-through would turn black
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return (await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); })) ?? file;
  }

  const base64 = (blob) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

  async function add(file) {
    if (kept.length >= MOST) return `At most ${MOST} receipts with a visit. Add ${file.name} on the entry's page after saving.`;
    const isPdf = (await file.slice(0, 5).text()) === "%PDF-";
    if (!isPdf && !file.type.startsWith("image/")) return `${file.name}: A receipt is a PDF or a picture.`;
    const blob = isPdf ? file : await small(file);
    const taken = kept.reduce((sum, { content }) => sum + (content.length * 3) / 4, 0);
    if (taken + blob.size > ROOM) return `${file.name} is too large: a visit carries 1.5 MB of receipts at most. Add it on the entry's page after saving.`;
    kept.push({ name: blob === file ? file.name : `${file.name.replace(/\.\w+$/, "")}.jpg`, content: await base64(blob) });
    return "";
  }

  // The same files in the form's own field, for a browser that keeps nothing and posts the form.
  function mirror() {
    const files = new DataTransfer();
    kept.forEach(({ name, content }) => files.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name)));
    input.files = files.files;
  }

  function draw(said = []) {
    const rows = kept.map((receipt) => {
      const remove = make("button", { className: "btn btn-sm", type: "button", textContent: "Remove" });
      remove.setAttribute("aria-label", `Remove ${receipt.name}`);
      remove.addEventListener("click", () => { kept = kept.filter((one) => one !== receipt); changed(); input.focus(); });
      const size = make("span", { className: "sub", textContent: `${Math.max(1, Math.round((receipt.content.length * 3) / 4096))} KB, sent with the visit` });
      return make("li", {}, make("div", { className: "row-main" }, receipt.name, size), remove);
    });
    box.replaceChildren(...(rows.length ? [make("ul", { className: "rows" }, ...rows)] : []), ...said.map((text) => make("p", { className: "sub text-warning", textContent: text })));
  }
  function changed(said) {
    mirror();
    draw(said);
    input.form.dispatchEvent(new Event("input", { bubbles: true })); // kept in the draft, like anything that is typed
  }

  function take() {
    const files = [...input.files];
    work = work.then(async () => {
      const said = [];
      for (const file of files) said.push(await add(file).catch(() => `${file.name} could not be read. Choose it again.`));
      changed(said.filter(Boolean));
    });
  }
  input.addEventListener("change", take);
  if (input.files.length) take();

  return { list: () => kept, settled: () => work, put: (receipts) => { kept = [...receipts]; mirror(); draw(); } };
})();
