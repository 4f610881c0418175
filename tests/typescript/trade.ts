/**
 * A program that trades: what an app does from its first line to the release.
 *
 * It is compiled against the types of the desk's API document, and so tells when an address, a
 * field or a type has changed. Read it as an example, too: it runs as it stands.
 */
import createClient from "openapi-fetch";
import type { components, paths } from "./desk.js";

type Room = components["schemas"]["RoomOut"];
type Problem = components["schemas"]["Problem"];

export const desk = (baseUrl: string, token: string) =>
  createClient<paths>({ baseUrl, headers: { "X-Session-Token": token } });
export type Desk = ReturnType<typeof desk>;

/** New for each deed, and the same for each retry of it. */
export const key = () => ({ "Idempotency-Key": crypto.randomUUID() });

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

export function told<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Refused(answer.error as Problem);
  return answer.data;
}

/** Take the best offer that sells USDT for euros, and open an order of this much. */
export async function open(client: Desk, euros: string): Promise<Room> {
  const market = told(
    await client.GET("/api/v1/market", {
      params: { query: { asset: "USDT-TRC20", fiat: "EUR", side: "SELL", amount: euros } },
    }),
  );
  const offer = market.offers.find((one) => one.is_takeable);
  if (!offer) throw new Error("nobody sells");
  const rail = offer.rails[0].code;
  const accounts = told(await client.GET("/api/v1/accounts", {}));
  const own = accounts.find((one) => one.rail === rail);
  const moved = told(
    await client.POST("/api/v1/orders", {
      params: { header: key() },
      body: { ad: offer.ad, rail, fiat_amount: euros, account: own?.id, price: offer.price },
    }),
  );
  if (moved.outcome === "STEP_UP") console.log(moved.sentence);
  return moved.order;
}

/** Look at an order until it has another status; a 304 costs next to nothing. */
export async function changed(client: Desk, room: Room, everyMs = 3000): Promise<Room> {
  let tag: string | undefined;
  for (;;) {
    const answer = await client.GET("/api/v1/orders/{id}", {
      params: { path: { id: room.id }, header: { "If-None-Match": tag } },
    });
    if (answer.response.status !== 304) {
      const now = told(answer);
      if (now.status !== room.status) return now;
      tag = answer.response.headers.get("ETag") ?? undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Pay outside of the desk, to `room.payee`; then say so. */
export async function pay(client: Desk, room: Room): Promise<Room> {
  if (!room.payee) throw new Error("it waits for a check first");
  const path = { id: room.id };
  await client.POST("/api/v1/orders/{id}/messages", {
    params: { path, header: key() },
    body: { text: `Sent to ${room.payee.number}.` },
  });
  const moved = told(
    await client.POST("/api/v1/orders/{id}/pay", { params: { path, header: key() }, body: {} }),
  );
  return moved.order;
}

/** The seller has looked into the bank. Says where to confirm, where that is needed first. */
export async function release(client: Desk, id: string): Promise<Room | string> {
  const answer = await client.POST("/api/v1/orders/{id}/release", {
    params: { path: { id }, header: key() },
    body: { arrived: true, from_named_payer: true, in_full: true },
  });
  if (answer.error?.code === "CONFIRM_IDENTITY") return answer.error.confirm?.url ?? "";
  return told(answer).order;
}
