// Keeps the simulator's pages fresh: asks every two seconds whether anything changed, swaps the live part if so.
const live = document.getElementById("live");

async function refresh() {
  const response = await fetch(location.href, { headers: { "X-Version": live.dataset.version } });
  if (response.status !== 200) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("live");
  live.dataset.version = fresh.dataset.version;
  live.replaceChildren(...fresh.childNodes);
}

if (live) {
  setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, 2000);
}
