/** A check looks at a tree (this checkout, or one with planted violations) and answers what is wrong, a line each. */

export interface Finding {
  /** Rule that was broken, e.g. `lint/no-restricted-globals`. */
  rule: string;
  /** Path inside the tree; empty when the finding is about the whole. */
  file: string;
  message: string;
}

export interface Check {
  name: string;
  run(root: string): Promise<Finding[]>;
}

export const finding = (rule: string, file: string, message: string): Finding => ({ rule, file, message });

const wordsMax = 2000;

/** For a tool that ended without saying what is wrong: its first words, for the reason stands before the advice. */
export const toolFailed = (rule: string, ran: { code: number; stdout: string; stderr: string }): Finding =>
  finding(rule, "", `ended with ${ran.code}: ${(ran.stderr || ran.stdout).trim().slice(0, wordsMax)}`);
