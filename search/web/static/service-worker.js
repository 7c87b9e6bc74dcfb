// Keeps the shell of the page for when the server is out of reach. Answers, parts and photos are never kept.

const KEPT = "shell-1";
const OFFLINE = "/offline";
const SHELL = ["page.css", "page.js", "answer.js", "photos.js", "measure.js", "icon.svg"].map((name) => `/static/${name}`);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll([OFFLINE, ...SHELL])));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

// The server first, so that a new version is there at once; what is kept only where it does not answer.
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  } else if (SHELL.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).then(renewed(request)).catch(() => caches.match(request)));
  }
});

const renewed = (request) => (answer) => {
  if (answer.ok) {
    const copy = answer.clone();
    caches.open(KEPT).then((kept) => kept.put(request, copy));
  }
  return answer;
};
