// Reading QR codes from pictures: by the browser itself where it can, else by a reader of our own.

const WASM = "/static/vendor/zxing-wasm/reader/zxing_reader.wasm";
const READER = "/static/vendor/zxing-wasm/es/reader/index.js";
const WIDEST = 960;

/** A function from a <video> that plays to the texts that are in its picture now. It is fetched once it is needed. */
export async function newDetector() {
  return (await native()) ?? (await ours());
}

async function native() {
  if (!globalThis.BarcodeDetector) return null;
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return null;
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video)).map(({ rawValue }) => rawValue);
  } catch {
    return null;
  }
}

async function ours() {
  const { prepareZXingModule, readBarcodes } = await import(READER);
  await prepareZXingModule({ overrides: { locateFile: () => WASM }, fireImmediately: true });
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, WIDEST / video.videoWidth);
    canvas.width = video.videoWidth * scale;
    canvas.height = video.videoHeight * scale;
    drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = drawing.getImageData(0, 0, canvas.width, canvas.height);
    const found = await readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: 2, tryHarder: true });
    return found.filter(({ isValid }) => isValid).map(({ text }) => text);
  };
}
