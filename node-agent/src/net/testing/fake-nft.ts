/** A kernel that keeps one table: enough of nft's language for the path's. */
import type { Nft } from "../../kernel/nft.ts";

export interface FakeNft {
  nft: Nft;
  /** Elements by set, e.g. `{udp4: ["20001 : 10.213.0.2 . 7000"]}`. */
  sets: Map<string, Set<string>>;
  /** Transactions that changed something. */
  writes: string[];
  /** What is counted, by set and element. */
  counts: Map<string, { packets: number; bytes: number }>;
  /** Every command fails with it. */
  fault: Error | undefined;
  /** Somebody flushes everything. */
  flush(): void;
}

export function fakeNft(): FakeNft {
  const fake: FakeNft = {
    sets: new Map(),
    writes: [],
    counts: new Map(),
    fault: undefined,
    flush() {
      fake.sets.clear();
      rules = "";
    },
    nft(commands) {
      if (fake.fault) throw fake.fault;
      if (commands.startsWith("list table")) return rules && tableText(fake, rules);
      if (commands.startsWith("list set")) return setText(fake, commands.split(" ").at(-1)!);
      fake.writes.push(commands);
      if (commands.startsWith("table")) {
        fake.sets.clear();
        rules = commands.slice(commands.indexOf("{"), commands.lastIndexOf("\n}\n"));
      }
      for (const [, verb, name = "", element = ""] of commands.matchAll(
        /^(add|delete) element inet \S+ (\S+) \{ (.*) \}$/gm,
      ))
        change(fake, { verb, name, element });
      return "";
    },
  };
  let rules = "";
  return fake;
}

function change(
  { sets }: FakeNft,
  { verb, name, element }: { verb: string | undefined; name: string; element: string },
) {
  const set = sets.get(name) ?? new Set<string>();
  sets.set(name, set);
  if (verb === "add") set.add(element);
  else if (!set.delete(element))
    throw new Error("nft failed: Error: Could not process rule: No such file or directory.");
}

const block = (kind: string, name: string, elements: readonly string[]): string =>
  `\t${kind} ${name} {\n\t\ttype inet_service\n${elements.length > 0 ? `\t\telements = { ${elements.join(",\n\t\t\t     ")} }\n` : ""}\t}\n`;

const tableText = ({ sets }: FakeNft, rules: string): string =>
  `table inet t {\n${[...sets].map(([name, set]) => block(name.endsWith("4") ? "map" : "set", name, [...set])).join("\n")}\tchain ${rules.length} {\n\t}\n}\n`;

const setText = ({ sets, counts }: FakeNft, name: string): string =>
  block(
    "set",
    name,
    [...(sets.get(name) ?? [])].map((element) => {
      const { packets, bytes } = counts.get(`${name} ${element}`) ?? { packets: 0, bytes: 0 };
      return `${element} counter packets ${packets} bytes ${bytes}`;
    }),
  );
