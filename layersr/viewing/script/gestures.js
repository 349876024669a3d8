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
  const movable = hit !== null && !hand && !depth.spread && isMovable(taken(hit));
  grip = { x, y, hit, hand, before: state, begun: false, kind: event.pointerType };
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
    if (grip.does === "move") choose(taken(grip.hit));
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
    sayMoved(chosen);
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
  show(moved(grip.before, layersOf(chosen), dx / view.scale, dy / view.scale));
  readout(chosen);
}

/** What a hand takes that grips a layer: the group it is in, if that is chosen. */
function taken(id) {
  if (chosen === null || !nodes[chosen].group) return id;
  return layersOf(chosen).includes(id) ? chosen : id;
}

function layersOf(id) {
  return leavesOf(found(id).twig);
}

function isMovable(id) {
  return layersOf(id).every((leaf) => !isGround(leaf) && !isLocked(leaf));
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
  const free = hit !== null && isMovable(taken(hit));
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

/** Move what is chosen by keys. */
function nudge(dx, dy) {
  if (chosen === null) return say("Choose a layer first.");
  if (layersOf(chosen).some(isLocked)) return say(`“${nodes[chosen].name}” is locked.`);
  change(moved(state, layersOf(chosen), dx, dy));
  readout(chosen);
  clearTimeout(nudge.timer);
  nudge.timer = setTimeout(() => readout(null), 1400);
  sayMoved(chosen);
}

function isLocked(id) {
  for (let at = id; at !== null; at = found(at).parent) if (nodes[at].locks.includes("position")) return true;
  return false;
}

/** How far a layer, or the first of a group, was moved, in pixels of the document. */
function gone(id) {
  return shiftOf(layersOf(id)[0]).map((n) => Math.round(n * RATIO));
}

/** In which directions some layer of a node lies beyond its safe travel. */
function tooFar(id) {
  return [...new Set(layersOf(id).flatMap((leaf) => beyond(nodes[leaf])))];
}

function sayMoved(id) {
  const ways = tooFar(id);
  const far = ways.length ? ` That is beyond its safe travel ${ways.join(" and ")}: where it ends may show.` : "";
  say(`“${nodes[id].name}” moved ${gone(id).join(", ")}.${far}`);
}
