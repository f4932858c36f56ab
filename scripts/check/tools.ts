/** The checks that are other people's tools: each is run by path and its answer read as data. */
import { existsSync } from "node:fs";
import { installed, programs } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { finding, toolFailed, type Check } from "./check.ts";

const node = process.execPath;

export const format: Check = {
  name: "format",
  async run(root) {
    const ran = await run(node, [installed("oxfmt/bin/oxfmt"), "--list-different", "."], { cwd: root });
    if (ran.code === 0) return [];
    const files = ran.stdout.split("\n").filter(Boolean);
    if (files.length === 0) return [toolFailed("format", ran)];
    return files.map((file) => finding("format", file, "is not formatted: npx oxfmt <file>"));
  },
};

interface LintAnswer {
  diagnostics: { message: string; code?: string; filename: string; labels: { span: { line: number } }[] }[];
  number_of_files: number;
}

export const lint: Check = {
  name: "lint",
  async run(root) {
    const ran = await run(node, [installed("oxlint/bin/oxlint"), "--type-aware", "-f", "json"], { cwd: root });
    const answer = parse<LintAnswer>(ran.stdout);
    if (!answer || answer.number_of_files === 0) return [toolFailed("lint", ran)];
    const findings = answer.diagnostics.map((said) => {
      const rule = /\((.+)\)$/.exec(said.code ?? "")?.[1] ?? said.code ?? "lint";
      return finding(`lint/${rule}`, said.filename, `${said.labels[0]?.span.line ?? 0}: ${said.message}`);
    });
    return findings.length === 0 && ran.code !== 0 ? [toolFailed("lint", ran)] : findings;
  },
};

export const types: Check = {
  name: "types",
  async run(root) {
    const ran = await run(node, [installed("typescript7/bin/tsc"), "-b", "--pretty", "false"], { cwd: root });
    if (ran.code === 0) return [];
    const lines = ran.stdout.split("\n").filter((line) => /error TS\d+/.test(line));
    if (lines.length === 0) return [toolFailed("types", ran)];
    return lines.map((line) => {
      const [, file = "", message = line] = /^(.+?)\(\d+,\d+\): (.*)$/.exec(line) ?? [];
      return finding(`types/${/TS\d+/.exec(line)?.[0]}`, file, `${line.slice(file.length)}` || message);
    });
  },
};

interface CruiseAnswer {
  summary: { violations: { from: string; to: string; rule: { name: string } }[]; totalCruised: number };
}

/** With a TypeScript it cannot read, the cruiser says "no violations, 0 modules": fewer than this is a fault. */
export const modulesMin = 300;

/** `min` is a parameter for the self-test alone. */
export function imports(min = modulesMin): Check {
  return {
    name: "imports",
    async run(root) {
      const folders = programs.filter((folder) => existsSync(`${root}/${folder}`));
      const cruiser = installed("dependency-cruiser/bin/dependency-cruiser.mjs");
      const ran = await run(node, [cruiser, "--config", ".dependency-cruiser.cjs", "-T", "json", ...folders], {
        cwd: root,
      });
      const answer = parse<CruiseAnswer>(ran.stdout);
      if (!answer) return [toolFailed("imports", ran)];
      const { totalCruised, violations } = answer.summary;
      const few = `looked at ${totalCruised} modules, expected at least ${min}: is it blind?`;
      return [
        ...(totalCruised < min ? [finding("imports/too-few", "", few)] : []),
        ...violations.map(({ from, to, rule }) => finding(`imports/${rule.name}`, from, `→ ${to}`)),
      ];
    },
  };
}

interface KnipAnswer {
  issues: ({ file: string } & Record<string, string | { name: string; line?: number }[]>)[];
}

export const unused: Check = {
  name: "unused",
  async run(root) {
    const ran = await run(node, [installed("knip/bin/knip.js"), "--reporter", "json", "--no-config-hints"], {
      cwd: root,
    });
    const answer = parse<KnipAnswer>(ran.stdout);
    if (!answer) return [toolFailed("unused", ran)];
    const findings = answer.issues.flatMap(({ file, ...kinds }) =>
      Object.entries(kinds).flatMap(([kind, items]) =>
        typeof items === "string" ? [] : items.map((item) => finding(`unused/${kind}`, file, `${kind}: ${item.name}`)),
      ),
    );
    return findings.length === 0 && ran.code !== 0 ? [toolFailed("unused", ran)] : findings;
  },
};

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
