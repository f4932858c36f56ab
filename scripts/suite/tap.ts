/** Reads the TAP that `ava --tap` prints, line by line. */

export interface TestResult {
  title: string;
  outcome: "passed" | "failed" | "skipped" | "todo";
  /** What AVA says of a failure. */
  details: string[];
}

const point = /^(not )?ok \d+(?: - )?(.*?)(?:\s+# (SKIP|TODO)\b.*)?$/;

export interface TapReader {
  /** Takes one line; answers the result that it completes, if any. */
  take(line: string): TestResult | undefined;
  /** The last result, whose details ended with the output. */
  end(): TestResult | undefined;
}

export function tapReader(): TapReader {
  let open: TestResult | undefined;
  const close = (next?: TestResult): TestResult | undefined => {
    const done = open;
    open = next;
    return done;
  };
  return {
    take(line) {
      const [whole, not, title = "", directive] = point.exec(line) ?? [];
      if (whole === undefined) {
        if (open && line.startsWith("  ")) open.details.push(line);
        return undefined;
      }
      const outcome = directive === "SKIP" ? "skipped" : directive === "TODO" ? "todo" : not ? "failed" : "passed";
      return close({ title: title.trim(), outcome, details: [] });
    },
    end: () => close(),
  };
}
