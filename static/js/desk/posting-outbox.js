// Confirmations that a phone keeps until the portal has them. One piece of code for the page and for the
// service worker; nothing here touches the page.
"use strict";

const outbox = (() => {
  const STORE = "confirmations";
  const PATIENCE_MS = 20000;

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

  async function ask(url, options) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
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
    return ask(item.url, { method: "POST", body, headers: { "X-CSRFToken": card.token } });
  }

  // Answers of the portal that no repetition changes: the person is told, and the item waits to be read.
  const REFUSALS = { 400: "", 403: "Anh/chị không còn đăng bài cho nhóm này.", 404: "Bài này không còn thuộc phần việc của anh/chị.", 409: "" };

  async function settle(item, answer) {
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) {
      await remove(item.key);
      return { key: item.key, ok: true, ...told };
    }
    item.refused = told.message || REFUSALS[answer.status] || "Không ghi nhận được.";
    await put(item);
    return { key: item.key, ok: false, message: item.refused };
  }

  async function sendNow(cardUrl) {
    const waiting = (await all()).filter((item) => !item.refused).sort((a, b) => a.made - b.made);
    if (!waiting.length) return { state: "empty", results: [] };
    const results = [];
    try {
      const answer = await ask(cardUrl);
      if (isLoggedOut(answer)) return { state: "login", results };
      if (!answer.ok) return { state: "wait", results };
      const card = await answer.json();
      const mine = waiting.filter((item) => item.user === card.user);
      if (!mine.length) return { state: "other", results };
      for (const item of mine) {
        const said = await deliver(item, card);
        if (isLoggedOut(said)) return { state: "login", results };
        if (!said.ok && !(said.status in REFUSALS)) return { state: "wait", results };
        results.push(await settle(item, said));
      }
      return { state: mine.length < waiting.length ? "other" : "empty", results };
    } catch {
      return { state: "wait", results };
    }
  }

  // Page and worker may both try; the portal knows a repetition by its key, the lock only saves the network.
  function send(cardUrl) {
    if (!self.navigator.locks) return sendNow(cardUrl);
    return self.navigator.locks.request("dang-bai", () => sendNow(cardUrl));
  }

  return { all, put, remove, newKey, send };
})();
self.outbox = outbox;
