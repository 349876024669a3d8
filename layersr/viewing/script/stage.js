// The picture on the screen: where it lies, what is drawn over it, when it is drawn again.

const stage = document.getElementById("stage");
const screen2d = stage.getContext("2d");
const whole = canvasOf(WIDTH, HEIGHT); // all that is seen, pixel by pixel of the picture
const marks = canvasOf(WIDTH, HEIGHT); // its provenance
const view = { x: 0, y: 0, scale: 1, fitted: true };
const theme = {};
const open = new Set(); // groups whose folders are open
const soloed = new Set(); // the layers of what is looked at alone
let solo = null; // what is looked at alone: a node's number
let chosen = null; // what keys work on
let pointed = null; // what the list is pointed at
let telling = false; // whether provenance is shown
let original = null; // the picture to compare with
let stale = true; // whether `whole` is to be painted anew
let asked = 0;

function redraw() {
  asked ||= requestAnimationFrame(draw);
}

function restale() {
  stale = true;
  redraw();
}

function refresh() {
  clear(whole);
  paint(whole, state.tree, isSeen);
  if (telling) provenanceOf(marks);
  sheets = depth.on || depth.spread ? sheetsOf() : [];
  stale = false;
}

function draw() {
  asked = 0;
  const more = settle();
  if (stale) refresh();
  const ratio = devicePixelRatio;
  const [width, height] = [Math.round(stage.clientWidth * ratio), Math.round(stage.clientHeight * ratio)];
  if (stage.width !== width || stage.height !== height) [stage.width, stage.height] = [width, height];
  clear(screen2d);
  if (depth.spread) drawSheets(screen2d, ratio);
  else drawFlat(screen2d, ratio);
  followView();
  if (more) redraw();
}

function drawFlat(context, ratio) {
  const [wide, tall] = [WIDTH * view.scale, HEIGHT * view.scale];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.save();
  context.shadowColor = theme.shadow;
  context.shadowBlur = 28 * ratio;
  context.shadowOffsetY = 6 * ratio;
  context.fillStyle = theme.check;
  context.fillRect(view.x, view.y, wide, tall);
  context.restore();
  context.fillStyle = context.createPattern(checks(), "repeat");
  context.fillRect(view.x, view.y, wide, tall);
  context.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
  context.imageSmoothingEnabled = view.scale * ratio < 3;
  context.imageSmoothingQuality = "high";
  context.drawImage(whole.canvas, 0, 0);
  if (telling) context.drawImage(marks.canvas, 0, 0);
  drawOriginal(context);
  for (const id of new Set([pointed, chosen])) if (id !== null && !isGround(id)) outline(context, id);
}

let checkered = null;
function checks() {
  if (checkered) return checkered;
  const context = canvasOf(16, 16);
  context.fillStyle = theme.check;
  context.fillRect(0, 0, 16, 16);
  context.fillStyle = theme.checked;
  context.fillRect(0, 0, 8, 8);
  context.fillRect(8, 8, 8, 8);
  return (checkered = context.canvas);
}

/** A thin frame around what is chosen, or pointed at in the list. */
function outline(context, id) {
  const layers = leavesOf(found(id).twig).map((leaf) => nodes[leaf]).filter((layer) => layer.art);
  if (!layers.length) return;
  const places = layers.map((layer) => [...placeOf(layer), layer]);
  const left = Math.min(...places.map(([x]) => x));
  const top = Math.min(...places.map(([, y]) => y));
  const right = Math.max(...places.map(([x, , layer]) => x + layer.width));
  const bottom = Math.max(...places.map(([, y, layer]) => y + layer.height));
  const pixel = 1 / view.scale;
  context.lineWidth = 3 * pixel;
  context.strokeStyle = "rgb(0 0 0 / 0.35)";
  context.strokeRect(left - pixel, top - pixel, right - left + 2 * pixel, bottom - top + 2 * pixel);
  context.lineWidth = 1.5 * pixel;
  context.strokeStyle = tooFar(id).length ? theme.warning : theme.accent;
  if (id !== chosen) context.setLineDash([4 * pixel, 4 * pixel]);
  context.strokeRect(left - pixel, top - pixel, right - left + 2 * pixel, bottom - top + 2 * pixel);
  context.setLineDash([]);
}

/** The room for the picture on the screen, and how far from above it begins. */
function fitting() {
  const [side, above, below] = narrow.matches ? [14, 14, 14] : [48, 68, 92];
  return { room: [stage.clientWidth - 2 * side, stage.clientHeight - above - below], above };
}

/** As large as there is room for, in the middle; small pictures are not made larger than threefold. */
function fit() {
  const { room, above } = fitting();
  view.scale = Math.max(0.02, Math.min(room[0] / WIDTH, room[1] / HEIGHT, 3));
  view.x = (stage.clientWidth - WIDTH * view.scale) / 2;
  view.y = above + (room[1] - HEIGHT * view.scale) / 2;
  view.fitted = true;
  redraw();
}

/** Zoom so that the place of the screen under x, y stays. */
function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const scale = Math.max(0.02, Math.min(32, view.scale * factor));
  const by = scale / view.scale;
  view.x = x - (x - view.x) * by;
  view.y = y - (y - view.y) * by;
  view.scale = scale;
  view.fitted = false;
  redraw();
}

function pan(dx, dy) {
  view.x += dx;
  view.y += dy;
  view.fitted = false;
  redraw();
}

/** A place of the screen in the picture's pixels. */
function inPicture(x, y) {
  return [(x - view.x) / view.scale, (y - view.y) / view.scale];
}

/** The top-most layer that shows something at a place of the screen. */
function layerAt(x, y) {
  if (depth.spread) return sheetAt(x, y);
  const [px, py] = inPicture(x, y);
  const layers = [...seenLayers()].reverse();
  const hit = layers.find((layer) => {
    const [left, top] = placeOf(layer);
    return isThere(layer, px - left, py - top);
  });
  return hit?.id ?? null;
}

/** Whether it is what everything stands on: the lowest layer, opaque over the whole picture. */
function isGround(id) {
  const layer = nodes[id];
  if (layer.group) return false;
  const lowest = leavesOf({ children: state.tree })[0];
  return id === lowest && layer.width >= WIDTH && layer.height >= HEIGHT;
}

/** In which directions a layer lies farther from where it was than its safe travel. */
function beyond(layer) {
  const [dx, dy] = shiftOf(layer.id).map((n) => n * RATIO);
  const [left, right, up, down] = layer.travel;
  const ways = [["left", -dx, left], ["right", dx, right], ["up", -dy, up], ["down", dy, down]];
  return ways.filter(([, way, safe]) => way > 0 && safe !== null && way > safe).map(([name]) => name);
}

/** The picture as it is seen now, without marks of the page. */
function pictureSeen() {
  if (stale) refresh();
  if (depth.spread) {
    const context = canvasOf(stage.width, stage.height);
    drawSheets(context, devicePixelRatio, true);
    return context.canvas;
  }
  const context = canvasOf(WIDTH, HEIGHT);
  context.drawImage(whole.canvas, 0, 0);
  if (telling) context.drawImage(marks.canvas, 0, 0);
  drawOriginal(context);
  return context.canvas;
}

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["accent", "on-accent", "warning", "check", "checked", "shadow", "glass", "edge"]) {
    theme[name.replace(/-(.)/, (_, letter) => letter.toUpperCase())] = style.getPropertyValue(`--${name}`).trim();
  }
  checkered = null;
  redraw();
}
