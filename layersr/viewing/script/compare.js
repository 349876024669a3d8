// A slider over the picture: the original on its left, the layers on its right.

const slider = document.getElementById("slider");
const comparison = { on: false, at: 0.5 }; // the line, as a share of the picture's width

function compare(on = !comparison.on) {
  comparison.on = on;
  slider.hidden = !on;
  if (on && depth.on) explode(false);
  if (on) slider.focus();
  changed();
  say(on ? `Left of the line is ${told.compared}, right of it the layers.` : "");
}

function drawOriginal(context) {
  if (!comparison.on) return;
  context.save();
  context.globalAlpha = 1;
  context.globalCompositeOperation = "source-over";
  context.beginPath();
  context.rect(0, 0, comparison.at * WIDTH, HEIGHT);
  context.clip();
  context.drawImage(original, 0, 0);
  context.restore();
}

function slide(at) {
  comparison.at = Math.max(0, Math.min(1, at));
  slider.setAttribute("aria-valuenow", Math.round(100 * comparison.at));
  redraw();
}

/** The line follows the picture, as far as that is on the screen. */
function followView() {
  if (!comparison.on) return;
  slider.hidden = depth.spread > 0;
  const x = view.x + comparison.at * WIDTH * view.scale;
  slider.style.left = `${Math.max(0, Math.min(stage.clientWidth, x))}px`;
  const top = Math.max(0, view.y);
  slider.style.top = `${top}px`;
  slider.style.height = `${Math.max(60, Math.min(stage.clientHeight, view.y + HEIGHT * view.scale) - top)}px`;
}

slider.addEventListener("pointerdown", (event) => slider.setPointerCapture(event.pointerId));
slider.addEventListener("pointermove", (event) => {
  if (slider.hasPointerCapture(event.pointerId)) slide(inPicture(...placeIn(event))[0] / WIDTH);
});
slider.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageDown: -0.2, PageUp: 0.2 }[event.key];
  const end = { Home: 0, End: 1 }[event.key];
  if (step === undefined && end === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  slide(end ?? comparison.at + step);
});
