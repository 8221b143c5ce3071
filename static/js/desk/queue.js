// Keys for the queue and for one tip. Everything they do has a link or a button on the page.
"use strict";

const OFF = "desk-keys-off";
const queue = document.querySelector("[data-queue]");
const rows = queue ? Array.from(queue.querySelectorAll("[data-row]")) : [];

function isOff() {
  try { return localStorage.getItem(OFF) === "1"; } catch { return false; }
}

function current() {
  return rows.findIndex((row) => row.contains(document.activeElement));
}

function move(step) {
  const next = current() < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, current() + step));
  if (rows[next]) rows[next].querySelector("a").focus();
}

// Takes the row with the focus and no other, whatever is ticked. A tip in danger, or in somebody's hands, is opened.
function accept(row) {
  if (!row.querySelector('input[name="tip"]:not([data-alone])')) return location.assign(row.querySelector("a").href);
  const boxes = queue.querySelectorAll('input[name="tip"]');
  boxes.forEach((box) => { box.checked = row.contains(box); });
  queue.querySelector('button[value="accept"]').click();
}

const inQueue = {
  j: () => move(1),
  k: () => move(-1),
  x: () => { const box = rows[current()]?.querySelector("input"); if (box) box.click(); },
  a: () => { const row = rows[current()]; if (row) accept(row); },
  r: () => { const link = rows[current()]?.querySelector("a"); if (link) location.assign(`${link.href}#tra-loi`); },
};
const onTip = {
  a: () => document.querySelector("[data-key-accept]")?.click(),
  r: () => document.getElementById("reply_text")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (isOff() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
  const act = (queue ? inQueue : onTip)[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.querySelectorAll("[data-keys]").forEach((help) => {
  const button = help.querySelector("[data-keys-switch]");
  const show = () => { button.textContent = isOff() ? button.dataset.on : button.dataset.off; };
  button.addEventListener("click", () => {
    try { localStorage.setItem(OFF, isOff() ? "0" : "1"); } catch { return; }
    show();
  });
  show();
  help.hidden = false;
});
