/** Arguments of `./scripts/start`. */
import { parseArgs } from "node:util";
import { messageOf } from "@playspawn/shared";
import { Halt } from "./halt.ts";

export interface StartOptions {
  /** Go ahead without asking. */
  yes: boolean;
  /** Deploy a demo server. */
  demo: boolean;
  /** Only agent and door: this machine is a node of the control plane at PLAYSPAWN_CONTROL_URL. */
  node: boolean;
  /** Install services of systemd and leave them running, instead of watching over the programs. */
  systemd: boolean;
  /** Show the programs' logs in the terminal. */
  verbose: boolean;
  /** Leave the Docker Engine's configuration alone (`live-restore` is not asked for). */
  keepDockerConfig: boolean;
}

/** @throws Halt when an argument is unknown, or two do not go together */
export function startOptions(args: string[]): StartOptions {
  try {
    const { values } = parseArgs({
      args,
      options: {
        yes: { type: "boolean", short: "y", default: false },
        demo: { type: "boolean", default: false },
        node: { type: "boolean", default: false },
        systemd: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
        "keep-docker-config": { type: "boolean", default: false },
      },
    });
    const { "keep-docker-config": keepDockerConfig, ...rest } = values;
    if (rest.demo && rest.node) throw new Error("--demo needs a control plane, and --node starts none.");
    if (rest.systemd && (rest.demo || rest.verbose))
      throw new Error("--systemd only installs services: --demo and --verbose do not go with it.");
    return { ...rest, keepDockerConfig };
  } catch (cause) {
    throw new Halt(64, `${messageOf(cause)} See ./scripts/start --help.`);
  }
}
