/** Tests beside the sources. Those of whole programs are in ava.e2e.config.js. */
export default {
  files: ["*/src/**/*.test.ts", "games/*/src/**/*.test.ts", "scripts/**/*.test.ts", "!e2e/**"],
  extensions: ["ts"],
  timeout: "60s",
  concurrency: 2,
};
