/**
 * Which public ports the door holds: brings them in line with the routes the agent sent, keeps those that could not be
 * bound in mind and tries them again, so that a port taken by a stranger heals when the stranger goes.
 */
import type { FromDoor, Protocol, Route, ToDoor } from "@playspawn/shared";
import type { PublicPort } from "../kernel/handover.ts";
import { somebodyElse } from "./bind.ts";
import type { Gate, GateContext } from "./gate.ts";
import { tcpGate } from "./tcp-gate.ts";
import { udpGate } from "./udp-gate.ts";

type RoutesFrame = Extract<ToDoor, { t: "routes" }>;
type Failed = Extract<FromDoor, { t: "applied" }>["failed"][number];

interface Retry {
  route: Route;
  by: string;
  at: number;
  delayMs: number;
}

const firstRetryMs = 1000;
const longestRetryMs = 8000;
const releaseMs = 100;

const keyOf = (route: Route): string => `${route.port.protocol}/${route.port.public}`;

export class GateTable {
  readonly #context: GateContext;
  readonly #onSettled: () => void;
  readonly #routes = new Map<string, Route[]>();
  readonly #gates = new Map<string, Gate>();
  readonly #retries = new Map<string, Retry>();
  /** Servers that a fresh table has not named, and when they are forgotten. */
  readonly #unnamed = new Map<string, number>();
  /** Ports whose flows the kernel carries past us. */
  readonly #direct = new Set<string>();
  /** Ports of which it may do so although it should not any more: asked of the kernel once, for all of them. */
  readonly #unsettled = new Map<string, PublicPort>();
  #cancelRelease = (): void => {};
  #rev: number | undefined;
  #binding = 0;

  /** `onSettled` is called whenever every port was tried and the outcome may be news. */
  constructor(context: GateContext, onSettled: () => void) {
    this.#context = context;
    this.#onSettled = onSettled;
  }

  apply({ servers, reset, done, rev }: RoutesFrame): void {
    if (reset) for (const server of this.#routes.keys()) this.#unnamed.set(server, Infinity);
    for (const { server, routes, icon } of servers) {
      this.#setRoutes(server, routes);
      if (icon !== undefined && routes.length > 0) this.#context.icons.set(server, icon);
    }
    if (done) {
      const at = this.#now() + this.#context.limits.forgetMs;
      for (const [server, when] of this.#unnamed) if (when === Infinity) this.#unnamed.set(server, at);
      this.#rev = rev;
    }
    if (this.#unsettled.size > 0) this.#releaseSoon();
    if (this.#binding === 0) this.#onSettled();
  }

  /** The ports that are not ours although they should be. */
  failed(): Failed[] {
    return [...this.#retries.values()].map(({ route, by }) => ({
      server: route.server,
      protocol: route.port.protocol,
      port: route.port.public,
      message: by,
    }));
  }

  /** Revision that `failed` speaks of; undefined before this agent's first whole table. */
  rev(): number | undefined {
    return this.#rev;
  }

  /** Another agent connected; its revisions begin anew. */
  forgetRev(): void {
    this.#rev = undefined;
  }

  /** How many servers have routes. */
  servers(): number {
    return this.#routes.size;
  }

  /** The server that has this port here. */
  ownerOf(protocol: Protocol, port: number): string | undefined {
    return this.#gates.get(`${protocol}/${port}`)?.server;
  }

  /** Expiries and second tries; called every second. */
  sweep(): void {
    for (const gate of this.#gates.values()) gate.sweep();
    for (const [server, at] of this.#unnamed) if (at <= this.#now()) this.#setRoutes(server, []);
    this.#release();
    this.#retry();
  }

  close(): void {
    this.#cancelRelease();
    for (const gate of this.#gates.values()) gate.close();
    this.#gates.clear();
  }

  #now(): number {
    return this.#context.ports.clock.mono();
  }

  #setRoutes(server: string, next: Route[]): void {
    const wanted = new Set(next.map(keyOf));
    for (const key of (this.#routes.get(server) ?? []).map(keyOf)) if (!wanted.has(key)) this.#giveUp(server, key);
    this.#unnamed.delete(server);
    if (next.length > 0) this.#routes.set(server, next);
    else {
      this.#routes.delete(server);
      this.#context.traffic.forget(server);
      this.#context.icons.forget(server);
    }
    for (const route of next) this.#place(route);
  }

  #giveUp(server: string, key: string): void {
    this.#retries.delete(`${server} ${key}`);
    const gate = this.#gates.get(key);
    if (gate?.server !== server) return;
    this.#gates.delete(key);
    gate.close();
    const [protocol, port] = key.split("/") as [Protocol, string];
    if (this.#direct.delete(key)) this.#unsettled.set(key, { protocol, port: Number(port) });
  }

  /** Notes whether the kernel is to carry flows of this port; a port that is new here may have some of another door. */
  #note({ port: { protocol, public: port }, mode, target, direct }: Route, key: string, isNew: boolean): void {
    if (mode === "awake") this.#unsettled.delete(key);
    if (mode === "awake" && direct) this.#direct.add(key);
    else if (target === null && (this.#direct.delete(key) || isNew)) this.#unsettled.set(key, { protocol, port });
  }

  /** Reading the kernel's table takes 10 ms and more; many servers that fall asleep together share one look. */
  #releaseSoon(): void {
    this.#cancelRelease();
    this.#cancelRelease = this.#context.ports.timers.after(releaseMs, () => this.#release());
  }

  /** Ends flows to servers that are gone: their clients' next packets come here. */
  #release(): void {
    if (this.#unsettled.size === 0) return;
    for (const { protocol, port, clients } of this.#context.kernel?.release([...this.#unsettled.values()]) ?? [])
      this.#gates.get(`${protocol}/${port}`)?.left(clients);
    this.#unsettled.clear();
  }

  #place(route: Route): void {
    const key = keyOf(route);
    const there = this.#gates.get(key);
    this.#note(route, key, there?.server !== route.server);
    if (there?.server === route.server) return there.update(route);
    if (there && this.#unnamed.has(there.server)) this.#setRoutes(there.server, []);
    else if (there) return this.#fail(route, `the server ${there.server}`);
    const gate = route.port.protocol === "tcp" ? tcpGate(route, this.#context) : udpGate(route, this.#context);
    this.#gates.set(key, gate);
    this.#binding++;
    void gate.bind().then((by) => {
      this.#binding--;
      this.#bound(gate, route, by);
      if (this.#binding === 0) this.#onSettled();
    });
  }

  #bound(gate: Gate, route: Route, by: string | undefined): void {
    const key = keyOf(route);
    if (this.#gates.get(key) !== gate) return gate.close();
    if (by !== undefined) {
      this.#gates.delete(key);
      return this.#fail(route, by);
    }
    if (this.#retries.delete(`${route.server} ${key}`))
      this.#context.log.info({ server: route.server, port: key }, "a port that was taken is ours now");
  }

  #fail(route: Route, found: string): void {
    const id = `${route.server} ${keyOf(route)}`;
    const before = this.#retries.get(id);
    const by = found === somebodyElse && before ? before.by : found;
    const delayMs = before ? Math.min(before.delayMs * 2, longestRetryMs) : firstRetryMs;
    if (before?.by !== by)
      this.#context.log.warn({ server: route.server, port: keyOf(route), by }, "a port is taken; trying again");
    this.#retries.set(id, { route, by, at: this.#now() + delayMs, delayMs });
  }

  #retry(): void {
    for (const [id, { route, at }] of this.#retries) {
      if (at > this.#now()) continue;
      // The newest route of that port; it may have changed since.
      const current = this.#routes.get(route.server)?.find((each) => keyOf(each) === keyOf(route));
      if (current) this.#place(current);
      else this.#retries.delete(id);
    }
  }
}
