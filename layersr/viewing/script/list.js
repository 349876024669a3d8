// The list of layers, the top one first: a tree for eyes, hands and screen readers.

const list = document.getElementById("list");

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `#i-${name}`);
  return svg;
}

function element(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

/** The list's rows from above: what is in a closed folder is not among them. */
function* rowsOf(tree = state.tree, level = 1) {
  for (const twig of [...tree].reverse()) {
    yield { twig, level };
    if (twig.children && open.has(twig.id)) yield* rowsOf(twig.children, level + 1);
  }
}

function showList() {
  const focused = list.contains(document.activeElement);
  const rows = [...rowsOf()];
  const reachable = rows.some(({ twig }) => twig.id === chosen) ? chosen : rows[0]?.twig.id;
  list.replaceChildren(...rows.map(({ twig, level }) => rowOf(twig, level, twig.id === reachable)));
  if (focused) rowElement(reachable)?.focus({ preventScroll: true });
}

function rowOf(twig, level, reachable) {
  const node = nodes[twig.id];
  const shown = !state.hidden[twig.id];
  const row = element("div", {
    role: "treeitem",
    class: "row",
    "data-id": node.id,
    "aria-level": level,
    "aria-selected": node.id === chosen,
    "aria-expanded": node.group ? open.has(node.id) : null,
    "aria-label": `${node.name || "unnamed"}, ${node.group ? "group" : "layer"}${shown ? "" : ", hidden"}${tagsOf(node)}`,
    tabindex: reachable ? 0 : -1,
  });
  row.style.setProperty("--level", level - 1);
  row.classList.toggle("hidden", !isSeen(twig) || !isReached(twig.id));
  const eye = button(shown ? "eye" : "closed-eye", `${shown ? "Hide" : "Show"} ${node.name}`, "toggle", !shown);
  const alone = button("solo", `Only ${node.name}`, "solo", solo === node.id);
  const words = element("span", { class: "words" }, element("span", { class: "name", title: node.name }, node.name || "unnamed"));
  const tags = tagsOf(node);
  if (tags) words.append(element("span", { class: "tags" }, tags.slice(2)));
  const picture = node.group ? folder(node) : thumb(node);
  row.append(element("span", { class: "grip", "aria-hidden": "true" }, icon("grip")), picture, words, alone, eye);
  return row;
}

function button(name, label, does, pressed) {
  const attributes = { type: "button", tabindex: -1, "data-row": does, title: label, "aria-label": label, "aria-pressed": pressed };
  return element("button", attributes, icon(name));
}

function folder(node) {
  const label = open.has(node.id) ? "Close the folder" : "Open the folder";
  return element("button", { type: "button", tabindex: -1, class: "folder", "data-row": "open", "aria-label": label }, icon("chevron"), icon("folder"));
}

/** A small picture of a layer, drawn once. */
function thumb(node) {
  if (node.thumb) return node.thumb;
  const [wide, tall] = [80, 64];
  const context = canvasOf(wide, tall);
  context.canvas.className = "thumb";
  context.canvas.setAttribute("aria-hidden", "true");
  if (node.art) {
    const scale = Math.min(wide / node.width, tall / node.height, 2);
    context.imageSmoothingQuality = "high";
    context.drawImage(node.art, (wide - node.width * scale) / 2, (tall - node.height * scale) / 2, node.width * scale, node.height * scale);
  }
  return (node.thumb = context.canvas);
}

/** What is unusual about a layer or group, in words: ", multiply, 50 %". */
function tagsOf(node) {
  const tags = [];
  if (!["normal", "pass-through"].includes(node.blend)) tags.push(node.group || node.known ? node.blend : `${node.blend}, shown as normal`);
  if (node.opacity < 1) tags.push(`${Math.round(100 * node.opacity)} %`);
  if (node.clipped) tags.push("clipped");
  if (node.masked || node.veil) tags.push("masked");
  if (node.adjustment) tags.push("adjustment, not shown");
  if (node.locks.length) tags.push("locked");
  return tags.map((tag) => `, ${tag}`).join("");
}

/** Whether no group around a node is hidden. */
function isReached(id) {
  const { parent } = found(id);
  return parent === null || solo !== null || (!state.hidden[parent] && isReached(parent));
}

function rowElement(id) {
  return list.querySelector(`[data-id="${id}"]`);
}

function choose(id, focus = false) {
  chosen = id;
  for (let at = id === null ? null : found(id).parent; at !== null; at = found(at).parent) open.add(at);
  changed();
  const row = id === null ? null : rowElement(id);
  row?.scrollIntoView({ block: "nearest" });
  if (focus) row?.focus({ preventScroll: true });
}

function pointAt(id) {
  if (pointed === id) return;
  pointed = id;
  redraw();
}

function toggle(id = chosen) {
  if (id === null) return say("Choose a layer first.");
  const hidden = !state.hidden[id];
  change({ ...state, hidden: { ...state.hidden, [id]: hidden } });
  say(`“${nodes[id].name}” ${hidden ? "hidden" : "shown"}.`);
}

function toggleSolo(id = chosen) {
  if (id === null && solo === null) return say("Choose a layer first.");
  solo = solo === id ? null : id;
  soloed.clear();
  if (solo !== null) for (const leaf of leavesOf(found(solo).twig)) soloed.add(leaf);
  changed();
  say(solo === null ? "All layers again." : `Only “${nodes[solo].name}”.`);
}

function toggleOpen(id) {
  if (!open.delete(id)) open.add(id);
  changed();
}

list.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (!row) return;
  const id = Number(row.dataset.id);
  const does = event.target.closest("[data-row]")?.dataset.row;
  if (does === "toggle") toggle(id);
  else if (does === "solo") toggleSolo(id);
  else if (does === "open") toggleOpen(id);
  else choose(id, true);
});
list.addEventListener("dblclick", (event) => {
  const row = event.target.closest(".row");
  if (row && nodes[row.dataset.id].group && !event.target.closest("button")) toggleOpen(Number(row.dataset.id));
});
list.addEventListener("pointerover", (event) => {
  const row = event.target.closest(".row");
  if (event.pointerType === "mouse") pointAt(row ? Number(row.dataset.id) : null);
});
list.addEventListener("pointerleave", () => pointAt(null));

list.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const ids = [...rowsOf()].map(({ twig }) => twig.id);
  const at = ids.indexOf(Number(document.activeElement.dataset.id));
  const id = ids[at];
  const to = { ArrowUp: ids[at - 1], ArrowDown: ids[at + 1], Home: ids[0], End: ids.at(-1) };
  if (event.key in to) choose(to[event.key] ?? id, true);
  else if (event.key === "ArrowRight" && nodes[id]?.group && !open.has(id)) toggleOpen(id);
  else if (event.key === "ArrowLeft" && nodes[id]?.group && open.has(id)) toggleOpen(id);
  else if (event.key === "ArrowLeft" && id !== undefined) choose(found(id).parent ?? id, true);
  else if (event.key === " ") toggle(id);
  else if (event.key === "Enter") choose(id, true);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
