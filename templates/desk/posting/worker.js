{% load static %}// Lets a phone open the posting pages it has seen, and sends kept confirmations, when the network comes and goes.
// Keeps pages only where the portal allows it by a header, and only below the posting pages: nothing else of the
// desk is ever stored.
"use strict";
importScripts("{% static 'js/desk/posting-outbox.js' %}");

const HOME = "{% url 'desk:posting' %}";
const CARD = "{% url 'desk:posting_card' %}";
const OFFLINE = "{% url 'desk:posting_offline' %}";
const SHELL = "dang-bai-khung";
const PAGES = "dang-bai-trang";
const KEPT_PAGES = 40;
const KEPT_MS = 24 * 3600 * 1000;
const SHELL_FILES = ["{% static 'css/tokens.css' %}", "{% static 'css/base.css' %}", "{% static 'css/components.css' %}", "{% static 'css/desk.css' %}", "{% static 'css/desk-pages.css' %}", "{% static 'css/posting.css' %}", "{% static 'js/desk/posting-outbox.js' %}", "{% static 'js/desk/logout.js' %}", "{% static 'js/desk/posting.js' %}", "{% static 'img/logo.svg' %}"];

const isPicture = (path) => /^\/can-bo\/dang-bai\/\d+\/anh\/$/.test(path);
const isStatic = (path) => path.startsWith("/static/");

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll([OFFLINE, ...SHELL_FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

// How often this phone was told to forget: what was asked for before is kept no more.
let forgotten = 0;

// The cache that holds the page now; null when the page may not be kept.
async function keep(request, response, asked) {
  if (asked !== forgotten) return null;
  const cache = await caches.open(PAGES);
  if (response.headers.get("X-Offline-Copy") !== "1") {
    await cache.delete(request);
    return null;
  }
  await cache.put(request, response);
  const kept = await cache.keys();
  await Promise.all(kept.slice(0, Math.max(0, kept.length - KEPT_PAGES)).map((old) => cache.delete(old)));
  return cache;
}

async function copyOf(request) {
  const cache = await caches.open(PAGES);
  const kept = await cache.match(request, { ignoreVary: true });
  if (!kept) return null;
  if (Date.now() - Date.parse(kept.headers.get("Date") || 0) < KEPT_MS) return kept;
  await cache.delete(request);
  return null;
}

async function page(event) {
  const path = new URL(event.request.url).pathname;
  const isOurs = path.startsWith(HOME);
  const asked = forgotten;
  try {
    const response = await fetch(event.request);
    // A redirect (to the log-in page) is handed on as it is and never kept.
    if (isOurs && response.ok && !response.redirected && response.type === "basic") event.waitUntil(keep(event.request, response.clone(), asked));
    return response;
  } catch (error) {
    const copy = isOurs ? await copyOf(event.request) : null;
    return copy || (await caches.match(OFFLINE)) || Promise.reject(error);
  }
}

async function file(event) {
  const cache = await caches.open(SHELL);
  try {
    const response = await fetch(event.request);
    if (response.ok) event.waitUntil(cache.put(event.request, response.clone()));
    return response;
  } catch (error) {
    return (await cache.match(event.request)) || Promise.reject(error);
  }
}

async function picture(event) {
  try {
    return await fetch(event.request);
  } catch (error) {
    const cache = await caches.open(PAGES);
    return (await cache.match(event.request, { ignoreVary: true })) || Promise.reject(error);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (isStatic(url.pathname)) event.respondWith(file(event));
  else if (isPicture(url.pathname)) event.respondWith(picture(event));
});

// The page tells which person looks, which runs they may need, and what it loaded before this worker was there.
async function prepare({ user, pages, files }) {
  const asked = forgotten;
  const shell = await caches.open(SHELL);
  const before = await shell.match("/can-bo/sw.js?ai");
  if (before && (await before.text()) !== user) await caches.delete(PAGES);
  await shell.put("/can-bo/sw.js?ai", new Response(user));
  await Promise.all(files.filter(isStatic).map(async (path) => (await shell.match(path)) || shell.add(path).catch(() => {})));
  for (const path of pages.filter((one) => one.startsWith(HOME))) await fetchAndKeep(path, asked);
}

async function fetchAndKeep(path, asked) {
  try {
    const response = await fetch(path, { credentials: "same-origin", redirect: "manual" });
    if (response.status !== 200) return;
    const text = await response.clone().text();
    const cache = await keep(path, response, asked);
    if (!cache) return;
    for (const found of new Set(text.match(/\/can-bo\/dang-bai\/\d+\/anh\//g) || [])) await cache.add(found).catch(() => {});
  } catch {
    // No network: what is kept already serves.
  }
}

async function forget() {
  forgotten += 1;
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name === PAGES || name === SHELL).map((name) => caches.delete(name)));
}

self.addEventListener("message", (event) => {
  if (event.data.what === "prepare") event.waitUntil(prepare(event.data));
  if (event.data.what === "forget") event.waitUntil(forget());
});

self.addEventListener("sync", (event) => {
  if (event.tag !== "dang-bai") return;
  event.waitUntil(outbox.send(CARD).then(async (outcome) => {
    for (const client of await self.clients.matchAll()) client.postMessage({ what: "sent", outcome });
    // The browser tries again by itself.
    if (outcome.state === "wait") throw new Error("no network yet");
  }));
});

// A push says that an urgent tip waits, and so does what is shown: nothing of the tip leaves the portal.
const DUTY = "{% url 'desk:duty' %}";

self.addEventListener("push", (event) => {
  event.waitUntil(self.registration.showNotification("Có tin khẩn đang chờ", {
    body: "Mở cổng để xem và tiếp nhận.", tag: "tin-khan", renotify: true, requireInteraction: true,
    icon: "{% static 'img/icon-192.png' %}", lang: "vi",
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(DUTY));
});
