"""The roadmap as one page for a browser: steps, palette, and a time-lapse painted from the strokes themselves."""

import base64
import html
import json
from pathlib import Path

import numpy as np

from layersr.atomic import replacing_file
from layersr.roadmap import words
from layersr.roadmap.painting import Roadmap, Step
from layersr.roadmap.palette import Swatch
from layersr.roadmap.sheet import closer, jpeg

SIDE = 720
"""Pixels of the longer side of a step's picture."""


def write(roadmap: Roadmap, path: Path, title: str, canvas: float = words.CANVAS) -> None:
    """Write the page, whole or not at all: one file that asks for nothing else, from no server.

    Args:
        roadmap: what to paint.
        path: an .html.
        title: of the picture.
        canvas: centimetres of the longer side of the painter's canvas.

    Raises:
        OutputError: the place cannot be written.
    """
    text = markup(roadmap, title, canvas)
    with replacing_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def markup(roadmap: Roadmap, title: str, canvas: float = words.CANVAS) -> str:
    """The page as text."""
    size = " x ".join(f"{length * canvas / max(roadmap.size):.0f}" for length in roadmap.size)
    lead = (
        f"{len(roadmap.steps)} steps, {len(roadmap.strokes)} strokes, {len(roadmap.palette)} colours, "
        f"on a canvas of {size} cm."
    )
    steps = "".join(_step(roadmap, number, step, canvas) for number, step in enumerate(roadmap.steps, start=1))
    swatches = "".join(_swatch(roadmap, swatch) for swatch in (roadmap.ground, *roadmap.palette))
    name = html.escape(title)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><link rel="icon" href="data:,">
<title>{name}</title><style>{_STYLE}</style></head><body>
<h1>{name}</h1><p>{lead}</p>
<figure class="film"><canvas id="easel" width="{roadmap.size[0]}" height="{roadmap.size[1]}"></canvas>
<figcaption>
<button id="back" type="button" aria-label="Step back" title="Step back: left arrow">&#8249;</button>
<button id="play" type="button" aria-label="Play or pause" title="Play or pause: space">&#9654;&#xfe0e;</button>
<button id="on" type="button" aria-label="Step on" title="Step on: right arrow">&#8250;</button>
<input id="time" type="range" min="0" max="{len(roadmap.strokes)}" value="{len(roadmap.strokes)}" aria-label="Strokes">
<output id="told"></output></figcaption></figure>
<section class="both"><figure>{_image(roadmap.picture, "the picture")}<figcaption>the picture</figcaption></figure>
<figure>{_image(roadmap.canvases[-1], "the picture as painted")}<figcaption>as painted here</figcaption></figure>
</section>
<h2>Palette</h2><p>Beside each colour its mixture, by parts of tubes: a place to begin, since every maker's differ.</p>
<ul class="palette">{swatches}</ul>
<h2>Steps</h2><p>{html.escape(words.toning(roadmap))}</p>{steps}
<script>const roadmap = {_data(roadmap)};
{_SCRIPT}</script></body></html>
"""


def _step(roadmap: Roadmap, number: int, step: Step, canvas: float) -> str:
    window = closer(step.box, roadmap.size)
    after = np.ascontiguousarray(roadmap.canvases[number][window])
    chips = "".join(
        f'<li><i style="background:{_hex(swatch)}"></i>{swatch.number}<small> x {count}</small></li>'
        for swatch, count in words.colours(roadmap, step)
    )
    heading = html.escape(f"{number}  {step.thing}: {step.name}")
    return (
        f'<section class="step" id="step{number}"><figure>{_image(after, heading)}</figure><div><h3>{heading}</h3>'
        f"<p>{step.advice}</p><p>{words.strokes(step)}, {words.brushes(roadmap, step, canvas)}</p>"
        f'<ul class="chips">{chips}</ul><button type="button" data-step="{number}">Show on the easel</button>'
        "</div></section>\n"
    )


def _swatch(roadmap: Roadmap, swatch: Swatch) -> str:
    name = f"ground: {swatch.name}" if swatch.number == 0 else f"{swatch.number}  {swatch.name}"
    where = "the whole canvas" if swatch.number == 0 else words.used(roadmap, swatch)
    mixed = "#{:02x}{:02x}{:02x}".format(*swatch.mixture.colour)
    return (
        f'<li><i style="background:{_hex(swatch)}"></i><i class="mixed" style="background:{mixed}"></i>'
        f"<div><b>{name}</b> {_hex(swatch)}<br>{words.mixing(swatch)}<br>"
        f"<small>{html.escape(where)}</small></div></li>\n"
    )


def _image(picture: np.ndarray, words: str) -> str:
    data = base64.b64encode(jpeg(picture, SIDE)).decode()
    return f'<img alt="{words}" src="data:image/jpeg;base64,{data}">'


def _data(roadmap: Roadmap) -> str:
    """The strokes for the script: step by step, each [swatch, width, x, y, x, y, x, y]."""
    numbers = {swatch.colour: n for n, swatch in enumerate(roadmap.palette)}
    steps = [
        {
            "name": f"{step.thing}: {step.name}",
            "strokes": [
                [numbers[s.colour], *(round(v, 1) for v in (s.width, *s.start, *s.bend, *s.end))] for s in step.strokes
            ],
        }
        for step in roadmap.steps
    ]
    data = {"ground": _hex(roadmap.ground), "palette": [_hex(swatch) for swatch in roadmap.palette], "steps": steps}
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _hex(swatch: Swatch) -> str:
    return "#{:02x}{:02x}{:02x}".format(*swatch.colour)


_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""What the page may do: nothing that needs a network."""

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.45 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1.5rem}
figure{margin:0}img,canvas{max-width:100%;height:auto;display:block}canvas{max-height:75vh;margin:0 auto}
.film figcaption{display:flex;gap:.8rem;align-items:center;margin:.6rem 0 1.5rem;flex-wrap:wrap}
.film input{flex:1 1 9rem;min-width:0}.film output{min-width:14rem;font-variant-numeric:tabular-nums}
button{font:inherit;min-width:3rem;min-height:2.75rem;padding:0 .9rem;touch-action:manipulation}
button.now{outline:3px solid Highlight}h1,h3,p,li{overflow-wrap:anywhere}li div{min-width:0}
.both{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem}figcaption,small{color:GrayText}
ul{list-style:none;padding:0}
.palette{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr))}
.palette li{display:flex}.palette i{flex:none;width:3.2rem}.palette .mixed{width:1.2rem;margin-right:.8rem}
.step{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1.5rem;margin:2rem 0;break-inside:avoid}
.step h3{margin:0}
.chips{display:flex;flex-wrap:wrap;gap:.5rem}.chips li{width:3.6rem}.chips i{display:block;height:1.1rem}
@media(max-width:40rem){
body{padding:1rem}.step,.both{grid-template-columns:minmax(0,1fr)}.film output{flex:1 0 100%;min-width:0}}
"""

_SCRIPT = """
const easel = document.getElementById("easel"), brush = easel.getContext("2d");
const time = document.getElementById("time"), told = document.getElementById("told");
const play = document.getElementById("play");
const strokes = roadmap.steps.flatMap((step, n) => step.strokes.map(stroke => [n, ...stroke]));
const ends = [0];  // the strokes there are when n steps are done
for (const step of roadmap.steps) ends.push(ends.at(-1) + step.strokes.length);
const steps = document.querySelectorAll("[data-step]");
let painted = 0, playing = false, last = 0, due = 0;
brush.lineCap = "round";
function tone() { brush.fillStyle = roadmap.ground; brush.fillRect(0, 0, easel.width, easel.height); painted = 0; }
function until(count) {
  if (count < painted) tone();
  for (; painted < count; painted++) {
    const [, colour, width, x, y, bx, by, ex, ey] = strokes[painted];
    brush.strokeStyle = roadmap.palette[colour];
    brush.lineWidth = width;
    brush.beginPath();
    brush.moveTo(x, y);
    brush.quadraticCurveTo(bx, by, ex + 0.01, ey);
    brush.stroke();
  }
  time.value = count;
  for (const button of steps) button.classList.toggle("now", count > 0 && ends[button.dataset.step] === count);
  const now = count ? strokes[count - 1][0] : -1;
  told.textContent = (now < 0 ? "toned ground" : `${now + 1}  ${roadmap.steps[now].name}`) + `, ${count} strokes`;
  time.setAttribute("aria-valuetext", told.textContent);
}
function tick(at) {
  if (!playing) return;
  if (painted >= strokes.length) return stop();
  // A step of n strokes takes the root of n as long as one of one.
  due += (at - last) / 45 * Math.sqrt(roadmap.steps[strokes[painted][0]].strokes.length) / 3;
  last = at;
  if (due >= 1) { until(Math.min(strokes.length, painted + Math.floor(due))); due %= 1; }
  requestAnimationFrame(tick);
}
function stop() { playing = false; play.textContent = "\\u25b6\\ufe0e"; }
play.onclick = () => {
  if (playing) return stop();
  if (painted >= strokes.length) until(0);
  playing = true; play.textContent = "\\u275a\\u275a"; last = performance.now(); due = 0;
  requestAnimationFrame(tick);
};
function step(way) {
  stop();
  until(way > 0 ? ends.find(end => end > painted) ?? strokes.length : ends.findLast(end => end < painted) ?? 0);
}
document.getElementById("back").onclick = () => step(-1);
document.getElementById("on").onclick = () => step(1);
for (const button of steps) button.onclick = () => {
  stop();
  until(ends[button.dataset.step]);
  easel.scrollIntoView({block: "center"});
};
onkeydown = event => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (way) step(way);
  else if (event.key === " " && event.target.tagName !== "BUTTON") play.click();
  else return;
  event.preventDefault();
};
time.oninput = () => { stop(); until(+time.value); };
tone();
until(strokes.length);
"""
