/**
 * A face check: what an app does from the challenge to the result. The camera is yours to bring.
 *
 * Compiled against the types of the desk's API document, and run by the tests with pictures of no
 * one: an example, too. How to help the person before it, and what to say after: docs/mobile.md.
 */
import { type Desk, key, told } from "./trade.js";
import type { components } from "./desk.js";

type Challenge = components["schemas"]["ChallengeOut"];
type Check = components["schemas"]["FaceCheckOut"];
type Picture = components["schemas"]["PictureIn"];
export type Prompt = components["schemas"]["PromptOut"];

export interface Camera {
  /** The next new picture, as the bytes of a JPEG: never the same one twice. */
  picture(): Promise<Uint8Array>;
  /** Show a prompt, its flashes on the whole screen, one after the other. */
  show(prompt: Prompt): void;
}

const bytes = (base64: string) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
const base64 = (data: Uint8Array) => btoa(data.reduce((text, one) => text + String.fromCharCode(one), ""));
const hex = (data: ArrayBuffer) =>
  [...new Uint8Array(data)].map((one) => one.toString(16).padStart(2, "0")).join("");

/** Bind a picture to its check and its place in it. */
export async function bound(
  check: Pick<Challenge, "nonce" | "session_key">,
  place: { kind: "COLOUR" | "DEPTH" | "INFRARED"; seq: number; t_ms: number; prompt_seq: number },
  data: Uint8Array,
): Promise<Picture> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", bytes(check.session_key), algorithm, false, ["sign"]);
  const where = new TextEncoder().encode(`${place.kind}:${place.seq}:${place.t_ms}:${place.prompt_seq}:`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data as BufferSource));
  const message = Uint8Array.from([...bytes(check.nonce), ...where, ...digest]);
  const mac = hex(await crypto.subtle.sign("HMAC", secret, message));
  return { ...place, mac, data: base64(data) };
}

/** Begin a check, show everything that it asks, and wait for the result. */
export async function faceCheck(client: Desk, camera: Camera): Promise<Check> {
  const check = told(
    await client.POST("/api/v1/face/challenges", {
      params: { header: key() },
      body: { flashes: true, without: [], hints: { camera: "example" } },
    }),
  );
  const path = { id: check.id };
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  let prompt = check.prompt;
  let shownAt = since();
  let shown = 1;
  let seq = 0;
  let pictures: Picture[] = [];
  camera.show(prompt);
  while (shown < check.prompts || since() - shownAt < prompt.lasts_ms) {
    const due = began + (seq * 1000) / check.capture.fps;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const place = { kind: "COLOUR" as const, seq, t_ms: since(), prompt_seq: prompt.seq };
    pictures.push(await bound(check, place, await camera.picture()));
    seq += 1;
    if (pictures.length < 6) continue;
    const taken = told(
      await client.POST("/api/v1/face/challenges/{id}/frames", {
        params: { path, header: key() },
        body: { pictures },
      }),
    );
    pictures = [];
    shown = taken.prompts_shown;
    if (!taken.prompt) continue;
    prompt = taken.prompt;
    shownAt = since();
    camera.show(prompt);
  }
  await client.POST("/api/v1/face/challenges/{id}/finish", { params: { path, header: key() } });
  for (;;) {
    const now = told(await client.GET("/api/v1/face/challenges/{id}", { params: { path } }));
    if (now.state === "JUDGED") return now;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
