// What ag-psd sees in PSD files: node ag_psd.js TOLD.json RAW < paths as JSON.
// Pixels are appended to RAW; TOLD says where. A file it throws at has only an error.
const fs = require('fs');
const { readPsd, initializeCanvas } = require('ag-psd');

// No canvas package: pixels stay plain arrays.
initializeCanvas(
  (width, height) => ({ width, height, getContext: () => null }),
  (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) }),
);
const options = { useImageData: true, useRawThumbnail: true, throwForMissingFeatures: true, logMissingFeatures: false };
const [told, raw] = process.argv.slice(2);
const file = fs.openSync(raw, 'w');
let end = 0;

function keep(array) {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  fs.writeSync(file, bytes);
  const start = end;
  end += bytes.length;
  const room = (2 - (end % 2)) % 2; // 16-bit values are read where they stand
  fs.writeSync(file, Buffer.alloc(room));
  end += room;
  return { start, length: bytes.length };
}

function pixels(image) {
  if (!image || !image.width || !image.height) return null;
  return { width: image.width, height: image.height, bytes: image.data.BYTES_PER_ELEMENT, ...keep(image.data) };
}

function layer(one) {
  const mask = one.mask && {
    left: one.mask.left,
    top: one.mask.top,
    beyond: one.mask.defaultColor,
    disabled: Boolean(one.mask.disabled),
    pixels: pixels(one.mask.imageData),
  };
  return {
    name: one.name,
    left: one.left,
    top: one.top,
    opacity: one.opacity,
    visible: !one.hidden,
    blend: one.blendMode,
    clipped: Boolean(one.clipping),
    locks: one.protected || {},
    mask: mask || null,
    pixels: one.children ? null : pixels(one.imageData),
    children: one.children ? one.children.map(layer) : null,
  };
}

function document(path) {
  try {
    const psd = readPsd(fs.readFileSync(path), options);
    const { resolutionInfo: resolution, thumbnailRaw: thumbnail } = psd.imageResources;
    return {
      width: psd.width,
      height: psd.height,
      depth: psd.bitsPerChannel,
      resolution: resolution ? [resolution.horizontalResolution, resolution.verticalResolution] : null,
      thumbnail: thumbnail ? keep(thumbnail.data) : null,
      layers: psd.children.map(layer),
      picture: pixels(psd.imageData),
    };
  } catch (error) {
    return { error: String(error && error.stack) };
  }
}

fs.writeFileSync(told, JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).map(document)));
