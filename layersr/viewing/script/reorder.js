// Another order, by hand in the list or by keys.

const drop = document.getElementById("drop");
let carried = null; // the row being dragged: its node, where it began, where it would go

list.addEventListener("pointerdown", (event) => {
  const row = event.target.closest(".row");
  if (!row || event.button || event.target.closest("button")) return;
  if (event.pointerType === "touch" && !event.target.closest(".grip")) return; // that scrolls
  carried = { id: Number(row.dataset.id), y: event.clientY, goal: null, pointer: event.pointerId, begun: false };
});

addEventListener("pointermove", (event) => {
  if (!carried || event.pointerId !== carried.pointer) return;
  if (!carried.begun && Math.abs(event.clientY - carried.y) < 5) return;
  carried.begun = true;
  list.classList.add("sorting");
  rowElement(carried.id)?.classList.add("carried");
  carried.goal = goalAt(event.clientY);
  showDrop(carried.goal);
  const box = list.getBoundingClientRect();
  if (event.clientY < box.top + 24) list.scrollTop -= 12;
  if (event.clientY > box.bottom - 24) list.scrollTop += 12;
});

for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, (event) => {
    if (!carried || event.pointerId !== carried.pointer) return;
    const { id, goal, begun } = carried;
    putDown();
    if (!begun) return;
    addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
    setTimeout(() => dispatchEvent(new Event("click")), 0); // where no click follows, nothing else is swallowed
    if (name === "pointerup" && goal) reorder(placed(state, id, goal.parent, goal.index), id);
  });
}

function putDown() {
  carried = null;
  drop.hidden = true;
  list.classList.remove("sorting");
  for (const row of list.querySelectorAll(".carried, .into")) row.classList.remove("carried", "into");
}

/** Where a row let go at this height would go: before the `index`-th of a group. */
function goalAt(y) {
  const rows = [...list.querySelectorAll(".row")];
  const row = rows.find((each) => y < each.getBoundingClientRect().bottom) ?? rows.at(-1);
  const box = row.getBoundingClientRect();
  const share = (y - box.top) / box.height;
  const id = Number(row.dataset.id);
  const { twig, parent, index } = found(id);
  if (twig.children && share > 0.3 && (open.has(id) || share < 0.7)) {
    return { row, edge: open.has(id) ? "bottom" : "into", parent: id, index: twig.children.length };
  }
  return { row, edge: share < 0.5 ? "top" : "bottom", parent, index: share < 0.5 ? index + 1 : index };
}

function showDrop(goal) {
  for (const row of list.querySelectorAll(".into")) row.classList.remove("into");
  if (goal.edge === "into") goal.row.classList.add("into");
  drop.hidden = goal.edge === "into";
  const top = goal.row.offsetTop + (goal.edge === "bottom" ? goal.row.offsetHeight : 0);
  drop.style.top = `${top - list.scrollTop + list.offsetTop - 1}px`;
}

function reorder(next, id) {
  if (next === state) return;
  change(next);
  choose(id);
  const { index, among, parent } = found(id);
  const within = parent === null ? "" : ` in “${nodes[parent].name}”`;
  say(`“${nodes[id].name}” is now ${among.length - index} of ${among.length} from above${within}.`);
}

/** One step nearer (1) or farther (-1). */
function shift(way) {
  if (chosen === null) return say("Choose a layer first.");
  reorder(stepped(state, chosen, way, (id) => open.has(id)), chosen);
}
