// What the page was told, and its pictures: nodes (layers and groups) by number, pixels as canvases.

const told = JSON.parse(document.getElementById("told").textContent);
const { width: WIDTH, height: HEIGHT } = told;
const RATIO = told.document.width / WIDTH; // pixels of the document to one of the page
const nodes = []; // what never changes of a layer or group; what does is the state (history.js)

const PRECISE = { colorType: "float16" }; // where a browser has it: layers upon layers of rounded bytes drift apart

function canvasOf(width, height, options) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return canvas.getContext("2d", { ...PRECISE, ...options });
}

/** Number the tree's nodes, and give the tree of numbers: [{id, children?}], back to front. */
function numbered(tree) {
  return tree.map((node) => {
    const id = nodes.length;
    nodes.push({ ...node, id, group: Boolean(node.children) });
    return node.children ? { id, children: numbered(node.children) } : { id };
  });
}

/** A picture as a canvas. Its straight colours are kept until it is there: premultiplied bytes would have lost some. */
async function decoded(base64) {
  if (!base64) return null;
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/webp" }), { premultiplyAlpha: "none" });
  const context = canvasOf(bitmap.width, bitmap.height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.canvas;
}

/** Decode all pictures; a layer gets `art`, where it is opaque (`alpha`), and `tint`, its provenance in colours. */
async function decodeAll() {
  await Promise.all(
    nodes.map(async (node) => {
      if (node.group) node.veil = await decoded(node.mask);
      else [node.art, node.tint] = await Promise.all([decoded(node.image), decoded(node.provenance)]);
      delete node.image;
    }),
  );
  return decoded(told.original);
}

/** The pixels of a part of a canvas, read from a copy so that the canvas itself may stay on the GPU. */
function pixelsOf(canvas, left = 0, top = 0, width = canvas.width, height = canvas.height) {
  const context = canvasOf(width, height, { willReadFrequently: true });
  context.drawImage(canvas, -left, -top);
  return context.getImageData(0, 0, width, height);
}

/** Whether something of a layer is to be seen at a place in its own pixels. */
function isThere(node, x, y) {
  if (!node.art || x < 0 || y < 0 || x >= node.width || y >= node.height) return false;
  node.alpha ??= pixelsOf(node.art).data.filter((_, n) => n % 4 === 3);
  return node.alpha[Math.floor(y) * node.width + Math.floor(x)] > 24;
}

/** A layer's colours without its transparency: what is clipped to it is painted on these. */
function solidOf(node) {
  if (!node.solid) {
    const pixels = pixelsOf(node.art);
    for (let n = 3; n < pixels.data.length; n += 4) pixels.data[n] = 255;
    node.solid = canvasOf(node.width, node.height).canvas;
    node.solid.getContext("2d").putImageData(pixels, 0, 0);
  }
  return node.solid;
}
