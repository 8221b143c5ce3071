// Where many tips come from one network, the browser works a moment before the form goes. See tips/defence.py.
"use strict";

(() => {
  const form = document.querySelector("[data-work]");
  if (!form || !window.Worker) return;
  const status = document.querySelector("[data-work-status]");
  const button = form.querySelector("[data-sending]");
  const task = form.querySelector("input[name=wait]").value;
  const worker = new Worker(form.dataset.worker);
  let isDone = false;
  let isWanted = false;

  status.textContent = status.dataset.working;
  form.addEventListener("submit", (event) => {
    if (isDone || !event.submitter || event.submitter !== button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    isWanted = true;
    button.setAttribute("aria-busy", "true");
  }, { capture: true });
  worker.addEventListener("message", ({ data }) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "work", value: data });
    form.append(field);
    isDone = true;
    worker.terminate();
    button.removeAttribute("aria-busy");
    status.textContent = status.dataset.done;
    if (isWanted) button.click();
  });
  worker.postMessage({ task, bits: Number(form.dataset.work) });
})();
