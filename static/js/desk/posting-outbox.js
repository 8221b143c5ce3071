// Confirmations that a phone keeps until the portal has them. One piece of code for the page and for the
// service worker; nothing here touches the page.
"use strict";

const outbox = (() => {
  const STORE = "confirmations";
  const LIGHT = "dang-bai";
  const HEAVY = "dang-bai-anh";
  const PATIENCE_MS = 20000;
  const PROOF_PATIENCE_MS = 5 * 60000;
  const FIRST_PAUSE_MS = 30000;
  const LONGEST_PAUSE_MS = 30 * 60000;

  function open() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open("dang-bai", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  }

  async function within(mode, act) {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode);
        const asked = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(asked.result);
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }

  const all = () => within("readonly", (store) => store.getAll());
  const put = (item) => within("readwrite", (store) => store.put(item));
  const remove = (key) => within("readwrite", (store) => store.delete(key));

  function newKey() {
    if (self.crypto.randomUUID) return self.crypto.randomUUID();
    return Array.from(self.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function ask(url, options, patienceMs = PATIENCE_MS) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), patienceMs);
    try {
      return await fetch(url, {
        credentials: "same-origin", redirect: "manual", cache: "no-store", signal: patience.signal, ...options,
        headers: { Accept: "application/json", ...(options && options.headers) },
      });
    } finally {
      clearTimeout(timer);
    }
  }

  const isLoggedOut = (answer) => answer.type === "opaqueredirect" || answer.status === 401;

  async function deliver(item, card) {
    const body = new FormData();
    body.set("key", item.key);
    body.set("user", item.user);
    body.set("age", String(Math.max(0, Math.round((Date.now() - item.made) / 1000))));
    if (item.reason) body.set("reason", item.reason);
    if (item.proof) body.set("proof", item.proof, item.proof.name || "anh.jpg");
    if (item.show && Date.now() - item.made < 30000) body.set("show", "1");
    const options = { method: "POST", body, headers: { "X-CSRFToken": card.token } };
    return ask(item.url, options, item.proof ? PROOF_PATIENCE_MS : PATIENCE_MS);
  }

  // Answers of the portal that no repetition changes: the person is told, and the item waits to be read. Pages of
  // others (a network's log-in page, a proxy) and of the portal's own gate are no such answers.
  const REFUSALS = [400, 403, 404, 409];

  async function settle(item, answer) {
    const told = await answer.json().catch(() => null);
    if (told && answer.ok && told.state) {
      await remove(item.key);
      return { key: item.key, ok: true, ...told };
    }
    if (told && REFUSALS.includes(answer.status) && told.message) {
      await put({ ...item, refused: told.message });
      return { key: item.key, ok: false, message: told.message };
    }
    await putOff(item);
    return null;
  }

  // One that fails is tried less and less often, so that it stands in nobody's way.
  function putOff(item) {
    const tries = (item.tries || 0) + 1;
    return put({ ...item, tries, after: Date.now() + Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS) });
  }

  class LoggedOut extends Error {}

  async function sendThese(items, card, results) {
    let lost = 0;
    for (const item of items) {
      let answer;
      try {
        answer = await deliver(item, card);
      } catch (error) {
        if (error.name === "AbortError") await putOff(item);
        lost += 1;
        // Twice in a row it is the network.
        if (lost === 2) return;
        continue;
      }
      lost = 0;
      if (isLoggedOut(answer)) throw new LoggedOut();
      const result = await settle(item, answer);
      if (result) results.push(result);
    }
  }

  async function sendLane(cardUrl, isOfLane, hurry, results) {
    const now = Date.now();
    const waiting = (await all()).filter((item) => !item.refused && isOfLane(item)).sort((a, b) => a.made - b.made);
    const due = waiting.filter((item) => hurry || !(item.after > now));
    if (!due.length) return waiting.length ? "wait" : "empty";
    try {
      const answer = await ask(cardUrl);
      if (isLoggedOut(answer)) return "login";
      if (!answer.ok) return "wait";
      const card = await answer.json();
      const mine = due.filter((item) => item.user === card.user);
      await sendThese(mine, card, results);
      const left = (await all()).filter((item) => !item.refused && isOfLane(item));
      if (!left.length) return "empty";
      return left.some((item) => item.user === card.user) ? "wait" : "other";
    } catch (error) {
      return error instanceof LoggedOut ? "login" : "wait";
    }
  }

  // Page and worker may both try; the portal knows a repetition by its key, the lock only saves the network. A
  // lane that another of them is at is left to it.
  function inLane(name, act) {
    if (!self.navigator.locks) return act();
    const options = name === LIGHT ? {} : { ifAvailable: true };
    return self.navigator.locks.request(name, options, (lock) => (lock ? act() : "wait"));
  }

  // What is only a few bytes goes first and by itself: a picture may need minutes.
  async function send(cardUrl, hurry = false) {
    const results = [];
    const light = await inLane(LIGHT, () => sendLane(cardUrl, (item) => !item.proof, hurry, results));
    if (light === "login") return { state: light, results };
    // Held only for a picture: see alone().
    const isPicture = (item) => Boolean(item.proof);
    const isNeeded = (await all()).some((item) => !item.refused && isPicture(item));
    const heavy = isNeeded ? await inLane(HEAVY, () => sendLane(cardUrl, isPicture, hurry, results)) : "empty";
    const state = ["login", "wait", "other"].find((one) => one === light || one === heavy) || "empty";
    return { state, results };
  }

  // While nobody sends; false when a picture is on its way.
  function alone(act) {
    return inLane(LIGHT, () => inLane(HEAVY, act)).then((result) => (result === "wait" ? false : result));
  }

  return { alone, all, put, remove, newKey, send };
})();
self.outbox = outbox;
