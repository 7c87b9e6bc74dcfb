// A line in the photo whose length is known: sizes follow from it.

const SVG = "http://www.w3.org/2000/svg";
const LEAST_LINE = 0.02; // of the photo's sides; less is a slip of the finger

const byId = (id) => document.getElementById(id);

export class Measure {
  // `preview` holds the photo; `changed` is called when the line or its length is another one.
  constructor(preview, changed) {
    this.preview = preview;
    this.line = null; // [x0, y0, x1, y1] in shares of the photo
    this.changed = changed;
    byId("draw").onclick = () => this.setDrawing(!this.isDrawing);
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

  draw(line) {
    this.line = line;
    let shown = this.preview.querySelector(".line");
    if (!shown) {
      shown = document.createElementNS(SVG, "svg");
      shown.setAttribute("class", "line");
      shown.setAttribute("viewBox", "0 0 1 1");
      shown.setAttribute("preserveAspectRatio", "none");
      shown.append(document.createElementNS(SVG, "line"));
      this.preview.append(shown);
    }
    ["x1", "y1", "x2", "y2"].forEach((name, place) => shown.firstChild.setAttribute(name, line[place]));
    byId("no-line").hidden = false;
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
    this.preview.querySelector(".line")?.remove();
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
