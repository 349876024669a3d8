// Where the picture is not the artist's own: solid where that is seen, hatched where it lies below something.

function provenanceOf(target) {
  clear(target);
  const seen = scratch();
  for (const layer of seenLayers()) {
    if (!layer.art) continue;
    const [x, y] = placeOf(layer);
    if (layer.blend === "normal") put(seen, layer.art, x, y, layer.opacity, "destination-out");
    if (layer.tint) {
      put(seen, layer.tint, x, y, layer.opacity, "normal");
      put(target, layer.tint, x, y, 1, "normal");
    }
  }
  target.globalAlpha = 1;
  target.globalCompositeOperation = "destination-in";
  target.fillStyle = target.createPattern(hatch(), "repeat");
  target.fillRect(0, 0, WIDTH, HEIGHT);
  put(target, seen.canvas, 0, 0, 1, "destination-out");
  put(target, seen.canvas, 0, 0, 0.72, "normal");
  spare.push(seen);
}

function hatch() {
  const side = Math.max(6, Math.round(Math.max(WIDTH, HEIGHT) / 120));
  const context = canvasOf(side, side);
  context.strokeStyle = "rgb(0 0 0 / 0.62)";
  context.lineWidth = side / 4;
  for (const shift of [-side, 0, side]) {
    context.beginPath();
    context.moveTo(shift - 1, side + 1);
    context.lineTo(shift + side + 1, -1);
    context.stroke();
  }
  return context.canvas;
}
