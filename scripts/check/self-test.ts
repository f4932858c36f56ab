/** Does each check refuse what it must? Plants violations in a temporary tree and runs the same checks there. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { run } from "../lib/run.ts";
import { installed } from "../lib/paths.ts";
import { finding, type Check, type Finding } from "./check.ts";
import { drift } from "./generated.ts";
import { lockfile, manifestsOf } from "./lockfile.ts";
import {
  banPlants,
  forgottenPlants,
  formatPlant,
  importPlants,
  lintPlants,
  tidyPlants,
  typePlants,
  type Plant,
} from "./plants.ts";
import { tidy, rules as tidyRules } from "./tidy.ts";
import { format, imports, lint, types, unused } from "./tools.ts";

export const selfTest: Check = {
  name: "planted violations",
  async run(root) {
    const groups = [plantedLint, plantedImports, plantedRest, plantedUnused, plantedLockfile, plantedDrift];
    return (await Promise.all(groups.map((group) => group(root)))).flat();
  },
};

const passed = (rule: string, file: string): Finding =>
  finding("planted", file, `a planted violation of ${rule} passes`);
const unplanted = (rule: string): Finding => finding("planted", "scripts/check/plants.ts", `${rule} has no plant`);

/** Which of `plants` the check did not name with rule and file. */
const missed = (plants: readonly Plant[], found: readonly Finding[]): Finding[] =>
  plants
    .filter((plant) => !found.some((said) => said.rule === plant.rule && said.file === plant.file))
    .map((plant) => passed(plant.rule, plant.file));

/** A tree with this checkout's configuration, its packages and the plants; removed afterwards. */
async function inTree<T>(
  root: string,
  files: readonly { file: string; text: string }[],
  look: (tree: string) => Promise<T>,
) {
  const tree = await mkdtemp(`${tmpdir()}/playspawn-check-`);
  const own = [
    ".oxlintrc.json",
    ".oxfmtrc.json",
    ".dependency-cruiser.cjs",
    "tsconfig.base.json",
    "knip.json",
    ".gitignore",
  ];
  try {
    await Promise.all(own.map((file) => cp(`${root}/${file}`, `${tree}/${file}`)));
    await symlink(installed(""), `${tree}/node_modules`);
    for (const { file, text } of files) {
      await mkdir(dirname(`${tree}/${file}`), { recursive: true });
      await writeFile(`${tree}/${file}`, text);
    }
    return await look(tree);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

const project = (folder: string): { file: string; text: string } => ({
  file: `${folder}/tsconfig.json`,
  text: JSON.stringify({ extends: "../tsconfig.base.json", include: ["src"] }),
});

async function plantedLint(root: string): Promise<Finding[]> {
  const { rules } = JSON.parse(await readFile(`${root}/.oxlintrc.json`, "utf8")) as { rules: Record<string, unknown> };
  const plants = [...banPlants(rules), ...lintPlants];
  const shape = { file: "control-plane/src/platform/shape.ts", text: "export type Shape = { side: number };\n" };
  const found = await inTree(root, [project("control-plane"), project("node-agent"), shape, ...plants], (tree) =>
    lint.run(tree),
  );
  const wanted = Object.entries(rules).filter(([, level]) => level !== "off");
  const without = wanted.filter(
    ([rule]) => !plants.some((plant) => plant.rule === `lint/${rule.replace(/^.*\//, "")}`),
  );
  return [...missed(plants, found), ...without.map(([rule]) => unplanted(rule)), ...accused(found, [shape])];
}

/** A clean file that was accused all the same: then the refusals above would prove nothing. */
const accused = (found: readonly Finding[], clean: readonly { file: string }[]): Finding[] =>
  found
    .filter((said) => clean.some(({ file }) => file === said.file))
    .map((said) => finding("planted", said.file, `is clean, yet ${said.message}`));

const importing = (name: string): string => `import * as planted from "${name}";\nexport const used = planted;\n`;

function pathTo(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}

async function plantedImports(root: string): Promise<Finding[]> {
  const files = importPlants.flatMap(({ from, to, missing, back }) => {
    const outside = !to.includes("/src/");
    const imported = { file: from, text: importing(outside ? to : pathTo(from, to)) };
    const target = { file: to, text: back ? importing(pathTo(to, from)) : "export const target = 1;\n" };
    return outside || missing ? [imported] : [imported, target];
  });
  const found = await inTree(root, files, (tree) => imports(1).run(tree));
  const blind = await inTree(root, [{ file: "shared/empty.json", text: "{}" }], (tree) => imports(1).run(tree));
  const configured = (
    await run(process.execPath, [
      "-p",
      `JSON.stringify(require("${root}/.dependency-cruiser.cjs").forbidden.map((rule) => rule.name))`,
    ])
  ).stdout;
  const names = JSON.parse(configured) as string[];
  return [
    ...missed(
      importPlants.map(({ rule, from }) => ({ rule, file: from, text: "" })),
      found,
    ),
    ...names.filter((name) => !importPlants.some((plant) => plant.rule === `imports/${name}`)).map(unplanted),
    ...(blind.some((said) => said.rule === "imports/too-few" || said.rule === "imports")
      ? []
      : [passed("imports/too-few", "")]),
  ];
}

async function plantedRest(root: string): Promise<Finding[]> {
  const plants = [formatPlant, ...typePlants, ...tidyPlants];
  const references = { file: "tsconfig.json", text: JSON.stringify({ files: [], references: [{ path: "shared" }] }) };
  const found = await inTree(root, [references, project("shared"), ...plants], async (tree) => {
    await run("git", ["init", "--quiet"], { cwd: tree });
    return (await Promise.all([format.run(tree), types.run(tree), tidy.run(tree)])).flat();
  });
  const without = tidyRules.filter(({ name }) => !tidyPlants.some((plant) => plant.rule === `tidy/${name}`));
  return [...missed(plants, found), ...without.map(({ name }) => unplanted(`tidy/${name}`))];
}

interface Manifest {
  file: string;
  text: string;
  exports: Record<string, string>;
}

const manifests = async (root: string): Promise<Manifest[]> =>
  Promise.all(
    (await manifestsOf(root)).map(async (file) => {
      const text = await readFile(`${root}/${file}`, "utf8");
      return { exports: {}, ...(JSON.parse(text) as object), file, text };
    }),
  );

/** Lets others import everything; or is generated, which is nobody's to prune. */
const free = /\/index\.ts$|\.gen\.ts$/;

/** In what a package lets others import, an export that nobody uses; made from the manifests themselves. */
const exportPlants = (packages: readonly Manifest[]): Plant[] =>
  packages.flatMap(({ file, exports }) =>
    Object.values(exports)
      .filter((path) => !free.test(path))
      .map((path) => ({
        rule: "unused/exports",
        file: join(dirname(file), path),
        text: "export const planted = 1;\n",
      })),
  );

async function plantedUnused(root: string): Promise<Finding[]> {
  const packages = await manifests(root);
  const plants = [...forgottenPlants, ...exportPlants(packages)];
  const halfUsed = [
    {
      file: "shared/src/index.ts",
      text: 'import { used } from "./domain/half-used.ts";\nexport const planted = used;\n',
    },
    { file: "shared/src/domain/half-used.ts", text: "export const used = 1;\nexport const unused = 2;\n" },
    { file: "games/minecraft/package.json", text: JSON.stringify({ name: "game" }) },
  ];
  const found = await inTree(root, [...packages, ...halfUsed, ...plants], (tree) => unused.run(tree));
  const wanted = [
    ...plants,
    { rule: "unused/exports", file: "shared/src/domain/half-used.ts", text: "" },
    { rule: "unused/dependencies", file: "shared/package.json", text: "" },
  ];
  const { workspaces } = JSON.parse(await readFile(`${root}/knip.json`, "utf8")) as { workspaces: object };
  const folders = Object.keys(workspaces).map((folder) => folder.replace(/^\.$/, "scripts").replace("*", ""));
  const without = folders.filter((folder) => !forgottenPlants.some(({ file }) => file.startsWith(folder)));
  return [...missed(wanted, found), ...without.map((folder) => unplanted(`unused/files in ${folder}`))];
}

/** A workspace that the lockfile lacks: found without a registry. */
async function plantedLockfile(root: string): Promise<Finding[]> {
  const [top, ...rest] = (await manifests(root)) as [Manifest, ...Manifest[]];
  const lock = { file: "package-lock.json", text: await readFile(`${root}/package-lock.json`, "utf8") };
  const { workspaces, ...more } = JSON.parse(top.text) as { workspaces: string[] };
  const planted = [
    { ...top, text: JSON.stringify({ ...more, workspaces: [...workspaces, "planted"] }) },
    { file: "planted/package.json", text: JSON.stringify({ name: "planted", version: "1.0.0" }) },
  ];
  const found = await inTree(root, [...planted, ...rest, lock], (tree) => lockfile().run(tree));
  const said = found.some(({ message }) => message.includes("Missing: planted@1.0.0"));
  return said ? [] : [passed("lockfile", "package.json")];
}

async function plantedDrift(root: string): Promise<Finding[]> {
  const wanted = new Map([
    ["openapi.json", "{}\n"],
    ["missing.json", "{}\n"],
  ]);
  const found = await inTree(root, [{ file: "openapi.json", text: '{"changed": true}\n' }], (tree) =>
    drift(tree, wanted),
  );
  return missed(
    [...wanted.keys()].map((file) => ({ rule: "generated", file, text: "" })),
    found,
  );
}
