/**
 * Keeps our programs running: started in order, each awaited until it says that it is up, started again when it dies,
 * with back-off and a limit. Knows nothing of processes: `launch` makes them.
 */
import { messageOf, type Ports } from "@playspawn/shared";

export interface Child {
  pid: number;
  /** The first message that the program sent, or how it ended before that. */
  ready: Promise<Ready | Ended>;
  ended: Promise<Ended>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface Ready {
  t: "ready";
  url?: string;
  setupUrl?: string | null;
  /** Of an agent: it has reached its control plane. */
  linked?: boolean;
}

export interface Ended {
  t: "ended";
  code: number | null;
  signal: string | null;
  /** What it wrote that was meant for people. */
  words: string;
}

export interface SupervisedProgram<Name extends string> {
  name: Name;
  /** @throws Error which counts as a death: what is in the way may pass */
  launch(): Child;
  /** Told each time that it is up, after a death as well. */
  onReady?(ready: Ready): void;
}

export interface SuperviseOptions {
  ports: Ports;
  say(line: string): void;
}

/** Why all of it came to an end by itself. */
export interface GivenUp {
  sentence: string;
  /** The faults lie in the configuration: starting again cannot help. */
  configuration: boolean;
}

export interface Supervisor<Name extends string> {
  /** Starts one program and answers its first ready message; later deaths are mended in the background. */
  start(program: SupervisedProgram<Name>): Promise<Ready | GivenUp>;
  /** Settles when a program cannot be kept running. */
  givenUp: Promise<GivenUp>;
  pids(): { name: Name; pid: number }[];
  /** Asks every program to end, in the order given, and ends those that do not. */
  stop(order: readonly Name[][]): Promise<void>;
}

export const limits = {
  readyMs: 60_000,
  backOffFirstMs: 1000,
  backOffMostMs: 30_000,
  /** This many deaths within `deathsWindowMs` are too many. */
  deathsMax: 8,
  deathsWindowMs: 5 * 60_000,
  /** Our programs stop within 5 s; this leaves them time to be slow. */
  stopMs: 8000,
} as const;

/** Exit code of a program whose configuration is wrong (EX_CONFIG). */
const configurationCode = 78;

export function supervise<Name extends string>({ ports, say }: SuperviseOptions): Supervisor<Name> {
  const running = new Map<Name, Child>();
  let stopping = false;
  let giveUp: (why: GivenUp) => void = () => undefined;
  const givenUp = new Promise<GivenUp>((resolve) => (giveUp = resolve));

  async function launchUntilReady(program: SupervisedProgram<Name>): Promise<Ready | Ended> {
    const child = launched(program);
    if (!("pid" in child)) return child;
    running.set(program.name, child);
    const cancel = ports.timers.after(limits.readyMs, () => {
      say(`${program.name} was not ready within ${limits.readyMs / 1000} s and is ended.`);
      child.kill("SIGKILL");
    });
    try {
      return await child.ready;
    } finally {
      cancel();
    }
  }

  /** Runs until the program cannot be kept running or everything stops. `first` is told the first ready message. */
  async function keep(program: SupervisedProgram<Name>, first: (ready: Ready) => void): Promise<GivenUp | undefined> {
    const deaths = new Deaths();
    while (!stopping) {
      const ready = await launchUntilReady(program);
      if (ready.t === "ready") {
        if (deaths.any) say(`${program.name} runs again.`);
        program.onReady?.(ready);
        first(ready);
      }
      const ended = ready.t === "ready" ? await running.get(program.name)!.ended : ready;
      running.delete(program.name);
      if (stopping) return undefined;
      if (ended.code === configurationCode)
        return { configuration: true, sentence: ended.words || `${program.name} refuses its configuration.` };
      const how = howItEnded(program.name, ended);
      const pauseMs = deaths.next(ports.clock.mono());
      if (pauseMs === undefined) return { configuration: false, sentence: `${how} ${tooOften}` };
      say(`${how} Starting it again in ${pauseMs / 1000} s.`);
      await ports.timers.sleep(pauseMs);
    }
    return undefined;
  }

  return {
    givenUp,
    start: (program) =>
      new Promise((resolve) => {
        void keep(program, resolve).then((why) => {
          if (!why) return;
          giveUp(why);
          resolve(why);
        });
      }),
    pids: () => [...running].map(([name, { pid }]) => ({ name, pid })),
    async stop(order) {
      stopping = true;
      for (const names of order) {
        await Promise.all(names.map((name) => end(running.get(name))));
      }
    },
  };

  async function end(child: Child | undefined): Promise<void> {
    if (!child) return;
    child.kill("SIGTERM");
    const cancel = ports.timers.after(limits.stopMs, () => child.kill("SIGKILL"));
    await child.ended;
    cancel();
  }
}

const tooOften = `That was ${limits.deathsMax} times within ${limits.deathsWindowMs / 60_000} minutes, so it is not started again.`;

/** When one program died, as far as it still counts. */
class Deaths {
  readonly #times: number[] = [];

  get any(): boolean {
    return this.#times.length > 0;
  }

  /** Takes one more in; answers the pause before the next start in ms, undefined when there were too many. */
  next(now: number): number | undefined {
    this.#times.push(now);
    while (this.#times[0]! < now - limits.deathsWindowMs) this.#times.shift();
    const count = this.#times.length;
    if (count >= limits.deathsMax) return undefined;
    return Math.min(limits.backOffFirstMs * 2 ** (count - 1), limits.backOffMostMs);
  }
}

function launched(program: SupervisedProgram<string>): Child | Ended {
  try {
    return program.launch();
  } catch (error) {
    return { t: "ended", code: null, signal: null, words: messageOf(error) };
  }
}

function howItEnded(name: string, { code, signal, words }: Ended): string {
  const how = signal ? `was ended by ${signal}` : code === null ? "could not be started" : `ended with code ${code}`;
  const lines = words.trim().split("\n");
  // A crash ends with Node's own version; the line that names the error stands above its stack.
  const last = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  return `${name} ${how}${last ? ` (${last})` : ""}.`;
}
