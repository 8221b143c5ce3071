// Uploads that survive a lost connection: each chosen file goes up in pieces while the person still writes.
// Without this the browser sends the files with the form, as it always did.
"use strict";

(() => {
  const form = document.querySelector("[data-tip-form][data-uploads]");
  const input = form && form.querySelector("input[type=file][name=files]");
  const list = form && form.querySelector("[data-upload-list]");
  const token = form && form.elements.form_token;
  if (!input || !list || !token || !window.fetch || !window.DataTransfer) return;

  const FIRST_PIECE = 128 * 1024;
  const LARGEST_PIECE = 1024 * 1024;
  const QUICK_MS = 1500;
  const LONGEST_PAUSE_MS = 30000;
  const words = list.dataset;
  const running = new Map();

  const BAD_REQUEST = 400;

  // A refusal that no waiting mends: the file then goes with the form, unless it is the file that is wrong.
  class Refused extends Error {
    constructor(sentence, status) {
      super(sentence);
      this.isOfFile = status === BAD_REQUEST;
    }
  }

  const sizeOf = (bytes) => {
    const [amount, name, digits] = bytes < 1048576 ? [bytes / 1024, "kB", 0] : [bytes / 1048576, "MB", 1];
    return `${Math.max(amount, digits ? 0 : 1).toLocaleString("vi", { maximumFractionDigits: digits })} ${name}`;
  };

  const call = (url, method, headers, body) =>
    fetch(url, {
      method,
      body,
      credentials: "same-origin",
      headers: { "Upload-Token": token.value, "Tus-Resumable": "1.0.0", ...headers },
    });

  const online = (ms) =>
    new Promise((done) => {
      const timer = setTimeout(finish, ms);
      function finish() {
        clearTimeout(timer);
        window.removeEventListener("online", finish);
        done();
      }
      window.addEventListener("online", finish);
    });

  // Try until it works, unless the server said no or the file was dropped.
  const insist = async (item, attempt) => {
    let pause = 1000;
    for (;;) {
      if (item.dropped) throw new Refused("");
      try {
        const answer = await attempt();
        if (answer.ok || answer.status === 409) return answer;
        const isPassing = answer.status === 429 || answer.status >= 500;
        if (!isPassing || answer.status === 429) throw new Refused(await answer.text(), answer.status);
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
      show(item, words.offline);
      await online(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  };

  const send = async (item) => {
    const { file } = item;
    const kind = file.type.split("/")[0] || "video";
    const headers = { "Upload-Length": String(file.size), "Upload-Kind": kind };
    const started = await insist(item, () => call(form.dataset.uploads, "POST", headers));
    item.url = started.headers.get("Location");
    let offset = 0;
    let size = FIRST_PIECE;
    while (offset < file.size) {
      const piece = file.slice(offset, offset + size);
      const since = performance.now();
      const answer = await insist(item, () =>
        call(item.url, "PATCH", { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) }, piece),
      );
      // 409: a piece whose answer was lost did arrive; the server says where to go on.
      offset = Number(answer.headers.get("Upload-Offset"));
      size = performance.now() - since < QUICK_MS ? Math.min(size * 2, LARGEST_PIECE) : FIRST_PIECE;
      item.bar.value = offset / file.size;
      show(item, `${words.wait} ${Math.round((offset / file.size) * 100)} %`);
    }
  };

  const show = (item, text) => {
    if (item.state.textContent !== text) item.state.textContent = text;
  };

  const row = (file) => {
    const line = document.createElement("li");
    const name = document.createElement("span");
    const state = document.createElement("span");
    const bar = document.createElement("progress");
    const drop = document.createElement("button");
    line.className = "uploads__item";
    name.className = "uploads__name";
    state.className = "uploads__state";
    name.textContent = `${file.name || words.file} · ${sizeOf(file.size)}`;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", name.textContent);
    Object.assign(drop, { type: "button", className: "btn", textContent: words.drop });
    drop.setAttribute("aria-label", `${words.drop}: ${file.name}`);
    line.append(name, bar, state, drop);
    list.append(line);
    list.hidden = false;
    const item = { file, line, bar, state };
    drop.addEventListener("click", () => remove(item));
    return item;
  };

  const remove = (item) => {
    item.dropped = true;
    item.line.remove();
    list.hidden = !list.children.length;
    if (item.url) call(item.url, "DELETE", {}).catch(() => {});
    input.focus();
  };

  const done = (item) => {
    const hidden = document.createElement("input");
    Object.assign(hidden, { type: "hidden", name: "upload", value: item.url.replace(/\/$/, "").split("/").pop() });
    item.bar.remove();
    item.line.append(hidden);
    show(item, words.done);
  };

  // What could not be uploaded stays among the form's own files.
  const giveBack = (item, reason) => {
    if (item.dropped) return;
    const bag = new DataTransfer();
    [...input.files, item.file].forEach((file) => bag.items.add(file));
    input.files = bag.files;
    item.bar.remove();
    show(item, reason);
    if (!reason) item.line.remove();
  };

  // What the server would refuse with the form as well stays out of it.
  const refuse = (item, reason) => {
    if (item.dropped) return;
    item.bar.remove();
    item.line.classList.add("uploads__item--refused");
    item.state.setAttribute("role", "alert");
    show(item, `${words.refused} ${reason}`);
  };

  const upload = async (item) => {
    try {
      await send(item);
      done(item);
    } catch (error) {
      if (error.isOfFile) refuse(item, error.message);
      else giveBack(item, error.message);
    }
  };

  // What an earlier sending of this form has uploaded; without JavaScript its button asks the server.
  list.querySelectorAll("[data-uploaded]").forEach((line) => {
    const drop = line.querySelector("button");
    drop.addEventListener("click", (event) => {
      event.preventDefault();
      remove({ line, url: new URL(`${encodeURIComponent(drop.value)}/`, new URL(form.dataset.uploads, location)) });
    });
  });

  // One after the other: a weak connection finishes something that way.
  let queue = Promise.resolve();
  const take = () => {
    const items = [...input.files].map(row);
    input.files = new DataTransfer().files;
    items.forEach((item) => {
      queue = queue.then(() => (item.dropped ? undefined : upload(item)));
      running.set(item, queue);
    });
  };

  // tip_form.js shrinks photos first and then says so; it also waits here before it sends the form.
  form.addEventListener("tip:files", take);
  form.tipUploads = {
    get waiting() {
      return [...running.keys()].some((item) => item.line.isConnected && item.bar.isConnected);
    },
    words: words.formWaits,
    finished: () => queue,
  };
})();
