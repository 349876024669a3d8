// Hands on the picture: drag a layer, pan, zoom by wheel or two fingers, turn what is spread in depth.

const fingers = new Map(); // pointers that are down, by their number
let grip = null; // what the first of them does
const SLACK = { mouse: 3, pen: 5, touch: 9 }; // pixels before a press becomes a drag

function placeIn(event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

stage.addEventListener("pointerdown", (event) => {
  if (event.button > 1) return;
  stage.setPointerCapture(event.pointerId);
  const [x, y] = placeIn(event);
  fingers.set(event.pointerId, { x, y });
  if (fingers.size > 1) return letGo();
  const hit = layerAt(x, y);
  const hand = event.button === 1 || held.has(" ");
  const movable = hit !== null && !hand && !depth.spread && !isGround(hit) && !isLocked(hit);
  grip = { x, y, hit, hand, before: state, from: hit === null ? [0, 0] : shiftOf(hit), begun: false, kind: event.pointerType };
  grip.does = depth.spread && !hand ? "turn" : movable ? "move" : "pan";
});

stage.addEventListener("pointermove", (event) => {
  const [x, y] = placeIn(event);
  const finger = fingers.get(event.pointerId);
  if (!finger) {
    if (event.pointerType === "mouse") hover(x, y);
    return;
  }
  const [dx, dy] = [x - finger.x, y - finger.y];
  if (fingers.size === 2) pinch(event.pointerId, x, y);
  Object.assign(finger, { x, y });
  if (fingers.size > 1 || !grip) return;
  if (!grip.begun && Math.hypot(x - grip.x, y - grip.y) < (SLACK[grip.kind] ?? 5)) return;
  if (!grip.begun) {
    grip.begun = true;
    stage.classList.add("dragging");
    if (grip.does === "move") choose(grip.hit);
    if (grip.does === "pan") return pan(x - grip.x, y - grip.y);
  }
  if (grip.does === "pan") pan(dx, dy);
  else if (grip.does === "turn") turn(dx, dy);
  else drag(x - grip.x, y - grip.y);
});

function endOf(event) {
  if (!fingers.delete(event.pointerId) || fingers.size) return;
  if (grip && !grip.begun && event.type === "pointerup" && !grip.hand) choose(grip.hit);
  if (grip?.does === "move" && grip.begun) {
    keep(grip.before);
    sayMoved(grip.hit);
  }
  letGo();
}
for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, endOf);

/** A second finger came, or the last one went: whatever was dragged stays where it was, or is. */
function letGo() {
  if (grip?.begun && grip.does === "move" && fingers.size) show(grip.before);
  grip = null;
  stage.classList.remove("dragging");
  readout(null);
}

function drag(dx, dy) {
  const to = grip.from.map((n, axis) => n + [dx, dy][axis] / view.scale);
  show(movedTo(state, grip.hit, ...to));
  readout(nodes[grip.hit]);
}

function turn(dx, dy) {
  depth.yaw = Math.max(-1.25, Math.min(1.25, depth.yaw + dx / 260));
  depth.pitch = Math.max(-1.1, Math.min(1.1, depth.pitch - dy / 260));
  redraw();
}

/** Two fingers: what lies under each stays under it. */
function pinch(id, x, y) {
  const moved = fingers.get(id);
  const other = [...fingers].find(([key]) => key !== id)[1];
  const before = Math.hypot(moved.x - other.x, moved.y - other.y);
  const after = Math.hypot(x - other.x, y - other.y);
  pan((x - moved.x) / 2, (y - moved.y) / 2);
  if (before > 8) zoom(after / before, (x + other.x) / 2, (y + other.y) / 2);
}

function hover(x, y) {
  sway((2 * x) / stage.clientWidth - 1, (2 * y) / stage.clientHeight - 1);
  const hit = layerAt(x, y);
  const free = hit !== null && !isGround(hit) && !isLocked(hit);
  stage.style.cursor = held.has(" ") ? "grab" : depth.spread ? "move" : free ? "grab" : "default";
  if (depth.spread) pointAt(hit);
}
stage.addEventListener("pointerleave", () => {
  sway(0, 0);
  if (depth.spread) pointAt(null);
});

stage.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    if (event.shiftKey) return pan(-(event.deltaX || event.deltaY) * lines, 0);
    zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), ...placeIn(event));
  },
  { passive: false },
);
stage.addEventListener("dblclick", () => fit());

/** Move a layer by hand of the keyboard. */
function nudge(dx, dy) {
  if (chosen === null) return say("Choose a layer first.");
  if (nodes[chosen].group) return say("A group does not move; choose one of its layers.");
  if (isLocked(chosen)) return say(`“${nodes[chosen].name}” is locked.`);
  const [x, y] = shiftOf(chosen);
  change(movedTo(state, chosen, x + dx, y + dy));
  readout(nodes[chosen]);
  clearTimeout(nudge.timer);
  nudge.timer = setTimeout(() => readout(null), 1400);
  sayMoved(chosen);
}

function isLocked(id) {
  for (let at = id; at !== null; at = found(at).parent) if (nodes[at].locks.includes("position")) return true;
  return false;
}

function sayMoved(id) {
  const layer = nodes[id];
  const [dx, dy] = shiftOf(id).map((n) => Math.round(n * RATIO));
  const ways = beyond(layer);
  const far = ways.length ? ` That is beyond its safe travel ${ways.join(" and ")}: where it ends may show.` : "";
  say(`“${layer.name}” moved ${dx}, ${dy}.${far}`);
}
