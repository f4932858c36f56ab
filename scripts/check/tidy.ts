/** House rules that no tool knows. They read the files that git tracks or would track. */
import { readFile } from "node:fs/promises";
import { git } from "../lib/git.ts";
import { finding, toolFailed, type Check, type Finding } from "./check.ts";

interface Rule {
  name: string;
  files: RegExp;
  /** Answers what is wrong with this file, or undefined. */
  fault(text: string, file: string): string | undefined;
}

const launchers = new Set(
  ["start", "test", "vm", "playspawn", "launch", "uninstall"].map((name) => `scripts/${name}`).concat(".ci/run"),
);
const ours = /\.(ts|tsx|js|cjs|mjs)$/;

export const rules: readonly Rule[] = [
  {
    name: "no-unfinished-words",
    files: ours,
    fault: (text) => /(?:\/\/|\*|\{\/\*)\s*(TODO|FIXME|XXX)\b/.exec(text)?.[1]?.concat(" belongs into an issue"),
  },
  {
    name: "no-shell-strings",
    files: ours,
    fault: (text) =>
      /\bshell:\s*(true|["'`])/.test(text) ? "a string for a shell can be broken out of: pass a list" : undefined,
  },
  {
    name: "no-test-left-out",
    files: /\.(test|contract)\.ts$/,
    fault: (text) =>
      /\bt(?:est)?\.(?:\w+\.)*(?:only|skip|todo|failing)\b/
        .exec(text)?.[0]
        .concat(" proves nothing: mend it or delete it"),
  },
  {
    name: "process-in-one-piece",
    files: ours,
    fault: (text) =>
      /\}\s*=\s*process\b(?!\.)/.test(text) ? "write process.env, so that the linter sees it" : undefined,
  },
  {
    name: "launchers-only",
    files: /^(?!games\/|.*\.(ts|tsx|js|cjs|mjs|md|json|ya?ml|svg|png)$)/,
    fault: (text, file) => {
      const shell = /^#!.*\b(sh|bash)\b/.exec(text)?.[0];
      if (!shell) return undefined;
      if (!launchers.has(file)) return "only the launchers are shell; put this into scripts/main.ts";
      return shell === "#!/bin/sh" ? undefined : "launchers are POSIX sh: #!/bin/sh";
    },
  },
  {
    name: "named-skips-only",
    files: /^docs\/skips\.md$/,
    fault: (text) => {
      const rows = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| (test|---)/i.test(line));
      const bare = rows.find((row) => row.split("|").filter((cell) => cell.trim()).length < 2);
      return bare && `a skip without a reason: ${bare}`;
    },
  },
  {
    name: "changelog-has-unreleased",
    files: /^CHANGELOG\.md$/,
    fault: (text) => (/^## \[Unreleased\]$/m.test(text) ? undefined : "needs a section ## [Unreleased]"),
  },
];

export const tidy: Check = {
  name: "tidy",
  async run(root) {
    const listed = await git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    const files = listed.stdout.split("\0").filter(Boolean);
    if (files.length === 0) return [toolFailed("tidy", listed)];
    const found = await Promise.all(files.map((file) => look(root, file)));
    return found.flat();
  },
};

async function look(root: string, file: string): Promise<Finding[]> {
  const meant = rules.filter((rule) => rule.files.test(file));
  if (meant.length === 0) return [];
  const text = await readFile(`${root}/${file}`, "utf8").catch(() => undefined);
  if (text === undefined) return [];
  return meant.flatMap((rule) => {
    const fault = rule.fault(text, file);
    return fault === undefined ? [] : [finding(`tidy/${rule.name}`, file, fault)];
  });
}
