// Comfort for the tip form; without it everything still works through the server.
"use strict";

(() => {
  const form = document.querySelector("[data-tip-form]");
  if (!form) return;

  // Villages of the commune just chosen, without a page in between.
  const unit = form.querySelector("select[name=unit]");
  const village = form.querySelector("select[name=village]");
  const villageBox = form.querySelector("[data-village]");
  const chooseButton = form.querySelector("[data-choose-unit]");

  const showVillages = (units) => {
    while (village.options.length > 1) village.remove(1);
    units.forEach((item) => village.add(new Option(item.full_name, item.code)));
    villageBox.hidden = units.length === 0;
  };

  const loadVillages = async () => {
    if (!unit.value) return showVillages([]);
    const query = new URLSearchParams({ under: unit.value, level: "village", page_size: "200" });
    try {
      const answer = await fetch(`${form.dataset.units}?${query}`, { credentials: "omit" });
      if (!answer.ok) throw new Error(String(answer.status));
      showVillages((await answer.json()).results);
    } catch {
      // The button asks the server instead.
      chooseButton.hidden = false;
    }
  };

  if (unit && village && villageBox && chooseButton) {
    chooseButton.hidden = true;
    unit.addEventListener("change", loadVillages);
  }

  // Characters left, announced only by the eye: a screen reader would be interrupted at every key.
  const text = form.querySelector("textarea[name=text]");
  const counter = text && text.parentElement.querySelector(".field__counter");
  if (counter) {
    const limit = Number(/\d+/.exec(counter.textContent.replace(/[.\s]/g, ""))[0]);
    const pattern = counter.textContent;
    const update = () => {
      counter.textContent = text.value ? `${text.value.length.toLocaleString("vi")} / ${limit.toLocaleString("vi")}` : pattern;
    };
    text.addEventListener("input", update);
    update();
  }

  // Large photos shrink on the phone: less to pay for, quicker over a weak signal, and the place is gone from them
  // before they leave. What the browser cannot draw goes as it is; the server cleans it in any case.
  const files = form.querySelector("input[type=file]");
  const MAX_SIDE = 2560;
  const WORTH_BYTES = 1500000;

  const shrink = async (file) => {
    if (!file.type.startsWith("image/") || file.size < WORTH_BYTES) return file;
    try {
      const bitmap = await createImageBitmap(file);
      const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(bitmap.width * scale);
      canvas.height = Math.round(bitmap.height * scale);
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      return blob && blob.size < file.size ? new File([blob], "anh.jpg", { type: "image/jpeg" }) : file;
    } catch {
      return file;
    }
  };

  let shrinking = Promise.resolve();
  if (files && window.DataTransfer && window.createImageBitmap) {
    files.addEventListener("change", () => {
      const chosen = [...files.files];
      shrinking = (async () => {
        const bag = new DataTransfer();
        for (const file of chosen) bag.items.add(await shrink(file));
        files.files = bag.files;
        // tip_upload.js takes them from here.
        form.dispatchEvent(new CustomEvent("tip:files"));
      })();
    });
  }

  // Back asks the server for the page again, since no copy may be kept, and gets another token. The tab remembers
  // the one that was sent, so that sending again is still the same tip; a page opened afresh forgets it.
  const token = form.querySelector("input[name=form_token]");
  const SENT = "sent-token";
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  try {
    if (token && isBack && sessionStorage.getItem(SENT)) token.value = sessionStorage.getItem(SENT);
    else if (form.querySelector("[data-step]")) sessionStorage.removeItem(SENT);
  } catch {
    // Storage is switched off: then the page is what the server made of it.
  }

  // One press is enough; the server would notice a second one, but people should see that something happens.
  const button = form.querySelector("[data-sending]");
  let waiting = false;
  form.addEventListener("submit", async (event) => {
    if (!event.submitter || event.submitter.value !== "send") return;
    if (waiting) {
      event.preventDefault();
      return;
    }
    waiting = true;
    event.preventDefault();
    const label = button.innerHTML;
    button.setAttribute("aria-busy", "true");
    button.textContent = button.dataset.sending;
    await shrinking;
    if (form.tipUploads && form.tipUploads.waiting) button.textContent = form.tipUploads.words;
    await (form.tipUploads && form.tipUploads.finished());
    try {
      sessionStorage.setItem(SENT, token.value);
    } catch {
      // As above.
    }
    const action = document.createElement("input");
    Object.assign(action, { type: "hidden", name: event.submitter.name, value: event.submitter.value });
    form.append(action);
    form.submit();
    window.addEventListener("pageshow", () => {
      waiting = false;
      action.remove();
      button.removeAttribute("aria-busy");
      button.innerHTML = label;
    });
  });

  // After a form was sent the reader starts at what is wrong, or at what came of it.
  const summary = document.querySelector(".error-summary, [role=alert], [data-said]");
  if (summary) {
    summary.setAttribute("tabindex", "-1");
    summary.focus();
  }
})();
