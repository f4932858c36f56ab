/**
 * Whole programs on a real Docker Engine: two files at a time, because most of their time is waiting; inside a file one
 * test after the other, each with time to build images.
 */
export default {
  files: ["e2e/src/**/*.test.ts"],
  extensions: ["ts"],
  timeout: "10m",
  concurrency: 2,
  serial: true,
};
