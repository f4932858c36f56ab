/** A strict reader of Prometheus' text format, and the rules of its own linter that matter to us. */
interface Family {
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const nameOf = /^[a-z_][a-z0-9_]*$/;
const sampleLine = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (NaN|[+-]?Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i;
const label = /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const suffixes: Record<string, readonly string[]> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** @throws Error that names the line which is not as the format demands */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind) {
      const family = families.get(name) ?? { type: "", help: "", samples: [] };
      if (!nameOf.test(name) || family.samples.length > 0) throw new Error(`misplaced: ${line}`);
      families.set(name, kind === "HELP" ? { ...family, help: rest } : { ...family, type: rest });
      continue;
    }
    if (line.startsWith("#")) throw new Error(`neither HELP nor TYPE: ${line}`);
    const sample = parseSample(line);
    const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
    if (seen.has(series)) throw new Error(`twice: ${line}`);
    seen.add(series);
    familyOf(families, sample.name, line).samples.push(sample);
  }
  return families;
}

function familyOf(families: Map<string, Family>, name: string, line: string): Family {
  for (const [own, family] of families)
    if ((suffixes[family.type] ?? [""]).some((suffix) => own + suffix === name)) return family;
  throw new Error(`a sample without HELP and TYPE before it: ${line}`);
}

function parseSample(line: string): Family["samples"][number] {
  const [, name, labels = "", value] = sampleLine.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const found: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < labels.length) {
    const at = label.lastIndex;
    const [, key, text] = label.exec(labels) ?? [];
    if (key === undefined) throw new Error(`the labels break at ${at}: ${line}`);
    found[key] = text ?? "";
  }
  return { name, labels: found, value: Number(value?.replace("Inf", "Infinity")) };
}

/** What `promtool check metrics` says of names: sentences, none when all is well. */
export function lint(families: ReadonlyMap<string, Family>): string[] {
  return [...families].flatMap(([name, { type, help }]) => [
    ...(help === "" ? [`${name} has no help`] : []),
    ...(type === "counter" && !name.endsWith("_total") ? [`${name} is a counter and does not end in _total`] : []),
    ...(type !== "counter" && name.endsWith("_total") ? [`${name} ends in _total and is no counter`] : []),
    ...(/_(?:ms|milliseconds|minutes|hours|kb|mb|kib|mib|kilobytes|megabytes|percent)(?:_|$)/.test(name)
      ? [`${name} is not in base units`]
      : []),
    ...(/(?:^|_)(?:gauge|histogram|summary|counter)(?:_|$)/.test(name) ? [`${name} names its type`] : []),
  ]);
}
