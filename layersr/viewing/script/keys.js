// What can be done, by which key and button: one table, of which the help is made too.

const held = new Set(); // keys that are down
const narrow = matchMedia("(max-width: 760px)"); // a phone: the list is a sheet that opens and closes

const ACTIONS = {
  explode: { keys: ["e"], words: "Spread the layers in depth, and back", run: () => explode(), on: () => depth.on },
  compare: { keys: ["c"], words: "Compare with the original by a slider", run: () => compare(), on: () => comparison.on },
  provenance: { keys: ["p"], words: "Show what is estimated or invented", run: tell, on: () => telling },
  hide: { keys: ["h"], words: "Hide or show the chosen layer", run: () => toggle() },
  solo: { keys: ["s"], words: "Only the chosen layer, and all again", run: () => toggleSolo() },
  nearer: { keys: ["]", "alt+arrowup"], words: "Chosen layer one step up in the order", run: () => shift(1) },
  farther: { keys: ["[", "alt+arrowdown"], words: "One step down", run: () => shift(-1) },
  undo: { keys: ["ctrl+z"], words: "Undo", run: () => undo() || say("Nothing to undo."), off: () => !past.length },
  redo: { keys: ["ctrl+shift+z", "ctrl+y"], words: "Redo", run: () => redo() || say("Nothing to redo."), off: () => !future.length },
  reset: { keys: ["r"], words: "Everything as it was opened (can be undone)", run: reset, off: () => state === opened },
  zoomIn: { keys: ["+", "="], words: "Zoom in", run: () => zoom(1.25) },
  zoomOut: { keys: ["-"], words: "Zoom out", run: () => zoom(0.8) },
  fit: { keys: ["0"], words: "Fit the picture", run: fit },
  actual: { keys: ["1"], words: "One pixel to one of the screen", run: () => zoom(1 / (view.scale * devicePixelRatio)) },
  save: { keys: ["d"], words: "Save what is seen as a PNG", run: savePicture },
  report: { keys: ["i"], words: "What was found, and what to check", run: () => dialog("report") },
  help: { keys: ["?"], words: "These keys", run: () => dialog("help") },
  leave: { keys: ["escape"], words: "Out of what is open: slider, solo, depth, choice", run: leave },
  sheet: { keys: ["l"], words: "To the list of layers", run: toggleSheet },
};

const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };

function keyOf(event) {
  const key = event.key.toLowerCase();
  const named = key.length > 1 || event.ctrlKey || event.metaKey;
  const parts = [(event.ctrlKey || event.metaKey) && "ctrl", event.altKey && "alt", named && event.shiftKey && "shift", key];
  return parts.filter(Boolean).join("+");
}

addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) {
    if (event.key === "?") document.querySelector("dialog[open]").close();
    return;
  }
  held.add(event.key);
  const key = keyOf(event);
  const arrow = ARROWS[key.replace("shift+", "")];
  const onStage = document.activeElement === stage || document.activeElement === document.body;
  if (arrow && onStage) {
    const far = event.shiftKey ? 10 : 1;
    if (depth.on) turn(arrow[0] * 12 * far, arrow[1] * 12 * far);
    else nudge(arrow[0] * far, arrow[1] * far);
    return event.preventDefault();
  }
  if (event.key === " " && onStage) return event.preventDefault();
  const action = Object.values(ACTIONS).find(({ keys }) => keys.includes(key));
  if (!action) return;
  event.preventDefault();
  action.run();
});
addEventListener("keyup", (event) => held.delete(event.key));
addEventListener("blur", () => held.clear());

document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-do]")?.dataset.do;
  if (name) ACTIONS[name].run();
});

function tell() {
  telling = !telling;
  document.getElementById("legend").hidden = !telling;
  changed();
  const none = !nodes.some((node) => node.tint);
  if (telling) say(none ? "Nothing here is known to be estimated or invented." : "Solid: seen. Hatched: below something; hide or drag it to see.");
}

function reset() {
  change(opened);
  say("Everything as it was opened.");
}

function leave() {
  if (comparison.on) compare(false);
  else if (solo !== null) toggleSolo(solo);
  else if (depth.on) explode(false);
  else choose(null);
  stage.focus();
}

function toggleSheet() {
  const panel = document.getElementById("panel");
  if (narrow.matches) {
    const closed = panel.classList.toggle("closed");
    document.getElementById("toggler").setAttribute("aria-expanded", !closed);
    if (closed) return;
  }
  list.querySelector("[tabindex='0']")?.focus();
}

function dialog(id) {
  document.getElementById(id).showModal();
}

const SIGNS = { ctrl: "Ctrl", alt: "Alt", shift: "Shift", arrowup: "↑", arrowdown: "↓", escape: "Esc" };

function fillHelp() {
  const body = document.querySelector("#help .keys");
  const hands = [
    [["Drag"], "Move a layer, or all of the group that is chosen; on the ground, or with Space: pan"],
    [["Wheel", "Pinch"], "Zoom"],
    [["←", "→", "↑", "↓"], "Nudge the chosen layer, with Shift by ten; in the list: go through it"],
    [["Space"], "In the list: hide or show"],
  ];
  const keyed = Object.values(ACTIONS).map(({ keys, words }) => [keys.map(spelt), words]);
  for (const [keys, words] of [...hands, ...keyed]) {
    const signs = keys.flatMap((key, n) => [...(n ? [" "] : []), element("kbd", {}, key)]);
    body.append(element("div", {}, element("dt", {}, ...signs), element("dd", {}, words)));
  }
}

function spelt(key) {
  return key === "+" ? key : key.split("+").map((part) => SIGNS[part] ?? part.toUpperCase()).join(" ");
}
