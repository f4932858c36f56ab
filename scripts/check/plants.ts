/**
 * One planted violation of each rule. `npm run check` writes them into a temporary tree and must see each refused:
 * a rule that is configured but never fires would otherwise look like a clean house. A rule without a plant is a
 * fault too, so whoever adds a rule adds its plant here.
 */
export interface Plant {
  rule: string;
  file: string;
  text: string;
}

const lines = (count: number, line: string): string => Array.from({ length: count }, () => line).join("\n");

interface Ban {
  name?: string;
  object?: string;
  property?: string;
}
interface ImportBans {
  paths: { name: string; importNames?: string[] }[];
}

/** For the entries of the three ban lists one plant each is made from the configuration itself. */
export function banPlants(rules: Record<string, unknown>): Plant[] {
  const list = <T>(rule: string): T[] => (rules[rule] as [string, ...T[]]).slice(1) as T[];
  const globals = list<Ban>("no-restricted-globals").map(({ name }) => `export const planted = ${name};\n`);
  const properties = list<Ban>("no-restricted-properties").map(
    ({ object = "thing", property = "any" }) =>
      `declare const thing: { ${property}: 1 };\nexport const planted = ${object}.${property};\n`,
  );
  const imports = list<ImportBans>("no-restricted-imports").flatMap(({ paths }) =>
    paths.flatMap(({ name, importNames = ["planted"] }) =>
      importNames.map((what) => `import { ${what} as planted } from "${name}";\nexport const used = planted;\n`),
    ),
  );
  const plants = (rule: string, texts: readonly string[]): Plant[] =>
    texts.map((text, at) => ({ rule: `lint/${rule}`, file: `control-plane/src/platform/${rule}-${at}.ts`, text }));
  return [
    ...plants("no-restricted-globals", globals),
    ...plants("no-restricted-properties", properties),
    ...plants("no-restricted-imports", imports),
  ];
}

const lintPlant = (
  rule: string,
  text: string,
  file = `control-plane/src/platform/${rule.replaceAll("/", "-")}.ts`,
): Plant => ({
  rule: `lint/${rule.replace(/^.*\//, "")}`,
  file,
  text,
});

/** What the design bans, said apart from the configuration: a ban deleted there is missed here. */
const banned: readonly [rule: string, text: string][] = [
  ["no-restricted-globals", "export const planted = new Date();"],
  ["no-restricted-globals", "export const planted = Date.now();"],
  ["no-restricted-globals", "export const planted = performance.now();"],
  ["no-restricted-globals", "export const planted = setTimeout(() => undefined, 1);"],
  ["no-restricted-globals", "export const planted = setInterval(() => undefined, 1);"],
  ["no-restricted-properties", "export const planted = Math.random();"],
  ["no-restricted-properties", "export const planted = crypto.randomUUID();"],
  ["no-restricted-properties", "export const planted = crypto.getRandomValues(new Uint8Array(1));"],
  ["no-restricted-properties", "export const planted = globalThis.setInterval(() => undefined, 1);"],
  ["no-restricted-properties", "export const planted = globalThis.performance.now();"],
  ["no-restricted-properties", "export const { setTimeout } = globalThis;"],
  ["no-restricted-properties", "export const planted = process.hrtime.bigint();"],
  ["no-restricted-imports", 'import chance from "node:crypto";\nexport const planted = chance.randomBytes(1);'],
  ["no-restricted-imports", 'import * as chance from "node:crypto";\nexport const planted = chance.randomBytes(1);'],
  ["no-restricted-imports", 'import programs from "node:child_process";\nexport const planted = programs.exec("ls");'],
  ["prefer-node-protocol", 'import { exec } from "child_process";\nexport const planted = exec("ls");'],
  ["prefer-node-protocol", 'import { randomBytes } from "crypto";\nexport const planted = randomBytes(1);'],
  ["prefer-node-protocol", 'import { setTimeout } from "timers/promises";\nexport const planted = setTimeout(1);'],
  ["prefer-node-protocol", 'import { env } from "process";\nexport const planted = env;'],
];

const designPlants: readonly Plant[] = banned.map(([rule, text], at) => ({
  rule: `lint/${rule}`,
  file: `control-plane/src/hosting/banned-${at}.ts`,
  text: `${text}\n`,
}));

export const lintPlants: readonly Plant[] = [
  ...designPlants,
  lintPlant("node/no-process-env", "export const planted = process.env.HOME;\n"),
  lintPlant("unicorn/no-process-exit", "process.exit(1);\nexport {};\n"),
  lintPlant("import/no-default-export", "export default 1;\n"),
  lintPlant("typescript/no-explicit-any", "export const planted: any = 1;\n"),
  lintPlant("typescript/no-floating-promises", "export function planted(): void {\n  Promise.resolve(1);\n}\n"),
  lintPlant(
    "typescript/no-misused-promises",
    "export const planted = (list: string[]) => list.forEach(async (item) => void (await Promise.resolve(item)));\n",
  ),
  lintPlant(
    "typescript/consistent-type-imports",
    'import { Shape } from "./shape.ts";\nexport const planted = (shape: Shape): Shape => shape;\n',
  ),
  lintPlant(
    "typescript/switch-exhaustiveness-check",
    'export function planted(side: "left" | "right"): number {\n  switch (side) {\n    case "left":\n      return 1;\n  }\n  return 2;\n}\n',
  ),
  lintPlant("typescript/require-array-sort-compare", "export const planted = [3, 20].sort();\n"),
  lintPlant("eqeqeq", "export const planted = (a: number, b: number) => a == b;\n"),
  lintPlant("prefer-const", "let planted = 1;\nexport { planted };\nlet other = 1;\nexport const used = other;\n"),
  lintPlant("no-var", "export var planted = 1;\n"),
  lintPlant("no-console", 'console.log("planted");\nexport {};\n'),
  lintPlant("max-lines", `${lines(401, "export {};")}\n`),
  lintPlant(
    "max-lines-per-function",
    `export function planted(): number {\n  let n = 0;\n${lines(71, "  n += 1;")}\n  return n;\n}\n`,
  ),
  // A rule of the category that the configuration switches on as a whole.
  lintPlant("no-unused-vars", "const planted = 1;\nexport {};\n"),
];

/** `from` imports `to`, which exists unless `missing`; with `back`, `to` imports `from` too. */
export interface ImportPlant {
  rule: string;
  from: string;
  to: string;
  missing?: boolean;
  back?: boolean;
}

const direction = (rule: string, from: string, to: string): ImportPlant => ({ rule: `imports/${rule}`, from, to });

export const importPlants: readonly ImportPlant[] = [
  direction("web-alone", "web/src/lib/a.ts", "control-plane/src/platform/a.ts"),
  direction("control-plane-alone", "control-plane/src/platform/b.ts", "node-agent/src/link/b.ts"),
  direction("node-agent-alone", "node-agent/src/link/c.ts", "control-plane/src/platform/c.ts"),
  direction("cli-alone", "cli/src/x.ts", "scripts/lib/x.ts"),
  direction("shared-knows-nobody", "shared/src/domain/d.ts", "node-agent/src/link/d.ts"),
  direction("shared-runs-anywhere", "shared/src/domain/e.ts", "node:fs"),
  direction("platform-comes-first", "control-plane/src/platform/f.ts", "control-plane/src/people/users/f.ts"),
  direction("people-before-hosting", "control-plane/src/people/users/g.ts", "control-plane/src/hosting/servers/g.ts"),
  direction("hosting-before-play", "control-plane/src/hosting/servers/h.ts", "control-plane/src/play/rooms/h.ts"),
  direction(
    "operations-translate-only",
    "control-plane/src/hosting/i/operations.ts",
    "control-plane/src/hosting/i/store.ts",
  ),
  direction("stores-remember-only", "control-plane/src/hosting/j/store.ts", "control-plane/src/hosting/j/service.ts"),
  direction("stores-are-private", "control-plane/src/hosting/k/service.ts", "control-plane/src/people/k2/store.ts"),
  direction("docker-behind-the-runtime", "node-agent/src/servers/l.ts", "dockerode"),
  direction("supervisors-see-interfaces", "node-agent/src/servers/m.ts", "node-agent/src/runtime/docker.ts"),
  direction("door-knows-shared-only", "node-agent/src/door/n.ts", "node-agent/src/link/n.ts"),
  direction("agent-kernel-knows-lib-only", "node-agent/src/kernel/v3.ts", "node-agent/src/net/v3.ts"),
  direction("agent-lib-stays-lowest", "node-agent/src/lib/v.ts", "node-agent/src/link/v.ts"),
  direction("web-takes-words", "web/src/lib/w.ts", "shared/src/wire/w.ts"),
  direction("cli-takes-words", "cli/src/y.ts", "shared/src/wire/y.ts"),
  direction("features-apart", "web/src/features/servers/o.ts", "web/src/features/nodes/o.ts"),
  direction("ui-stays-low", "web/src/ui/p.ts", "web/src/features/nodes/p.ts"),
  direction("lib-stays-lowest", "web/src/lib/q.ts", "web/src/ui/q.ts"),
  direction("tests-are-leaves", "shared/src/domain/r.ts", "shared/src/domain/r2.test.ts"),
  direction("roots-are-roots", "control-plane/src/platform/s.ts", "control-plane/src/main.ts"),
  { ...direction("resolvable", "shared/src/domain/t.ts", "shared/src/domain/nowhere.ts"), missing: true },
  { ...direction("no-cycles", "shared/src/domain/u.ts", "shared/src/domain/u2.ts"), back: true },
];

/** A file that nobody imports, in every workspace that knip.json names. */
export const forgottenPlants: readonly Plant[] = [
  "scripts/check",
  "shared/src/domain",
  "control-plane/src/platform",
  "node-agent/src/link",
  "web/src/lib",
  "cli/src",
  "e2e/src/stack",
  "bench",
  "games/minecraft/src",
].map((folder) => ({ rule: "unused/files", file: `${folder}/forgotten.ts`, text: "export const planted = 1;\n" }));

export const formatPlant: Plant = {
  rule: "format",
  file: "shared/src/domain/unformatted.ts",
  text: "export const planted   =  1\n",
};

export const typePlants: readonly Plant[] = [
  { rule: "types/TS2322", file: "shared/src/domain/wrong-type.ts", text: 'export const planted: number = "text";\n' },
  { rule: "types/TS1294", file: "shared/src/domain/not-erasable.ts", text: "export enum Planted {\n  one,\n}\n" },
  {
    rule: "types/TS2532",
    file: "shared/src/domain/unchecked-index.ts",
    text: "export const planted = (list: string[]): number => list[0].length;\n",
  },
];

export const tidyPlants: readonly Plant[] = [
  { rule: "tidy/no-unfinished-words", file: "shared/src/domain/later.ts", text: "// TO" + "DO planted\nexport {};\n" },
  {
    rule: "tidy/no-shell-strings",
    file: "shared/src/domain/shell.ts",
    text: "export const planted = { she" + "ll: true };\n",
  },
  ...["test.only", "test.serial.only", "test.serial.skip", "test.todo", "test.failing", "t.is.skip"].map(
    (call, at) => ({
      rule: "tidy/no-test-left-out",
      file: `shared/src/domain/left-out-${at}.test.ts`,
      text: `${call}("planted");\n`,
    }),
  ),
  {
    rule: "tidy/process-in-one-piece",
    file: "shared/src/domain/environment.ts",
    text: "export const { env } = " + "process;\n",
  },
  { rule: "tidy/launchers-only", file: "scripts/deploy", text: "#!/bin/sh\n" },
  { rule: "tidy/named-skips-only", file: "docs/skips.md", text: "| test | reason |\n| --- | --- |\n| planted | |\n" },
  { rule: "tidy/changelog-has-unreleased", file: "CHANGELOG.md", text: "# Changelog\n" },
];
