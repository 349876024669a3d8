// What the page was told, and its pictures: nodes (layers and groups) by number, pixels as canvases.

const told = JSON.parse(document.getElementById("told").textContent);
const { width: WIDTH, height: HEIGHT } = told;
const RATIO = told.document.width / WIDTH; // pixels of the document to one of the page
const nodes = []; // what never changes of a layer or group; what does is the state (history.js)

function canvasOf(width, height, options) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return canvas.getContext("2d", options);
}

/** Number the tree's nodes, and give the tree of numbers: [{id, children?}], back to front. */
function numbered(tree) {
  return tree.map((node) => {
    const id = nodes.length;
    nodes.push({ ...node, id, group: Boolean(node.children) });
    return node.children ? { id, children: numbered(node.children) } : { id };
  });
}

async function decoded(uri) {
  if (!uri) return null;
  const image = new Image();
  image.src = uri;
  await image.decode();
  const context = canvasOf(image.naturalWidth, image.naturalHeight);
  context.drawImage(image, 0, 0);
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

/** The pixels of a canvas, read from a copy so that the canvas itself may stay on the GPU. */
function pixelsOf(canvas) {
  const context = canvasOf(canvas.width, canvas.height, { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
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

/** A picture's shape in one colour. */
function silhouette(canvas, colour) {
  const context = canvasOf(canvas.width, canvas.height);
  context.drawImage(canvas, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, canvas.width, canvas.height);
  return context.canvas;
}
