// Tells the server how fast somebody types, touches and scrolls on a page: means and spreads only.
//
// <script src="js/rhythm.js" data-url="/web/rhythm" data-csrf="TOKEN" defer></script>
//
// Which keys are pressed, what is written and where something is touched is never looked at. Whoever
// asks not to be measured (Global Privacy Control, Do Not Track) is not. A summary is sent when one
// pauses or leaves; <html data-rhythm> counts them.
(() => {
  'use strict';

  const script = document.currentScript;
  const url = script && script.dataset.url;
  if (!url || navigator.globalPrivacyControl === true || navigator.doNotTrack === '1') return;

  const PAUSE_MS = 400;
  const LEAST_EVENTS = 12;
  const MOST_VIEWS = 20;
  const BOUNDS = {
    dwell: [15, 600], flight: [5, 1500], touch_size: [1, 200], touch_force: [0.01, 1],
    scroll: [10, 50000], tilt: [-180, 180],
  };
  let sums = {};
  let sent = 0;
  let timer = 0;

  const add = (name, value) => {
    const [low, high] = BOUNDS[name];
    if (!(value >= low && value <= high)) return;
    const one = sums[name] || { n: 0, mean: 0, squares: 0 };
    one.n += 1;
    const before = value - one.mean;
    one.mean += before / one.n;
    one.squares += before * (value - one.mean);
    sums[name] = one;
  };

  const events = () => Math.max(0, ...Object.values(sums).map((one) => one.n));

  const send = () => {
    window.clearTimeout(timer);
    if (events() < LEAST_EVENTS || sent >= MOST_VIEWS) return;
    const measures = {};
    for (const [name, { n, mean, squares }] of Object.entries(sums)) {
      if (n > 1) measures[name] = { n, mean, sd: Math.sqrt(squares / (n - 1)) };
    }
    sums = {};
    sent += 1;
    const field = document.querySelector('input[name=csrfmiddlewaretoken]');
    fetch(url, {
      method: 'POST',
      credentials: 'same-origin',
      keepalive: true,
      headers: {
        'Content-Type': 'application/json',
        'X-CSRFToken': script.dataset.csrf || (field ? field.value : ''),
      },
      body: JSON.stringify({ measures }),
    }).then((answer) => {
      if (answer.ok) document.documentElement.dataset.rhythm = String(sent);
    }, () => {});
  };

  const later = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(send, PAUSE_MS);
  };

  // Only that a key went down or up, and when: its name is not read.
  const down = [];
  let released = 0;
  document.addEventListener('keydown', (event) => {
    if (event.repeat || !event.isTrusted) return;
    if (released) add('flight', event.timeStamp - released);
    released = 0;
    if (down.length < 8) down.push(event.timeStamp);
  }, { passive: true, capture: true });
  document.addEventListener('keyup', (event) => {
    if (!event.isTrusted) return;
    const pressed = down.shift();
    if (pressed !== undefined) add('dwell', event.timeStamp - pressed);
    released = event.timeStamp;
    later();
  }, { passive: true, capture: true });

  document.addEventListener('touchstart', (event) => {
    for (const touch of event.changedTouches) {
      add('touch_size', (touch.radiusX + touch.radiusY) / 2);
      // Most screens can't feel pressure and say 0 or 1 always.
      if (touch.force > 0 && touch.force < 1) add('touch_force', touch.force);
    }
    later();
  }, { passive: true, capture: true });

  let place = window.scrollY;
  let then = 0;
  document.addEventListener('scroll', (event) => {
    const moved = Math.abs(window.scrollY - place);
    const passed = event.timeStamp - then;
    if (then && passed > 0 && passed < 200) add('scroll', (moved * 1000) / passed);
    place = window.scrollY;
    then = event.timeStamp;
    later();
  }, { passive: true });

  let looked = 0;
  window.addEventListener('deviceorientation', (event) => {
    // Twice a second is enough to know how a phone is held.
    if (event.beta === null || event.timeStamp - looked < 500) return;
    looked = event.timeStamp;
    add('tilt', event.beta);
  });

  document.addEventListener('submit', send, { capture: true });
  window.addEventListener('pagehide', send);
})();
