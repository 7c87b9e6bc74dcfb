// Makes the page more comfortable; without it everything works by plain forms and links.
// Nothing of a part list or a photo is ever put together to HTML here: what the server sends is escaped there.

import { copyButtons, judgeForms, onlyButtons, sendButtons, turning } from "./answer.js";
import { Measure } from "./measure.js";
import { jpeg, placed, shrunk, squareOf } from "./photos.js";

const byId = (id) => document.getElementById(id);
const MOST_OF_ONE_PART = 5; // photos that one answer is made of
const LEAST_FRAME = 0.03; // of the photo's sides; less is a slip of the finger
const STEP = 0.03; // of a frame that is moved with the keyboard

class Question {
  constructor(form) {
    this.form = form;
    this.said = form.dataset;
    this.answer = byId("answer");
    this.preview = byId("preview");
    this.canvas = null; // the photo, as it is sent
    this.frame = null; // [left, top, right, bottom] in shares of it
    this.earlier = []; // other photos of the same part: {canvas, frame}
    this.isSame = false; // whether the next photo shows it too
    this.running = null;
    byId("photo").required = false;
    byId("photo").onchange = () => this.take(byId("photo").files[0]);
    byId("photo").oncancel = () => (this.isSame = false);
    form.querySelector(".plain").remove();
    byId("same").onclick = () => this.takeSame();
    byId("another").onclick = () => this.again();
    byId("ask").hidden = true; // a photo is asked about as soon as it is there
    form.onsubmit = (event) => {
      event.preventDefault();
      this.ask();
    };
    for (const field of form.querySelectorAll(".filters input, .filters select")) {
      field.onchange = () => this.canvas && this.ask();
    }
    this.measure = new Measure(this.preview, () => this.ask());
    this.takeDrops();
    this.takeFrames();
  }

  takeDrops() {
    const drop = byId("drop");
    for (const kind of ["dragover", "drop", "dragleave"]) {
      document.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", kind === "dragover");
        if (kind === "drop" && event.dataTransfer.files.length) this.take(event.dataTransfer.files[0]);
      });
    }
    document.addEventListener("paste", (event) => event.clipboardData.files.length && this.take(event.clipboardData.files[0]));
  }

  async take(file) {
    if (!file) return;
    if (this.isSame && this.canvas) this.earlier.push({ canvas: this.canvas, frame: this.frame });
    else this.earlier = [];
    this.isSame = false;
    this.frame = null;
    this.file = file;
    this.canvas = await shrunk(file);
    this.preview.replaceChildren();
    if (this.canvas) {
      this.canvas.setAttribute("role", "img");
      this.preview.append(this.canvas);
      this.preview.tabIndex = 0;
      this.preview.setAttribute("role", "application");
      this.preview.setAttribute("aria-label", this.said.frameKeys);
    }
    this.measure.forget();
    this.preview.hidden = byId("frame-hint").hidden = byId("measure").hidden = !this.canvas;
    byId("asking").classList.add("asked");
    byId("drop").hidden = Boolean(this.canvas);
    byId("another").hidden = false;
    this.showEarlier();
    await this.ask();
  }

  takeSame() {
    this.isSame = true;
    byId("photo").value = "";
    byId("photo").click();
  }

  // The other photos of the part, each a button that leaves it out.
  showEarlier() {
    const strip = byId("earlier");
    const buttons = this.earlier.map((photo) => {
      const button = Object.assign(document.createElement("button"), { type: "button", title: strip.dataset.remove });
      button.append(squareOf(photo.canvas, [0, 0, 1, 1], 144, strip.dataset.remove));
      button.onclick = () => {
        this.earlier = this.earlier.filter((other) => other !== photo);
        this.showEarlier();
        this.ask();
      };
      return button;
    });
    strip.replaceChildren(...buttons);
    strip.hidden = !buttons.length;
    byId("same").hidden = !this.canvas || this.earlier.length + 1 >= MOST_OF_ONE_PART;
  }

  again() {
    this.form.reset();
    this.canvas = this.frame = this.file = null;
    this.earlier = [];
    this.showEarlier();
    this.preview.hidden = byId("frame-hint").hidden = byId("another").hidden = byId("measure").hidden = true;
    byId("drop").hidden = false;
    byId("asking").classList.remove("asked");
    this.answer.replaceChildren();
    byId("photo").focus();
    byId("photo").click();
  }

  async ask() {
    if (!this.file) return;
    this.running?.abort();
    const running = (this.running = new AbortController());
    this.wait();
    try {
      const sent = new FormData(this.form);
      sent.delete("photo");
      sent.set("photo", this.canvas ? await jpeg(this.canvas) : this.file, "photo");
      sent.set("box", this.canvas && this.frame ? pixels(this.canvas, this.frame) : "");
      sent.set("reference", this.canvas ? this.measure.said(this.canvas) : "");
      for (const { canvas, frame } of this.earlier) {
        sent.append("more", await jpeg(canvas), "photo");
        sent.append("more_box", frame ? pixels(canvas, frame) : "");
      }
      const headers = { "x-part-of-page": "answer", accept: "text/html" };
      const answer = await fetch("/", { method: "POST", body: sent, headers, signal: running.signal });
      if (answer.status === 503 || answer.status === 429) return this.tell(this.said.busy);
      const text = await answer.text();
      if (answer.redirected) return location.assign("/login");
      this.answer.innerHTML = text; // made by our server, which escapes all that is not its own
      copyButtons(this.answer);
      judgeForms(this.answer, this.said.offline);
      onlyButtons(this.answer, this.form);
      sendButtons(this.answer);
      this.showFound();
      this.showAsked();
      this.showTies();
      this.lead();
    } catch (error) {
      if (error.name !== "AbortError") this.tell(this.said.offline);
    } finally {
      if (this.running === running) this.answer.setAttribute("aria-busy", "false");
    }
  }

  wait() {
    this.answer.setAttribute("aria-busy", "true");
    const word = document.createElement("p");
    word.className = "fine";
    word.textContent = this.said.searching;
    const bones = [1, 2, 3].map(() => Object.assign(document.createElement("div"), { className: "skeleton" }));
    this.answer.replaceChildren(word, ...bones);
    for (const found of this.preview.querySelectorAll(".found")) found.remove();
  }

  tell(text) {
    const note = Object.assign(document.createElement("p"), { className: "note bad", textContent: text });
    note.setAttribute("role", "alert");
    this.answer.replaceChildren(note);
  }

  // Boxes of the parts that were found, each a button that leads to its answer.
  showFound() {
    if (!this.canvas || this.frame) return;
    const things = [...this.answer.querySelectorAll(".thing[data-box]")];
    things.forEach((thing, number) => {
      const [left, top, width, height] = thing.dataset.box.split(",").map(Number);
      const button = Object.assign(document.createElement("button"), { type: "button", className: "found" });
      button.setAttribute("aria-label", thing.getAttribute("aria-label"));
      placed(button, left, top, width, height);
      if (things.length > 1) button.append(Object.assign(document.createElement("span"), { textContent: number + 1 }));
      button.onclick = () => thing.scrollIntoView({ block: "start" });
      this.preview.append(button);
    });
  }

  // What was asked about, beside the view that it is most like: why the answer is what it is.
  showAsked() {
    if (!this.canvas) return;
    for (const thing of this.answer.querySelectorAll(".thing")) {
      const seen = thing.querySelector(".card.first .seen");
      if (!seen) continue;
      const box = thing.dataset.box ? thing.dataset.box.split(",").map(Number) : [0, 0, 1, 1];
      const yours = squareOf(this.canvas, box, 240, this.answer.dataset.yours);
      yours.className = "yours";
      seen.prepend(yours);
    }
  }

  showTies() {
    for (const button of this.answer.querySelectorAll(".same")) {
      button.hidden = byId("same").hidden;
      button.onclick = () => this.takeSame();
    }
  }

  // To the answer: for the eye where it lies below the photo, for a screen reader in a sentence.
  lead() {
    const firsts = [...this.answer.querySelectorAll(".card.first")];
    const named = firsts.map((card) => `${card.querySelector("h4").textContent}, ${card.querySelector(".fit span").textContent}`);
    byId("said").textContent = named.join("; ") || this.answer.textContent;
    const narrow = matchMedia("(max-width: 60rem)").matches;
    if (narrow && !this.frame) this.answer.scrollIntoView({ block: "start" });
  }

  takeFrames() {
    let start = null;
    const share = (event) => {
      const area = this.canvas.getBoundingClientRect();
      const within = (value) => Math.min(1, Math.max(0, value));
      return [within((event.clientX - area.left) / area.width), within((event.clientY - area.top) / area.height)];
    };
    this.preview.onpointerdown = (event) => {
      if (!this.canvas || event.target.closest(".found, .end")) return;
      start = share(event);
      this.preview.setPointerCapture(event.pointerId);
      event.preventDefault();
    };
    this.preview.onpointermove = (event) => {
      if (!start) return;
      const [x, y] = share(event);
      if (this.measure.isDrawing) return this.measure.draw([...start, x, y]);
      this.setFrame([Math.min(x, start[0]), Math.min(y, start[1]), Math.max(x, start[0]), Math.max(y, start[1])]);
    };
    this.preview.onpointerup = () => {
      if (!start) return;
      start = null;
      if (this.measure.isDrawing) return this.measure.done();
      if (!this.frame) return;
      const [left, top, right, bottom] = this.frame;
      if (right - left < LEAST_FRAME || bottom - top < LEAST_FRAME) this.setFrame(null);
      this.ask();
    };
    this.preview.onpointercancel = () => (start = null);
    this.preview.onkeydown = (event) => this.key(event);
  }

  key(event) {
    if (event.target !== this.preview) return;
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (event.key === "Enter") {
      if (this.frame) this.ask();
      else this.setFrame([0.25, 0.25, 0.75, 0.75]);
    } else if (event.key === "Escape" && this.frame) {
      this.setFrame(null);
      this.ask();
    } else if (moves[event.key] && this.frame) {
      const [x, y] = moves[event.key];
      const [left, top, right, bottom] = this.frame;
      const moved = event.shiftKey ? [left, top, right + x, bottom + y] : [left + x, top + y, right + x, bottom + y];
      const fits = moved.every((side) => side >= 0 && side <= 1);
      if (fits && moved[2] - moved[0] > LEAST_FRAME && moved[3] - moved[1] > LEAST_FRAME) this.setFrame(moved);
    } else return;
    event.preventDefault();
  }

  setFrame(frame) {
    this.frame = frame;
    let shown = this.preview.querySelector(".frame");
    if (!frame) return shown?.remove();
    if (!shown) {
      shown = Object.assign(document.createElement("div"), { className: "frame" });
      this.preview.append(shown);
    }
    placed(shown, frame[0], frame[1], frame[2] - frame[0], frame[3] - frame[1]);
  }
}

// A frame, in shares of a photo, in its pixels.
const pixels = (canvas, frame) =>
  frame.map((share, side) => Math.round(share * (side % 2 ? canvas.height : canvas.width))).join(",");

if (window.isSecureContext) navigator.serviceWorker?.register("/service-worker.js").catch(() => {}); // no app, then

copyButtons(document);
sendButtons(document);
turning(document);
judgeForms(document, byId("question")?.dataset.offline ?? "");
if (byId("question")) new Question(byId("question"));
