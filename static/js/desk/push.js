// Lets this browser ring for urgent tips while no page is open. The form is sent as it is once the browser has
// given an address to push to.
"use strict";

(() => {
  const form = document.querySelector("form[data-push]");
  if (!form || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  form.hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

  function nameOfThis() {
    const agent = navigator.userAgent;
    const system = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"].find((word) => agent.includes(word)) || "";
    const browser = ["Edg", "Firefox", "Chrome", "Safari"].find((word) => agent.includes(word)) || "";
    return [browser.replace("Edg", "Edge"), system].filter(Boolean).join(", ");
  }

  async function subscribe() {
    await navigator.serviceWorker.register(form.dataset.worker, { scope: form.dataset.scope });
    const registration = await navigator.serviceWorker.ready;
    const before = await registration.pushManager.getSubscription();
    // One made with another key of the portal can no longer be reached.
    if (before) await before.unsubscribe();
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const { endpoint, keys } = (await subscribe()).toJSON();
      const values = { endpoint, p256dh: keys.p256dh, auth: keys.auth, name: nameOfThis() };
      for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
      form.submit();
    } catch {
      delete form.dataset.sent;
      form.querySelector("[data-push-note]").textContent = form.dataset.refused;
    }
  });
})();
