// Tells the server which machine this is, so that a stolen password alone is not enough.
//
// <script src="vendor/fingerprintjs/fp.umd.min.js" defer></script>
// <script src="js/device.js" data-url="/devices" data-csrf="TOKEN" defer></script>
//
// Posts {platform, attributes, abilities} to data-url and nothing to anybody else. What would single
// a person out (drawings, sounds, fonts, graphics) leaves the browser as a digest only. Nothing is
// stored here: the server answers with a cookie that no script can read. When it is done,
// <html data-device> says "registered" or "failed" and document gets a "device:done" event.
(() => {
  'use strict';

  const script = document.currentScript;
  const url = script && script.dataset.url;
  if (!url) return;

  // The sources that identify a machine; not the ones that look into what a person blocks or pays with.
  const SOURCES = [
    'audio', 'canvas', 'languages', 'colorDepth', 'deviceMemory',
    'hardwareConcurrency', 'timezone', 'plugins', 'touchSupport', 'colorGamut', 'invertedColors',
    'forcedColors', 'monochrome', 'contrast', 'reducedMotion', 'reducedTransparency', 'hdr', 'math',
    'pdfViewerEnabled', 'architecture', 'webGlBasics', 'webGlExtensions',
  ];
  // Measured in an empty frame, which a page may have good reasons to forbid.
  const IN_A_FRAME = ['fonts', 'fontPreferences'];
  // Brave answers these with noise that changes by session: better silent than contradicting itself.
  const NOISY_IN_BRAVE = [
    'audio', 'canvas', 'plugins', 'deviceMemory', 'hardwareConcurrency', 'webGlExtensions',
  ];
  const PATIENCE_MS = 5000;

  const library = window.FingerprintJS;
  const agent = navigator.userAgent;
  const hints = navigator.userAgentData;

  const digest = (value) => library.murmurX64Hash128(JSON.stringify(value));

  // A 64-bit simhash: lists that share most items differ in few bits, so one new font is a small step.
  const sketch = (items) => {
    const votes = new Array(64).fill(0);
    for (const item of new Set(items)) {
      const bits = BigInt(`0x${library.murmurX64Hash128(String(item)).slice(0, 16)}`);
      for (let i = 0; i < 64; i += 1) votes[i] += (bits >> BigInt(i)) & 1n ? 1 : -1;
    }
    let result = 0n;
    votes.forEach((vote, i) => { if (vote > 0) result |= 1n << BigInt(i); });
    return result.toString(16).padStart(16, '0');
  };

  const number = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
  const positive = (value) => (number(value) > 0 ? value : undefined);
  const flag = (value) => (typeof value === 'boolean' ? value : undefined);
  const matching = (pattern, value) => (pattern.test(value || '') ? value : undefined);
  const first = (pattern) => {
    const found = pattern.exec(agent);
    return found ? Number(found[1]) : undefined;
  };

  const system = () => {
    if (hints && hints.platform) {
      const known = {
        Windows: 'WINDOWS', macOS: 'MACOS', Linux: 'LINUX', Android: 'ANDROID', iOS: 'IOS',
        'Chrome OS': 'CHROMEOS', 'Chromium OS': 'CHROMEOS',
      };
      return known[hints.platform] || 'OTHER';
    }
    if (/iPhone|iPad|iPod/.test(agent)) return 'IOS';
    // An iPad calls itself a Mac, but no Mac can be touched with two fingers.
    if (/Macintosh/.test(agent)) return navigator.maxTouchPoints > 1 ? 'IOS' : 'MACOS';
    if (/HarmonyOS|OpenHarmony/.test(agent)) return 'HARMONYOS';
    if (/Android/.test(agent)) return 'ANDROID';
    if (/CrOS/.test(agent)) return 'CHROMEOS';
    if (/Windows NT/.test(agent)) return 'WINDOWS';
    return /Linux|X11/.test(agent) ? 'LINUX' : 'OTHER';
  };

  const browser = () => {
    const families = [
      ['EDGE', /Edg(?:e|A|iOS)?\/(\d+)/], ['SAMSUNG', /SamsungBrowser\/(\d+)/],
      ['OPERA', /(?:OPR|OPiOS)\/(\d+)/], ['FIREFOX', /(?:Firefox|FxiOS)\/(\d+)/],
      ['WEBVIEW', /; wv\).*Chrome\/(\d+)/], ['CHROME', /(?:Chrome|CriOS)\/(\d+)/],
      ['SAFARI', /Version\/(\d+).*Safari\//],
    ];
    if (navigator.brave) return ['BRAVE', first(/Chrome\/(\d+)/)];
    for (const [name, pattern] of families) {
      if (pattern.test(agent)) return [name, first(pattern)];
    }
    return ['OTHER', undefined];
  };

  // What every browser tells without being asked twice; enough to know an old acquaintance by.
  const plain = () => {
    const [name, major] = browser();
    return {
      os: system(),
      os_major: first(/(?:iPhone|CPU) OS (\d+)_/) || first(/Android (\d+)/) || first(/Windows NT (\d+)/),
      browser: name,
      browser_major: major,
      language: matching(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/, navigator.language),
      screen_long: positive(Math.max(screen.width, screen.height)),
      screen_short: positive(Math.min(screen.width, screen.height)),
      pixel_ratio: positive(Math.round(window.devicePixelRatio * 1000) / 1000),
      automation: navigator.webdriver === true,
    };
  };

  const fromHints = async () => {
    if (!hints || !hints.getHighEntropyValues) return {};
    const told = await hints.getHighEntropyValues(['model', 'platformVersion']);
    return {
      os_major: positive(parseInt(told.platformVersion, 10)),
      model: matching(/^(?!.*\d{5})[A-Za-z0-9][A-Za-z0-9 ._+,()/-]{0,39}$/, told.model),
    };
  };

  const graphics = (basics) => {
    if (!basics || typeof basics !== 'object') return undefined;
    // Old drivers put their version behind the name of the card; it changes with every update.
    const card = String(basics.rendererUnmasked).replace(/-\d+(\.\d+){2,}/g, '');
    return digest([basics.vendor, basics.vendorUnmasked, basics.renderer, card]);
  };

  const drawing = (canvas) => {
    const drawn = canvas && /^data:/.test(canvas.geometry) && /^data:/.test(canvas.text);
    return drawn ? digest([canvas.geometry, canvas.text]) : undefined;
  };

  const preferences = (told) => {
    const wishes = [
      told.reducedMotion, told.reducedTransparency, told.invertedColors, told.forcedColors,
      told.monochrome > 0, told.contrast === 1, told.contrast === -1,
    ];
    return wishes.reduce((bits, wish, i) => bits + (wish === true ? 2 ** i : 0), 0);
  };

  // Whatever one part can't tell, or not in time, the others still do.
  const patiently = (promise, otherwise) => Promise.race([
    promise.catch(() => otherwise),
    new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS, otherwise); }),
  ]);

  const ask = async (names) => {
    const wanted = names.filter((name) => !(navigator.brave && NOISY_IN_BRAVE.includes(name)));
    const sources = Object.fromEntries(wanted.map((name) => [name, library.sources[name]]));
    const components = await library.loadSources(sources, { cache: {} }, [])();
    return Object.fromEntries(Object.entries(components).map(([name, { value }]) => [name, value]));
  };

  const fromLibrary = async () => {
    if (!library) return {};
    await library.prepareForSources();
    const answers = await Promise.all([SOURCES, IN_A_FRAME].map((names) => patiently(ask(names), {})));
    const told = Object.assign({}, ...answers);
    const plugins = told.plugins && told.plugins.flatMap(
      (plugin) => [plugin.name, ...plugin.mimeTypes.map((mime) => `${plugin.name} ${mime.type}`)],
    );
    const extensions = told.webGlExtensions && told.webGlExtensions.extensions;
    return {
      architecture: number(told.architecture),
      audio: positive(told.audio) && digest(told.audio),
      canvas: drawing(told.canvas),
      color_depth: positive(told.colorDepth),
      color_gamut: told.colorGamut && told.colorGamut.toUpperCase(),
      cpu_cores: positive(told.hardwareConcurrency),
      font_preferences: told.fontPreferences && digest(told.fontPreferences),
      fonts: told.fonts && sketch(told.fonts),
      hdr: flag(told.hdr),
      languages: told.languages && digest(told.languages),
      math: told.math && digest(told.math),
      memory_gb: positive(told.deviceMemory),
      pdf_viewer: flag(told.pdfViewerEnabled),
      plugins: plugins && sketch(plugins),
      preferences: told.math && preferences(told),
      timezone: matching(/^[A-Za-z][A-Za-z0-9_+/-]{1,39}$/, told.timezone),
      touch_points: told.touchSupport && number(told.touchSupport.maxTouchPoints),
      webgl: graphics(told.webGlBasics),
      webgl_extensions: Array.isArray(extensions) ? sketch(extensions) : undefined,
    };
  };

  const biometrics = async () => {
    const keys = window.PublicKeyCredential;
    if (!keys || !keys.isUserVerifyingPlatformAuthenticatorAvailable) return false;
    return keys.isUserVerifyingPlatformAuthenticatorAvailable();
  };

  const describe = async () => {
    const [rich, hinted, hasBiometrics] = await Promise.all([
      fromLibrary().catch(() => ({})), patiently(fromHints(), {}), patiently(biometrics(), false),
    ]);
    const attributes = plain();
    for (const [name, value] of [...Object.entries(hinted), ...Object.entries(rich)]) {
      if (value !== undefined) attributes[name] = value;
    }
    return { platform: 'WEB', attributes, abilities: { biometrics: hasBiometrics } };
  };

  const csrf = () => {
    const field = document.querySelector('input[name=csrfmiddlewaretoken]');
    return script.dataset.csrf || (field ? field.value : '');
  };

  const register = async () => {
    const description = await describe();
    const answer = await fetch(url, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrf() },
      body: JSON.stringify(description),
    });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  };

  const done = (outcome) => {
    document.documentElement.dataset.device = outcome;
    document.dispatchEvent(new CustomEvent('device:done', { detail: outcome }));
  };

  register().then(() => done('registered'), (error) => {
    console.warn('This device could not be registered:', error.message);
    done('failed');
  });
})();
