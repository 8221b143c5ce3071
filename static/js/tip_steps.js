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

  // What a step lacks, as the name of its sentence and the field to go to.
  const lacking = () => {
    if (at === 0 && !form.querySelector("input[name=category]:checked")) return ["category", "input[name=category]"];
    if (at === 0 && form.elements.text.value.trim().length < MIN_TEXT) return ["text", "textarea[name=text]"];
    if (at === 1 && !form.elements.unit.value) return ["unit", "select[name=unit]"];
    return null;
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
    const lack = lacking();
    const error = steps[at].querySelector("[data-step-error]");
    if (error) {
      error.hidden = !lack;
      error.textContent = lack ? error.dataset[lack[0]] : "";
    }
    if (lack) form.querySelector(lack[1]).focus();
    else show(at + 1);
  };

  if (!isReturned && location.hash !== "#where") {
    list.hidden = false;
    form.querySelectorAll("[data-step-bar]").forEach((bar) => { bar.hidden = false; });
    form.querySelectorAll("[data-next]").forEach((button) => button.addEventListener("click", next));
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
