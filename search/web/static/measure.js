// A line in the photo whose length is known: sizes follow from it.

const SVG = "http://www.w3.org/2000/svg";
const LEAST_LINE = 0.02; // of the photo's sides; less is a slip of the finger
const FIRST_LINE = [0.25, 0.5, 0.75, 0.5]; // of those who move its ends with the keyboard
const STEP = 0.004; // of an end that is moved with the keyboard: 5 pixels of a photo, with Shift ten times as much
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

const byId = (id) => document.getElementById(id);

export class Measure {
  // `preview` holds the photo; `changed` is called when the line or its length is another one.
  constructor(preview, changed) {
    this.preview = preview;
    this.line = null; // [x0, y0, x1, y1] in shares of the photo
    this.changed = changed;
    byId("draw").onclick = (event) => (event.detail ? this.setDrawing(!this.isDrawing) : this.startWithKeys());
    byId("no-line").onclick = () => {
      this.forget();
      changed();
    };
    byId("known").onchange = () => {
      byId("mm-field").hidden = Boolean(byId("known").value);
      if (this.line) changed();
    };
    byId("mm").onchange = () => this.line && changed();
  }

  get isDrawing() {
    return byId("draw").getAttribute("aria-pressed") === "true";
  }

  setDrawing(isDrawing) {
    byId("draw").setAttribute("aria-pressed", String(isDrawing));
  }

  // A click without a pointer: the line is there, and its first end has the focus.
  startWithKeys() {
    if (!this.line) this.draw(FIRST_LINE);
    this.preview.querySelector(".end").focus();
  }

  draw(line) {
    this.line = line;
    let shown = this.preview.querySelector(".line");
    if (!shown) {
      shown = document.createElementNS(SVG, "svg");
      shown.setAttribute("class", "line");
      shown.setAttribute("viewBox", "0 0 1 1");
      shown.setAttribute("preserveAspectRatio", "none");
      shown.append(document.createElementNS(SVG, "line"));
      this.preview.append(shown, this.handle(0), this.handle(1));
    }
    ["x1", "y1", "x2", "y2"].forEach((name, place) => shown.firstChild.setAttribute(name, line[place]));
    this.preview.querySelectorAll(".end").forEach((end, number) => {
      end.style.left = `${line[2 * number] * 100}%`;
      end.style.top = `${line[2 * number + 1] * 100}%`;
    });
    byId("no-line").hidden = false;
  }

  // One end of the line, which a finger, a mouse or the arrow keys move.
  handle(number) {
    const end = Object.assign(document.createElement("button"), { type: "button", className: "end" });
    end.setAttribute("aria-label", `${number + 1}. ${this.preview.dataset.lineEnd}`);
    end.onpointerdown = (event) => {
      end.setPointerCapture(event.pointerId);
      event.stopPropagation(); // else the photo takes it for a frame
    };
    end.onpointermove = (event) => {
      if (!end.hasPointerCapture(event.pointerId)) return;
      const area = this.preview.querySelector("canvas").getBoundingClientRect();
      this.moveEnd(number, (event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height);
    };
    end.onpointerup = (event) => {
      event.stopPropagation();
      this.done();
    };
    end.onkeydown = (event) => this.key(event, number);
    return end;
  }

  key(event, number) {
    if (MOVES[event.key]) {
      const [x, y] = MOVES[event.key].map((step) => (event.shiftKey ? 10 * step : step));
      this.moveEnd(number, this.line[2 * number] + x, this.line[2 * number + 1] + y);
    } else if (event.key === "Enter") this.done();
    else if (event.key === "Escape") byId("no-line").click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  moveEnd(number, x, y) {
    const line = [...this.line];
    line.splice(2 * number, 2, ...[x, y].map((share) => Math.min(1, Math.max(0, share))));
    this.draw(line);
  }

  done() {
    this.setDrawing(false);
    if (!this.line) return;
    const [x0, y0, x1, y1] = this.line;
    if (Math.hypot(x1 - x0, y1 - y0) < LEAST_LINE) return this.forget();
    if (this.length()) this.changed();
    else byId("mm").focus();
  }

  forget() {
    this.line = null;
    for (const shown of this.preview.querySelectorAll(".line, .end")) shown.remove();
    byId("no-line").hidden = true;
    this.setDrawing(false);
  }

  length() {
    return byId("known").value || byId("mm").value.trim().replace(",", ".");
  }

  // What the server is told: the length and the line in pixels of `canvas`; nothing without both.
  said(canvas) {
    if (!this.line || !this.length()) return "";
    const ends = this.line.map((share, place) => (share * (place % 2 ? canvas.height : canvas.width)).toFixed(1));
    return `${this.length()}=${ends.join(",")}`;
  }
}
