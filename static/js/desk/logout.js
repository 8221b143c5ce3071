// Logging out empties the phone, kept confirmations too: they are sent before, and the person decides about the rest.
"use strict";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset || !form.dataset.logout || form.dataset.plain || !window.indexedDB) return;
  event.preventDefault();
  const waiting = () => outbox.all().then((items) => items.filter((item) => !item.refused).length).catch(() => 0);
  if (await waiting()) await outbox.send(form.dataset.card, true);
  const left = await waiting();
  if (left && !window.confirm(form.dataset.logout.replace("#", left))) {
    delete form.dataset.sent;
    return;
  }
  if (navigator.serviceWorker && navigator.serviceWorker.controller) navigator.serviceWorker.controller.postMessage({ what: "forget" });
  form.dataset.plain = "1";
  form.submit();
});
