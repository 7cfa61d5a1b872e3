(async () => {
  const ratio = window.devicePixelRatio || 1;
  // Savings below that count for nothing, and an attempt takes a while: in all no longer than this.
  const worthwhile = 50_000;
  const until = performance.now() + 6_000;
  const brightness = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const values = new Float32Array(data.length / 4);
    let opaque = true;
    for (let at = 0; at < values.length; at += 1) {
      values[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2];
      opaque = opaque && data[4 * at + 3] === 255;
    }
    return { values, opaque };
  };
  const error = (one, other) => {
    let sum = 0;
    for (let at = 0; at < one.length; at += 1) sum += (one[at] - other[at]) ** 2;
    return sum / one.length;
  };
  const drawn = (source, width, height) => {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(source, 0, 0, width, height);
    return canvas;
  };
  // An AVIF picture is one key frame of AV1 in a small container. `bits` is what the encoder may spend on it.
  const encoded = async (canvas, bits) => {
    const chunks = [];
    let settings = null;
    await new Promise((done, fail) => {
      const encoder = new VideoEncoder({
        output: (chunk, more) => {
          chunks.push(chunk);
          settings = more.decoderConfig || settings;
        },
        error: fail,
      });
      encoder.configure({ codec: "av01.0.16M.08", width: canvas.width, height: canvas.height, bitrateMode: "variable", latencyMode: "quality", framerate: 1, bitrate: bits });
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      encoder.encode(frame, { keyFrame: true });
      frame.close();
      encoder.flush().then(() => { encoder.close(); done(); }, fail);
    });
    let shown = null;
    await new Promise((done, fail) => {
      const decoder = new VideoDecoder({ output: (frame) => { shown = frame; }, error: fail });
      decoder.configure(settings);
      for (const chunk of chunks) decoder.decode(chunk);
      decoder.flush().then(() => { decoder.close(); done(); }, fail);
    });
    const back = drawn(shown, canvas.width, canvas.height);
    shown.close();
    return { bytes: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 300), values: brightness(back).values };
  };
  // The smallest that comes as close to the picture as the WebP does; none where none was found.
  const avif = async (canvas, webp) => {
    const { values, opaque } = brightness(canvas);
    // A second frame would have to carry what can be seen through.
    if (!opaque || typeof VideoEncoder === "undefined") return null;
    const wanted = error(values, brightness(drawn(await createImageBitmap(webp), canvas.width, canvas.height)).values);
    let [low, high, best] = [0, 1, null];
    for (let tries = 0; tries < 5 && performance.now() < until; tries += 1) {
      const share = (low + high) / 2;
      const found = await encoded(canvas, Math.max(1000, Math.round(webp.size * 8 * share)));
      if (error(values, found.values) <= wanted) {
        best = best === null ? found.bytes : Math.min(best, found.bytes);
        high = share;
      } else {
        low = share;
      }
    }
    return best;
  };
  const images = [];
  for (const image of [...document.images].slice(0, 60)) {
    if (!image.complete || !image.naturalWidth || !image.currentSrc.startsWith("http")) continue;
    const box = image.getBoundingClientRect();
    const found = {
      url: image.currentSrc,
      natural: [image.naturalWidth, image.naturalHeight],
      shown: [Math.round(box.width * ratio), Math.round(box.height * ratio)],
      webp: null,
      avif: null,
    };
    const large = image.naturalWidth * image.naturalHeight;
    // Pictures of other hosts cannot be read back, and huge ones are not worth the time.
    if (large <= 24e6 && new URL(image.currentSrc).origin === location.origin && !/\.svg([?#]|$)/.test(image.currentSrc)) {
      try {
        const scale = box.width > 0 ? Math.min(1, (box.width * ratio) / image.naturalWidth) : 1;
        const canvas = drawn(image, Math.max(1, Math.round(image.naturalWidth * scale)), Math.max(1, Math.round(image.naturalHeight * scale)));
        const blob = await new Promise((done) => canvas.toBlob(done, "image/webp", 0.8));
        if (blob && blob.type === "image/webp") found.webp = blob.size;
        const served = performance.getEntriesByName(image.currentSrc)[0]?.encodedBodySize || 0;
        if (found.webp !== null && served > worthwhile && canvas.width * canvas.height <= 4e6 && performance.now() < until) {
          found.avif = await avif(canvas, blob);
        }
      } catch (problem) {
        // What could not be encoded is not told.
      }
    }
    images.push(found);
  }
  return images;
})()
