// The stack spread in depth: every layer a sheet, seen from the side. Projected weakly (sheets shrink with distance,
// but are not foreshortened), so that a sheet is an affine map and the canvas draws what is seen, saves it and finds it.

const ANGLES = { wide: { yaw: -0.52, pitch: 0.26 }, tall: { yaw: -0.34, pitch: 0.72 } }; // at first, by the room there is
const depth = { on: false, spread: 0, yaw: 0, pitch: 0, swayX: 0, swayY: 0, toX: 0, toY: 0 };
const still = matchMedia("(prefers-reduced-motion: reduce)");
let sheets = [];

/** What makes a sheet: a layer, or a group whose folder is closed. */
function sheetsOf(tree = state.tree) {
  return tree.filter(isSeen).flatMap((twig) => {
    if (twig.children && open.has(twig.id)) return sheetsOf(twig.children);
    if (twig.children) {
      const context = canvasOf(WIDTH, HEIGHT);
      paint(context, twig.children, isSeen);
      return [{ id: twig.id, picture: context.canvas, x: 0, y: 0, opacity: nodes[twig.id].opacity }];
    }
    const layer = nodes[twig.id];
    if (!layer.art) return [];
    const [x, y] = placeOf(layer);
    return [{ id: twig.id, picture: layer.art, x, y, opacity: layer.opacity, blend: layer.blend }];
  });
}

/** The affine map of a sheet around the middle of the stack, in the picture's pixels. */
function sheetMatrix(index, count, yaw, pitch) {
  const side = Math.max(WIDTH, HEIGHT);
  const total = side * Math.min(1.5, 0.22 * Math.max(1, count - 1)) * depth.spread;
  const z = count > 1 ? (index / (count - 1) - 0.5) * total : 0;
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const k = (4 * side) / (4 * side - z * cy * cp);
  return new DOMMatrix([k * cy, k * sy * sp, 0, k * cp, k * z * sy, -k * z * cy * sp]).translate(-WIDTH / 2, -HEIGHT / 2);
}

/** The corners of all sheets: left, top, right, bottom. */
function extent(matrices) {
  const corners = [[0, 0], [WIDTH, 0], [0, HEIGHT], [WIDTH, HEIGHT]].map(([x, y]) => new DOMPoint(x, y));
  const points = matrices.flatMap((matrix) => corners.map((corner) => matrix.transformPoint(corner)));
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The maps of all sheets, to the screen: they take the room of the picture, all of the screen's where it was fitted. */
function sheetMatrices() {
  const [yaw, pitch] = [depth.yaw * depth.spread, depth.pitch * depth.spread];
  const all = (across, along) => sheets.map((_, index) => sheetMatrix(index, sheets.length, across, along));
  const [left, top, right, bottom] = sheets.length ? extent(all(yaw, pitch)) : [0, 0, WIDTH, HEIGHT];
  const room = view.fitted && view.scale < 3 ? fitting().room : [WIDTH * view.scale, HEIGHT * view.scale];
  const scale = Math.min(room[0] / (right - left), room[1] / (bottom - top));
  const middle = [view.x + (WIDTH * view.scale) / 2, view.y + (HEIGHT * view.scale) / 2];
  const placed = new DOMMatrix().translate(...middle).scale(scale).translate(-(left + right) / 2, -(top + bottom) / 2);
  return all(yaw + depth.swayX * depth.spread, pitch + depth.swayY * depth.spread).map((own) => placed.multiply(own));
}

function drawSheets(context, ratio, bare = false) {
  const base = new DOMMatrix().scale(ratio);
  const matrices = sheetMatrices();
  const faint = Math.min(1, 5 / sheets.length); // many sheets of glass would be fog
  for (const [index, matrix] of matrices.entries()) {
    const sheet = sheets[index];
    const marked = !bare && (sheet.id === chosen || sheet.id === pointed);
    context.setTransform(base.multiply(matrix));
    context.globalCompositeOperation = "source-over";
    context.globalAlpha = depth.spread * faint;
    context.fillStyle = theme.glass;
    context.strokeStyle = marked ? theme.accent : theme.edge;
    context.lineWidth = (marked ? 2 : 1) / Math.hypot(matrix.a, matrix.b);
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.globalAlpha = depth.spread * (marked ? 1 : Math.max(0.4, faint));
    context.strokeRect(0, 0, WIDTH, HEIGHT);
    put(context, sheet.picture, sheet.x, sheet.y, sheet.opacity, sheet.blend === "add" ? "screen" : (sheet.blend ?? "normal"));
  }
  context.globalAlpha = 1;
  context.globalCompositeOperation = "source-over";
  if (bare) return;
  for (const [index, { id }] of sheets.entries()) {
    if (id === chosen || id === pointed) label(context, ratio, matrices[index], nodes[id].name);
  }
}

function label(context, ratio, matrix, name) {
  const at = matrix.transformPoint(new DOMPoint(0, 0));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = "600 12px system-ui, sans-serif";
  const text = name.length > 40 ? `${name.slice(0, 39)}…` : name;
  const wide = context.measureText(text).width + 14;
  context.fillStyle = theme.accent;
  context.beginPath();
  context.roundRect(at.x, at.y - 26, wide, 21, 5);
  context.fill();
  context.fillStyle = theme.onAccent;
  context.fillText(text, at.x + 7, at.y - 11);
}

/** The front-most sheet that shows something at a place of the screen. */
function sheetAt(x, y) {
  const matrices = sheetMatrices();
  for (let index = sheets.length - 1; index >= 0; index--) {
    const at = matrices[index].inverse().transformPoint(new DOMPoint(x, y));
    const node = nodes[sheets[index].id];
    const layers = node.group ? leavesOf(found(node.id).twig).map((id) => nodes[id]) : [node];
    const hit = layers.some((layer) => {
      const [left, top] = placeOf(layer);
      return isThere(layer, at.x - left, at.y - top);
    });
    if (hit) return node.id;
  }
  return null;
}

function explode(on = !depth.on) {
  depth.on = on;
  if (on) Object.assign(depth, stage.clientHeight > stage.clientWidth ? ANGLES.tall : ANGLES.wide);
  if (on && typeof DeviceOrientationEvent !== "undefined") DeviceOrientationEvent.requestPermission?.().catch(() => {});
  if (still.matches) depth.spread = on ? 1 : 0;
  changed();
  say(on ? "Layers spread in depth; drag to look from another side." : "Layers flat again.");
}

/** One step of what moves by itself; whether there is more to come. */
function settle() {
  const to = depth.on ? 1 : 0;
  const before = [depth.spread, depth.swayX, depth.swayY];
  depth.spread = Math.abs(to - depth.spread) < 0.004 ? to : depth.spread + (to - depth.spread) * 0.16;
  for (const [sway, aim] of [["swayX", "toX"], ["swayY", "toY"]]) {
    const rest = depth[aim] - depth[sway];
    depth[sway] = Math.abs(rest) < 0.001 ? depth[aim] : depth[sway] + rest * 0.14;
  }
  return before.some((value, n) => value !== [depth.spread, depth.swayX, depth.swayY][n]);
}

/** Lean towards the pointer or as the device is held; x and y in [-1, 1]. */
function sway(x, y) {
  if (still.matches || !depth.on) return;
  depth.toX = 0.16 * Math.max(-1, Math.min(1, x));
  depth.toY = -0.1 * Math.max(-1, Math.min(1, y));
  redraw();
}

addEventListener("deviceorientation", (event) => {
  if (event.gamma !== null) sway(event.gamma / 30, (event.beta - 45) / 30);
});
