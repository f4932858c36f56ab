/** What needs the guest of `./scripts/vm`: one file after the other, since there is one guest. */
export default {
  files: ["e2e/vm/**/*.test.ts"],
  extensions: ["ts"],
  timeout: "20m",
  concurrency: 1,
  serial: true,
};
