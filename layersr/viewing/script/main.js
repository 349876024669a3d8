// Begin: decode the pictures, then show everything.

/** Something is other than it was: show it all. */
function changed() {
  showList();
  showInspector();
  for (const button of document.querySelectorAll("[data-do]")) {
    const { on, off } = ACTIONS[button.dataset.do];
    if (on) button.setAttribute("aria-pressed", on());
    if (off) button.disabled = off();
  }
  restale();
}

const FEW = 16; // layers that can be seen at once; where there are more, folders of many of them begin closed
const MANY = 8;

async function start() {
  const tree = numbered(told.tree);
  const compared = await decodeAll();
  begin(tree);
  const few = nodes.filter((node) => !node.group).length <= FEW;
  for (const { twig } of walked(tree)) if (twig.children && (few || leavesOf(twig).length <= MANY)) open.add(twig.id);
  for (const [kind, colour] of Object.entries(told.colours)) {
    document.documentElement.style.setProperty(`--${kind}`, `rgb(${colour.join(" ")})`);
  }
  readTheme();
  refresh();
  original = compared;
  if (!original) {
    original = canvasOf(WIDTH, HEIGHT).canvas;
    original.getContext("2d").drawImage(whole.canvas, 0, 0);
  }
  document.getElementById("title").textContent = told.title;
  const layers = nodes.filter((node) => !node.group).length;
  document.getElementById("count").textContent = layers;
  document.getElementById("size").textContent = `${told.document.width} × ${told.document.height}`;
  stage.setAttribute("aria-label", `The picture, ${told.document.width} by ${told.document.height} pixels, ${layers} layers. Arrow keys move the chosen one.`);
  fillReport();
  fillHelp();
  fit();
  changed();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readTheme);
  new ResizeObserver(() => (view.fitted ? fit() : redraw())).observe(stage);
  document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
  document.getElementById("title").textContent = `This page could not be shown: ${error.message}`;
});
