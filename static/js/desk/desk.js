// Small helps on top of pages that work without them: copy, share, prepared answers, counters.
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

function fill(link, event) {
  const field = document.getElementById(link.dataset.fill);
  if (!field) return;
  event.preventDefault();
  field.value = link.dataset.text;
  field.focus();
}

function count(field) {
  const shown = document.getElementById(field.dataset.counts);
  if (!shown) return;
  const parts = document.querySelectorAll(`[data-counts="${field.dataset.counts}"]`);
  // Zalo measures UTF-16 units of the composed text; so does String.length.
  const used = Array.from(parts).reduce((sum, part) => sum + part.value.trim().normalize("NFC").length, 0);
  const left = Number(shown.dataset.limit) - used;
  shown.textContent = left.toLocaleString("vi-VN");
  shown.closest("[data-counter]").classList.toggle("is-over", left < 0);
}

function preview(box) {
  const parts = box.dataset.previewOf.split(" ").map((id) => textOf(id).trim()).filter(Boolean);
  const post = box.querySelector(".phone__post");
  post.textContent = [...parts, box.dataset.footer].join("\n\n");
}

function prepare(root) {
  root.querySelectorAll("[data-preview-of]").forEach((box) => { box.hidden = false; preview(box); });
  root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  if (navigator.share) root.querySelectorAll("[data-share]").forEach((button) => { button.hidden = false; });
  root.querySelectorAll("[data-counts]").forEach(count);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-copy], [data-share], [data-fill]");
  if (!target) return;
  if (target.dataset.copy) copy(target);
  else if (target.dataset.share) navigator.share({ text: textOf(target.dataset.share) }).catch(() => {});
  else fill(target, event);
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
