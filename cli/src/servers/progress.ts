/** What a server does while somebody waits for it: one line that changes at a terminal, a line for each step elsewhere. */
import { amount, headline, stepNames } from "@playspawn/shared/words/progress.ts";
import { stateText } from "@playspawn/shared/words/server.ts";
import { span } from "@playspawn/shared/words/time.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { cut, harmless } from "../output/text.ts";

export interface Shown {
  update(server: Server): void;
  /** A word on the side, told once while it stays the same. */
  note(line: string): void;
  end(): void;
}

const silent: Shown = { update() {}, note() {}, end() {} };

const clearLine = "\r\u001B[2K";

export function showProgress({ io: { err }, settings, ports: { clock } }: Context): Shown {
  if (settings.quiet || settings.json) return silent;
  let step = "";
  let began = clock.mono();
  let noted = "";
  const width = err.width;
  const line = (text: string): void => err.write(`${width === null ? "" : clearLine}${text}\n`);
  const finish = (): void => {
    if (step !== "" && width !== null)
      line(`${err.paint("green", "✓")} ${step}  ${err.paint("dim", span(clock.mono() - began))}`);
    step = "";
  };
  return {
    update(server) {
      const { name, detail } = stepOf(server);
      if (name !== step) {
        finish();
        step = name;
        began = clock.mono();
        if (width === null) line(detail === "" || detail === name ? name : `${name}: ${detail}`);
      }
      if (width === null) return;
      const took = span(clock.mono() - began);
      err.write(clearLine + cut(`  ${name}  ${took}${detail === name ? "" : `  ${detail}`}`, width - 1));
    },
    note(text) {
      if (text === noted) return;
      noted = text;
      line(text);
    },
    end: finish,
  };
}

function stepOf(server: Server): { name: string; detail: string } {
  const { progress, error, retry } = server;
  if (server.have === "failed" && server.want !== "absent" && retry) {
    const message = error ? ` ${error.message}` : "";
    return {
      name: `${stateText(server)}, try ${retry.attempt} of ${retry.max} follows`,
      detail: harmless(message.trim()),
    };
  }
  if (!progress) return { name: stateText(server), detail: "" };
  const { text, command } = headline(progress);
  return {
    name: stepNames[progress.step],
    detail: harmless([text, amount(progress), command].filter(Boolean).join("  ")),
  };
}
