// Small helps on top of pages that work without them: copy, prepared answers, counters.
"use strict";

function textOf(id) {
  const source = document.getElementById(id);
  return source ? source.value || source.textContent : "";
}

async function copy(button) {
  const text = textOf(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const source = document.getElementById(button.dataset.copy);
    if (!source || !source.select) return;
    source.select();
    document.execCommand("copy");
  }
  const label = button.querySelector("[data-copy-label]") || button;
  const before = label.textContent;
  label.textContent = button.dataset.copied || "Đã chép";
  button.setAttribute("aria-live", "polite");
  setTimeout(() => { label.textContent = before; }, 2000);
}

// A prepared answer goes below what was typed, as the server does it without script; an interim one ticks the box.
function insert(button, event) {
  const field = document.getElementById(button.dataset.insert);
  const [chosen] = button.form.elements.answer.selectedOptions;
  if (!field || !chosen) return;
  event.preventDefault();
  field.value = [field.value.trim(), chosen.dataset.text].filter(Boolean).join("\n\n");
  const { interim } = button.form.elements;
  if (interim && "interim" in chosen.dataset) interim.checked = true;
  field.focus();
}

// What the server keeps of a text (portal/text.py, groups/zalo/text.py): no invisible characters, no mention
// markers. Joiners and selectors outside an emoji stay here: the count may come out high by them, never low.
const UNSENT = /[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\ufeff\uffa0\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0e\ufff0-\ufffb]/g;
function sendable(text) {
  return text.replace(/\r\n?|[\v\f\x85\u2028\u2029]/g, "\n").replace(UNSENT, "").normalize("NFC")
    .replace(/\[(?=[\u200d\ufe0f]*@)/g, "[ ").trim();
}

function count(field) {
  const shown = document.getElementById(field.dataset.counts);
  if (!shown) return;
  const parts = document.querySelectorAll(`[data-counts="${field.dataset.counts}"]`);
  // Zalo measures UTF-16 units of the composed text; so does String.length.
  const used = Array.from(parts).reduce((sum, part) => sum + sendable(part.value).length, 0);
  const left = Number(shown.dataset.limit) - used;
  shown.textContent = left.toLocaleString("vi-VN");
  shown.closest("[data-counter]").classList.toggle("is-over", left < 0);
}

function preview(box) {
  const parts = box.dataset.previewOf.split(" ").map((id) => sendable(textOf(id))).filter(Boolean);
  const post = box.querySelector(".phone__post");
  post.textContent = [...parts, box.dataset.footer].join("\n\n");
}

// One box for all of a list; it follows when rows are picked one by one.
function checkAll(label) {
  const all = label.querySelector("input");
  const boxes = Array.from(label.closest("form").querySelectorAll(`input[name="${label.dataset.checkAll}"]:not([data-alone])`));
  const follow = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && !all.checked;
  };
  label.hidden = boxes.length < 2;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  boxes.forEach((box) => box.addEventListener("change", follow));
  follow();
}

function prepare(root) {
  root.querySelectorAll("[data-preview-of]").forEach((box) => { box.hidden = false; preview(box); });
  root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  root.querySelectorAll("[data-counts]").forEach(count);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-copy], [data-insert]");
  if (!target) return;
  if (target.dataset.copy) copy(target);
  else insert(target, event);
});
document.addEventListener("input", (event) => {
  if (event.target.dataset && event.target.dataset.counts) count(event.target);
  document.querySelectorAll("[data-preview-of]").forEach(preview);
});
// One press, one request: a form that is on its way takes no second press.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
});
prepare(document);
document.querySelectorAll("[data-check-all]").forEach(checkAll);
const mistakes = document.querySelector(".error-summary");
if (mistakes) mistakes.focus();
