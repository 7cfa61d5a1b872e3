(() =>
  [...document.querySelectorAll("a[href]")].slice(0, 300).map((link) => {
    let url = link.href;
    try {
      const parsed = new URL(link.href);
      const here = parsed.origin + parsed.pathname + parsed.search === location.origin + location.pathname + location.search;
      const name = decodeURIComponent(parsed.hash.slice(1));
      // A place on this page, or nothing: what is left may be a route, which scripts show as a page of its own.
      const place = name === "" || name === "top" || name.startsWith(":~:") || document.getElementById(name) || document.getElementsByName(name).length > 0;
      if (place || (!here && !/^!?\//.test(name))) {
        parsed.hash = "";
        url = parsed.href;
      }
    } catch (error) {
      // Not an address: it stays as it is written.
    }
    return { url, text: (link.innerText || link.getAttribute("aria-label") || "").trim().slice(0, 120) };
  })
)()
