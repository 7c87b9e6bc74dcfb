// Photos as canvases: made smaller, sent as JPEG; and what is laid upon them.

const LONGER_SIDE_PX = 1280; // what is sent of a photo: more tells the network nothing

export function placed(element, left, top, width, height) {
  const sides = { left, top, width, height };
  for (const [side, share] of Object.entries(sides)) element.style[side] = `${share * 100}%`;
}

// The photo, upright and at most 1,280 px long; null where the browser cannot read it (then the file goes as it is).
export async function shrunk(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const factor = Math.min(1, LONGER_SIDE_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * factor));
    canvas.height = Math.max(1, Math.round(picture.height * factor));
    const brush = canvas.getContext("2d");
    brush.imageSmoothingQuality = "high";
    brush.fillStyle = "white";
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  } catch {
    return null;
  }
}

export const jpeg = (canvas) => new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));

// The thing in `box` (left, top, width, height in shares of the canvas) as a square picture.
export function squareOf(canvas, box, side, label) {
  const [left, top, across, down] = box;
  const { width, height } = canvas;
  const longer = Math.max(across * width, down * height);
  const [x, y] = [(left + across / 2) * width - longer / 2, (top + down / 2) * height - longer / 2];
  const square = Object.assign(document.createElement("canvas"), { width: side, height: side });
  square.setAttribute("role", "img");
  square.setAttribute("aria-label", label);
  square.getContext("2d").drawImage(canvas, x, y, longer, longer, 0, 0, side, side);
  return square;
}
