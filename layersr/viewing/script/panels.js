// Words: what is chosen, what was found, what happens, what keys do.

const live = document.getElementById("live");
const inspector = document.getElementById("inspector");
const moving = document.getElementById("moving");

/** Tell what happened, to eyes for a moment and to screen readers. */
function say(words) {
  live.textContent = words;
  live.classList.toggle("shown", Boolean(words));
  clearTimeout(say.timer);
  say.timer = setTimeout(() => live.classList.remove("shown"), 3200);
}

/** While something is moved: how far, and whether that is too far. */
function readout(id) {
  moving.hidden = id === null;
  if (id === null) return;
  const ways = tooFar(id);
  moving.classList.toggle("warning", ways.length > 0);
  const signed = gone(id).map((n) => (n > 0 ? `+${n}` : `${n}`).replace("-", "−"));
  moving.textContent = `${signed.join(", ")} px` + (ways.length ? ` · beyond its safe travel ${ways.join(" and ")}` : "");
}

function percent(share) {
  return share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

function showInspector() {
  const node = chosen === null ? null : nodes[chosen];
  inspector.hidden = !node;
  if (!node) return;
  const lines = node.group ? groupLines(node) : layerLines(node);
  const rows = lines.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value)));
  inspector.replaceChildren(element("h2", { title: node.name }, node.name || "unnamed"), element("dl", {}, ...rows));
  if (node.shares) inspector.append(bar(node.shares));
  const ways = tooFar(node.id);
  if (ways.length) {
    const words = `Beyond its safe travel ${ways.join(" and ")}: where it ends, or what it covered, may show.`;
    inspector.append(element("p", { class: "warning" }, icon("warning"), words));
  }
}

function groupLines(node) {
  const count = leavesOf(found(node.id).twig).length;
  return [["Group", `${count} layer${count === 1 ? "" : "s"}`], ...settings(node)];
}

function layerLines(node) {
  const [left, top, width, height] = node.place;
  const [dx, dy] = gone(node.id);
  const lines = [["Place", `${left + dx}, ${top + dy}`], ["Size", `${width} × ${height}`], ...settings(node)];
  if (node.confidence !== null) lines.push(["Sure", percent(node.confidence)]);
  if (!isGround(node.id)) lines.push(["Safe travel", travelWords(node.travel)]);
  return lines;
}

function settings(node) {
  const words = tagsOf(node).slice(2);
  return words ? [["Blend", words]] : [];
}

function travelWords(travel) {
  if (travel.every((n) => n === null)) return "any way";
  return ["←", "→", "↑", "↓"].map((arrow, n) => `${arrow}\u00a0${travel[n] ?? "∞"}`).join("\u2002");
}

/** Where the pixels of a layer come from, as a bar of three colours. */
function bar(shares) {
  const kinds = ["original", "estimated", "invented"].filter((kind) => shares[kind] > 0);
  const parts = kinds.map((kind) => {
    const part = element("span", { class: kind });
    part.style.flexGrow = shares[kind];
    return part;
  });
  const words = kinds.map((kind) => element("span", { class: `key ${kind}` }, `${kind} ${percent(shares[kind])}`));
  return element("div", { class: "shares" }, element("div", { class: "bar", "aria-hidden": "true" }, ...parts), ...words);
}

function fillReport() {
  const { report, document: size } = told;
  const body = document.querySelector("#report .body");
  const layers = nodes.filter((node) => !node.group).length;
  const facts = `${size.width} × ${size.height} pixels, ${size.bits} bit, ${layers} layer${layers === 1 ? "" : "s"}.`;
  body.append(element("p", {}, facts + (RATIO > 1.001 ? ` Shown here at ${WIDTH} × ${HEIGHT}.` : "")));
  if (report.recomposition) body.append(element("p", {}, exactness(report.recomposition)));
  section(body, "To check by hand", report.check);
  section(body, "Notes", report.notes);
  if (report.made) {
    const choices = Object.entries(report.made).map(([name, value]) => `${name} ${[value].flat().join(", ")}`);
    section(body, "Made with", [choices.join(" · ")]);
  } else body.append(element("p", {}, "Not made by layersr: nothing is known of where its pixels come from."));
}

function exactness({ scale, identical, psnr, max_error: worst }) {
  if (identical) return "The layers together are the original picture: every pixel, every bit.";
  const close = psnr === null ? "exactly" : `at ${psnr.toFixed(1)} dB, ${worst.toFixed(2)} of 255 at worst`;
  return scale === 1 ? `The layers together give the original back ${close}.` : `Shrunk, the layers give the original back ${close}.`;
}

function section(body, title, sentences) {
  if (!sentences.length) return;
  body.append(element("h3", {}, title), element("ul", {}, ...sentences.map((words) => element("li", {}, words))));
}

function savePicture() {
  pictureSeen().toBlob((blob) => {
    const link = element("a", { href: URL.createObjectURL(blob), download: `${told.title.replace(/[^\p{L}\p{N}._ -]+/gu, "_") || "picture"}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    say(`Saved ${link.download}.`);
  }, "image/png");
}
