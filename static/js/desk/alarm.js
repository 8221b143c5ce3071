// Urgent tips on an open page: asks every 20 s, shows the strip, changes the title, rings. Goes on in a hidden tab:
// that is when nobody looks. Says nothing of a tip, because nothing of it is asked for.
"use strict";

(() => {
  const strip = document.getElementById("tin-khan");
  if (!strip) return;
  const EVERY_MS = 20000;
  const WISH = "chuong";
  const title = document.title;
  const counted = strip.querySelector("[data-count]");
  const words = counted.textContent;
  const sound = new Audio(strip.dataset.sound);
  let waiting = strip.hidden ? 0 : parseInt(words, 10) || 1;
  let isLost = false;

  const wants = () => localStorage.getItem(WISH) === "1";

  async function ring() {
    if (!wants()) return offer(true);
    try {
      sound.currentTime = 0;
      await sound.play();
      offer(false);
    } catch {
      // Browsers play nothing before somebody has touched the page.
      offer(true);
    }
  }

  function offer(isNeeded) {
    strip.querySelector("[data-bell]").hidden = !isNeeded;
  }

  function show() {
    strip.hidden = !waiting && !isLost;
    document.title = waiting ? `${strip.dataset.title.replace("#", waiting)} · ${title}` : title;
    if (isLost) counted.textContent = strip.dataset.lost;
    else if (waiting) counted.textContent = words.replace(/\d+/, waiting);
    if (waiting || isLost) ring();
  }

  async function ask() {
    try {
      const answer = await fetch(strip.dataset.url, {
        credentials: "same-origin", redirect: "manual", cache: "no-store", headers: { Accept: "application/json" },
      });
      isLost = answer.type === "opaqueredirect" || answer.status === 403;
      if (answer.ok) waiting = (await answer.json()).waiting;
    } catch {
      // No network for a moment: the next look is in 20 s.
      return;
    }
    show();
    if (isLost) clearInterval(timer);
  }

  function markBell() {
    const box = document.querySelector("[data-bell-box]");
    if (!box) return;
    box.hidden = false;
    box.querySelector("[data-bell]").hidden = wants();
    box.querySelector("[data-bell-on]").hidden = !wants();
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-bell]")) return;
    localStorage.setItem(WISH, "1");
    markBell();
    ring();
  });
  const timer = setInterval(ask, EVERY_MS);
  markBell();
  show();
})();
