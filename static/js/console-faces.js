// Draws one face check: the picture with what was seen in it, and everything else on the same time.
(() => {
  "use strict";
  const source = document.getElementById("session-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const by = (id) => document.getElementById(id);
  const trace = data.trace;
  const times = trace.t_ms?.length ? trace.t_ms : data.pictures.map((one) => one.t_ms);
  if (!times.length) return;
  // The trace counts from the first picture, prompts from when the check was asked: a prompt begins
  // no later than the first picture that names it.
  const first = new Map();
  (trace.prompt || []).forEach((seq, index) => { if (!first.has(seq)) first.set(seq, times[index]); });
  const start = times[0];
  const end = Math.max(times.at(-1), start + 1);
  const share = (ms) => (ms - start) / (end - start);
  const slider = by("at");
  const canvas = by("frame");
  const images = new Map();
  let index = 0;
  let playing = 0;

  const colour = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  // ── The picture ───────────────────────────────────────────────────────────────────────────────
  const nearest = (ms) => data.pictures.reduce(
    (best, one) => (!best || Math.abs(one.t_ms - ms) < Math.abs(best.t_ms - ms) ? one : best), null);
  const load = (picture) => {
    if (!images.has(picture.url)) {
      const image = new Image();
      image.decoding = "async";
      image.addEventListener("load", drawFrame);
      image.src = picture.url;
      images.set(picture.url, image);
    }
    return images.get(picture.url);
  };
  const JAW = 17;
  const LINES = [[0, 16], [17, 21], [22, 26], [27, 30], [31, 35], [36, 41, true], [42, 47, true], [48, 59, true], [60, 67, true]];
  const drawFrame = () => {
    if (!canvas) return;
    const pen = canvas.getContext("2d");
    canvas.width = data.width;
    canvas.height = data.height;
    const picture = nearest(times[index]);
    const image = picture && load(picture);
    if (image?.complete && image.naturalWidth) pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.dataset.drawn = image?.complete && image.naturalWidth ? "yes" : "no";
    // Only what was seen in this very picture is laid over it.
    const same = picture && (trace.seq || []).indexOf(picture.seq);
    if (by("overlay")?.checked && picture && same >= 0) drawSight(pen, same);
    tell(picture, same);
  };
  const drawSight = (pen, at) => {
    const points = trace.landmarks?.[at];
    const box = trace.box?.[at];
    pen.lineWidth = 1.5;
    if (box) {
      pen.strokeStyle = "#ffffffaa";
      pen.strokeRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
    }
    if (!points) return;
    pen.strokeStyle = "#35e0a0";
    for (const [from, to, closed] of LINES) {
      pen.beginPath();
      for (let p = from; p <= to; p += 1) pen.lineTo(points[2 * p], points[2 * p + 1]);
      if (closed) pen.closePath();
      pen.stroke();
    }
    pen.fillStyle = "#35e0a0";
    for (let p = JAW; p < points.length / 2; p += 1) pen.fillRect(points[2 * p] - 1, points[2 * p + 1] - 1, 2.5, 2.5);
    drawAxes(pen, points, at);
  };
  // Where the head points: three axes from the tip of the nose. Left and right are the person's own.
  const drawAxes = (pen, points, at) => {
    const degrees = [trace.yaw?.[at], trace.pitch?.[at], trace.roll?.[at]];
    if (degrees.some((one) => one == null)) return;
    const [y, p, r] = degrees.map((one) => (one * Math.PI) / 180);
    const long = Math.abs(points[2 * 16] - points[0]) * 0.5;
    const [cy, sy, cp, sp, cr, sr] = [Math.cos(y), Math.sin(y), Math.cos(p), Math.sin(p), Math.cos(r), Math.sin(r)];
    const place = ([a, b, c]) => {
      const [a1, c1] = [cy * a - sy * c, sy * a + cy * c];
      const [b2, c2] = [cp * b - sp * c1, sp * b + cp * c1];
      return [cr * a1 - sr * b2, sr * a1 + cr * b2, c2];
    };
    const [x0, y0] = [points[60], points[61]];
    for (const [axis, hue] of [[[1, 0, 0], "#ff6b6b"], [[0, 1, 0], "#5ad45a"], [[0, 0, -1], "#6ea8ff"]]) {
      const [x, z] = place(axis);
      pen.strokeStyle = hue;
      pen.lineWidth = 3;
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.lineTo(x0 + x * long, y0 + z * long);
      pen.stroke();
    }
  };
  const tell = (picture, at) => {
    const words = by("frame-words");
    if (!words || !picture) return;
    const number = (name, digits) => (trace[name]?.[at] == null ? "–" : trace[name][at].toFixed(digits));
    const step = data.prompts[picture.prompt]?.step.toLowerCase().replaceAll("_", " ") || "";
    words.textContent = `Picture ${picture.seq}, ${(picture.t_ms / 1000).toFixed(2)} s, while asked: ${step}. `
      + `Turned ${number("yaw", 0)}°, raised ${number("pitch", 0)}°, tilted ${number("roll", 0)}°, eyes ${number("eye_openness", 2)}.`;
  };

  // ── Curves ────────────────────────────────────────────────────────────────────────────────────
  const curve = (id, series, at = times) => {
    const board = by(id);
    if (!board) return;
    const scale = devicePixelRatio || 1;
    const [wide, high] = [board.clientWidth, board.clientHeight];
    board.width = wide * scale;
    board.height = high * scale;
    const pen = board.getContext("2d");
    pen.scale(scale, scale);
    if (id === "light") shown(pen, wide, high);
    const all = series.flatMap((one) => one.values).filter((one) => one != null);
    if (!all.length) {
      pen.fillStyle = colour("faint");
      pen.fillText("not measured", 8, high / 2);
      return;
    }
    let [low, top] = [Math.min(...all), Math.max(...all)];
    if (top - low < 1e-6) [low, top] = [low - 1, top + 1];
    const y = (value) => 6 + (1 - (value - low) / (top - low)) * (high - 12);
    pen.fillStyle = colour("faint");
    pen.font = "10px system-ui";
    pen.fillText(top.toFixed(Math.abs(top) < 5 ? 2 : 0), 3, 10);
    pen.fillText(low.toFixed(Math.abs(low) < 5 ? 2 : 0), 3, high - 3);
    for (const one of series) {
      pen.strokeStyle = colour(one.colour);
      pen.lineWidth = 1.5;
      pen.beginPath();
      let broken = true;
      one.values.forEach((value, place) => {
        if (value == null) { broken = true; return; }
        const x = share(at[place]) * wide;
        if (broken) pen.moveTo(x, y(value)); else pen.lineTo(x, y(value));
        broken = false;
      });
      pen.stroke();
    }
    pen.strokeStyle = colour("accent");
    pen.globalAlpha = 0.6;
    const x = share(times[index]) * wide;
    pen.strokeRect(x, 0, 0.5, high);
    board.dataset.drawn = "yes";
  };
  // The colours that the screen showed, behind the curves and as late as the camera saw them.
  const shown = (pen, wide, high) => {
    for (const prompt of data.prompts) {
      let at = (first.get(prompt.seq) ?? start) + (data.colour.delay_ms || 0);
      for (const flash of prompt.flashes) {
        pen.globalAlpha = 0.45;
        pen.fillStyle = flash.colour;
        pen.fillRect(share(at) * wide, 0, (flash.for_ms / (end - start)) * wide, high);
        at += flash.for_ms;
      }
    }
    pen.globalAlpha = 1;
  };
  const curves = () => {
    curve("pose", [
      { values: trace.yaw || [], colour: "accent" },
      { values: trace.pitch || [], colour: "good" },
      { values: trace.roll || [], colour: "warn" },
    ]);
    curve("eyes", [{ values: trace.eye_openness || [], colour: "accent" }]);
    const light = data.colour;
    const began = first.get(data.prompts.find((one) => one.flashes.length)?.seq) ?? start;
    curve("light", [
      { values: light.red_green || [], colour: "red" },
      { values: light.blue_green || [], colour: "blue" },
    ], (light.at_ms || []).map((ms) => began + ms));
  };

  // ── The timetable ─────────────────────────────────────────────────────────────────────────────
  const SVG = "http://www.w3.org/2000/svg";
  const shape = (name, attributes, text) => {
    const one = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    if (text) one.textContent = text;
    return one;
  };
  let cursor = null;
  const timetable = () => {
    const svg = shape("svg", {});
    const percent = (ms) => `${Math.min(100, Math.max(0, 100 * share(ms))).toFixed(2)}%`;
    const begins = data.prompts.map((one) => first.get(one.seq));
    data.prompts.forEach((prompt, place) => {
      const from = begins[place];
      if (from == null) return;
      const until = begins.slice(place + 1).find((one) => one != null) ?? end;
      const width = `${Math.max(0, 100 * (share(until) - share(from))).toFixed(2)}%`;
      let at = from;
      for (const flash of prompt.flashes) {
        svg.append(shape("rect", { x: percent(at), y: 0, height: 30, width: `${(100 * flash.for_ms / (end - start)).toFixed(2)}%`, fill: flash.colour }));
        at += flash.for_ms;
      }
      svg.append(shape("rect", { class: "part", x: percent(from), y: 0, width, height: 30 }));
      const label = shape("svg", { x: percent(from), y: 0, width, height: 30 });
      if (!prompt.flashes.length) label.append(shape("text", { x: 5, y: 19 }, prompt.step.toLowerCase().replaceAll("_", " ")));
      svg.append(label);
    });
    cursor = shape("line", { class: "now", y1: 0, y2: 30 });
    svg.append(cursor);
    by("strip")?.replaceChildren(svg);
  };

  // ── Moving ────────────────────────────────────────────────────────────────────────────────────
  const show = (to) => {
    index = Math.min(times.length - 1, Math.max(0, to));
    slider.value = String(index);
    slider.setAttribute("aria-valuetext", `${(times[index] / 1000).toFixed(2)} seconds`);
    const x = `${(100 * share(times[index])).toFixed(2)}%`;
    cursor?.setAttribute("x1", x);
    cursor?.setAttribute("x2", x);
    drawFrame();
    curves();
  };
  // With pictures one goes from one that is kept to the next, else through all that were measured.
  const step = (way) => {
    if (!data.pictures.length) return show(index + way);
    const at = data.pictures.indexOf(nearest(times[index]));
    const next = data.pictures[Math.min(data.pictures.length - 1, Math.max(0, at + way))];
    const place = times.findIndex((ms) => ms >= next.t_ms);
    return show(place < 0 ? times.length - 1 : place);
  };
  const stop = () => { clearInterval(playing); playing = 0; };
  const play = () => {
    if (playing) return stop();
    if (index >= times.length - 1) show(0);
    const every = data.pictures.length > 1 ? (end - start) / data.pictures.length : (end - start) / times.length;
    playing = setInterval(() => { step(1); if (index >= times.length - 1) stop(); }, Math.max(40, every));
    return undefined;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, button, summary, a")) return;
    const choice = by("ruling")?.querySelector(`input[data-nth="${CSS.escape(event.key)}"]:not(:disabled)`);
    const deeds = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), " ": play };
    const deed = choice ? () => { choice.checked = true; by("note").focus(); } : deeds[event.key];
    // The arrows belong to a choice of radios while one has the focus.
    if (!deed || (event.target.matches("[type=radio]") && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    deed();
  });
  slider.max = String(times.length - 1);
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  by("overlay")?.addEventListener("change", drawFrame);
  addEventListener("resize", curves);

  const thumbs = (id, rows, words) => {
    for (const [place, row] of rows.entries()) {
      const image = new Image();
      image.loading = "lazy";
      image.alt = `${words} ${place + 1}`;
      image.src = row.url;
      by(id)?.append(image);
    }
  };
  thumbs("enrolment", data.enrolment, "Enrolment");
  thumbs("sensors", data.depth, "Depth");
  thumbs("sensors", data.infrared, "Infrared");

  // What may be seen for some minutes is not left on an abandoned screen.
  const until = by("viewer")?.dataset.until;
  if (until) setTimeout(() => location.reload(), Math.max(0, Date.parse(until) - Date.parse(document.documentElement.dataset.now)) + 500);
  timetable();
  show(0);
})();
