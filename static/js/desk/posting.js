// Posting by hand on a patchy network: confirmations are kept first and sent as soon as it goes, a run is shown
// step by step, text and picture go through the phone's share sheet. Without it the same forms work by themselves.
"use strict";

(() => {
  const box = document.querySelector("[data-outbox]");
  if (!box || !window.indexedDB) return;
  const part = (name) => box.querySelector(`[data-outbox-${name}]`);
  const { user, card, worker, scope } = box.dataset;
  const run = document.querySelector("[data-run-page]");
  const AGAIN_MS = 60000;
  let again = 0;
  let lastState = "empty";
  // The confirmation of this page that waits for the network; none on a run, which counts for itself.
  let keptKey = "";

  // --- What is kept ---------------------------------------------------------------------------------------

  const words = (text, ...numbers) => text.replace("##", numbers[1]).replace("#", numbers[0]);

  function line(item) {
    const row = part("row").content.cloneNode(true);
    const time = new Date(item.made).toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" });
    row.querySelector("[data-words]").textContent = `${item.group} · ${time}${item.refused ? ` · ${item.refused}` : ""}`;
    const drop = row.querySelector("[data-drop]");
    drop.textContent = item.refused ? drop.dataset.seen : drop.dataset.forget;
    drop.setAttribute("aria-label", `${drop.textContent}: ${item.group}`);
    drop.addEventListener("click", async () => { await outbox.remove(item.key); await show(); });
    return row;
  }

  async function show(state = lastState) {
    lastState = state;
    const items = await outbox.all();
    const refused = items.filter((item) => item.refused).length;
    const waiting = items.length - refused;
    const title = part("title").dataset;
    const heads = [];
    if (waiting) heads.push(words(state === "sending" ? title.sending : title.waiting, waiting));
    if (refused) heads.push(words(title.refused, refused));
    part("title").textContent = heads.join(" · ");
    const note = part("note").dataset;
    part("note").textContent = waiting ? (note[state] || (state === "sending" ? "" : note.wait)) : "";
    part("rows").replaceChildren(...items.map(line));
    part("send").hidden = !waiting || state === "sending";
    part("login").hidden = !waiting || !["login", "other"].includes(state);
    part("login").href = `${box.dataset.login}?next=${encodeURIComponent(location.pathname)}`;
    box.hidden = !items.length;
    return waiting;
  }

  async function send(hurry = false) {
    if (!(await outbox.all()).some((item) => !item.refused)) return show("empty").then(() => ({ state: "empty", results: [] }));
    await show("sending");
    const outcome = await outbox.send(card, hurry === true);
    await show(outcome.state);
    clearTimeout(again);
    if (outcome.state === "wait") again = setTimeout(send, AGAIN_MS);
    mark(outcome.results);
    renew(outcome.results);
    return outcome;
  }

  // What the portal took meanwhile stands on this page only after it is fetched again.
  function renew(results) {
    if (keptKey && results.some((result) => result.key === keptKey && result.ok)) location.reload();
  }

  async function askForSync() {
    try {
      const registration = await navigator.serviceWorker.ready;
      await registration.sync.register("dang-bai");
    } catch {
      // No background sync here: the next page or the next "online" sends it.
    }
  }

  // --- Confirming -----------------------------------------------------------------------------------------

  async function confirm(form) {
    const proof = form.querySelector("input[type=file]");
    const reason = form.querySelector("[name=reason]");
    const item = {
      key: outbox.newKey(), user, url: form.getAttribute("action"), group: form.dataset.group, made: Date.now(), show: !run,
      reason: reason ? reason.value.trim() : "", proof: proof && proof.files[0] ? proof.files[0] : null,
    };
    await outbox.put(item);
    const step = form.closest("[data-step]");
    if (step) { finish(step, "done", item.key); tell(step, form.dataset.confirm); }
    const outcome = await send();
    if (outcome.state === "wait") askForSync();
    const result = outcome.results.find((one) => one.key === item.key);
    if (step) {
      if (result && !result.ok) reopen(step);
    } else if (result && result.ok) location.assign(result.next);
    else if (!result) kept(item.key);
    else unlock(form);
  }

  function unlock(form) {
    delete form.dataset.sent;
    form.querySelectorAll("[type=submit]").forEach((button) => { button.disabled = false; });
  }

  function kept(key) {
    // The page stays, but a second press must not keep a second confirmation.
    keptKey = key;
    document.querySelectorAll("form[data-confirm] [type=submit]").forEach((button) => { button.disabled = true; });
    box.scrollIntoView({ block: "center" });
  }

  // A copy of the page, opened again without network, does not know what this phone keeps.
  async function recall() {
    const actions = Array.from(document.querySelectorAll("form[data-confirm]"), (form) => form.getAttribute("action"));
    const item = (await outbox.all()).find((one) => !one.refused && actions.includes(one.url));
    if (item) kept(item.key);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.dataset || !form.dataset.confirm || form.dataset.plain) return;
    event.preventDefault();
    form.querySelectorAll("[type=submit]").forEach((button) => { button.disabled = true; });
    confirm(form).catch(() => {
      // No room on the phone to keep anything: the form goes its ordinary way.
      form.dataset.plain = "1";
      form.submit();
    });
  });

  // --- A run, step by step --------------------------------------------------------------------------------

  const steps = run ? Array.from(run.querySelectorAll("[data-step]")) : [];
  const isOpen = (step) => !step.dataset.state;

  function finish(step, state, key = "") {
    step.dataset.state = state;
    step.dataset.key = key;
    step.querySelectorAll("details[open]").forEach((details) => { details.open = false; });
    advance(step);
  }

  // The line that takes the last press back.
  const last = run ? run.querySelector("[data-last]") : null;
  let told = null;

  function tell(step, what) {
    told = step;
    last.action = step.dataset.undo;
    last.hidden = false;
    last.querySelector("[data-last-words]").textContent = `${last.dataset[what]} ${step.querySelector("[data-step-name]").textContent}`;
    if (steps.some(isOpen)) last.scrollIntoView({ block: "start" });
  }

  async function takeBack(step) {
    const items = await outbox.all();
    if (!items.some((item) => item.key === step.dataset.key)) return false;
    await outbox.remove(step.dataset.key);
    reopen(step);
    await show();
    return true;
  }

  if (last) {
    last.addEventListener("submit", async (event) => {
      if (!told || last.dataset.plain) return;
      event.preventDefault();
      // Not while it is being sent: what the portal has must be taken back there.
      const isBack = await outbox.alone(() => takeBack(told)).catch(() => false);
      delete last.dataset.sent;
      if (isBack) return;
      last.dataset.plain = "1";
      last.submit();
    });
  }

  function reopen(step) {
    if (step === told) { told = null; last.hidden = true; }
    delete step.dataset.state;
    step.querySelectorAll("form").forEach(unlock);
    advance(null, step);
  }

  function advance(after, wanted) {
    const rest = after ? steps.slice(steps.indexOf(after) + 1) : steps;
    const next = wanted || rest.find(isOpen) || steps.find(isOpen);
    steps.forEach((step) => { step.hidden = step !== next; });
    count(next);
    if (next && after) next.focus({ preventScroll: true });
    if (next && after) next.scrollIntoView({ block: "start" });
    summarize(!next);
  }

  function count(step) {
    const done = Number(run.dataset.done) + steps.filter((one) => one.dataset.state === "done").length;
    const bar = run.querySelector("progress");
    const total = Number(run.dataset.total);
    bar.value = done;
    run.querySelector(".progress__text b").textContent = `${done} trên ${total}`;
    run.querySelector(".progress").classList.toggle("progress--done", done === total);
    const shown = run.querySelector("[data-step-words]");
    shown.hidden = !step;
    if (step) shown.textContent = words(shown.dataset.stepWords, Number(run.dataset.done) + steps.indexOf(step) + 1, total);
  }

  function summarize(isOver) {
    const summary = run.querySelector("[data-summary]");
    summary.hidden = !isOver;
    if (!isOver) return;
    const later = steps.filter((step) => step.dataset.state === "later").length;
    const text = summary.querySelector("[data-summary-words]");
    summary.querySelector("[data-summary-title]").textContent = summary.querySelector("[data-summary-title]").dataset.all;
    text.textContent = words(text.dataset.words, steps.length - later, later);
    summary.querySelector("[data-again]").hidden = !later;
    summary.focus();
  }

  function mark(results) {
    if (!run) return;
    results.filter((result) => !result.ok).forEach((result) => {
      const step = steps.find((one) => one.dataset.key === result.key);
      if (step) step.dataset.state = "refused";
    });
  }

  if (steps.length) {
    run.classList.add("is-stepping");
    run.querySelectorAll("[data-later]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => finish(button.closest("[data-step]"), "later"));
    });
    run.querySelector("[data-again]").addEventListener("click", () => {
      steps.filter((step) => step.dataset.state === "later").forEach((step) => { delete step.dataset.state; });
      advance(null);
    });
    // Back from Zalo the same group is in front; what this phone keeps already needs no second press.
    advance(null);
    outbox.all().then((items) => {
      const urls = new Map(items.filter((item) => !item.refused).map((item) => [item.url, item.key]));
      steps.forEach((step) => {
        const form = Array.from(step.querySelectorAll("form[data-confirm]")).find((one) => urls.has(one.getAttribute("action")));
        if (form) { step.dataset.state = "done"; step.dataset.key = urls.get(form.getAttribute("action")); }
      });
      advance(null);
    });
  }

  // --- The phone's share sheet ----------------------------------------------------------------------------

  async function share(button) {
    const text = document.getElementById(button.dataset.sharePost).value;
    const data = { text };
    if (button.dataset.picture && navigator.canShare) {
      const answer = await fetch(button.dataset.picture, { credentials: "same-origin" }).catch(() => null);
      if (answer && answer.ok) {
        const files = [new File([await answer.blob()], button.dataset.name, { type: "image/jpeg" })];
        if (navigator.canShare({ text, files })) data.files = files;
      }
    }
    // Closing the sheet is an error to the browser and none to us.
    await navigator.share(data).catch(() => {});
  }

  document.querySelectorAll("[data-share-post]").forEach((button) => {
    button.hidden = !navigator.share;
    button.addEventListener("click", () => share(button));
  });

  // --- Coming, going, leaving -----------------------------------------------------------------------------

  // The page that stands in for another leads nowhere while there is no network, and gives way when it is back.
  const offline = document.querySelector("[data-offline-page]");
  if (offline) {
    const leave = () => (location.pathname === offline.dataset.offlinePage ? location.assign(offline.dataset.home) : location.reload());
    const retry = offline.querySelector("[data-retry]");
    retry.hidden = false;
    retry.addEventListener("click", leave);
    offline.querySelector("[data-posting-link]").hidden = location.pathname === offline.dataset.home;
    window.addEventListener("online", () => send(true).then(leave));
  } else {
    window.addEventListener("online", () => send(true));
  }

  part("send").addEventListener("click", () => send(true));
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") send(); });
  if (run || offline) send();
  else recall().then(() => send());

  async function prepareWorker() {
    await navigator.serviceWorker.register(worker, { scope });
    const registration = await navigator.serviceWorker.ready;
    const files = performance.getEntriesByType("resource").map((entry) => new URL(entry.name)).filter((url) => url.origin === location.origin).map((url) => url.pathname);
    const runs = Array.from(document.querySelectorAll("a[data-run]"), (link) => link.getAttribute("href"));
    registration.active.postMessage({ what: "prepare", user, files, pages: [location.pathname + location.search, ...runs] });
  }

  if (navigator.serviceWorker && user) {
    navigator.serviceWorker.addEventListener("message", (event) => {
      if (event.data.what === "sent") { mark(event.data.outcome.results); show(event.data.outcome.state); renew(event.data.outcome.results); }
    });
    prepareWorker().catch(() => {});
  }
})();
