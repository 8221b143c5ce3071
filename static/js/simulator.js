// Keeps the simulator's pages fresh: asks every two seconds whether anything changed, swaps the live parts if so.
const versioned = document.querySelector("[data-version]");
const LIVE = "#live, [data-live]";

async function refresh() {
  const response = await fetch(location.href, { headers: { "X-Version": versioned.dataset.version } });
  if (response.status !== 200) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  versioned.dataset.version = page.querySelector("[data-version]").dataset.version;
  for (const part of document.querySelectorAll(LIVE)) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue;
    part.className = fresh.className;
    part.replaceChildren(...fresh.childNodes);
  }
}

if (versioned) {
  setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, 2000);
}

// As in Zalo on a computer: Enter sends, Shift and Enter begins a line. Not while an input method composes a letter.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("textarea[name=text]")) return;
  const send = event.target.form.querySelector(".sim-send");
  if (!send) return;
  event.preventDefault();
  event.target.form.requestSubmit(send);
});
