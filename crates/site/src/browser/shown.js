(async () => {
  const ratio = window.devicePixelRatio || 1;
  const images = [];
  for (const image of [...document.images].slice(0, 60)) {
    if (!image.complete || !image.naturalWidth || !image.currentSrc.startsWith("http")) continue;
    const box = image.getBoundingClientRect();
    const found = {
      url: image.currentSrc,
      natural: [image.naturalWidth, image.naturalHeight],
      shown: [Math.round(box.width * ratio), Math.round(box.height * ratio)],
      webp: null,
    };
    const large = image.naturalWidth * image.naturalHeight;
    // Pictures of other hosts cannot be read back, and huge ones are not worth the time.
    if (large <= 24e6 && new URL(image.currentSrc).origin === location.origin && !/\.svg([?#]|$)/.test(image.currentSrc)) {
      try {
        const scale = box.width > 0 ? Math.min(1, (box.width * ratio) / image.naturalWidth) : 1;
        const canvas = document.createElement("canvas");
        canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
        canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        const blob = await new Promise((done) => canvas.toBlob(done, "image/webp", 0.8));
        if (blob && blob.type === "image/webp") found.webp = blob.size;
      } catch (error) {
        found.webp = null;
      }
    }
    images.push(found);
  }
  const links = [...document.querySelectorAll("a[href]")].slice(0, 300).map((link) => ({
    url: link.href,
    text: (link.innerText || link.getAttribute("aria-label") || "").trim().slice(0, 120),
  }));
  return { images, links };
})()
