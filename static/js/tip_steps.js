// The tip form in three steps, what to do first where something is happening now, and the phone's own place.
"use strict";

(() => {
  const form = document.querySelector("[data-tip-form]");
  const steps = form ? [...form.querySelectorAll("[data-step]")] : [];
  if (!steps.length) return;

  // What to do before writing. Style sheets do the same where they know :has().
  const stops = [...form.querySelectorAll("[data-stop]")];
  const showStop = () => {
    const chosen = form.querySelector("input[name=category]:checked");
    stops.forEach((stop) => stop.toggleAttribute("data-open", Boolean(chosen) && stop.dataset.stop === chosen.value));
    const open = form.querySelector("[data-stop][data-open]");
    if (open) open.scrollIntoView({ block: "nearest" });
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "category") showStop();
  });
  showStop();

  // A form that came back with something to correct stays one page: the mistake must not hide behind a step.
  const isReturned = Boolean(document.querySelector(".error-summary, form [name=again], .alert--error"));
  const list = form.querySelector("[data-steps]");
  const MIN_TEXT = 10;
  let at = 0;

  const isLacking = {
    category: () => !form.querySelector("input[name=category]:checked"),
    text: () => form.elements.text.value.trim().length < MIN_TEXT,
    unit: () => !form.elements.unit.value,
  };
  const NEEDED = [["category", "text"], ["unit"], []];
  const isMarked = (name) => Boolean(document.getElementById(`${name}_error`));

  // A complaint stands where the server puts its own: in the field, before what is to be filled in.
  const mark = (name) => {
    if (isMarked(name)) return;
    const field = form.querySelector(`[name=${name}]`);
    const box = field.closest(".field, .choices");
    const line = document.createElement("li");
    const complaint = document.createElement("ul");
    line.textContent = steps[at].dataset[`lack${name[0].toUpperCase()}${name.slice(1)}`];
    Object.assign(complaint, { className: "errorlist", id: `${name}_error` });
    complaint.append(line);
    box.insertBefore(complaint, [...box.children].find((child) => child.contains(field)));
    box.classList.add("field--error");
    form.querySelectorAll(`[name=${name}]`).forEach((part) => {
      part.setAttribute("aria-invalid", "true");
      part.setAttribute("aria-describedby", `${part.getAttribute("aria-describedby") || ""} ${complaint.id}`.trim());
    });
  };

  const unmark = (name) => {
    if (!isMarked(name)) return;
    const complaint = document.getElementById(`${name}_error`);
    complaint.closest(".field, .choices").classList.remove("field--error");
    form.querySelectorAll(`[name=${name}]`).forEach((part) => {
      part.removeAttribute("aria-invalid");
      const others = part.getAttribute("aria-describedby").split(" ").filter((id) => id !== complaint.id).join(" ");
      if (others) part.setAttribute("aria-describedby", others);
      else part.removeAttribute("aria-describedby");
    });
    complaint.remove();
  };

  const show = (number, { quietly = false } = {}) => {
    at = number;
    steps.forEach((step, index) => { step.hidden = index !== at; });
    [...list.children].forEach((item, index) => {
      item.classList.toggle("steps__item--done", index < at);
      item.toggleAttribute("aria-current", index === at);
      if (index === at) item.setAttribute("aria-current", "step");
    });
    if (quietly) return;
    steps[at].focus({ preventScroll: true });
    list.scrollIntoView({ block: "start" });
  };

  const next = () => {
    const lack = NEEDED[at].filter((name) => isLacking[name]());
    lack.forEach(mark);
    if (!lack.length) {
      show(at + 1);
      return;
    }
    const field = form.querySelector(`[name=${lack[0]}]`);
    field.focus({ preventScroll: true });
    field.closest(".field, .choices").scrollIntoView({ block: "start" });
  };

  if (!isReturned && location.hash !== "#where") {
    list.hidden = false;
    form.querySelectorAll("[data-step-bar]").forEach((bar) => { bar.hidden = false; });
    form.querySelectorAll("[data-next]").forEach((button) => button.addEventListener("click", next));
    ["input", "change"].forEach((kind) => form.addEventListener(kind, ({ target: { name } }) => {
      if (name in isLacking && !isLacking[name]()) unmark(name);
    }));
    form.querySelectorAll("[data-back]").forEach((button) => button.addEventListener("click", () => show(at - 1)));
    // Enter in a field of the first steps goes on instead of sending half a report.
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.name === "unit_q" || !event.target.matches("input")) return;
      if (at === steps.length - 1) return;
      event.preventDefault();
      next();
    });
    show(0, { quietly: true });
  }

  // Where the phone is, only when its owner presses the button; pressed again, the place is dropped.
  const locate = form.querySelector("[data-locate]");
  if (!locate || !navigator.geolocation) return;
  const label = locate.querySelector("[data-ask]");
  const help = locate.querySelector(".help");
  const FIELDS = ["lat", "lng"];
  const drop = () => FIELDS.forEach((name) => form.querySelectorAll(`input[name=${name}]`).forEach((field) => field.remove()));
  const isKept = () => Boolean(form.querySelector("input[name=lat]"));
  const say = (what) => {
    help.textContent = help.dataset[what];
    label.textContent = isKept() ? label.dataset.drop : label.dataset.ask;
  };
  const keep = ({ coords }) => {
    drop();
    [coords.latitude, coords.longitude].forEach((value, index) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: FIELDS[index], value: value.toFixed(5) });
      form.append(field);
    });
    say("done");
  };
  locate.hidden = false;
  say(isKept() ? "done" : "idle");
  locate.querySelector("button").addEventListener("click", () => {
    if (isKept()) {
      drop();
      say("idle");
      return;
    }
    say("working");
    navigator.geolocation.getCurrentPosition(keep, () => say("failed"), { enableHighAccuracy: true, timeout: 15000 });
  });
})();
