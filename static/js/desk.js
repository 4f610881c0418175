// The desk's few conveniences. Every page works without them, but does not tick or copy by itself.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ── The reader's time zone, for whoever has not set one ──────────────────────────────────────
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && /^[A-Za-z0-9_+/-]{1,40}$/.test(zone)) {
    document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  // ── Countdowns: the server says how much is left, this only counts on ────────────────────────
  const started = new WeakMap();
  const tick = () => {
    for (const one of all("[data-left]")) {
      if (!started.has(one)) started.set(one, Date.now() + Number(one.dataset.left) * 1000);
      const left = Math.max(0, Math.round((started.get(one) - Date.now()) / 1000));
      const [h, m, s] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60), left % 60];
      const two = (number) => String(number).padStart(2, "0");
      one.textContent = h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
      one.classList.toggle("soon", left < 300);
    }
  };
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);

  // ── Copy buttons appear only where copying works ─────────────────────────────────────────────
  if (navigator.clipboard) document.documentElement.dataset.copies = "yes";
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button) {
      await navigator.clipboard.writeText(button.dataset.copy);
      const words = button.textContent;
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = words; }, 1500);
      return;
    }
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of all("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // ── Amounts: one of the two is typed, the other follows ──────────────────────────────────────
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-price]");
    const name = event.target.name;
    if (!form || !["fiat_amount", "amount"].includes(name)) return;
    const other = form.elements[name === "amount" ? "fiat_amount" : "amount"];
    const told = form.querySelector("[data-told]");
    other.value = "";
    const value = Number(event.target.value);
    const price = Number(form.dataset.price);
    if (!told || !(value > 0)) { if (told) told.textContent = ""; return; }
    const [result, unit, places] = name === "amount"
      ? [value * price, form.dataset.fiat, Number(form.dataset.fiatPlaces)]
      : [value / price, form.dataset.asset, Math.min(8, Number(form.dataset.assetPlaces))];
    told.textContent = `≈ ${result.toLocaleString("en", { maximumFractionDigits: places })} ${unit}`;
  });

  // ── Forms ────────────────────────────────────────────────────────────────────────────────────
  document.addEventListener("change", (event) => {
    if (event.target.closest("form[data-filters]")) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    // An empty filter is no filter: it stays out of the address.
    if (event.target.method === "get") {
      for (const input of event.target.elements) if (input.name && !input.value) input.disabled = true;
    }
    // A deed is sent once. Disabled a moment later, so that the button's own value still goes along.
    if (event.target.method === "post" && !event.target.matches("[hx-post]")) {
      const buttons = all("button", event.target);
      setTimeout(() => { for (const button of buttons) button.disabled = true; });
      // A download leaves the page where it is.
      setTimeout(() => { for (const button of buttons) button.disabled = false; }, 8000);
    }
  });
  addEventListener("pageshow", () => {
    for (const input of all("form :disabled:not([data-off])")) input.disabled = false;
  });
})();
