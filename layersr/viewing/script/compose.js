// What the layers look like together: layersr's own law of flattening (layersr/flattening.py), told to a canvas.

const MODES = new Set(
  "multiply screen overlay darken lighten color-dodge color-burn hard-light soft-light difference exclusion".split(" "),
);
const spare = []; // canvases of the picture's size that are free

function scratch() {
  const context = spare.pop() ?? canvasOf(WIDTH, HEIGHT);
  clear(context);
  return context;
}

function clear(context) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 1;
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

/** Paint nodes of the tree, back to front, those that are `seen`. */
function paint(below, tree, seen) {
  for (const [base, clipped] of runs(tree)) {
    if (seen(base)) {
      if (base.children) paintGroup(below, base, seen);
      else lay(below, nodes[base.id], clipped.filter(seen).map((twig) => nodes[twig.id]));
    } else if (solo !== null) {
      for (const twig of clipped.filter(seen)) lay(below, nodes[twig.id], []); // its base is out of sight, not hidden
    }
  }
}

/** Each layer together with those clipped to it; a clipped one with no base beneath it stands by itself. */
function runs(tree) {
  const found = [];
  for (const twig of tree) {
    const last = found.at(-1);
    if (!twig.children && nodes[twig.id].clipped && last && !last[0].children) last[1].push(twig);
    else found.push([twig, []]);
  }
  return found;
}

function paintGroup(below, twig, seen) {
  const group = nodes[twig.id];
  const through = group.blend === "pass-through";
  if (through && group.opacity === 1 && !group.veil) return paint(below, twig.children, seen);
  const own = scratch();
  if (through) own.drawImage(below.canvas, 0, 0);
  paint(own, twig.children, seen);
  if (through) {
    veil(own, group, "destination-in", group.opacity);
    veil(below, group, "destination-out", group.opacity);
    put(below, own.canvas, 0, 0, 1, "lighter");
  } else {
    if (group.veil) veil(own, group, "destination-in", 1);
    put(below, own.canvas, 0, 0, group.opacity, group.blend);
  }
  spare.push(own);
}

/** Keep (destination-in) or take away (destination-out) what a group lets through. */
function veil(context, group, how, opacity) {
  context.globalCompositeOperation = how;
  context.globalAlpha = opacity;
  if (group.veil) context.drawImage(group.veil, 0, 0);
  else context.fillRect(0, 0, WIDTH, HEIGHT);
}

/** Where a layer lies now. */
function placeOf(layer) {
  const [dx, dy] = shiftOf(layer.id);
  return [layer.left + dx, layer.top + dy];
}

function lay(below, layer, clipped) {
  if (!layer.art) return;
  const [x, y] = placeOf(layer);
  put(below, clipped.length ? painted(layer, clipped) : layer.art, x, y, layer.opacity, layer.blend);
}

/** A base with what is clipped to it: painted on its colours, then in its shape. */
function painted(base, clipped) {
  const context = canvasOf(base.width, base.height);
  const [left, top] = placeOf(base);
  context.drawImage(solidOf(base), 0, 0);
  for (const layer of clipped) {
    const [x, y] = placeOf(layer);
    if (layer.art) put(context, layer.art, x - left, y - top, layer.opacity, layer.blend);
  }
  put(context, base.art, 0, 0, 1, "destination-in");
  return context.canvas;
}

function put(below, picture, x, y, opacity, blend) {
  if (blend === "add") return add(below, picture, x, y, opacity);
  below.globalAlpha = opacity;
  const porterDuff = blend === "lighter" || blend.startsWith("destination-");
  below.globalCompositeOperation = porterDuff || MODES.has(blend) ? blend : "source-over";
  below.drawImage(picture, x, y);
}

/** Addition as painting programs do it. A canvas's own "lighter" adds what is transparent too: another thing. */
function add(below, picture, x, y, opacity) {
  const left = Math.max(0, x);
  const top = Math.max(0, y);
  const width = Math.min(below.canvas.width, x + picture.width) - left;
  const height = Math.min(below.canvas.height, y + picture.height) - top;
  if (width <= 0 || height <= 0) return;
  const backdrop = pixelsOf(below.canvas, left, top, width, height);
  const source = pixelsOf(picture);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const b = 4 * (row * width + column);
      const s = 4 * ((row + top - y) * picture.width + column + left - x);
      const above = (source.data[s + 3] / 255) * opacity;
      const under = backdrop.data[b + 3] / 255;
      const alpha = above + under - above * under;
      if (!alpha) continue;
      for (let c = 0; c < 3; c++) {
        const [cs, cb] = [source.data[s + c], backdrop.data[b + c]];
        const mixed = (1 - under) * cs + under * Math.min(255, cb + cs);
        backdrop.data[b + c] = (above * mixed + (1 - above) * under * cb) / alpha;
      }
      backdrop.data[b + 3] = 255 * alpha;
    }
  }
  below.putImageData(backdrop, left, top);
}

/** Whether a node is shown: nothing of it is hidden, or it belongs to what is looked at alone. */
function isSeen(twig) {
  if (solo === null) return !state.hidden[twig.id];
  return leavesOf(twig).some((id) => soloed.has(id));
}

/** The layers that are shown, back to front. */
function* seenLayers(tree = state.tree) {
  for (const twig of tree) {
    if (!isSeen(twig)) continue;
    if (twig.children) yield* seenLayers(twig.children);
    else yield nodes[twig.id];
  }
}
