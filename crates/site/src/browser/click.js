(which) => {
  const tools = {
    reject: ["#onetrust-reject-all-handler", "#CybotCookiebotDialogBodyButtonDecline", ".cc-deny", ".cc-dismiss.cc-deny", "[data-cky-tag='reject-button']", "#didomi-notice-disagree-button", ".cmplz-deny", "[data-testid='uc-deny-all-button']", ".iubenda-cs-reject-btn", ".osano-cm-denyAll", "#axeptio_btn_dismiss", "[data-cc='accept-necessary']", ".cn-decline"],
    accept: ["#onetrust-accept-btn-handler", "#CybotCookiebotDialogBodyLevelButtonLevelOptinAllowAll", ".cc-allow", "[data-cky-tag='accept-button']", "#didomi-notice-agree-button", ".cmplz-accept", "[data-testid='uc-accept-all-button']", ".iubenda-cs-accept-btn", ".osano-cm-acceptAll", "#axeptio_btn_acceptAll", "[data-cc='accept-all']"],
  };
  const texts = {
    reject: /^(reject|decline|refuse|deny|no,? thanks|only (necessary|essential)|necessary only|essential only|(reject|decline|refuse|deny) (all|cookies|all cookies|optional|non-essential)|continue without accepting|ablehnen|alle ablehnen|nur notwendige|nur essenzielle|tout refuser|refuser|continuer sans accepter|rechazar|rechazar todo|rifiuta|rifiuta tutto|recusar|rejeitar|weigeren|alles weigeren|avvisa|afvis|odrzuć)\b/i,
    accept: /^(accept|agree|allow|ok|okay|got it|i agree|(accept|allow) (all|cookies|all cookies)|akzeptieren|alle akzeptieren|zustimmen|alle zulassen|tout accepter|accepter|aceptar|aceptar todo|accetta|accetta tutto|aceitar|accepteren|alles accepteren|godkänn|accepter alle|zaakceptuj)\b/i,
  };
  const roots = [document];
  for (const element of document.querySelectorAll("*")) {
    if (element.shadowRoot) roots.push(element.shadowRoot);
    if (roots.length > 200) break;
  }
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== "hidden";
  };
  const find = () => {
    for (const root of roots) {
      for (const selector of tools[which]) {
        const element = root.querySelector(selector);
        if (element && visible(element)) return element;
      }
    }
    // A text alone is enough only where cookies or consent are spoken of around it.
    for (const root of roots) {
      const buttons = root.querySelectorAll("button, [role=button], input[type=button], input[type=submit], a");
      for (const element of [...buttons].slice(0, 1000)) {
        const text = (element.innerText || element.value || "").trim();
        if (text.length > 60 || !texts[which].test(text) || !visible(element)) continue;
        let around = element;
        for (let up = 0; up < 6 && around; up += 1) {
          if (/cookie|consent|tracking|privacy|datenschutz|traceur|galleta/i.test(around.innerText || "")) return element;
          around = around.parentElement || (around.getRootNode && around.getRootNode().host);
        }
      }
    }
    return null;
  };
  const element = find();
  // A link that leads away is no choice.
  if (!element || (element.tagName === "A" && element.href && !element.href.includes("#") && new URL(element.href).pathname !== location.pathname)) return false;
  element.click();
  return true;
}
