// What can be changed, and undone: the order, places, what is hidden. States are never altered, only replaced.

let state = null; // {tree: [{id, children?}] back to front, at: {id: [dx, dy]}, hidden: {id: bool}}
let opened = null; // the state as it was opened
let past = [];
let future = [];

/** Begin with the document as it is. */
function begin(tree) {
  opened = { tree, at: {}, hidden: Object.fromEntries(nodes.map((node) => [node.id, !node.visible])) };
  state = opened;
}

/** Show another state; `keep` makes it a step that can be undone. */
function show(next) {
  state = next;
  changed();
}

/** What was before becomes a step to undo to. */
function keep(before) {
  if (before === state) return;
  past.push(before);
  future = [];
  changed();
}

function change(next) {
  const before = state;
  state = next;
  keep(before);
}

function undo() {
  if (!past.length) return false;
  future.push(state);
  show(past.pop());
  return true;
}

function redo() {
  if (!future.length) return false;
  past.push(state);
  show(future.pop());
  return true;
}

function shiftOf(id) {
  return state.at[id] ?? [0, 0];
}

/** A state in which some layers lie farther right and down than in another. */
function moved(from, ids, dx, dy) {
  const at = { ...from.at };
  for (const id of ids) {
    const [x, y] = at[id] ?? [0, 0];
    at[id] = [x + Math.round(dx), y + Math.round(dy)];
  }
  return { ...from, at };
}

/** Every node of a tree with its parent's number (null at the top), back to front, a group after what is in it. */
function* walked(tree, parent = null) {
  for (const [index, twig] of tree.entries()) {
    if (twig.children) yield* walked(twig.children, twig.id);
    yield { twig, parent, index, among: tree };
  }
}

function found(id, tree = state.tree) {
  for (const step of walked(tree)) if (step.twig.id === id) return step;
  return null;
}

/** The numbers of all layers in a node, itself if it is one. */
function leavesOf(twig) {
  return twig.children ? twig.children.flatMap(leavesOf) : [twig.id];
}

/** The tree without a node. */
function without(tree, id) {
  return tree
    .filter((twig) => twig.id !== id)
    .map((twig) => (twig.children ? { ...twig, children: without(twig.children, id) } : twig));
}

/** The tree with a node in a group (null: none), before the `index`-th there. */
function withIn(tree, parent, index, node) {
  if (parent === null) return tree.toSpliced(index, 0, node);
  return tree.map((twig) => {
    if (!twig.children) return twig;
    const children = twig.id === parent ? twig.children.toSpliced(index, 0, node) : withIn(twig.children, parent, index, node);
    return { ...twig, children };
  });
}

/** A state in which a node lies before the `index`-th of a group as that now is; itself where that is no change. */
function placed(from, id, parent, index) {
  const here = found(id, from.tree);
  if (parent !== null && [...walked([here.twig])].some((step) => step.twig.id === parent)) return from;
  if (here.parent === parent && (index === here.index || index === here.index + 1)) return from;
  if (here.parent === parent && index > here.index) index -= 1;
  return { ...from, tree: withIn(without(from.tree, id), parent, index, here.twig) };
}

/** One step nearer (1) or farther (-1): past the next one, into a group that is open, or out of its own. */
function stepped(from, id, way, isOpen) {
  const { parent, index, among } = found(id, from.tree);
  const next = among[index + way];
  if (next?.children && isOpen(next.id)) return placed(from, id, next.id, way > 0 ? 0 : next.children.length);
  if (next) return placed(from, id, parent, way > 0 ? index + 2 : index - 1);
  if (parent === null) return from;
  const out = found(parent, from.tree);
  return placed(from, id, out.parent, way > 0 ? out.index + 1 : out.index);
}
