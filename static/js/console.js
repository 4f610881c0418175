// The console's own few conveniences. Every page works without them, but does not refresh itself.
(() => {
  "use strict";
  const root = document.documentElement;
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  // ── Theme and menu ────────────────────────────────────────────────────────────────────────────
  const THEMES = { auto: "light", light: "dark", dark: "auto" };
  const nameTheme = () => {
    const button = one("#theme");
    if (button) button.textContent = `Theme: ${root.dataset.theme || "auto"}`;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.id === "theme") {
      const next = THEMES[root.dataset.theme || "auto"];
      if (next === "auto") { delete root.dataset.theme; localStorage.removeItem("theme"); }
      else { root.dataset.theme = next; localStorage.setItem("theme", next); }
      nameTheme();
    } else if (button?.id === "burger") {
      const open = root.dataset.menu !== "open";
      root.dataset.menu = open ? "open" : "";
      button.setAttribute("aria-expanded", String(open));
      if (open) one("#side a")?.focus();
    } else if (button?.id === "pause") {
      paused = !paused;
      tellState();
    } else if (button?.dataset.closes) {
      button.closest("dialog")?.close();
    } else if (root.dataset.menu === "open" && !event.target.closest("#side")) {
      root.dataset.menu = "";
    }
  });

  // ── Moments: "12 s ago" stays true while the page is open ────────────────────────────────────
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const skew = Date.now() - Date.parse(root.dataset.now || new Date().toISOString());
  const now = () => Date.now() - skew;
  const ago = (at) => {
    const seconds = (now() - at) / 1000;
    if (Math.abs(seconds) < 1) return "now";
    const [size, unit] = UNITS.find(([size]) => Math.abs(seconds) >= size);
    const text = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
    return seconds >= 0 ? `${text} ago` : `in ${text}`;
  };
  const tellTime = () => {
    for (const time of all("time[data-ago]")) time.textContent = ago(Date.parse(time.dateTime));
    const clock = one("#clock");
    if (clock) clock.textContent = `${new Date(now()).toISOString().slice(11, 19)} UTC`;
  };
  setInterval(tellTime, 1000);

  // ── The stream: every three seconds, unless paused, hidden, or somebody is reading a row ─────
  const EVERY = 3000;
  let paused = false;
  let held = false;
  const stream = () => one("#rows[data-live]");
  const tellState = () => {
    const state = paused ? "paused" : held ? "held" : "live";
    const words = { paused: "Paused", held: "Held while you read", live: "Live, every 3 s" };
    const beat = one("#beat");
    if (beat) { beat.dataset.state = state; beat.textContent = words[state]; }
    const button = one("#pause");
    if (button) {
      button.firstChild.textContent = paused ? "Resume " : "Pause ";
      button.setAttribute("aria-pressed", String(paused));
    }
  };
  setInterval(() => {
    const rows = stream();
    if (!rows) return;
    const reading = rows.matches(":hover") || rows.contains(document.activeElement);
    if (reading !== held) { held = reading; tellState(); }
    if (!paused && !held && !document.hidden) htmx.trigger(rows, "tick");
  }, EVERY);
  setInterval(() => {
    if (document.hidden || paused) return;
    for (const part of all("[data-refreshes]")) htmx.trigger(part, "tick");
  }, 10000);

  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, formData } = event.detail;
    if (verb !== "get" || !formData) return;
    for (const [name, value] of [...formData.entries()]) if (value === "") formData.delete(name);
  });

  let before = new Set();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "rows") before = new Set(all("#rows tr[id]").map((row) => row.id));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "rows" && before.size && stream()) {
      for (const row of all("#rows tr[id]")) if (!before.has(row.id)) row.classList.add("fresh");
      choose(chosen, false);
    }
    tellTime();
  });
  document.addEventListener("htmx:sendError", () => {
    const beat = one("#beat");
    if (beat) { beat.dataset.state = "paused"; beat.textContent = "No connection"; }
  });

  // ── Keyboard ─────────────────────────────────────────────────────────────────────────────────
  let chosen = null;
  const choose = (id, scroll = true) => {
    for (const row of all("tr.chosen")) row.classList.remove("chosen");
    const row = id && document.getElementById(id);
    if (!row) return;
    chosen = id;
    row.classList.add("chosen");
    if (scroll) row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const rows = all("tr[id]");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.id === chosen);
    choose(rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))].id);
  };
  const row = () => chosen && document.getElementById(chosen);
  const open = () => row()?.querySelector("a.open")?.click();
  let leader = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select");
    if (event.key === "Escape") {
      root.dataset.menu = "";
      if (typing) event.target.blur();
      return;
    }
    if (typing) return;
    if (Date.now() - leader < 1500) {
      leader = 0;
      const link = one(`#side a[data-key="g ${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const deeds = {
      "/": () => one("#q")?.focus(),
      j: () => step(1),
      k: () => step(-1),
      Enter: () => open(),
      o: () => open(),
      p: () => one("#pause")?.click(),
      f: () => one("#filters input, #filters select")?.focus(),
      g: () => { leader = Date.now(); },
      "?": () => one("#keys")?.showModal(),
    };
    // Enter belongs to what has the focus, unless a row was chosen with j and k.
    if (event.key === "Enter" && (!row() || event.target.closest("a, button, summary"))) return;
    const deed = deeds[event.key];
    if (deed) { event.preventDefault(); deed(); }
  });

  // ── Forms ────────────────────────────────────────────────────────────────────────────────────
  document.addEventListener("submit", (event) => {
    // An empty filter is no filter: it stays out of the address.
    if (event.target.method === "get") {
      for (const input of event.target.elements) if (input.name && !input.value) input.disabled = true;
    }
    // A deed is sent once.
    if (event.target.method === "post" && !event.target.matches("[hx-post]")) {
      for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
    }
  });
  addEventListener("pageshow", () => {
    for (const input of all("form :disabled")) input.disabled = false;
  });

  nameTheme();
  tellState();
  tellTime();
})();
