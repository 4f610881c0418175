// The camera of a face check: finds it, guides the person, shows one prompt after the other, sends
// the pictures as they are taken, and tells the result.
//
// <main data-face data-api="/api/v1/face/challenges" data-csrf="TOKEN" …> holds the page's parts;
// <script type="application/json" id="face-words"> the words. Each picture is bound to the check by an
// HMAC (docs/mobile.md). Nothing is stored here, and nothing goes anywhere but to data-api.
// <main data-state> is intro, camera, ready, prompts, judging or done; data-outcome the result.
(() => {
  "use strict";
  const root = document.querySelector("[data-face]");
  if (!root) return;
  const words = JSON.parse(document.getElementById("face-words").textContent);
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const video = part("video");
  const CHUNK = 24;
  const LOOK_EVERY_MS = 250;
  const GOOD_FOR_MS = 700;
  const PATIENCE_MS = 30000;

  let stream = null;
  let wakeLock = null;
  let busy = false;

  const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const state = (name) => { root.dataset.state = name; };
  const say = (text) => { const told = part("told"); if (told.textContent !== text) told.textContent = text; };
  const base64 = (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return btoa(text);
  };
  const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const hex = (buffer) => [...new Uint8Array(buffer)].map((one) => one.toString(16).padStart(2, "0")).join("");

  class Refusal extends Error {
    constructor(problem, status) {
      super(problem.detail || words.broken);
      this.code = problem.code || "";
      this.status = status;
    }
  }

  // A deed that is sent again after a lost connection is done once: the key says that it is the same.
  const post = async (path, body) => {
    const key = crypto.randomUUID();
    for (let tries = 1; ; tries += 1) {
      let answer;
      try {
        answer = await fetch(root.dataset.api + path, {
          method: "POST",
          credentials: "same-origin",
          headers: { "Content-Type": "application/json", "X-CSRFToken": root.dataset.csrf, "Idempotency-Key": key },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
      } catch (lost) {
        if (tries === 3) throw new Refusal({ detail: words.offline }, 0);
        await sleep(400 * tries);
        continue;
      }
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refusal(said, answer.status);
      return said;
    }
  };

  // ── The camera ───────────────────────────────────────────────────────────────────────────────
  const open = async () => {
    if (!navigator.mediaDevices || !window.isSecureContext) throw new Refusal({ code: "NO_CAMERA", detail: words.insecure }, 0);
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, min: 10 } },
      });
    } catch (fault) {
      const denied = fault.name === "NotAllowedError" || fault.name === "SecurityError";
      throw new Refusal({ code: "NO_CAMERA", detail: denied ? words.denied : words.absent }, 0);
    }
    video.srcObject = stream;
    await video.play();
    const track = stream.getVideoTracks()[0];
    track.addEventListener("ended", () => { if (root.dataset.state !== "done") fail(new Refusal({ detail: words.ended }, 0)); });
    if (navigator.wakeLock) wakeLock = await navigator.wakeLock.request("screen").catch(() => null);
    return {
      camera: (track.label || "").slice(0, 80),
      cameras: (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput").length,
      width: video.videoWidth,
      height: video.videoHeight,
      screen: `${screen.width}x${screen.height}`,
    };
  };

  const close = () => {
    if (stream) for (const track of stream.getTracks()) track.stop();
    if (wakeLock) wakeLock.release().catch(() => {});
    stream = wakeLock = null;
    video.srcObject = null;
  };

  // ── Guidance before anything is sent: light, glare, movement, focus ──────────────────────────
  const small = document.createElement("canvas");
  small.width = 80;
  small.height = 60;
  const look = small.getContext("2d", { willReadFrequently: true });
  const finder = "FaceDetector" in window ? new window.FaceDetector({ fastMode: true, maxDetectedFaces: 2 }) : null;

  const luminance = () => {
    look.drawImage(video, 0, 0, small.width, small.height);
    const { data } = look.getImageData(20, 6, 40, 48);
    const grey = new Float32Array(data.length / 4);
    for (let i = 0; i < grey.length; i += 1) grey[i] = 0.2126 * data[4 * i] + 0.7152 * data[4 * i + 1] + 0.0722 * data[4 * i + 2];
    return grey;
  };

  const advice = (grey, before) => {
    let sum = 0;
    let glaring = 0;
    let moved = 0;
    let edges = 0;
    for (let i = 0; i < grey.length; i += 1) {
      sum += grey[i];
      glaring += grey[i] > 245;
      if (before) moved += Math.abs(grey[i] - before[i]);
      if (i % 40 > 0) edges += Math.abs(grey[i] - grey[i - 1]);
    }
    const mean = sum / grey.length;
    if (mean < 45) return "MORE_LIGHT";
    if (mean > 215 || glaring > grey.length * 0.2) return "FIND_SHADE";
    if (before && moved / grey.length > 14) return "HOLD_STILL";
    if (edges / grey.length < 0.8) return "WIPE_LENS";
    return "";
  };

  const seen = async () => {
    if (!finder) return "";
    const faces = await finder.detect(video).catch(() => null);
    if (!faces) return "";
    if (!faces.length) return "CENTRE_FACE";
    if (faces.length > 1) return "BE_ALONE";
    const share = faces[0].boundingBox.width / video.videoWidth;
    return share < 0.22 ? "COME_CLOSER" : share > 0.7 ? "GO_BACK" : "";
  };

  const settle = async () => {
    let before = null;
    let goodSince = 0;
    for (;;) {
      if (!stream) return;
      const grey = luminance();
      const hint = advice(grey, before) || (await seen());
      before = grey;
      root.dataset.hint = hint;
      say(hint ? words.hints[hint] : words.good);
      if (hint) goodSince = 0;
      else goodSince = goodSince || performance.now();
      if (goodSince && performance.now() - goodSince > GOOD_FOR_MS) return;
      await sleep(LOOK_EVERY_MS);
    }
  };

  // ── Pictures ─────────────────────────────────────────────────────────────────────────────────
  const canvas = document.createElement("canvas");
  const paint = canvas.getContext("2d");

  const sized = (capture) => {
    const upright = video.videoHeight > video.videoWidth;
    const [width, height] = upright ? [capture.height, capture.width] : [capture.width, capture.height];
    const scale = Math.min(1, width / video.videoWidth, height / video.videoHeight);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
  };

  const photograph = async (quality, most) => {
    paint.drawImage(video, 0, 0, canvas.width, canvas.height);
    let blob = null;
    for (let q = quality; q > 0.3; q -= 0.15) {
      blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", q); });
      if (blob && blob.size <= most) break;
    }
    return new Uint8Array(await blob.arrayBuffer());
  };

  const show = (prompt) => {
    root.dataset.step = prompt.step;
    say(words.steps[prompt.step]);
    const flash = part("flash");
    flash.hidden = !prompt.flashes.length;
    if (!prompt.flashes.length) return;
    let at = 0;
    for (const one of prompt.flashes) {
      setTimeout(() => { flash.style.backgroundColor = one.colour; }, at);
      at += one.for_ms;
    }
    setTimeout(() => { flash.hidden = true; flash.style.backgroundColor = ""; }, at);
  };

  // Takes pictures at the asked rate and sends them in chunks; resolves when everything was shown.
  const perform = async (check) => {
    const { capture } = check;
    const nonce = bytesOf(check.nonce);
    const key = await crypto.subtle.importKey("raw", bytesOf(check.session_key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    sized(capture);
    const began = performance.now();
    const pending = [];
    let seq = 0;
    let prompt = check.prompt;
    let promptAt = began;
    let lastTime = -1;
    let before = "";
    let shown = 1;
    let over = false;
    let fault = null;

    const bind = async (digest, place) => {
      const head = new TextEncoder().encode(`${place.kind}:${place.seq}:${place.t_ms}:${place.prompt_seq}:`);
      const message = new Uint8Array(nonce.length + head.length + digest.length);
      message.set(nonce);
      message.set(head, nonce.length);
      message.set(digest, nonce.length + head.length);
      return hex(await crypto.subtle.sign("HMAC", key, message));
    };

    const shoot = async () => {
      const gap = 1000 / capture.fps;
      let next = began;
      while (!over && seq < capture.most_frames) {
        const now = performance.now();
        if (now < next) { await sleep(Math.min(8, next - now)); continue; }
        next = Math.max(next + gap, now);
        const t = Math.max(lastTime + 1, Math.round(now - began));
        lastTime = t;
        const place = { kind: "COLOUR", seq, t_ms: t, prompt_seq: prompt.seq };
        const data = await photograph(capture.jpeg_quality, capture.most_bytes_each);
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
        // A slow camera shows the same picture twice: it is sent once.
        if (hex(digest) === before) continue;
        before = hex(digest);
        seq += 1;
        pending.push({ ...place, data, mac: await bind(digest, place) });
      }
    };

    const send = async () => {
      show(prompt);
      while (!over) {
        const spent = performance.now() - promptAt;
        part("bar").value = Math.min(1, (shown - 1 + Math.min(1, spent / prompt.lasts_ms)) / check.prompts);
        const due = spent >= prompt.lasts_ms;
        if (!due && pending.length < CHUNK) { await sleep(20); continue; }
        if (due && !pending.some((one) => one.prompt_seq === prompt.seq) && shown < check.prompts) { await sleep(20); continue; }
        const chunk = pending.splice(0, CHUNK);
        const done = await post(`/${check.id}/frames`, {
          pictures: chunk.map(({ data, ...place }) => ({ ...place, data: base64(data) })),
        });
        if (done.prompt) {
          prompt = done.prompt;
          promptAt = performance.now();
          shown = done.prompts_shown;
          show(prompt);
        } else if (due && shown === check.prompts) {
          over = true;
        }
      }
    };

    const camera = shoot().catch((error) => { fault = error; over = true; });
    await send().finally(() => { over = true; });
    await camera;
    if (fault) throw fault;
    // What was taken while the last chunk was on its way.
    while (pending.length) {
      const chunk = pending.splice(0, CHUNK);
      await post(`/${check.id}/frames`, { pictures: chunk.map(({ data, ...place }) => ({ ...place, data: base64(data) })) });
    }
    part("bar").value = 1;
  };

  // ── From the beginning to the result ─────────────────────────────────────────────────────────
  const judged = async (id) => {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await fetch(`${root.dataset.api}/${id}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
      const said = answer && answer.ok ? await answer.json() : null;
      if (said && said.outcome) return said;
      if (performance.now() > until) return { outcome: "LATE" };
      await sleep(500);
    }
  };

  const finish = (outcome, hint, left) => {
    root.dataset.outcome = outcome;
    state("done");
    const told = words.outcomes[outcome];
    part("result").textContent = told.title;
    part("why").textContent = (hint && words.hints[hint]) || told.text;
    part("again").hidden = !told.again || left === 0;
    part("next").hidden = outcome !== "PASS" && outcome !== "REVIEW";
    part("manual").hidden = outcome === "PASS" || outcome === "REVIEW";
    part("result").focus();
    if (outcome === "PASS" && root.dataset.next) setTimeout(() => { location.assign(root.dataset.next); }, 1600);
  };

  const fail = (error) => {
    close();
    root.dataset.code = error.code || "";
    if (error.code === "CONFIRM_IDENTITY" && root.dataset.confirm) { location.assign(root.dataset.confirm); return; }
    root.dataset.outcome = "STOPPED";
    state("done");
    part("result").textContent = words.stopped;
    part("why").textContent = error.message || words.broken;
    part("again").hidden = ["FACE_LOCKED", "FACE_TOO_OFTEN", "FACE_CONSENT_NEEDED", "FACE_TOO_YOUNG"].includes(error.code);
    part("next").hidden = true;
    part("manual").hidden = false;
    part("result").focus();
  };

  const run = async () => {
    if (busy) return;
    busy = true;
    delete root.dataset.outcome;
    try {
      state("camera");
      say(words.opening);
      const hints = await open();
      state("ready");
      await settle();
      if (!stream) return;
      const check = await post("", {
        purpose: root.dataset.purpose || undefined,
        flashes: !part("calm").checked,
        without: [...root.querySelectorAll("[data-without]:checked")].map((one) => one.value),
        hints,
      });
      state("prompts");
      await perform(check);
      state("judging");
      say(words.judging);
      close();
      await post(`/${check.id}/finish`);
      const said = await judged(check.id);
      finish(said.outcome, said.hint, said.attempts_left);
    } catch (error) {
      fail(error);
    } finally {
      busy = false;
    }
  };

  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-start]")) run();
  });
  addEventListener("pagehide", close);
  state("intro");
})();
