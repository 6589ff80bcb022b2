/* The phone's own store: the IndexedDB "prm-field", for pages and for the service worker.
   outbox: visits that wait (key: their id) · drafts: forms not saved yet (key: `key`) · pack: what the next days need, directory: our
   specialists and sites (key: user id) ·
   meta: small facts about this phone (key: their name). No patient, no token, no password is ever put here. */
self.fieldDb = (() => {
  const NAME = "prm-field", VERSION = 2;
  const STORES = { outbox: { keyPath: "id" }, drafts: { keyPath: "key" }, pack: {}, directory: {}, meta: {} };
  let opened = null;

  function open() {
    opened ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, VERSION);
      // A newer release only adds stores: what waits in the outbox is never touched by an update.
      asked.onupgradeneeded = () => {
        for (const [name, options] of Object.entries(STORES)) {
          if (!asked.result.objectStoreNames.contains(name)) asked.result.createObjectStore(name, options);
        }
      };
      asked.onsuccess = () => {
        const forget = () => { opened = null; };
        asked.result.onclose = forget; // the browser cleared the site's data
        asked.result.onversionchange = () => { asked.result.close(); forget(); };
        resolve(asked.result);
      };
      asked.onerror = () => { opened = null; reject(asked.error); };
    });
    return opened;
  }

  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  /* One transaction over the named stores: `run({outbox, drafts, …})` asks what it wants, synchronously; all of it is kept or none.
     Resolves once the phone has it for certain. */
  async function change(names, run) {
    const transaction = (await open()).transaction(names, "readwrite", { durability: "strict" });
    const kept = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new DOMException("The phone did not keep it.", "AbortError"));
    });
    try {
      run(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
    } catch (error) {
      kept.catch(() => {}); // the error that caused it is the one that is told
      try { transaction.abort(); } catch { /* it has ended by itself */ }
      throw error;
    }
    return kept;
  }

  const read = async (name, ask) => answer(ask((await open()).transaction(name).objectStore(name)));

  return {
    change,
    get: (name, key) => read(name, (store) => store.get(key)),
    all: (name) => read(name, (store) => store.getAll()),
    put: (name, value, key) => change([name], (stores) => { if (key === undefined) stores[name].put(value); else stores[name].put(value, key); }),
    remove: (name, key) => change([name], (stores) => { stores[name].delete(key); }),
  };
})();
