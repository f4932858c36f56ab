/** Whole programs on a real Docker Engine: one test after the other, each with time to build images. */
export default {
  files: ["e2e/src/**/*.test.ts"],
  extensions: ["ts"],
  timeout: "10m",
  serial: true,
};
